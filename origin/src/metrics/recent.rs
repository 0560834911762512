//! What this process alone knows of the last day, minute by minute: how much waited for the edge, how many sessions
//! were live, and how long the edge took to hear of the end of a session.
//!
//! Bounded: so many minutes, and of each minute so many classes of delays, however much happens.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use shared::time::Timestamp;

/// How many minutes are kept: a day, and what a look at a day may begin before it.
const MINUTES: usize = 25 * 60;
/// A delay is exact below 2^this in milliseconds, and from there on to one part in 2^(this - 1).
const EXACT_BITS: u32 = 7;

/// What this process alone knows of the last day.
#[derive(Default)]
pub struct Recent(Mutex<VecDeque<Minute>>);

/// A minute in which something was noted.
#[derive(Default)]
struct Minute {
    /// Minutes since 1970.
    number: i64,
    outbox_pending: Option<i64>,
    live_sessions: Option<i64>,
    delays: Delays,
}

/// What is known of a stretch of time; `None` where nobody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The most that waited for the edge at any look.
    pub outbox_pending: Option<i64>,
    /// How many sessions were live at the last look.
    pub live_sessions: Option<i64>,
    /// The median of how long the edge took to hear of the end of a session, in milliseconds.
    pub delay_median: Option<i64>,
    /// What 99 of 100 of them did not take longer than, in milliseconds.
    pub delay_p99: Option<i64>,
}

impl Recent {
    /// How it stands now.
    pub fn stands(&self, outbox_pending: i64, live_sessions: i64, now: Timestamp) {
        self.note(now, |minute| {
            let most =
                minute.outbox_pending.map_or(outbox_pending, |most| most.max(outbox_pending));
            minute.outbox_pending = Some(most);
            minute.live_sessions = Some(live_sessions);
        });
    }

    /// The edge has heard, just now, of ends that were written at these times.
    pub fn told(&self, written: impl Iterator<Item = Timestamp>, now: Timestamp) {
        let delays: Vec<_> = written.map(|at| now.since(at).as_millis()).collect();
        if delays.is_empty() {
            return;
        }
        self.note(now, |minute| {
            for delay in delays {
                minute.delays.add(u32::try_from(delay).unwrap_or(u32::MAX));
            }
        });
    }

    /// What is known from a time until just before another, in whole minutes.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Stretch {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let within = number(from)..number(to);
        let mut stretch = Stretch::default();
        let mut delays = Delays::default();
        for minute in minutes.iter().filter(|minute| within.contains(&minute.number)) {
            stretch.outbox_pending = stretch.outbox_pending.max(minute.outbox_pending);
            stretch.live_sessions = minute.live_sessions.or(stretch.live_sessions);
            delays.join(&minute.delays);
        }
        Stretch { delay_median: delays.quantile(50), delay_p99: delays.quantile(99), ..stretch }
    }

    fn note(&self, now: Timestamp, note: impl FnOnce(&mut Minute)) {
        let number = number(now);
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back writes into the newest minute until it has caught up.
        if minutes.back().is_none_or(|newest| newest.number < number) {
            if minutes.len() == MINUTES {
                minutes.pop_front();
            }
            minutes.push_back(Minute { number, ..Minute::default() });
        }
        if let Some(newest) = minutes.back_mut() {
            note(newest);
        }
    }
}

fn number(time: Timestamp) -> i64 {
    time.as_seconds().div_euclid(60)
}

/// Delays by class: how many there were of each.
#[derive(Default)]
struct Delays(BTreeMap<u32, u32>);

impl Delays {
    fn add(&mut self, millis: u32) {
        let count = self.0.entry(shown(millis)).or_default();
        *count = count.saturating_add(1);
    }

