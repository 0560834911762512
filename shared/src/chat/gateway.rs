//! Gateways: objects with the sockets that came without a token. A socket that has said whose it is
//! stays where it is and is let into its room, which sees it like any other; what goes between the
//! two is stated here, in the events of [`event`](super::event), whatever the client speaks.

use serde::{Deserialize, Serialize};

use super::room::SocketOwner;
use crate::error::{ErrorCode, Language};

/// Path of the upgrade request that hands a new socket to a gateway.
pub const OPEN_PATH: &str = "/open";
/// Header of [`OPEN_PATH`] that carries a [`Newcomer`] as JSON, which is ASCII.
pub const NEWCOMER_HEADER: &str = "x-drawbridge-newcomer";
/// Path that a room posts [`GatewayFrames`] to; the answer is [`FramesTaken`].
pub const FRAMES_PATH: &str = "/frames";

/// A socket that has yet to say whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    /// Names the socket.
    pub socket_id: String,
    /// The number of the gateway that it goes to.
    pub gateway: u32,
    /// The language of what a person reads.
    pub language: Language,
}

/// A socket at a gateway that wants to be let into its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The number of the gateway.
    pub gateway: u32,
    /// Whose socket it is.
    pub owner: SocketOwner,
}

/// What the client of a subscribed socket has sent, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFrames {
    /// The socket.
    pub socket_id: String,
    /// Each a [`ClientFrame`](super::event::ClientFrame) as JSON, which no gateway reads.
    pub frames: Vec<String>,
}

/// What a room sends to sockets of one gateway, in the order of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFrames {
    /// What to send.
    pub frames: Vec<GatewayFrame>,
}

/// A frame on its way to a socket of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFrame {
    /// The socket.
    pub socket_id: String,
    /// Grows from frame to frame in a room: what was taken before is not sent again.
    pub number: i64,
    /// A frame to a client as JSON; empty where there is only an end.
    pub frame: String,
    /// The socket ends with this code, after the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<ErrorCode>,
}

/// A gateway has taken frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramesTaken {
    /// Sockets that it does not have any more.
    pub gone: Vec<String>,
}

/// The gateway of a new socket: `socket_id` is random, and so is what comes of it; `gateways` is at
/// least 1.
#[must_use]
pub fn gateway_of(socket_id: &str, gateways: u32) -> u32 {
    let digits = socket_id.get(..8).unwrap_or_default();
    u32::from_str_radix(digits, 16).unwrap_or_default() % gateways.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_sockets_are_spread_over_all_gateways() {
        assert_eq!(gateway_of("0000001fab", 16), 15);
        assert_eq!(gateway_of("ffffffffab", 1), 0);
        for odd in ["", "short", "会话会话会话", "ffffffff"] {
            assert!(gateway_of(odd, 16) < 16, "{odd}");
            assert_eq!(gateway_of(odd, 0), 0, "{odd}");
        }
    }

    #[test]
    fn a_frame_without_an_end_says_nothing_of_one() {
        let mut frame =
            GatewayFrame { socket_id: "s".into(), number: 1, frame: "{}".into(), close: None };
        let json = serde_json::to_string(&frame).unwrap();
        assert_eq!(json, r#"{"socket_id":"s","number":1,"frame":"{}"}"#);
        assert_eq!(serde_json::from_str::<GatewayFrame>(&json).unwrap(), frame);
        frame.close = Some(ErrorCode::SlowConsumer);
        let json = serde_json::to_string(&frame).unwrap();
        assert_eq!(serde_json::from_str::<GatewayFrame>(&json).unwrap(), frame);
    }
}
