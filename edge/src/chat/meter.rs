//! How much a socket may send.

use std::time::Duration;

use shared::time::Timestamp;

/// Frames that may come at once.
const BURST: u64 = 20;
/// Frames a second thereafter.
const PER_SECOND: u64 = 5;
/// The shortest time between two notes that someone types.
const TYPING_INTERVAL: Duration = Duration::from_secs(1);
/// Refused frames after which a socket is closed.
const MAX_REFUSED: u32 = 100;

/// What one socket has sent. It is lost when the object sleeps, which it does only after longer
/// than the bucket takes to fill.
pub struct Meter {
    /// A thousandth of a frame is what a millisecond brings `PER_SECOND` of.
    millitokens: u64,
    filled_at: Timestamp,
    refused: u32,
    /// When it was last passed on that someone types here.
    typed_at: Option<Timestamp>,
}

impl Meter {
    /// A socket that has sent nothing yet.
    pub const fn new(now: Timestamp) -> Self {
        Self { millitokens: BURST * 1000, filled_at: now, refused: 0, typed_at: None }
    }

    /// Whether a frame may be acted on now (token bucket).
    pub fn take(&mut self, now: Timestamp) -> bool {
        let millis = u64::try_from(now.since(self.filled_at).as_millis()).unwrap_or(u64::MAX);
        self.millitokens =
            millis.saturating_mul(PER_SECOND).saturating_add(self.millitokens).min(BURST * 1000);
        self.filled_at = now;
        match self.millitokens.checked_sub(1000) {
            Some(rest) => {
                self.millitokens = rest;
                true
            }
            None => false,
        }
    }

    /// Whether it may be passed on now that someone types.
    pub fn take_typing(&mut self, now: Timestamp) -> bool {
        if self.typed_at.is_some_and(|at| now < at.plus(TYPING_INTERVAL)) {
            return false;
        }
        self.typed_at = Some(now);
        true
    }

    /// Counts a frame that could not be acted on; whether it was one too many.
    pub fn refuse(&mut self) -> bool {
        self.refused = self.refused.saturating_add(1);
        self.refused >= MAX_REFUSED
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn taken(meter: &mut Meter, tries: usize, now: Timestamp) -> usize {
        (0..tries).filter(|_| meter.take(now)).count()
    }

    #[test]
    fn twenty_at_once_and_five_a_second() {
        let mut meter = Meter::new(at(0));
        assert_eq!(taken(&mut meter, 30, at(0)), 20);
        assert_eq!(taken(&mut meter, 30, at(199)), 0);
        assert_eq!(taken(&mut meter, 30, at(200)), 1);
        assert_eq!(taken(&mut meter, 30, at(1200)), 5);
        assert_eq!(taken(&mut meter, 30, at(1_000_000)), 20);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_and_breaks_nothing() {
        let mut meter = Meter::new(at(1000));
        assert_eq!(taken(&mut meter, 30, at(0)), 20);
        assert_eq!(taken(&mut meter, 30, Timestamp::EPOCH.plus(std::time::Duration::MAX)), 20);
    }

    #[test]
    fn who_types_is_told_once_a_second() {
        let mut meter = Meter::new(at(0));
        let told = [0, 999, 1000, 1500, 2000].map(|millis| meter.take_typing(at(millis)));
        assert_eq!(told, [true, false, true, false, true]);
    }

    #[test]
    fn the_hundredth_refused_frame_is_one_too_many() {
        let mut meter = Meter::new(at(0));
        assert!((0..99).all(|_| !meter.refuse()));
        assert!(meter.refuse());
    }
}
