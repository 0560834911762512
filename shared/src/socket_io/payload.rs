//! Several Engine.IO packets in the body of a request or an answer.

use std::borrow::Cow;

use super::{
    Malformed, digits,
    engine::{Packet, Version},
};

/// The most packets that one body may hold.
pub const MAX_PACKETS: usize = 1_000;
/// What stands between packets, in version 4.
const SEPARATOR: char = '\x1e';
/// Digits of a length, in version 3.
const MAX_LENGTH_DIGITS: usize = 9;

/// Reads a body of text.
///
/// # Errors
/// Where it is none, or has more packets than [`MAX_PACKETS`].
pub fn parse(body: &str, version: Version) -> Result<Vec<Packet<'_>>, Malformed> {
    let mut packets = Vec::new();
    match version {
        Version::Four => {
            for text in body.split(SEPARATOR) {
                add(&mut packets, Packet::parse(text, version)?)?;
            }
        }
        Version::Three => {
            let mut rest = body;
            while let Some(colon) = rest.find(':') {
                let length =
                    digits(&rest[..colon]).filter(|_| (1..=MAX_LENGTH_DIGITS).contains(&colon));
                let after = &rest[colon + 1..];
                let (text, others) = split_units(after, length.ok_or(Malformed)?)?;
                add(&mut packets, Packet::parse(text, version)?)?;
                rest = others;
            }
            if !rest.is_empty() || packets.is_empty() {
                return Err(Malformed);
            }
        }
    }
    Ok(packets)
}

/// Reads a body of bytes, as clients of version 3 send it where one of the packets is binary.
///
/// # Errors
/// Where it is none, or has more packets than [`MAX_PACKETS`].
pub fn parse_bytes(body: &[u8]) -> Result<Vec<Packet<'_>>, Malformed> {
    let mut packets = Vec::new();
    let mut rest = body;
    while let [is_binary @ (0 | 1), after @ ..] = rest {
        let end = after.iter().take(MAX_LENGTH_DIGITS + 1).position(|byte| *byte == 255);
        let (length, after) = after.split_at(end.ok_or(Malformed)?);
        // Each byte is a digit's value.
        if length.is_empty() || length.iter().any(|digit| *digit > 9) {
            return Err(Malformed);
        }
        let length = length.iter().fold(0, |sum, digit| sum * 10 + usize::from(*digit));
        let (packet, others) = after[1..].split_at_checked(length).ok_or(Malformed)?;
        let packet = if *is_binary == 1 {
            Packet::parse_bytes(packet, Version::Three)?
        } else {
            let text = std::str::from_utf8(packet).map_err(|_| Malformed)?;
            Packet::parse(text, Version::Three)?
        };
        add(&mut packets, packet)?;
        rest = others;
    }
    if rest.is_empty() && !packets.is_empty() { Ok(packets) } else { Err(Malformed) }
}

/// A body of packets, each as its [`Packet::to_text`] is.
#[must_use]
pub fn write<'a>(packets: impl IntoIterator<Item = Cow<'a, str>>, version: Version) -> String {
    let mut body = String::new();
    for packet in packets {
        match version {
            Version::Four if body.is_empty() => {}
            Version::Four => body.push(SEPARATOR),
            Version::Three => {
                // Lengths are those of JavaScript, in units of UTF-16.
                body.push_str(&packet.encode_utf16().count().to_string());
                body.push(':');
            }
        }
        body.push_str(&packet);
    }
    body
}

/// A body of bytes of version 3.
#[must_use]
pub fn write_bytes(packets: &[Packet<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for packet in packets {
        let text;
        let (is_binary, bytes) = match packet {
            Packet::Text(..) => {
                text = packet.to_text(Version::Three);
                (0, text.as_bytes())
            }
            Packet::Binary(bytes) => (1, &**bytes),
        };
        body.push(is_binary);
        let length = (bytes.len() + usize::from(is_binary)).to_string();
        body.extend(length.bytes().map(|digit| digit - b'0'));
        body.push(255);
        if is_binary == 1 {
            body.push(4);
        }
        body.extend_from_slice(bytes);
    }
    body
}

fn add<'a>(packets: &mut Vec<Packet<'a>>, packet: Packet<'a>) -> Result<(), Malformed> {
    if packets.len() == MAX_PACKETS {
        return Err(Malformed);
    }
    packets.push(packet);
    Ok(())
}

