//! The keys that access tokens are signed with: a JSON Web Key Set with private members.
//!
//! A key is *published*, *signs* from its time on, *verifies only* once the next has taken over, and
//! is *retired* by being taken out of the set.

mod entry;
mod file;
mod life;
mod ring;
mod set;
mod signer;

use std::time::Duration;

pub use entry::Algorithm;
pub use file::KeyFile;
pub use life::{KeyState, State};
pub use ring::{KeyRing, KeySource};
pub use set::{SigningKeys, first, generate};

use shared::token::{JWKS_COOL_DOWN_SECONDS, JWKS_MAX_AGE_SECONDS};

/// How long a changed file may go unnoticed by a running origin.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(2);
/// Between the last look at a clock and the last signature: processes' clocks differ.
const CLOCK_SLACK: Duration = Duration::from_secs(30);

/// How long a key is published before it signs, so that whoever verifies has it by then.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(
    JWKS_MAX_AGE_SECONDS
        + JWKS_COOL_DOWN_SECONDS
        + RELOAD_INTERVAL.as_secs()
        + CLOCK_SLACK.as_secs(),
);
/// How long after the next has taken over a process may still sign with a key.
const LATE_SIGNATURES: Duration =
    Duration::from_secs(RELOAD_INTERVAL.as_secs() + CLOCK_SLACK.as_secs());
