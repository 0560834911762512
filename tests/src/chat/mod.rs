//! Chat clients: a good app, a probe that hides nothing, and lines that break.

mod app;
mod book;
pub mod frame;
mod line;
pub mod loss;
mod probe;
mod proxy;
pub mod rest;
pub mod scene;
pub mod terminal;
mod witness;

pub mod fuzz;

pub use app::{App, Manner, Notice};
pub use book::{Book, Letter, LetterState, Page, Shelf};
pub use line::{Account, Cut, Heard, Line, NotOpen, Wire};
pub use probe::Probe;
pub use proxy::Proxy;
pub use witness::Witness;
