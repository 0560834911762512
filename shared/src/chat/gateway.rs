//! Gateways: objects with the sockets that came without a token. A socket that has said whose it is
//! stays where it is and is let into its room, which sees it like any other; what goes between the
//! two is stated here, in the events of [`event`](super::event), whatever the client speaks.
//!
//! What is sent here is sent often and read by the edge alone: its shapes are tuples, which take the
//! least code to read.

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// Path of the upgrade request that hands a new socket to a gateway, with its name in
/// [`NEWCOMER_HEADER`] and the client's `Accept-Language`.
pub const OPEN_PATH: &str = "/open";
/// Header of [`OPEN_PATH`] that carries the name that [`socket_id`] made.
pub const NEWCOMER_HEADER: &str = "x-drawbridge-newcomer";
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

/// The name of a new socket: it says which of `gateways` (at least 1) it lives in; `random` is some
/// digits of hexadecimal, and which gateway comes of it is random, too.
#[must_use]
pub fn socket_id(random: &str, gateways: u32) -> String {
    let digits = random.get(..8).unwrap_or_default();
    let gateway = u32::from_str_radix(digits, 16).unwrap_or_default() % gateways.max(1);
    [&gateway.to_string(), "-", random].concat()
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
        assert_eq!(socket_id("0000001fab", 16), "15-0000001fab");
        assert_eq!(gateway_of("15-0000001fab"), Some(15));
        for odd in ["", "short", "会话会话会话", "ffffffff"] {
            assert!(gateway_of(&socket_id(odd, 16)).is_some_and(|gateway| gateway < 16), "{odd}");
            assert_eq!(gateway_of(&socket_id(odd, 0)), Some(0), "{odd}");
        }
        assert_eq!(gateway_of("0000001fab"), None, "a socket of the room itself");
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
