//! How many tries there are, and how long the waits grow: the rule, without a database.

use std::time::Duration;

use shared::time::Timestamp;

/// A budget of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Failures before the first wait.
    pub free: u32,
    /// The wait after the last free one; each further failure doubles it.
    pub first_wait: Duration,
    /// The wait that is doubled no more.
    pub longest_wait: Duration,
    /// How long until one failure is forgotten.
    pub forget_one_in: Duration,
}

/// The limits of all kinds of tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimits {
    /// Of one account from one address: a person who does not remember.
    pub account_at_address: Limit,
    /// Of one account from anywhere. At the longest wait 96 guesses a day are left to an attacker,
    /// however many addresses they have (NIST SP 800-63B, 3.2.2: at most 100 failures on end).
    pub account: Limit,
    /// Of one address, whatever accounts it tries. Thousands may share it behind a carrier's NAT: it
    /// is wide, and its waits stay short.
    pub address: Limit,
    /// Of one proven device of one user, or of one session whose password is to change.
    pub device: Limit,
    /// Registrations from one address; those that succeed count, too.
    pub registration: Limit,
    /// WeChat codes from one address, or of one user with proof. A code cannot be guessed: this keeps our
    /// quota at WeChat.
    pub wechat_code: Limit,
}

impl Default for LoginLimits {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        let quarter = Duration::from_mins(15);
        let minute = Duration::from_mins(1);
        Self {
            account_at_address: Limit {
                free: 5,
                first_wait: second,
                longest_wait: quarter,
                forget_one_in: quarter,
            },
            // Four addresses with all their free tries, so that one address alone holds up no others.
            account: Limit {
                free: 20,
                first_wait: second,
                longest_wait: quarter,
                forget_one_in: quarter,
            },
            address: Limit {
                free: 50,
                first_wait: second,
                longest_wait: minute,
                forget_one_in: Duration::from_secs(30),
            },
            device: Limit {
                free: 10,
                first_wait: second,
                longest_wait: quarter,
                forget_one_in: Duration::from_mins(5),
            },
            registration: Limit {
                free: 20,
                first_wait: Duration::from_secs(30),
                longest_wait: Duration::from_mins(10),
                forget_one_in: Duration::from_mins(3),
            },
            wechat_code: Limit {
                free: 100,
                first_wait: second,
                longest_wait: minute,
                forget_one_in: Duration::from_secs(10),
            },
        }
    }
}

/// How long the outcome of a try may stay open. Checking takes a second or so, WeChat up to eight.
const OPEN: Duration = Duration::from_secs(15);

/// What has been counted against a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Tries that failed.
    pub failures: u32,
    /// Up to when forgetting is worked into `failures`.
    pub counted_at: Timestamp,
    /// Of each try whose outcome is open: from when on nobody will tell it, for the process that let it in has
    /// died. As many as a budget is wide, at most.
    pub open_ends: Vec<Timestamp>,
    /// Nobody tries before this.
    pub wait_until: Option<Timestamp>,
}

/// What becomes of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made; this is then the count, with [`end_of_try`] among its open ones.
    Admitted(Count),
    /// It has to wait for so many seconds.
    Wait(u32),
    /// It waits for the outcome of those that are going on: if all of them fail, the budget is spent.
    Queue,
}

/// When a try that is let in now is given up.
#[must_use]
pub fn end_of_try(now: Timestamp) -> Timestamp {
    now.plus(OPEN)
}

impl Count {
    /// Nothing.
    #[must_use]
    pub fn none(now: Timestamp) -> Self {
        Self { failures: 0, counted_at: now, open_ends: Vec::new(), wait_until: None }
    }

    /// With the tries that nobody will tell of any more: each counts as failed when that was clear,
    /// so that whoever looks, however often and late, finds the same wait and not one from now on.
    #[must_use]
    pub fn without_abandoned(mut self, limit: Limit, now: Timestamp) -> Self {
        let mut abandoned: Vec<_> = self.open_ends.extract_if(.., |end| *end <= now).collect();
        abandoned.sort_unstable();
        abandoned.into_iter().fold(self, |count, end| count.with_failures(1, limit, end))
    }

