//! What `cargo xtask bench` has done by a process of this package: the rows that it measures on, floors that have to
//! be in Rust, and clients of chat.

pub mod chat;
mod cursor;
mod first;
mod hash;
mod queries;
mod revoked;
mod rows;

pub use cursor::cursor_of;
pub use first::shown_once;
pub use hash::hashes;
pub use queries::{Asked, queries};
pub use revoked::revoked;
pub use rows::{create, remove, tokens, tokens_of_one};

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// So many a second.
fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}
