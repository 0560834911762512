//! Socket.IO packets: what the messages of Engine.IO carry.

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};

use super::{Malformed, digits};

/// The most binary attachments that a packet may have.
pub const MAX_ATTACHMENTS: usize = 10;
/// The namespace that goes without saying.
pub const MAIN: &str = "/";
/// Digits of an ack's number: those of the largest that JavaScript counts to.
const MAX_ID_DIGITS: usize = 16;

/// What clients tell themselves, and nobody sends.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A namespace is entered.
    Connect,
    /// A namespace is left.
    Disconnect,
    /// Something happened: its name, and arguments.
    Event,
    /// The answer to an event.
    Ack,
    /// A namespace is not entered.
    ConnectError,
    /// An event, with bytes among its arguments.
    BinaryEvent,
    /// An answer, with bytes among its arguments.
    BinaryAck,
}

impl Kind {
    /// All, each at the place of its digit.
    pub const ALL: [Self; 7] = [
        Self::Connect,
        Self::Disconnect,
        Self::Event,
        Self::Ack,
        Self::ConnectError,
        Self::BinaryEvent,
        Self::BinaryAck,
    ];
}

/// A packet. Its data is JSON that nobody has read.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// What it is.
    pub kind: Kind,
    /// How many messages of bytes follow.
    pub attachments: usize,
    /// The namespace, with what old clients ask of it: `/im?token=…`.
    pub namespace: Cow<'a, str>,
    /// The number of an answer: wanted by an event, carried by an ack.
    pub id: Option<u64>,
    /// An object, a list, or nothing, by what it is.
    pub data: Option<Cow<'a, RawValue>>,
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// Where it is none, or over a limit.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let digit = text.as_bytes().first().ok_or(Malformed)?;
        let kind =
            Kind::ALL.get(usize::from(digit.wrapping_sub(b'0'))).copied().ok_or(Malformed)?;
        let mut rest = &text[1..];
        let mut attachments = 0;
        if matches!(kind, Kind::BinaryEvent | Kind::BinaryAck) {
            let (count, after) = rest.split_once('-').ok_or(Malformed)?;
            attachments =
                digits(count).filter(|count| *count <= MAX_ATTACHMENTS).ok_or(Malformed)?;
            rest = after;
        }
        let mut namespace = MAIN;
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let end = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        let id = match id.len() {
            0 => None,
            1..=MAX_ID_DIGITS => digits(id),
            _ => return Err(Malformed),
        };
        let data = match rest {
            "" => None,
            json => {
                Some(serde_json::from_slice::<&RawValue>(json.as_bytes()).map_err(|_| Malformed)?)
            }
        };
        if !holds(kind, id, data) || attachments > 0 && !has_places(data, attachments) {
            return Err(Malformed);
        }
        let (namespace, data) = (Cow::Borrowed(namespace), data.map(Cow::Borrowed));
        Ok(Self { kind, attachments, namespace, id, data })
    }

    /// The packet as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let data = self.data.as_ref().map_or("", |data| data.get());
        let mut text = String::with_capacity(data.len() + self.namespace.len() + 16);
        text.push(char::from(b'0' + self.kind as u8));
        if matches!(self.kind, Kind::BinaryEvent | Kind::BinaryAck) {
            text.push_str(&self.attachments.to_string());
            text.push('-');
        }
        if self.namespace != MAIN {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            text.push_str(&id.to_string());
        }
        text.push_str(data);
        text
    }

    /// The namespace alone, and a parameter of what is asked of it.
    #[must_use]
    pub fn namespace_and(&self, parameter: &str) -> (&str, Option<&str>) {
        let (namespace, query) = self.namespace.split_once('?').unwrap_or((&self.namespace, ""));
        (namespace, super::parameter(query, parameter))
    }

    /// The name and the arguments of an event.
    ///
    /// # Errors
    /// Where it has no name, or one that is a client's own.
    pub fn event(&self) -> Result<(String, Vec<&RawValue>), Malformed> {
        let data = self.data.as_ref().ok_or(Malformed)?.get().as_bytes();
        let mut arguments: Vec<&RawValue> = serde_json::from_slice(data).map_err(|_| Malformed)?;
        if arguments.is_empty() {
            return Err(Malformed);
        }
        let name: String =
            serde_json::from_slice(arguments.remove(0).get().as_bytes()).map_err(|_| Malformed)?;
        if RESERVED.contains(&name.as_str()) {
            return Err(Malformed);
        }
        Ok((name, arguments))
    }
}

/// Whether a packet of this kind may have this.
fn holds(kind: Kind, id: Option<u64>, data: Option<&RawValue>) -> bool {
    let begins = data.and_then(|data| data.get().bytes().next());
    match kind {
        Kind::Connect => id.is_none() && matches!(begins, None | Some(b'{')),
        Kind::Disconnect => id.is_none() && begins.is_none(),
        Kind::ConnectError => id.is_none() && matches!(begins, Some(b'{' | b'"')),
        Kind::Event | Kind::BinaryEvent => begins == Some(b'['),
        Kind::Ack | Kind::BinaryAck => begins == Some(b'[') && id.is_some(),
    }
}

