//! The rounds of a gateway: who is pinged, and who is gone.

use std::time::Duration;

use shared::{
    socket_io::engine::{Kind, Packet},
    time::Timestamp,
};

use super::{
    Gateway,
    engine::Ending,
    link::{Beat, Link, Rhythm, Stage, attached},
};
use crate::{clock, env};

/// How long a WebSocket may be tried without the link's moving there.
const TRY_LIMIT: Duration = Duration::from_secs(10);

impl Gateway {
    /// Pings whom it is time to ping, ends whose clients are gone, and notes when to do so next.
    pub(super) fn beat(&self) {
        let (now, rhythm) = (clock::now(), self.rhythm());
        let mut links: Vec<Link> = Vec::new();
        let sockets = self.state.get_websockets();
        // Where our frames are spoken plainly there is none.
        let has_links = sockets.first().is_some_and(|socket| attached(socket).is_some());
        for socket in if has_links { sockets } else { Vec::new() } {
            match attached(&socket) {
                Some(known) if known.is_probe => {
                    if now >= known.pinged_at.plus(TRY_LIMIT) {
                        let _ = socket.close(Some(1000), Some(""));
                    }
                }
                _ => links.extend(Link::over(socket)),
            }
        }
        links.extend(self.links.all().into_iter().map(Link::Polling));
        let mut next = None;
        for link in links {
            let Some(mut known) = link.known() else { continue };
            let heard_at = link.heard_at(&self.state, &known);
            let is_due = now >= known.beat_due(rhythm);
            let beat = if is_due { known.beat(heard_at, now, rhythm) } else { Beat::Wait };
            let due = known.beat_due(rhythm);
            if is_due {
                link.change(|now| *now = known);
            }
            match beat {
                Beat::Wait => {}
                Beat::Dead => {
                    self.close_link(&link, Ending::Broken);
                    continue;
                }
                Beat::Ping if matches!(&link, Link::Polling(it) if it.stage.get() == Stage::Closed) =>
                {
                    // Nobody has come for its last words.
                    let Link::Polling(polling) = &link else { continue };
                    self.links.remove(&polling.known.borrow().sid);
                    continue;
                }
                Beat::Ping => {
                    if !self.say(&link, &Packet::Text(Kind::Ping, "")) {
                        continue;
                    }
                }
            }
            next = Some(next.map_or(due, |next: Timestamp| next.min(due)));
        }
        self.next_beat.set(next);
    }

    /// How often clients show that they are there.
    pub(super) fn rhythm(&self) -> Rhythm {
        let config = env::config(&self.env).ok();
        let (interval, timeout) = config.map_or(
            // Nobody is let in then.
            (Duration::from_secs(25), Duration::from_secs(20)),
            |config| (config.ping_interval, config.ping_timeout),
        );
        Rhythm { interval, timeout }
    }
}
