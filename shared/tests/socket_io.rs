//! Packets made at random: what is written is read again, and nothing that comes makes a reader panic. Run natively and
//! in wasm, where it is used.

use serde_json::value::RawValue;
use shared::socket_io::{
    engine::{self, Version},
    packet::{self, MAX_ATTACHMENTS},
    payload,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const VERSIONS: [Version; 2] = [Version::Three, Version::Four];
/// Random inputs; in wasm fewer, which take as long.
const INPUTS: usize = if cfg!(target_arch = "wasm32") { 50_000 } else { 1_000_000 };

/// Numbers that are the same at each run.
struct Draw(u64);

impl Draw {
    /// One below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    /// One that JavaScript has, too.
    fn number(&mut self) -> u64 {
        self.below(2);
        self.0 >> 11
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 12] =
            ["a", "Z", "0", "9", " ", "\"", "\\", "é", "会话", "😀", "\u{1e}x", "\n"];
        (0..self.below(8)).map(|_| self.of(&PARTS)).collect()
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(20)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    /// Arguments of an event, in JSON.
    fn json(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.of(&["null", "true", "-1", "1.50", "9007199254740993"]).to_owned(),
            1..4 => serde_json::to_string(&self.text()).unwrap(),
            4 => format!("[{}, {}]", self.json(depth - 1), self.json(depth - 1)),
            _ => {
                let key = serde_json::to_string(&self.text()).unwrap();
                format!("{{{key}:{}}}", self.json(depth - 1))
            }
        }
    }

    /// A Socket.IO packet that is one.
    fn packet(&mut self) -> String {
        let kind = self.below(packet::Kind::ALL.len());
        let is_binary = kind >= 5;
        let attachments = if is_binary { self.below(MAX_ATTACHMENTS + 1) } else { 0 };
        let count = if is_binary { format!("{attachments}-") } else { String::new() };
        let namespace = self.of(&["", "/im,", "/im?token=a.b.c,", "/会话,"]);
        let (mut id, mut data) = (String::new(), String::new());
        if matches!(kind, 2 | 3 | 5 | 6) {
            if matches!(kind, 3 | 6) || self.below(2) == 0 {
                id = self.number().to_string();
            }
            let name = serde_json::to_string(&self.text()).unwrap();
            let place = |num| format!(r#",{{"_placeholder":true,"num":{num}}}"#);
            let places: Vec<_> = (0..attachments).map(place).collect();
            data = format!("[{name},{}{}]", self.json(3), places.concat());
        } else if kind == 4 || kind == 0 && self.below(2) == 0 {
            data = format!(r#"{{"message":{}}}"#, self.json(3));
        }
        format!("{kind}{count}{namespace}{id}{data}")
    }

    /// An Engine.IO packet that is one; in version 4 a packet has no separator in it.
    fn engine_packet(&mut self) -> (engine::Kind, Result<String, Vec<u8>>) {
        match self.below(4) {
            0 => (engine::Kind::Message, Err(self.bytes())),
            1 => (self.of(&engine::Kind::ALL), Ok(self.text().replace('\u{1e}', ""))),
            _ => (engine::Kind::Message, Ok(self.packet())),
        }
    }

    /// The same with some of it removed, changed, doubled or put elsewhere.
    fn spoilt(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.below(4) {
            let at = self.below(input.len() + 1);
            match self.below(5) {
                0 => input.truncate(at),
                1 => {
                    let byte = self.of(b"0123456789bB:,-/?[]{}\"\\_=\x1e\x00\x01\xff\xf0 ");
                    input.insert(at, byte);
                }
                2 if at < input.len() => drop(input.remove(at)),
                3 => input.extend_from_within(at..),
                _ => input.rotate_left(at),
            }
        }
        input
    }
}

fn written(text: &Result<String, Vec<u8>>, kind: engine::Kind) -> engine::Packet<'_> {
    match text {
        Ok(text) => engine::Packet::Text(kind, text),
        Err(bytes) => engine::Packet::Binary(bytes.as_slice().into()),
    }
}

#[test]
fn every_packet_is_read_as_it_was_written() {
    let mut draw = Draw(0x5eed);
    for _ in 0..50_000 {
        let text = draw.packet();
        let read = packet::Packet::parse(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(read.to_text(), text);
        let again = read.to_text();
        let again = packet::Packet::parse(&again).unwrap();
        let data = |packet: &packet::Packet<'_>| packet.data.as_deref().map(RawValue::to_owned);
        assert_eq!(
            (again.kind, again.id, again.namespace.as_ref()),
            (read.kind, read.id, &*read.namespace)
        );
        assert_eq!(data(&again).map(|raw| raw.to_string()), data(&read).map(|raw| raw.to_string()));
        if matches!(read.kind, packet::Kind::Event | packet::Kind::BinaryEvent) {
            assert_eq!(read.event().unwrap().1.len(), 1 + read.attachments);
        }
    }
}

#[test]
fn every_body_is_read_as_it_was_written() {
    let mut draw = Draw(0xb0d1);
    for version in VERSIONS {
        for _ in 0..20_000 {
            let made: Vec<_> = (0..=draw.below(5)).map(|_| draw.engine_packet()).collect();
            let packets: Vec<_> = made.iter().map(|(kind, text)| written(text, *kind)).collect();
            let body = payload::write(
                packets.iter().map(|packet| packet.to_text(version).into()),
                version,
            );
            assert_eq!(payload::parse(&body, version).as_deref(), Ok(&packets[..]), "{body}");
            let bytes = payload::write_bytes(&packets);
            assert_eq!(payload::parse_bytes(&bytes).as_deref(), Ok(&packets[..]), "{bytes:?}");
        }
    }
}

/// What reads is reached: of so many inputs, many are near enough to be packets.
#[test]
fn nothing_that_comes_makes_a_reader_panic() {
    let mut draw = Draw(0xfa11);
    let (mut packets, mut bodies, mut bytes) = (0, 0, 0);
    for turn in 0..INPUTS {
        let version = VERSIONS[turn % 2];
        let input = match turn % 8 {
            0 => draw.bytes(),
            1..4 => draw.packet().into_bytes(),
            4..7 => {
                let made: Vec<_> = (0..=draw.below(3)).map(|_| draw.engine_packet()).collect();
                let all =
                    made.iter().map(|(kind, text)| written(text, *kind).to_text(version).into());
                payload::write(all, version).into_bytes()
            }
            _ => {
                let made: Vec<_> = (0..=draw.below(3)).map(|_| draw.engine_packet()).collect();
                let all: Vec<_> = made.iter().map(|(kind, text)| written(text, *kind)).collect();
                payload::write_bytes(&all)
            }
        };
        let input = draw.spoilt(input);
        let text = String::from_utf8_lossy(&input);
        if let Ok(packet) = packet::Packet::parse(&text) {
            packets += 1;
            drop((packet.to_text(), packet.event().is_ok(), packet.namespace_and("token")));
        }
        if let Ok(read) = payload::parse(&text, version) {
            bodies += 1;
            drop(payload::write(read.iter().map(|packet| packet.to_text(version).into()), version));
        }
        drop((engine::Packet::parse(&text, version), engine::Packet::parse_bytes(&input, version)));
        bytes += usize::from(payload::parse_bytes(&input).is_ok());
    }
    assert!(
        packets > INPUTS / 20 && bodies > INPUTS / 20 && bytes > INPUTS / 100,
        "{packets} {bodies} {bytes}"
    );
}