/// Whether each place that bytes were taken from is that of one that follows.
fn has_places(data: Option<&RawValue>, attachments: usize) -> bool {
    fn all(value: &Value, attachments: usize) -> bool {
        match value {
            Value::Array(values) => values.iter().all(|value| all(value, attachments)),
            Value::Object(members) if members.get("_placeholder") == Some(&Value::Bool(true)) => {
                let place = members.get("num").and_then(Value::as_u64);
                place.is_some_and(|place| place < attachments as u64)
            }
            Value::Object(members) => members.values().all(|value| all(value, attachments)),
            _ => true,
        }
    }
    let value = data.map(|data| serde_json::from_slice::<Value>(data.get().as_bytes()));
    matches!(value, Some(Ok(value)) if all(&value, attachments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Packet<'_> {
        Packet::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn packets_are_those_of_the_protocol() {
        type Case<'a> = (&'a str, Kind, usize, &'a str, Option<u64>, Option<&'a str>);
        let cases: [Case<'_>; 13] = [
            ("0", Kind::Connect, 0, "/", None, None),
            (r#"0{"token":"123"}"#, Kind::Connect, 0, "/", None, Some(r#"{"token":"123"}"#)),
            (r#"0/im,{"sid":"a"}"#, Kind::Connect, 0, "/im", None, Some(r#"{"sid":"a"}"#)),
            ("0/im?token=abc,", Kind::Connect, 0, "/im?token=abc", None, None),
            ("1/im,", Kind::Disconnect, 0, "/im", None, None),
            (r#"2["foo"]"#, Kind::Event, 0, "/", None, Some(r#"["foo"]"#)),
            (
                r#"2/im,12["foo",{"a":1}]"#,
                Kind::Event,
                0,
                "/im",
                Some(12),
                Some(r#"["foo",{"a":1}]"#),
            ),
            ("3/im,13[]", Kind::Ack, 0, "/im", Some(13), Some("[]")),
            (
                r#"4/x,{"message":"no"}"#,
                Kind::ConnectError,
                0,
                "/x",
                None,
                Some(r#"{"message":"no"}"#),
            ),
            (r#"4"no""#, Kind::ConnectError, 0, "/", None, Some(r#""no""#)),
            (
                r#"51-["baz",{"_placeholder":true,"num":0}]"#,
                Kind::BinaryEvent,
                1,
                "/",
                None,
                Some(r#"["baz",{"_placeholder":true,"num":0}]"#),
            ),
            (
                r#"61-/im,15["bar",{"_placeholder":true,"num":0}]"#,
                Kind::BinaryAck,
                1,
                "/im",
                Some(15),
                Some(r#"["bar",{"_placeholder":true,"num":0}]"#),
            ),
            (r#"50-["none"]"#, Kind::BinaryEvent, 0, "/", None, Some(r#"["none"]"#)),
        ];
        for (text, kind, attachments, namespace, id, data) in cases {
            let packet = read(text);
            assert_eq!(
                (packet.kind, packet.attachments, packet.id),
                (kind, attachments, id),
                "{text}"
            );
            assert_eq!(packet.namespace, namespace, "{text}");
            assert_eq!(packet.data.as_deref().map(RawValue::get), data, "{text}");
            assert_eq!(packet.to_text(), text);
        }
        // A comma may be left out where nothing follows.
        assert_eq!(read("0/im").namespace, "/im");
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in [
            "",
            "7",
            "abc",
            "€",
            "0[]",
            "0\"a\"",
            "01",
            "1{}",
            "2",
            "2{}",
            "2[",
            "2[\"a\"]x",
            r#"2abc["a"]"#,
            r#"212345678901234567["a"]"#,
            r#"2-1["a"]"#,
            "2/im",
            "3[]",
            "31",
            "4",
            "4[]",
            "5",
            r#"5["a"]"#,
            r#"5-["a"]"#,
            r#"51["a"]"#,
            r#"5+1-["a"]"#,
            r#"511-["a"]"#,
            r#"51-["a",{"_placeholder":true,"num":1}]"#,
            r#"51-["a",[{"x":{"_placeholder":true,"num":-1}}]]"#,
            r#"51-["a",{"_placeholder":true}]"#,
        ] {
            assert!(Packet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_has_a_name_and_arguments() {
        let packet = read(r#"2["a",{"b": 1},7]"#);
        let (name, arguments) = packet.event().unwrap();
        assert_eq!(name, "a");
        assert_eq!(arguments.iter().map(|raw| raw.get()).collect::<Vec<_>>(), [r#"{"b": 1}"#, "7"]);
        for nameless in ["2[]", "2[1]", "2[{}]", "2[[]]", r#"2["disconnect"]"#] {
            assert_eq!(read(nameless).event().map(|_| ()), Err(Malformed), "{nameless}");
        }
    }

    #[test]
    fn an_old_client_asks_of_a_namespace() {
        let packet = read("0/im?x=1&token=a.b-c_d&token=e,");
        assert_eq!(packet.namespace_and("token"), ("/im", Some("a.b-c_d")));
        assert_eq!(read("0/im,").namespace_and("token"), ("/im", None));
    }
}
