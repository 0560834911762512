//! A clock that stands still until a test steps it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use origin::clock::Clock;
use shared::time::Timestamp;

/// A clock that stands still until a test steps it; clones show the same time.
#[derive(Clone)]
pub struct StepClock(Arc<AtomicI64>);

impl Default for StepClock {
    fn default() -> Self {
        // 2026-03-01T00:00:00.000+08:00
        Self(Arc::new(AtomicI64::new(1_772_294_400_000)))
    }
}

impl StepClock {
    /// A clock that stands at this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_millis())))
    }

    /// Lets time pass.
    pub fn step(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).expect("tests step less than ages");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst)).expect("tests stay on the calendar")
    }
}
