//! Gateways: objects with the sockets that came without a token. A socket that has said whose it is
//! stays where it is and is let into its room, which sees it like any other; what goes between the
//! two is stated here, in the events of [`event`](super::event), whatever the client speaks.
//!
//! What is sent here is sent often and read by the edge alone: its shapes are tuples, which take the
//! least code to read.

use serde::{Deserialize, Serialize};

use crate::{error::ErrorCode, socket_io::engine::Version};

/// The most gateways of each [`Speech`].
pub const MAX_GATEWAYS: u32 = 1024;

/// Path of the upgrade request that hands a new socket to a gateway, with its name in
/// [`NEWCOMER_HEADER`] and the client's `Accept-Language`.
pub const OPEN_PATH: &str = "/open";
/// Header of [`OPEN_PATH`] that carries the name that [`socket_id`] made.
pub const NEWCOMER_HEADER: &str = "x-drawbridge-newcomer";
/// Header of [`LINK_PATH`] that carries the token that a client came with, if it did.
pub const TOKEN_HEADER: &str = "x-drawbridge-token";
/// Path of the request that opens a link, a connection of Engine.IO: with an upgrade over a WebSocket,
/// else by polling. Its name is in [`NEWCOMER_HEADER`], as in the three paths that follow.
pub const LINK_PATH: &str = "/link";
/// Path of the upgrade request that takes a link from polling to a WebSocket.
pub const UPGRADE_PATH: &str = "/upgrade";
/// Path that what a link has for its client is fetched from.
pub const POLL_PATH: &str = "/poll";
/// Path that what a client says is posted to: a body of packets; an empty one ends the link.
pub const PUSH_PATH: &str = "/push";
/// Path that a room posts a list of [`GatewayFrame`]s to, in the order of their numbers; the answer is
/// the list of those sockets that are not there any more.
pub const FRAMES_PATH: &str = "/frames";

/// What the client of a subscribed socket has sent: the socket, and in the order in which they came, its
/// frames, each a [`ClientFrame`](super::event::ClientFrame) as JSON, which no gateway reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFrames(pub String, pub Vec<String>);

/// A frame on its way to a socket of a gateway: the socket; the number, which grows from frame to frame
/// in a room, so that what was taken before is not sent again; the frame as JSON, empty where there is
/// only an end; and the code that the socket ends with after it, if it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFrame(pub String, pub i64, pub String, pub Option<ErrorCode>);

/// What the sockets of a gateway speak. An object answers the heartbeats of all its sockets in one way,
/// so that those who speak otherwise live in gateways of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Our frames, plainly.
    Frames,
    /// Socket.IO, over a version of Engine.IO.
    SocketIo(Version),
}

impl Speech {
    const ALL: [Self; 3] =
        [Self::Frames, Self::SocketIo(Version::Four), Self::SocketIo(Version::Three)];

    /// What is spoken at a gateway, or where a socket of this name lives.
    #[must_use]
    pub fn of(socket_id: &str) -> Self {
        let place = gateway_of(socket_id).unwrap_or_default() / MAX_GATEWAYS;
        let speech = usize::try_from(place).ok().and_then(|place| Self::ALL.get(place));
        speech.copied().unwrap_or(Self::Frames)
    }

    /// The number of the first gateway where this is spoken.
    fn first(self) -> u32 {
        let place = Self::ALL.into_iter().position(|speech| speech == self);
        u32::try_from(place.unwrap_or_default()).unwrap_or_default() * MAX_GATEWAYS
    }
}

/// The name of a new socket: it says which of `gateways` (at least 1) it lives in; `random` is some
/// digits of hexadecimal, and which gateway comes of it is random, too.
#[must_use]
pub fn socket_id(random: &str, gateways: u32, speech: Speech) -> String {
    let digits = random.get(..8).unwrap_or_default();
    let gateway =
        u32::from_str_radix(digits, 16).unwrap_or_default() % gateways.clamp(1, MAX_GATEWAYS);
    [&(speech.first() + gateway).to_string(), "-", random].concat()
}

/// The gateway that a socket of this name lives in; `None` where it lives in none.
#[must_use]
pub fn gateway_of(socket_id: &str) -> Option<u32> {
    socket_id.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_sockets_are_spread_over_all_gateways_and_say_where_they_are() {
        let socket_id = |random, gateways| socket_id(random, gateways, Speech::Frames);
        assert_eq!(socket_id("0000001fab", 16), "15-0000001fab");
        assert_eq!(gateway_of("15-0000001fab"), Some(15));
        for odd in ["", "short", "会话会话会话", "ffffffff"] {
            assert!(gateway_of(&socket_id(odd, 16)).is_some_and(|gateway| gateway < 16), "{odd}");
            assert_eq!(gateway_of(&socket_id(odd, 0)), Some(0), "{odd}");
        }
        assert_eq!(gateway_of("0000001fab"), None, "a socket of the room itself");
    }

    #[test]
    fn who_speaks_otherwise_lives_elsewhere() {
        let mut names = Vec::new();
        for speech in Speech::ALL {
            for gateways in [1, 16, MAX_GATEWAYS, u32::MAX] {
                let name = socket_id("ffffffff", gateways, speech);
                assert_eq!(Speech::of(&name), speech, "{name}");
                names.push(gateway_of(&name).unwrap());
            }
        }
        assert_eq!(names, [0, 15, 1023, 1023, 1024, 1039, 2047, 2047, 2048, 2063, 3071, 3071]);
        for odd in ["", "x", "4096-0", "0000001fab"] {
            assert_eq!(Speech::of(odd), Speech::Frames, "{odd}");
        }
    }

    #[test]
    fn frames_are_read_as_they_were_written() {
        for close in [None, Some(ErrorCode::SlowConsumer)] {
            let frame = GatewayFrame("s".into(), 1, "{}".into(), close);
            let json = serde_json::to_string(&[&frame]).unwrap();
            assert_eq!(serde_json::from_str::<Vec<GatewayFrame>>(&json).unwrap(), [frame]);
        }
    }
}
