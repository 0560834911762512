//! Chat's frames as Socket.IO has them, over a WebSocket and Engine.IO 4: enough of it for a client of ours, which
//! then lives on such a line as it does on a raw one.

use serde_json::{Value, json};

use crate::chat::frame;

/// The path that a WebSocket is opened at.
pub const PATH: &str = "/socket.io/?EIO=4&transport=websocket";
/// Where clients talk.
pub const NAMESPACE: &str = "/im";

/// What a packet of the server says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The connection begins.
    Open,
    /// The server asks whether we are there: to be answered by [`Speech::PONG`].
    Ping,
    /// Nothing.
    Nothing,
    /// We are let into the namespace.
    Connected,
    /// We are not, for this code.
    Refused(String),
    /// We are out.
    Disconnected,
    /// An event or an answer, as the raw line has it.
    Frame(String),
}

/// The translation.
pub struct Speech;

impl Speech {
    /// What answers a ping.
    pub const PONG: &'static str = "3";

    /// The packet that asks to be let in.
    #[must_use]
    pub fn connect(token: &str) -> String {
        format!("40{NAMESPACE},{}", json!({ "token": token }))
    }

    /// A client's frame as a packet; nothing for its heartbeat, which is the server's to begin here.
    ///
    /// # Panics
    /// Where it is no frame of ours.
    #[must_use]
    pub fn packet(text: &str) -> Option<String> {
        if text == "ping" {
            return None;
        }
        let frame: Value = serde_json::from_str(text).expect("a frame");
        let ack = frame["ack"].as_u64().map(|ack| ack.to_string()).unwrap_or_default();
        Some(format!("42{NAMESPACE},{ack}{}", json!([frame["event"], frame["data"]])))
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// What is wrong with it: the server has no others for us.
    pub fn read(packet: &str) -> Result<Said, String> {
        match packet.split_at_checked(1).ok_or("an empty packet")? {
            ("0", _) => Ok(Said::Open),
            ("2", "") => Ok(Said::Ping),
            ("6", "") => Ok(Said::Nothing),
            ("4", message) => read_message(message),
            _ => Err(format!("{packet}: a packet of no kind that we know")),
        }
    }
}

fn read_message(message: &str) -> Result<Said, String> {
    let wrong = |what: &str| format!("{message}: {what}");
    let (kind, rest) = message.split_at_checked(1).ok_or("an empty message")?;
    let body = rest
        .strip_prefix(NAMESPACE)
        .and_then(|rest| rest.strip_prefix(',').or_else(|| rest.is_empty().then_some("")))
        .ok_or_else(|| wrong("another namespace"))?;
    let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (ack, json) = body.split_at(digits);
    let value = || serde_json::from_str::<Value>(json).map_err(|error| wrong(&error.to_string()));
    match kind {
        "0" => {
            value()?["sid"].is_string().then_some(Said::Connected).ok_or_else(|| wrong("no sid"))
        }
        "1" => Ok(Said::Disconnected),
        "2" => match value()?.as_array().map(Vec::as_slice) {
            Some([Value::String(name), data]) if ack.is_empty() => {
                Ok(Said::Frame(frame::event(name, data, None)))
            }
            _ => Err(wrong("no event with its data")),
        },
        "3" => {
            let ack: u64 = ack.parse().map_err(|_| wrong("an answer to nothing"))?;
            match value()?.as_array().map(Vec::as_slice) {
                Some([told]) if told.get("error").is_some() => {
                    Ok(Said::Frame(json!({ "ack": ack, "error": told["error"] }).to_string()))
                }
                Some([data]) => Ok(Said::Frame(json!({ "ack": ack, "data": data }).to_string())),
                _ => Err(wrong("no answer with its data")),
            }
        }
        "4" => {
            let code = value()?["data"]["code"].as_str().map(str::to_owned);
            code.map(Said::Refused).ok_or_else(|| wrong("a refusal without a code"))
        }
        _ => Err(wrong("a message of no kind that we know")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::frame::Frame;

    fn frame_of(packet: &str) -> Frame {
        match Speech::read(packet) {
            Ok(Said::Frame(text)) => Frame::read(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_become_packets_and_heartbeats_nothing() {
        let frame = r#"{"event":"typing","data":{"is_typing":true},"ack":7}"#;
        let packet = Speech::packet(frame);
        assert_eq!(packet.as_deref(), Some(r#"42/im,7["typing",{"is_typing":true}]"#));
        assert_eq!(Speech::packet("ping"), None);
    }

    #[test]
    fn packets_become_frames() {
        assert_eq!(Speech::read("0{}"), Ok(Said::Open));
        assert_eq!(Speech::read("2"), Ok(Said::Ping));
        assert_eq!(Speech::read(r#"40/im,{"sid":"x"}"#), Ok(Said::Connected));
        assert_eq!(Speech::read("41/im,"), Ok(Said::Disconnected));
        let refused = r#"44/im,{"message":"m","data":{"code":"SESSION_REVOKED","message":"m"}}"#;
        assert_eq!(Speech::read(refused), Ok(Said::Refused("SESSION_REVOKED".into())));
        assert_eq!(
            frame_of(r#"42/im,["typing",{"a":1}]"#),
            Frame::Event("typing".into(), json!({ "a": 1 }))
        );
        assert_eq!(frame_of(r#"43/im,12[{"a":1}]"#), Frame::Done(12, json!({ "a": 1 })));
        assert_eq!(
            frame_of(r#"43/im,3[{"error":{"code":"X","message":"m"}}]"#),
            Frame::NotDone(3, "X".into())
        );
        for wrong in [
            "",
            "5",
            "4",
            "42",
            r#"42["typing",{}]"#,
            "42/im,[]",
            "43/im,[{}]",
            "44/im,{}",
            "40/im,{}",
        ] {
            assert!(Speech::read(wrong).is_err(), "{wrong}");
        }
    }
}
