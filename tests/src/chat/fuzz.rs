//! Frames that no good client sends, drawn by a seed.

use serde_json::{Value, json};

use crate::dice::Dice;

/// A hostile frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// As a text frame.
    Text(String),
    /// As a binary frame.
    Binary(Vec<u8>),
}

/// The frames of a seed, without end. Their valid parts name this conversation.
pub struct Frames {
    dice: Dice,
    conversation: i64,
}

/// Words that a parser may have opinions of.
const WORDS: [&str; 22] = [
    "null",
    "true",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "0.1",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[]]",
    "{\"\":{}}",
    "\"undefined\"",
    "\u{202e}",
    "\u{feff}",
];
/// Names of events, ours and others'.
const EVENTS: [&str; 14] = [
    "send_message",
    "mark_read",
    "typing",
    "resume",
    "reauthenticate",
    "authenticate",
    "ping",
    "connect",
    "message_sent",
    "session_invalidated",
    "__proto__",
    "constructor",
    "",
    "drop_tables",
];

impl Frames {
    /// The frames of a seed.
    #[must_use]
    pub const fn new(seed: u64, conversation: i64) -> Self {
        Self { dice: Dice::new(seed), conversation }
    }

    /// The next one.
    pub fn draw(&mut self) -> Hostile {
        let text = match self.dice.index(9) {
            0 => return Hostile::Binary(self.bytes(300)),
            1 => self.noise(),
            2 => self.wrong_types(),
            3 => self.deep(),
            4 => self.numbers(),
            5 => self.foreign(),
            _ => self.mutated(),
        };
        Hostile::Text(text)
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let len = self.dice.within(0..most);
        (0..len).map(|_| self.dice.next_u64().to_le_bytes()[0]).collect()
    }

    fn noise(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes(200)).into_owned()
    }

    /// An event of ours, whole and in order, about anything.
    fn valid(&mut self) -> Value {
        let id = match self.dice.index(4) {
            0 => self.dice.within(0..1 << 62).cast_signed(),
            _ => self.conversation,
        };
        // None of these is stored: it names nothing, or nobody may do it, or it has no effect.
        let kind = self.dice.index(5);
        let far = |dice: &mut Dice| dice.within(1 << 40..1 << 62);
        let data = match kind {
            0 => {
                json!({ "customer_service_session_id": id, "content": "", "temp_message_id": "f" })
            }
            1 => {
                json!({ "customer_service_session_id": id, "chat_message_id": far(&mut self.dice) })
            }
            2 => json!({ "customer_service_session_id": id, "is_typing": self.dice.once_in(2) }),
            3 => {
                json!({ "conversations": [{ "customer_service_session_id": id, "seq": far(&mut self.dice) }] })
            }
            _ => json!({ "token": self.noise() }),
        };
        // Often the event that the data belongs to.
        let event = if self.dice.once_in(3) { *self.dice.of(&EVENTS) } else { EVENTS[kind] };
        let ack = self.dice.next_u64();
        json!({ "event": event, "data": data, "ack": ack })
    }

    fn mutated(&mut self) -> String {
        let mut bytes = self.valid().to_string().into_bytes();
        for _ in 0..self.dice.within(0..6) {
            let at = self.dice.index(bytes.len());
            match self.dice.index(4) {
                0 => bytes[at] = self.dice.next_u64().to_le_bytes()[0],
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let word = self.dice.of(&WORDS).bytes();
                    bytes.splice(at..at, word);
                }
                _ => {
                    let copied = bytes[at..].to_vec();
                    bytes.extend(copied);
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn wrong_types(&mut self) -> String {
        let mut frame = self.valid();
        let word =
            |dice: &mut Dice| serde_json::from_str(dice.of::<&str>(&WORDS)).unwrap_or(json!([1]));
        let replaced = word(&mut self.dice);
        match self.dice.index(4) {
            0 => frame["event"] = replaced,
            1 => frame["ack"] = replaced,
            2 => frame["data"] = replaced,
            _ => {
                let members: Vec<_> = frame["data"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect();
                let member = self.dice.of(&members).clone();
                frame["data"][member] = replaced;
            }
        }
        frame.to_string()
    }

    fn deep(&mut self) -> String {
        let depth = usize::try_from(self.dice.within(1..30_000)).expect("a small number");
        let (open, close) = *self.dice.of(&[("[", "]"), ("{\"a\":", "}")]);
        let closes = if self.dice.once_in(2) { close.repeat(depth) } else { String::new() };
        let deep = format!("{}1{closes}", open.repeat(depth));
        match self.dice.index(3) {
            0 => deep,
            1 => format!(r#"{{"event":"typing","data":{deep}}}"#),
            _ => format!(
                r#"{{"event":"send_message","data":{{"customer_service_session_id":{},"content":"","metadata":{deep}}}}}"#,
                self.conversation
            ),
        }
    }

    fn numbers(&mut self) -> String {
        let number = if self.dice.once_in(3) {
            "9".repeat(usize::try_from(self.dice.within(1..5_000)).expect("a small number"))
        } else {
            (*self.dice.of(&WORDS)).to_owned()
        };
        let ack = *self.dice.of(&WORDS);
        format!(
            r#"{{"event":"{}","data":{{"customer_service_session_id":{number},"seq":{number},"chat_message_id":{number},"is_typing":true}},"ack":{ack}}}"#,
            self.dice.of(&EVENTS)
        )
    }

    /// Frames of other protocols.
    fn foreign(&mut self) -> String {
        let frames = [
            "2",
            "3",
            "40",
            "42[\"send_message\",{}]",
            "2probe",
            "0{}",
            "451-[\"x\",{\"_placeholder\":true}]",
            "ping ",
            "PING",
            "\n",
        ];
        (*self.dice.of(&frames)).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use shared::chat::event::ClientFrame;

    use super::*;

    #[test]
    fn a_seed_draws_its_frames_again_and_the_parser_survives_them() {
        let drawn = |seed| {
            let mut frames = Frames::new(seed, 7);
            (0..5_000).map(|_| frames.draw()).collect::<Vec<_>>()
        };
        let frames = drawn(3);
        assert_eq!(frames, drawn(3));
        let mut read = 0;
        for frame in &frames {
            if let Hostile::Text(text) = frame {
                read += usize::from(ClientFrame::parse(text).is_ok());
            }
        }
        // Some get through to what lies behind the parser; most do not.
        assert!(read > 50, "{read}");
        assert!(read < 2_500, "{read}");
    }
}
