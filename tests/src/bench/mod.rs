//! What `cargo xtask bench` has done by a process of this package: the rows that it measures on, floors that have to
//! be in Rust, and clients of chat.

mod hash;
mod queries;
mod rows;

pub use hash::hashes;
pub use queries::{Asked, queries};
pub use rows::{create, remove, tokens};

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// So many a second.
fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}