/// The first `units` of UTF-16 of a text, and the rest.
fn split_units(text: &str, units: usize) -> Result<(&str, &str), Malformed> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Ok(text.split_at(at));
        }
        left = left.checked_sub(character.len_utf16()).ok_or(Malformed)?;
    }
    if left == 0 { Ok((text, "")) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_io::engine::Kind;

    const VERSIONS: [Version; 2] = [Version::Three, Version::Four];

    fn written(packets: &[Packet<'_>], version: Version) -> String {
        write(packets.iter().map(|packet| packet.to_text(version).into()), version)
    }

    #[test]
    fn bodies_are_those_of_the_protocol() {
        let packets = [
            Packet::Text(Kind::Message, "€€€"),
            Packet::Text(Kind::Ping, ""),
            Packet::Binary(vec![1, 2, 3, 4].into()),
            Packet::Text(Kind::Message, "😀a"),
        ];
        for (version, body) in [
            (Version::Four, "4€€€\x1e2\x1ebAQIDBA==\x1e4😀a"),
            (Version::Three, "4:4€€€1:210:b4AQIDBA==4:4😀a"),
        ] {
            assert_eq!(written(&packets, version), body);
            assert_eq!(parse(body, version).as_deref(), Ok(&packets[..]));
        }
    }

    #[test]
    fn bytes_of_version_3_are_read() {
        let body = b"\x00\x06\xff4hello\x01\x04\xff\x04\x01\x02\x03";
        let packets = [Packet::Text(Kind::Message, "hello"), Packet::Binary(vec![1, 2, 3].into())];
        assert_eq!(parse_bytes(body).as_deref(), Ok(&packets[..]));
        assert_eq!(write_bytes(&packets), body);
        let euro = "\u{0}\u{4}x4€";
        let mut euro = euro.as_bytes().to_vec();
        euro[2] = 255;
        assert_eq!(parse_bytes(&euro), Ok(vec![Packet::Text(Kind::Message, "€")]));
        for bad in [
            &b""[..],
            b"\x00",
            b"\x02\x01\xff2",
            b"\x00\xff2",
            b"\x00\x01\xff",
            b"\x00\x02\xff2",
            b"\x00\x0a\xff2",
            b"\x00\x01\xff\xc3",
            b"\x01\x01\xff2",
            b"\x00\x01\xff2x",
            b"\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff2",
        ] {
            assert_eq!(parse_bytes(bad), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_body_is_refused() {
        for body in ["", "abc", "4a\x1e", "\x1e4a", "4a\x1e\x1e4b", "4a\x1ex"] {
            assert_eq!(parse(body, Version::Four), Err(Malformed), "{body:?}");
        }
        for body in [
            "",
            "abc",
            ":",
            ":2",
            "0:",
            "1:",
            "2:2",
            "1:2x",
            "1:2:",
            "+1:2",
            "-1:2",
            "2:4a1",
            "2:😀",
            "3:4😀x",
            "2:4😀",
            "99999999999999999999:2",
            "1:2 1:2",
        ] {
            assert_eq!(parse(body, Version::Three), Err(Malformed), "{body:?}");
        }
    }

    #[test]
    fn a_body_has_no_more_packets_than_it_may() {
        for version in VERSIONS {
            let packets = vec![Packet::Text(Kind::Noop, ""); MAX_PACKETS];
            let body = written(&packets, version);
            assert_eq!(parse(&body, version).map(|packets| packets.len()), Ok(MAX_PACKETS));
            let body = written(&[&packets[..], &packets[..1]].concat(), version);
            assert_eq!(parse(&body, version), Err(Malformed));
        }
    }
}