    /// Whether a try may be made now. However many come at once, no more are let in than may fail.
    /// Abandoned ones among them hold it up: see [`Self::without_abandoned`].
    #[must_use]
    pub fn admit(&self, limit: Limit, now: Timestamp) -> Verdict {
        if let Some(until) = self.wait_until.filter(|until| *until > now) {
            let seconds = until.since(now).as_millis().div_ceil(1000);
            return Verdict::Wait(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        let mut count = self.clone().after_forgetting(limit, now);
        // Once the free ones are spent, one at a time.
        if count.open_tries() >= limit.free.saturating_sub(count.failures).max(1) {
            return Verdict::Queue;
        }
        count.open_ends.push(end_of_try(now));
        Verdict::Admitted(count)
    }

    /// With the failure of the try that would be given up at `end`. One that was given up before has been
    /// counted.
    #[must_use]
    pub fn failed(self, end: Timestamp, limit: Limit, now: Timestamp) -> Self {
        let open_tries = self.open_tries();
        let settled = self.given_back(end);
        let failures = open_tries - settled.open_tries();
        settled.with_failures(failures, limit, now)
    }

    /// With that try not counted; one that was given up before has been.
    #[must_use]
    pub fn given_back(mut self, end: Timestamp) -> Self {
        if let Some(nth) = self.open_ends.iter().position(|open| *open == end) {
            self.open_ends.swap_remove(nth);
        }
        self
    }

    /// With that try having shown who it is: what failed before is forgotten.
    #[must_use]
    pub fn cleared(self, end: Timestamp, now: Timestamp) -> Self {
        Self { failures: 0, counted_at: now, wait_until: None, ..self.given_back(end) }
    }

    /// How many tries are open.
    #[must_use]
    pub fn open_tries(&self) -> u32 {
        u32::try_from(self.open_ends.len()).unwrap_or(u32::MAX)
    }

    /// From when on this is the same as nothing.
    #[must_use]
    pub fn forgotten_at(&self, limit: Limit) -> Timestamp {
        let failures = self.failures.saturating_add(self.open_tries());
        let forgotten = self.counted_at.plus(limit.forget_one_in.saturating_mul(failures));
        let ends = self.open_ends.iter().copied().chain(self.wait_until);
        ends.fold(forgotten, Timestamp::max)
    }

    fn with_failures(self, more: u32, limit: Limit, now: Timestamp) -> Self {
        let left = self.after_forgetting(limit, now);
        if more == 0 {
            return left;
        }
        let failures = left.failures.saturating_add(more);
        let wait = failures.checked_sub(limit.free).map(|over| {
            limit.first_wait.saturating_mul(2_u32.saturating_pow(over)).min(limit.longest_wait)
        });
        // Of two waits the later one holds.
        let wait_until = wait.map(|wait| now.plus(wait)).max(left.wait_until);
        Self { failures, wait_until, ..left }
    }

    fn after_forgetting(self, limit: Limit, now: Timestamp) -> Self {
        let each = limit.forget_one_in.as_millis().max(1);
        let steps =
            u32::try_from(now.since(self.counted_at).as_millis() / each).unwrap_or(u32::MAX);
        match self.failures.saturating_sub(steps) {
            0 => Self { failures: 0, counted_at: now, ..self },
            failures => {
                let counted_at = self.counted_at.plus(limit.forget_one_in.saturating_mul(steps));
                Self { failures, counted_at, ..self }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit {
        free: 3,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_mins(1),
        forget_one_in: Duration::from_secs(100),
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs(seconds))
    }

    fn count(failures: u32) -> Count {
        Count { failures, ..Count::none(at(0)) }
    }

    #[track_caller]
    fn admitted(count: &Count, now: Timestamp) -> Count {
        match count.admit(LIMIT, now) {
            Verdict::Admitted(count) => count,
            other => panic!("{other:?}"),
        }
    }

    /// A try that is let in and fails at once, wait or not.
    fn fail(mut count: Count, now: Timestamp) -> Count {
        let end = end_of_try(now);
        count.open_ends.push(end);
        count.failed(end, LIMIT, now)
    }

    #[test]
    fn waits_double_to_the_longest() {
        let mut count = count(0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            count = fail(count, at(0));
            waits.push(match count.admit(LIMIT, at(0)) {
                Verdict::Wait(seconds) => seconds,
                _ => 0,
            });
        }
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        let after_ages = fail(Count { failures: u32::MAX, wait_until: None, ..count }, at(0));
        assert_eq!(after_ages.admit(LIMIT, at(0)), Verdict::Wait(60));
    }

    #[test]
    fn a_wait_is_over_at_its_end_and_not_before() {
        let count = fail(count(2), at(0));
        let millisecond = Duration::from_millis(1);
        assert_eq!(count.admit(LIMIT, at(1).minus(millisecond)), Verdict::Wait(1));
        assert_eq!(count.admit(LIMIT, at(0).minus(millisecond)), Verdict::Wait(2), "rounded up");
        admitted(&count, at(1));
    }

    #[test]
    fn failures_are_forgotten_one_by_one() {
        let after = |seconds| count(2).with_failures(1, LIMIT, at(seconds)).failures;
        assert_eq!((after(99), after(100), after(199), after(200)), (3, 2, 2, 1));
        // What is left of a step counts towards the next.
        let later = count(2).with_failures(1, LIMIT, at(150));
        assert_eq!((later.failures, later.counted_at), (2, at(100)));
        assert_eq!(count(2).forgotten_at(LIMIT), at(200));
        assert_eq!(count(0).forgotten_at(LIMIT), at(0));
        assert_eq!(admitted(&count(0), at(0)).forgotten_at(LIMIT), at(100));
    }

    #[test]
    fn no_more_go_on_at_once_than_may_fail() {
        let (end, one) = (end_of_try(at(0)), admitted(&count(1), at(0)));
        let two = admitted(&one, at(0));
        assert_eq!(two.admit(LIMIT, at(0)), Verdict::Queue);
        // One is given back: another may come. One fails: none may.
        assert_eq!(admitted(&two.clone().given_back(end), at(0)).open_tries(), 2);
        let failed = two.failed(end, LIMIT, at(0));
        assert_eq!(failed.admit(LIMIT, at(0)), Verdict::Queue);
        let both = failed.failed(end, LIMIT, at(0));
        assert_eq!((both.failures, both.open_tries()), (3, 0));
        assert_eq!(both.admit(LIMIT, at(0)), Verdict::Wait(1));
        // Beyond the free ones it is one at a time.
        let next = admitted(&both, at(1));
        assert_eq!(next.admit(LIMIT, at(1)), Verdict::Queue);
        assert_eq!(next.cleared(end_of_try(at(1)), at(1)), Count::none(at(1)));
    }

    #[test]
    fn tries_of_a_process_that_died_count_as_failed() {
        let left = admitted(&admitted(&count(1), at(0)), at(0));
        let seen = |now| left.clone().without_abandoned(LIMIT, now);
        assert_eq!((&seen(at(14)), left.admit(LIMIT, at(14))), (&left, Verdict::Queue));
        assert_eq!(seen(at(15)).admit(LIMIT, at(15)), Verdict::Wait(1));
        // The wait is from then on, whoever looks and when; and it ends.
        assert_eq!(seen(at(15)), seen(at(500)));
        assert_eq!(admitted(&seen(at(16)), at(16)).failures, 3);
    }

    #[test]
    fn each_of_them_is_given_up_by_itself() {
        let left = admitted(&admitted(&count(0), at(0)), at(10));
        let seen = |now| left.clone().without_abandoned(LIMIT, at(now));
        assert_eq!([14, 15, 24, 25].map(|now| seen(now).open_tries()), [2, 1, 1, 0]);
        assert_eq!([14, 15, 24, 25].map(|now| seen(now).failures), [0, 1, 1, 2]);
        // It is told in the end, late: that has been counted.
        let late = seen(15).failed(end_of_try(at(0)), LIMIT, at(16));
        assert_eq!((late.failures, late.open_tries()), (1, 1));
        let later = late.failed(end_of_try(at(10)), LIMIT, at(17));
        assert_eq!((later.failures, later.open_tries()), (2, 0));
    }
}
