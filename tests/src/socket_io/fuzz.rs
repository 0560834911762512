//! Packets that no good client of Socket.IO sends, drawn by a seed.

use serde_json::json;

use super::speech::Speech;
use crate::{
    chat::fuzz::{Frames, Hostile},
    dice::Dice,
};

/// The packets of a seed, without end. Their valid parts name this conversation.
pub struct Packets {
    dice: Dice,
    frames: Frames,
    conversation: i64,
}

/// Heads of packets, ours and others'.
const HEADS: [&str; 28] = [
    "0",
    "1",
    "2",
    "2probe",
    "3",
    "3probe",
    "4",
    "5",
    "6",
    "40",
    "40/im,",
    "40/,",
    "41",
    "41/im,",
    "42",
    "42/im,",
    "42/im?token=x,",
    "421",
    "42/im,18446744073709551616",
    "43/im,",
    "43/im,1",
    "44/im,",
    "450-",
    "451-/im,",
    "4510-/im,7",
    "459999999999-/im,",
    "461-/im,1",
    "b",
];
/// What may follow a head.
const BODIES: [&str; 16] = [
    "",
    "{}",
    "[]",
    "[\"x\"]",
    "[\"send_message\",{}]",
    "[\"send_message\",null]",
    "[\"connect\"]",
    "[\"__proto__\",{\"__proto__\":{\"x\":1}}]",
    "[null]",
    "[[],[]]",
    "[\"x\",{\"_placeholder\":true,\"num\":0}]",
    "[\"x\",{\"_placeholder\":true,\"num\":-1}]",
    "[\"x\",{\"_placeholder\":true,\"num\":1e9}]",
    "{\"token\":null}",
    "\u{0}\u{1e}\u{1e}",
    "\u{202e}\u{feff}",
];

impl Packets {
    /// The packets of a seed.
    #[must_use]
    pub const fn new(seed: u64, conversation: i64) -> Self {
        let mut dice = Dice::new(seed);
        let frames = Frames::new(dice.next_u64(), conversation);
        Self { dice, frames, conversation }
    }

    /// The next one.
    pub fn draw(&mut self) -> Hostile {
        match self.dice.index(7) {
            0 => Hostile::Binary(self.bytes(200)),
            1 => {
                let head = *self.dice.of(&HEADS);
                Hostile::Text(format!("{head}{}", self.dice.of::<&str>(&BODIES)))
            }
            2 => Hostile::Text(String::from_utf8_lossy(&self.bytes(80)).into_owned()),
            3 => {
                // Depth, behind a head that is right.
                let depth = usize::try_from(self.dice.within(1..20_000)).expect("a small number");
                Hostile::Text(format!("42/im,[\"typing\",{}", "[".repeat(depth)))
            }
            4 => Hostile::Text(self.mutated()),
            _ => match self.frames.draw() {
                // What the raw line is attacked with, as the data of an event.
                Hostile::Text(text) => Hostile::Text(format!("42/im,[\"typing\",{text}]")),
                binary @ Hostile::Binary(_) => binary,
            },
        }
    }

    /// An event that is as it should be, and has no effect.
    fn valid(&mut self) -> String {
        let ack = self.dice.next_u64();
        let data = json!({ "customer_service_session_id": self.conversation, "is_typing": true });
        let frame = json!({ "event": "typing", "data": data, "ack": ack }).to_string();
        Speech::packet(&frame).expect("no heartbeat")
    }

    fn mutated(&mut self) -> String {
        let mut bytes = self.valid().into_bytes();
        for _ in 0..self.dice.within(0..5) {
            let at = self.dice.index(bytes.len());
            match self.dice.index(4) {
                0 => bytes[at] = self.dice.next_u64().to_le_bytes()[0],
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let word = self.dice.of::<&str>(&HEADS).bytes();
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

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let len = self.dice.within(0..most);
        (0..len).map(|_| self.dice.next_u64().to_le_bytes()[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_its_packets_again() {
        let drawn = |seed| {
            let mut packets = Packets::new(seed, 7);
            (0..2_000).map(|_| packets.draw()).collect::<Vec<_>>()
        };
        let packets = drawn(3);
        assert_eq!(packets, drawn(3));
        assert_ne!(packets, drawn(4));
        let of_ours =
            |packet: &&Hostile| matches!(packet, Hostile::Text(text) if text.starts_with("42/im,"));
        let count = packets.iter().filter(of_ours).count();
        // Many get behind the reader of packets, many do not.
        assert!((400..1_600).contains(&count), "{count}");
    }
}