    fn join(&mut self, other: &Self) {
        for (delay, more) in &other.0 {
            let count = self.0.entry(*delay).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// The least delay that so many of 100 were not over.
    fn quantile(&self, percent: u64) -> Option<i64> {
        let all: u64 = self.0.values().copied().map(u64::from).sum();
        let wanted = (all * percent).div_ceil(100);
        let mut seen = 0;
        let reached = |(_, count): &(&u32, &u32)| {
            seen += u64::from(**count);
            seen >= wanted
        };
        self.0.iter().find(reached).map(|(delay, _)| i64::from(*delay))
    }
}

/// What stands for a delay and for all others of its class: the least of them.
fn shown(millis: u32) -> u32 {
    let bits = u32::BITS - millis.leading_zeros();
    let unknown = bits.saturating_sub(EXACT_BITS);
    millis >> unknown << unknown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000).unwrap()
    }

    fn delayed(recent: &Recent, millis: impl IntoIterator<Item = u64>, now: Timestamp) {
        recent.told(millis.into_iter().map(|millis| now.minus(Duration::from_millis(millis))), now);
    }

    #[test]
    fn a_stretch_is_of_its_own_minutes_alone() {
        let recent = Recent::default();
        for (seconds, pending, live) in
            [(59, 9, 1), (60, 3, 2), (90, 7, 3), (119, 4, 4), (180, 1, 5)]
        {
            recent.stands(pending, live, at(seconds));
        }
        let of = |from, to| {
            let stretch = recent.between(at(from), at(to));
            (stretch.outbox_pending, stretch.live_sessions)
        };
        assert_eq!(of(60, 120), (Some(7), Some(4)), "the most that waited, and who was live last");
        assert_eq!(of(0, 120), (Some(9), Some(4)));
        assert_eq!(of(120, 180), (None, None), "nobody looked");
        assert_eq!(of(120, 240), (Some(1), Some(5)));
    }

    #[test]
    fn delays_have_a_middle_and_a_far_end() {
        let recent = Recent::default();
        let delays = || recent.between(at(0), at(600));
        assert_eq!((delays().delay_median, delays().delay_p99), (None, None));
        delayed(&recent, [5], at(60));
        assert_eq!((delays().delay_median, delays().delay_p99), (Some(5), Some(5)));
        delayed(&recent, (1..=98).filter(|millis| *millis != 5), at(61));
        delayed(&recent, [10_000, 20_000], at(200));
        // Of 1 to 98, 10,000 and 20,000: the fiftieth, and the ninety-ninth.
        assert_eq!(delays().delay_median, Some(50));
        let p99 = delays().delay_p99.unwrap();
        assert!((9_800..=10_000).contains(&p99), "{p99}");
        recent.told([at(300)].into_iter(), at(200));
        assert_eq!(delays().delay_median, Some(50), "one from the future took no time");
    }

    #[test]
    fn a_delay_is_shown_as_it_was_or_nearly_so() {
        for millis in 0..128 {
            assert_eq!(shown(millis), millis);
        }
        for millis in [128, 1_000, 65_535, 1 << 20, u32::MAX] {
            let shown = shown(millis);
            assert!(shown <= millis && millis - shown <= millis / 64, "{millis}: {shown}");
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let recent = Recent::default();
        for minute in 0..4_000 {
            recent.stands(minute, minute, at(minute * 60));
        }
        assert_eq!(recent.0.lock().unwrap().len(), MINUTES);
        assert_eq!(recent.between(at(0), at(2_500 * 60)), Stretch::default());
        let oldest = 4_000 - i64::try_from(MINUTES).unwrap();
        assert!(recent.between(at(oldest * 60), at(oldest * 60 + 60)).live_sessions.is_some());
        let mut delays = Delays::default();
        for millis in (0..32).flat_map(|bit| (0..200).map(move |n| (1_u32 << bit) | n << 3)) {
            delays.add(millis);
        }
        assert!(delays.0.len() < 2_000, "{}", delays.0.len());
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let recent = Recent::default();
        recent.stands(1, 1, at(600));
        recent.stands(8, 2, at(60));
        let stretch = recent.between(at(600), at(660));
        assert_eq!((stretch.outbox_pending, stretch.live_sessions), (Some(8), Some(2)));
    }
}
