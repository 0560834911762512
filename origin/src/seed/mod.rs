//! Data to begin with: the demo's, and synthetic data to measure with.

mod demo;
pub mod synthetic;

pub use demo::{DemoPasswords, demo};
