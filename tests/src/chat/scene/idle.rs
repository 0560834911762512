//! Heartbeats do not wake an object, and what sleeps wakes for what concerns it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Pair;
use crate::{chat::Probe, system::System};

/// After this long without work an object has been put to sleep.
pub const ASLEEP_AFTER: Duration = Duration::from_secs(15);
/// How often a client sends its heartbeat here.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A user's idle socket sends a heartbeat a second for so long: how often its object woke meanwhile. The edge traces
/// its rooms (`TRACE_ROOMS=1`). Then a message comes, and wakes it.
pub async fn heartbeats(system: &System, pair: &Pair, time: Duration) -> usize {
    let room = format!("user:{}", pair.user.user_id);
    let probe = Probe::open(&pair.user_account(system)).await;
    assert!(system.wakes(&room) > 0, "the edge traces its rooms");
    beat(&probe, ASLEEP_AFTER).await;
    let before = system.wakes(&room);
    beat(&probe, time).await;
    let woken = system.wakes(&room) - before;

    pair.agent_says(system, "are you asleep?").await;
    let (event, _) = probe.message("are you asleep?").await;
    assert_eq!(event, "new_message");
    assert!(system.wakes(&room) > before + woken, "it had not been asleep at all");
    woken
}

async fn beat(probe: &Probe, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        probe.ping().await;
        sleep(HEARTBEAT).await;
    }
}
