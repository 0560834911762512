//! A client that was away gets what it missed.

use std::time::Duration;

use tokio::time::Instant;

use super::Pair;
use crate::{
    chat::{Cut, Probe},
    system::{System, settled},
};

/// Sockets of the user come one after the other, each having missed all but the first messages: how long each
/// waited until it had the rest, which is checked. The shortest first.
pub async fn replays(system: &System, pair: &Pair, after_seq: i64, rounds: usize) -> Vec<Duration> {
    // Nothing of it is live any more.
    settled(system).await;
    let last = pair.last_seq(system).await;
    let account = pair.user_account(system);
    let mut times = Vec::new();
    for round in 0..rounds {
        let mut probe = Probe::open(&account).await;
        let asked = Instant::now();
        let resumed = probe.resume(&[(pair.conversation, after_seq)]).await;
        times.push(asked.elapsed());
        assert_eq!(resumed["conversations"][0]["seq"], last, "round {round}");
        let got: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
        assert!(got.iter().copied().eq(after_seq + 1..=last), "round {round}: {got:?}");
        assert!(probe.seen("resume_truncated").is_empty(), "round {round}");
        probe.cut(Cut::Fin);
    }
    times.sort();
    times
}

/// The time within which this share of them, in percent, was done; they are sorted.
#[must_use]
pub fn percentile(times: &[Duration], percent: usize) -> Duration {
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let of = |percent| percentile(&times, percent).as_millis();
        assert_eq!((of(50), of(99), of(100)), (100, 198, 200));
        assert_eq!(percentile(&times[..1], 99).as_millis(), 1);
    }
}
