//! Echo: what the official suites of the protocols talk to. Nobody is asked for a token, and what is
//! sent comes back. No deployed edge has this.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::value::RawValue;
use shared::socket_io::{
    Malformed, engine,
    packet::{Kind, MAIN, Packet},
    parameter, payload,
};
use worker::{Headers, Response, Result};

use super::{
    BYTES, Gateway,
    link::{Known, Link, namespace_of},
    record,
    socket_io::connected,
};

/// Where messages of Engine.IO are sent back as they come.
pub const PATH: &str = "/engine.io";
/// Header that says so of a link, and of one whose client takes bytes as base64 alone.
const MARKS: &str = "x-drawbridge-echo";
/// The namespaces that there are.
const NAMESPACES: [&str; 2] = [MAIN, "/custom"];

/// Packets of links whose attachments are still to come: how many, and those that have.
pub type Parts = RefCell<BTreeMap<String, (String, usize, Vec<Vec<u8>>)>>;

/// Says of a new link what it is.
pub fn mark(path_and_query: &str, headers: &Headers) -> Result<()> {
    let (path, query) = path_and_query.split_once('?').unwrap_or_default();
    let is_plain = if path.starts_with(PATH) { "plain" } else { "" };
    let is_base64 = if parameter(query, "b64").is_some() { "base64" } else { "" };
    headers.set(MARKS, &[is_plain, is_base64].concat())
}

/// The link that was marked so.
pub fn marked(known: Known, headers: &Headers) -> Result<Known> {
    let marks = headers.get(MARKS)?.unwrap_or_default();
    let (is_plain, is_base64) = (marks.contains("plain"), marks.contains("base64"));
    Ok(Known { is_plain, is_base64, ..known })
}

/// Packets as version 3 has them, where bytes are among them that its client takes as such.
pub fn as_bytes(known: &Known, packets: &[String]) -> Option<Result<Response>> {
    let version = known.version();
    let has_bytes = packets.iter().any(|packet| packet.starts_with('b'));
    if version == engine::Version::Four || known.is_base64 || !has_bytes {
        return None;
    }
    let packets = packets.iter().filter_map(|text| engine::Packet::parse(text, version).ok());
    let body = payload::write_bytes(&packets.collect::<Vec<_>>());
    Some(Response::builder().with_header("content-type", BYTES).map(|it| it.fixed(body)))
}

impl Gateway {
    pub(super) fn echo_text(&self, link: &Link, known: Known, text: &str) -> Result<(), Malformed> {
        if known.is_plain {
            self.say(link, &engine::Packet::Text(engine::Kind::Message, text));
            return Ok(());
        }
        if self.parts.borrow().contains_key(&known.sid) {
            return Err(Malformed);
        }
        let packet = Packet::parse(text)?;
        if packet.attachments > 0 {
            let parts = (text.to_owned(), packet.attachments, Vec::new());
            self.parts.borrow_mut().insert(known.sid, parts);
            return Ok(());
        }
        self.echo(link, packet, Vec::new())
    }

    pub(super) fn read_bytes(
        &self,
        link: &Link,
        known: &Known,
        bytes: &[u8],
    ) -> Result<(), Malformed> {
        if known.is_plain {
            self.say(link, &engine::Packet::Binary(bytes.into()));
            return Ok(());
        }
        let mut all = self.parts.borrow_mut();
        let (_, expected, attachments) = all.get_mut(&known.sid).ok_or(Malformed)?;
        attachments.push(bytes.to_vec());
        if attachments.len() < *expected {
            return Ok(());
        }
        let (text, _, attachments) = all.remove(&known.sid).ok_or(Malformed)?;
        drop(all);
        self.echo(link, Packet::parse(&text)?, attachments)
    }

    fn echo(
        &self,
        link: &Link,
        packet: Packet<'_>,
        attachments: Vec<Vec<u8>>,
    ) -> Result<(), Malformed> {
        let known = link.known().ok_or(Malformed)?;
        let (namespace, _) = packet.namespace_and("token");
        let is_in = known.member_in(namespace).is_some();
        match packet.kind {
            Kind::Connect if !NAMESPACES.contains(&namespace) => {
                self.refuse_entry(link, namespace, r#"{"message":"Invalid namespace"}"#);
            }
            Kind::Connect if !is_in => {
                self.or_log(record::forget(&self.state, &known.sid));
                let id = link.change(|known| known.add(namespace, true)).unwrap_or_default();
                self.say_packet(link, &connected(namespace, &id, known.version()));
                let with = packet.data.as_deref().map_or("{}", RawValue::get);
                let auth = Packet {
                    kind: Kind::Event,
                    data: RawValue::from_string(["[\"auth\",", with, "]"].concat())
                        .ok()
                        .map(std::borrow::Cow::Owned),
                    ..packet.clone()
                };
                self.say_packet(link, &auth.to_text());
            }
            Kind::Event | Kind::BinaryEvent if is_in => {
                let (name, arguments) = packet.event()?;
                let arguments: Vec<_> = arguments.iter().map(|raw| raw.get()).collect();
                let arguments = arguments.join(",");
                let (kind, list) = match (name.as_str(), packet.kind) {
                    ("message", kind) if arguments.is_empty() => (kind, "\"message-back\"".into()),
                    ("message", kind) => (kind, ["\"message-back\",", &arguments].concat()),
                    ("message-with-ack", Kind::Event) => (Kind::Ack, arguments),
                    ("message-with-ack", _) => (Kind::BinaryAck, arguments),
                    _ => return Ok(()),
                };
                let list =
                    RawValue::from_string(["[", &list, "]"].concat()).map_err(|_| Malformed)?;
                let answer = Packet { kind, data: Some(std::borrow::Cow::Owned(list)), ..packet };
                self.say_packet(link, &answer.to_text());
                for bytes in attachments {
                    self.say(link, &engine::Packet::Binary(bytes.into()));
                }
            }
            Kind::Ack | Kind::BinaryAck if is_in => {}
            Kind::Disconnect if is_in => {
                link.change(|known| {
                    known.members.retain(|kept| namespace_of(&kept.socket_id) != namespace);
                });
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }
}
