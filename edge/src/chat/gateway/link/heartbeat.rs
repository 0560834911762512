//! Whether a link's client is still there. In version 4 we ask, in version 3 it says so of itself.

use std::time::Duration;

use shared::{socket_io::engine::Version, time::Timestamp};

use super::Known;

/// Pings go out in so many rounds an interval, so that the object sleeps between them.
const ROUNDS: i64 = 4;

/// How often a client shows that it is there, and how long it may take to.
#[derive(Clone, Copy)]
pub struct Rhythm {
    /// From one ping to the next.
    pub interval: Duration,
    /// From a ping to its answer.
    pub timeout: Duration,
}

/// What the clock brings a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing.
    Wait,
    /// It is to be pinged.
    Ping,
    /// Its client is gone.
    Dead,
}

impl Known {
    /// When to look after it next: in version 4 with the round before its ping would be late.
    pub fn beat_due(&self, rhythm: Rhythm) -> Timestamp {
        match self.version() {
            Version::Four => {
                let due = self.pinged_at.plus(rhythm.interval);
                let round = i64::try_from(rhythm.interval.as_millis()).unwrap_or(i64::MAX) / ROUNDS;
                let early = due.as_millis() % round.max(1);
                due.minus(Duration::from_millis(early.unsigned_abs()))
            }
            Version::Three => self.heard_at.plus(rhythm.interval).plus(rhythm.timeout),
        }
    }

    /// Looks after it, its client having been heard at `heard_at`.
    pub fn beat(&mut self, heard_at: Timestamp, now: Timestamp, rhythm: Rhythm) -> Beat {
        self.heard_at = heard_at;
        self.unanswered = self.unanswered.filter(|since| heard_at < *since);
        if self.is_gone(now, rhythm) {
            return Beat::Dead;
        }
        let due = self.beat_due(rhythm);
        if self.version() == Version::Three || now < due {
            return Beat::Wait;
        }
        // An alarm may be a little late, and should not be more so each time; whoever answers is not to
        // have less time for it.
        self.pinged_at = if now.since(due) < rhythm.interval / 4 { due } else { now };
        self.unanswered = self.unanswered.or(Some(now));
        Beat::Ping
    }

    /// Whether its client should have been heard by now, and was not.
    pub fn is_gone(&self, now: Timestamp, rhythm: Rhythm) -> bool {
        match self.version() {
            Version::Four => self
                .unanswered
                .is_some_and(|since| self.heard_at < since && now >= since.plus(rhythm.timeout)),
            Version::Three => now >= self.heard_at.plus(rhythm.interval).plus(rhythm.timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::error::Language;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const RHYTHM: Rhythm =
        Rhythm { interval: Duration::from_secs(24), timeout: Duration::from_secs(20) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    fn opened(version: Version, second: i64) -> Known {
        let sid = if version == Version::Four { "1024-0" } else { "2048-0" };
        Known::new(sid.to_owned(), Language::English, None, at(second))
    }

    #[test]
    fn links_are_pinged_in_rounds_and_never_late() {
        for second in 0..24 {
            let mut known = opened(Version::Four, second);
            let due = known.beat_due(RHYTHM);
            assert!(due > at(second + 18) && due <= at(second + 24), "{second}");
            assert_eq!(due.as_millis() % 6_000, 0);
            assert_eq!(
                known.beat(at(second), due.minus(Duration::from_millis(1)), RHYTHM),
                Beat::Wait
            );
            assert_eq!(known.beat(at(second), due, RHYTHM), Beat::Ping);
            assert_eq!(known.beat_due(RHYTHM), due.plus(RHYTHM.interval));
        }
    }

    #[test]
    fn who_does_not_answer_is_gone() {
        let mut known = opened(Version::Four, 0);
        assert_eq!(known.beat(at(0), at(24), RHYTHM), Beat::Ping);
        assert!(!known.is_gone(at(43), RHYTHM) && known.is_gone(at(44), RHYTHM));
        let answered = Known { heard_at: at(24), ..known.clone() };
        assert!(!answered.is_gone(at(47), RHYTHM));
        // The answer woke nobody.
        assert_eq!(known.clone().beat(at(24), at(48), RHYTHM), Beat::Ping);
        assert_eq!(known.beat(at(23), at(48), RHYTHM), Beat::Dead);
    }

    #[test]
    fn a_long_wait_for_the_answer_does_not_begin_anew_with_each_ping() {
        let rhythm = Rhythm { timeout: Duration::from_mins(1), ..RHYTHM };
        let mut known = opened(Version::Four, 0);
        let beats = [24, 48, 72, 96].map(|second| known.beat(at(0), at(second), rhythm));
        assert_eq!(beats, [Beat::Ping, Beat::Ping, Beat::Ping, Beat::Dead]);
    }

    #[test]
    fn old_clients_say_themselves_that_they_are_there() {
        let mut known = opened(Version::Three, 0);
        assert_eq!(known.beat_due(RHYTHM), at(44));
        assert_eq!(known.beat(at(40), at(44), RHYTHM), Beat::Wait);
        assert_eq!(known.beat_due(RHYTHM), at(84));
        assert_eq!(known.beat(at(40), at(84), RHYTHM), Beat::Dead);
    }
}
