//! Heartbeats do not wake an object, and what sleeps wakes for what concerns it.

use std::time::Duration;

use shared::{
    chat::{
        gateway::{Speech, gateway_of, socket_id},
        room::Room,
    },
    socket_io::engine::Version,
};
use tokio::time::{Instant, sleep};

use super::Pair;
use crate::{
    chat::{Probe, Wire},
    system::System,
};

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

/// How often an idle client of Socket.IO has woken the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakes {
    /// Its gateway, which has to ask whether it is still there.
    pub gateway: usize,
    /// Its user's room.
    pub room: usize,
}

/// A user's client of Socket.IO does nothing but answer pings for so long. The edge traces its rooms and has one
/// gateway (`TRACE_ROOMS=1`, `GATEWAY_OBJECTS=1`). Then a message comes.
pub async fn socket_io(system: &System, pair: &Pair, time: Duration) -> Wakes {
    let room = format!("user:{}", pair.user.user_id);
    // The one that there is for clients of this version.
    let sid = socket_id("", 1, Speech::SocketIo(Version::Four));
    let gateway = Room::Gateway(gateway_of(&sid).expect("a name")).name();
    let count = || Wakes { gateway: system.wakes(&gateway), room: system.wakes(&room) };
    let probe = Probe::open(&pair.user_account(system).over(Wire::SocketIo)).await;
    let first = count();
    assert!(first.gateway > 0 && first.room > 0, "the edge traces its rooms: {first:?}");
    sleep(ASLEEP_AFTER).await;
    let before = count();
    sleep(time).await;
    let after = count();
    assert!(!probe.is_over(), "it was idle, not gone");

    pair.agent_says(system, "are you idle?").await;
    let (event, _) = probe.message("are you idle?").await;
    assert_eq!(event, "new_message");
    assert!(system.wakes(&room) > after.room, "its room had not been asleep at all");
    Wakes { gateway: after.gateway - before.gateway, room: after.room - before.room }
}

async fn beat(probe: &Probe, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        probe.ping().await;
        sleep(HEARTBEAT).await;
    }
}
