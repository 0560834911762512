//! Engine.IO packets, of its protocols 4 and 3.

use std::borrow::Cow;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Malformed;

/// Padding may be left out, as clients of mini-programs do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A protocol of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3: the client pings.
    Three,
    /// 4: the server pings.
    Four,
}

impl Version {
    /// The version that the parameter `EIO` names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "3" => Some(Self::Three),
            "4" => Some(Self::Four),
            _ => None,
        }
    }
}

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The session begins.
    Open,
    /// It ends.
    Close,
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
    /// Something for what lies above.
    Message,
    /// The other transport is the one from now on.
    Upgrade,
    /// Nothing; it ends a poll.
    Noop,
}

impl Kind {
    /// All, each at the place of its digit.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Close, Self::Ping, Self::Pong, Self::Message, Self::Upgrade, Self::Noop];

    /// The digit that a packet of this kind begins with.
    #[must_use]
    pub const fn digit(self) -> u8 {
        b'0' + self as u8
    }

    fn of(digit: u8) -> Result<Self, Malformed> {
        let place = usize::from(digit.wrapping_sub(b'0'));
        Self::ALL.get(place).copied().ok_or(Malformed)
    }
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Text of a kind.
    Text(Kind, &'a str),
    /// Bytes, which are a message always.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Packet<'a> {
    /// Reads a packet that came as text.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &'a str, version: Version) -> Result<Self, Malformed> {
        if let Some(rest) = text.strip_prefix('b') {
            let base64 = match version {
                Version::Four => rest,
                Version::Three => rest.strip_prefix('4').ok_or(Malformed)?,
            };
            return BASE64
                .decode(base64)
                .map(|bytes| Self::Binary(bytes.into()))
                .map_err(|_| Malformed);
        }
        let kind = Kind::of(*text.as_bytes().first().ok_or(Malformed)?)?;
        // Its digit is one byte.
        Ok(Self::Text(kind, &text[1..]))
    }

    /// Reads a packet that came as bytes.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse_bytes(bytes: &'a [u8], version: Version) -> Result<Self, Malformed> {
        let bytes = match version {
            Version::Four => bytes,
            // The kind's number, not its digit.
            Version::Three => bytes.strip_prefix(&[4]).ok_or(Malformed)?,
        };
        Ok(Self::Binary(bytes.into()))
    }

    /// The packet as text, which carries bytes as base64.
    #[must_use]
    pub fn to_text(&self, version: Version) -> String {
        match self {
            Self::Text(kind, text) => {
                let mut packet = String::with_capacity(text.len() + 1);
                packet.push(char::from(kind.digit()));
                packet.push_str(text);
                packet
            }
            Self::Binary(bytes) => {
                let mut packet = match version {
                    Version::Four => "b",
                    Version::Three => "b4",
                }
                .to_owned();
                BASE64.encode_string(bytes, &mut packet);
                packet
            }
        }
    }
}

/// Bytes as a WebSocket carries them.
#[must_use]
pub fn framed(mut bytes: Vec<u8>, version: Version) -> Vec<u8> {
    if version == Version::Three {
        bytes.insert(0, 4);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_those_of_the_protocol() {
        let cases = [
            ("4hello", Packet::Text(Kind::Message, "hello")),
            ("4", Packet::Text(Kind::Message, "")),
            ("2probe", Packet::Text(Kind::Ping, "probe")),
            ("3", Packet::Text(Kind::Pong, "")),
            ("5", Packet::Text(Kind::Upgrade, "")),
            ("6", Packet::Text(Kind::Noop, "")),
            ("1", Packet::Text(Kind::Close, "")),
            ("4€", Packet::Text(Kind::Message, "€")),
        ];
        for (text, packet) in cases {
            for version in [Version::Three, Version::Four] {
                assert_eq!(Packet::parse(text, version).as_ref(), Ok(&packet));
                assert_eq!(packet.to_text(version), text);
            }
        }
        let bytes = Packet::Binary(vec![1, 2, 3, 4].into());
        for (version, text) in [(Version::Four, "bAQIDBA=="), (Version::Three, "b4AQIDBA==")] {
            assert_eq!(Packet::parse(text, version).as_ref(), Ok(&bytes));
            assert_eq!(bytes.to_text(version), text);
            assert_eq!(Packet::parse(text.trim_end_matches('='), version).as_ref(), Ok(&bytes));
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "abc", "7", "/", ":", "€", "b!", "bA"] {
            assert_eq!(Packet::parse(text, Version::Four), Err(Malformed), "{text}");
        }
        for text in ["bAQIDBA==", "b3AQID", "b4A"] {
            assert_eq!(Packet::parse(text, Version::Three), Err(Malformed), "{text}");
        }
        for bytes in [&[][..], &[0, 1], &[b'4', 1]] {
            assert_eq!(Packet::parse_bytes(bytes, Version::Three), Err(Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn bytes_are_framed_as_each_version_has_it() {
        for version in [Version::Three, Version::Four] {
            for bytes in [vec![], vec![4, 4], vec![0, 255]] {
                let frame = framed(bytes.clone(), version);
                assert_eq!(
                    Packet::parse_bytes(&frame, version),
                    Ok(Packet::Binary(bytes.as_slice().into()))
                );
            }
        }
    }
}
