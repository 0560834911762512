//! What Socket.IO packets mean: the one translation between them and our events. A namespace that a
//! client has entered is a member of the gateway like a socket that speaks plainly.
//!
//! - `["name", data]` is the event of that name; what follows `data` is passed over.
//! - An answer is `data` as the first argument of the client's callback; that to what is not acted on
//!   is `{"error": {"code", "message"}}` in its place.
//! - A namespace that is not entered: `{"message", "data": {"code", "message"}}`; old clients get the
//!   `data` alone, since they hand on what comes as it is.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::{
    chat::event::{Credentials, MAX_FRAME_BYTES, Refusal},
    error::ErrorCode,
    socket_io::{
        Malformed, engine,
        engine::Version,
        packet::{Kind, MAIN, Packet},
    },
};
use worker::WebSocketIncomingMessage;

use super::{
    AUTH_LIMIT, Gateway,
    engine::Ending,
    link::{Known, Link, namespace_of},
    member::Member,
    record,
};
use crate::clock;

/// The namespaces that there are; both are the same.
const NAMESPACES: [&str; 2] = [MAIN, "/im"];
/// How often a client may ask in vain to be let into one.
const MAX_REFUSED: u32 = 20;

/// What a client says as it asks to be let into a namespace.
#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
}

impl Gateway {
    /// Reads a message of text.
    #[cfg_attr(feature = "echo", expect(clippy::unused_async, reason = "an echo waits for nobody"))]
    pub(super) async fn read_text(
        &self,
        link: &Link,
        known: Known,
        text: &str,
    ) -> Result<(), Malformed> {
        #[cfg(feature = "echo")]
        return self.echo_text(link, known, text);
        #[cfg(not(feature = "echo"))]
        self.read_packet(link, known, Packet::parse(text)?).await
    }

    #[cfg_attr(feature = "echo", expect(dead_code, reason = "packets are sent back instead"))]
    async fn read_packet(
        &self,
        link: &Link,
        known: Known,
        packet: Packet<'_>,
    ) -> Result<(), Malformed> {
        if known.following > 0 {
            return Err(Malformed);
        }
        let (namespace, asked_with) = packet.namespace_and("token");
        let id = known.member_in(namespace);
        let member = id.and_then(|id| Member::of_link(link.clone(), id));
        if packet.attachments > 0 {
            link.change(|known| known.following = packet.attachments);
        }
        match (packet.kind, member) {
            (Kind::Connect, None) => self.enter(link, known, &packet).await,
            (Kind::Connect, Some(member)) => {
                // Old clients are in the main one from the start, and may say only then who they are.
                match asked_with {
                    Some(token) if !member.kept.has_asked => {
                        let credentials = Credentials { token: token.to_owned() };
                        self.authenticate(member, credentials, None).await;
                    }
                    _ if known.version() == Version::Three => {}
                    _ => return Err(Malformed),
                }
            }
            (Kind::Event, Some(mut member)) => {
                let (name, arguments) = packet.event()?;
                let frame = frame(&name, arguments.first().copied(), packet.id);
                if frame.len() > MAX_FRAME_BYTES {
                    if !member.refuse(ErrorCode::PayloadTooLarge, packet.id) {
                        self.end(member.id(), ErrorCode::BadRequest).await;
                    }
                } else {
                    self.read(member, WebSocketIncomingMessage::String(frame)).await;
                }
            }
            (Kind::BinaryEvent, Some(mut member)) => {
                if !member.refuse(ErrorCode::ValidationFailed, packet.id) {
                    self.end(member.id(), ErrorCode::BadRequest).await;
                }
            }
            (Kind::Disconnect, Some(member)) => {
                forget_member(link, member.id());
                if let Some(known) = link.known().filter(|known| known.members.is_empty()) {
                    // It has as long as in the beginning to enter another.
                    let due = clock::now().plus(AUTH_LIMIT);
                    self.is_sooner.set(true);
                    self.or_log(record::wait(&self.state, &known.sid, due));
                }
                self.left(member.id()).await;
            }
            // We ask for no answers. Who leaves may not know yet that we have ended it.
            (Kind::Ack | Kind::BinaryAck, Some(_)) | (Kind::Disconnect, None) => {}
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Has a client let into a namespace that it asks for.
    async fn enter(&self, link: &Link, known: Known, packet: &Packet<'_>) {
        let (namespace, asked_with) = packet.namespace_and("token");
        if !NAMESPACES.contains(&namespace) {
            let refused = r#"{"message":"Invalid namespace"}"#;
            return self.refuse_entry(link, namespace, refused);
        }
        let auth = packet.data.as_ref().map(|data| serde_json::from_slice(data.get().as_bytes()));
        let token = match auth {
            // What is there and is no text is no token.
            Some(Err(_)) => Some(String::new()),
            Some(Ok(Auth { token: Some(token) })) => Some(token),
            _ => asked_with.map(str::to_owned).or(known.token),
        };
        let Some(id) = link.change(|known| known.add(namespace, false)) else { return };
        match (token, self.member(&id)) {
            (Some(token), Some(member)) => {
                self.authenticate(member, Credentials { token }, None).await;
            }
            _ => self.end(&id, ErrorCode::TokenMissing).await,
        }
    }

    /// Old clients are in the main namespace without asking: at once, or, where they came with a token,
    /// once that is believed.
    pub(super) async fn enter_main(&self, link: &Link, known: Known) {
        #[cfg(feature = "echo")]
        self.or_log(record::forget(&self.state, &known.sid));
        let is_open = known.token.is_none();
        let Some(id) = link.change(|known| known.add(MAIN, is_open)) else { return };
        if is_open {
            self.say_packet(link, &connected(MAIN, &id, Version::Three));
        } else if let (Some(token), Some(member)) = (known.token, self.member(&id)) {
            self.authenticate(member, Credentials { token }, None).await;
        }
    }

    /// Says to a client that it is not let into a namespace, and to one that asks too often nothing more.
    pub(super) fn refuse_entry(&self, link: &Link, namespace: &str, why: &str) {
        let packet = text(Kind::ConnectError, namespace, why);
        let refused = link.change(|known| {
            known.refused += 1;
            known.refused
        });
        self.say_packet(link, &packet);
        if refused.is_none_or(|refused| refused >= MAX_REFUSED) {
            self.close_link(link, Ending::ByUs);
        }
    }

    /// Ends a namespace, which its client is in or is not let into, and with the last one the link.
    pub(super) fn close_namespace(&self, member: &Member, link: &Link, code: ErrorCode) {
        let namespace = namespace_of(member.id());
        let is_open = link.change(|known| known.member(member.id()).is_some_and(|it| it.is_open));
        forget_member(link, member.id());
        if is_open != Some(true) {
            let version = link.known().map_or(Version::Four, |known| known.version());
            return self.refuse_entry(link, namespace, &refusal(&member.refusal(code), version));
        }
        self.say_packet(link, &text(Kind::Disconnect, namespace, ""));
        if link.known().is_some_and(|known| known.members.is_empty()) {
            let is_slow = code == ErrorCode::SlowConsumer;
            self.close_link(link, if is_slow { Ending::Broken } else { Ending::ByUs });
        }
    }

    pub(super) fn say_packet(&self, link: &Link, packet: &str) -> bool {
        self.say(link, &engine::Packet::Text(engine::Kind::Message, packet))
    }
}

/// Passes over a message of bytes: an attachment. No event of ours has any, and the packet that it belongs
/// to was refused.
#[cfg(not(feature = "echo"))]
pub fn pass_over(link: &Link, known: &Known) -> Result<(), Malformed> {
    let left = known.following.checked_sub(1).ok_or(Malformed)?;
    link.change(|known| known.following = left);
    Ok(())
}

fn forget_member(link: &Link, socket_id: &str) {
    link.change(|known| known.members.retain(|kept| kept.socket_id != socket_id));
}

/// A packet that lets a client into a namespace.
pub fn connected(namespace: &str, sid: &str, version: Version) -> String {
    let data = match version {
        // A name of ours: digits, hexadecimal and the namespace.
        Version::Four => ["{\"sid\":\"", sid, "\"}"].concat(),
        Version::Three => String::new(),
    };
    text(Kind::Connect, namespace, &data)
}

/// A frame of ours as a packet.
pub fn packet(frame: &str, namespace: &str) -> String {
    #[derive(Deserialize)]
    struct Frame<'a> {
        event: Option<&'a str>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
        ack: Option<u64>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    // What rooms send can be read.
    let Ok(frame) = serde_json::from_slice::<Frame<'_>>(frame.as_bytes()) else {
        return String::new();
    };
    let data = frame.data.map_or("null", RawValue::get);
    match (frame.ack, frame.error) {
        (Some(ack), Some(error)) => {
            let data = ["[{\"error\":", error.get(), "}]"].concat();
            text(Kind::Ack, namespace, &[&ack.to_string(), &*data].concat())
        }
        (Some(ack), None) => {
            text(Kind::Ack, namespace, &[&ack.to_string(), "[", data, "]"].concat())
        }
        _ => {
            let name = frame.event.unwrap_or_default();
            text(Kind::Event, namespace, &["[\"", name, "\",", data, "]"].concat())
        }
    }
}

/// An event of a client as a frame of ours.
fn frame(name: &str, data: Option<&RawValue>, ack: Option<u64>) -> String {
    #[derive(Serialize)]
    struct Frame<'a> {
        event: &'a str,
        data: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ack: Option<u64>,
    }
    serde_json::to_string(&Frame { event: name, data, ack }).unwrap_or_default()
}

/// Why a client is not let in.
fn refusal(refusal: &Refusal, version: Version) -> String {
    let refused = serde_json::to_string(refusal).unwrap_or_default();
    match version {
        Version::Four => {
            let message = serde_json::to_string(&refusal.message).unwrap_or_default();
            ["{\"message\":", &message, ",\"data\":", &refused, "}"].concat()
        }
        Version::Three => refused,
    }
}

fn text(kind: Kind, namespace: &str, rest: &str) -> String {
    let packet = Packet { kind, attachments: 0, namespace: namespace.into(), id: None, data: None };
    let mut text = packet.to_text();
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use shared::{
        chat::event::{AckFrame, AckOutcome, ClientEvent, ClientFrame, ServerEvent},
        error::Language,
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn read(text: &str) -> String {
        let packet = Packet::parse(text).unwrap();
        let (name, arguments) = packet.event().unwrap();
        frame(&name, arguments.first().copied(), packet.id)
    }

    #[test]
    fn an_event_is_a_frame_of_ours() {
        let typing = read(
            r#"2/im,7["typing",{"customer_service_session_id":9007199254740993,"is_typing":true},"more"]"#,
        );
        let frame = ClientFrame::parse(&typing).unwrap();
        let ClientEvent::Typing(typing) = frame.event else { panic!("{frame:?}") };
        assert_eq!(typing.customer_service_session_id, 9_007_199_254_740_993);
        assert_eq!(frame.ack, Some(7));
        assert_eq!(read(r#"2["a\"b"]"#), r#"{"event":"a\"b","data":null}"#);
        assert_eq!(read(r#"20["x",1.50]"#), r#"{"event":"x","data":1.50,"ack":0}"#);
    }

    #[test]
    fn a_frame_of_ours_is_a_packet() {
        let packet = |frame: &dyn erased::Frame, namespace| packet(&frame.json(), namespace);
        let refusal = Refusal::new(ErrorCode::Conflict, Language::English);
        let ack = |outcome| AckFrame { ack: 12, outcome };
        assert_eq!(
            packet(&ack(AckOutcome::Data(serde_json::json!({"status": "sending"}))), "/"),
            r#"312[{"status":"sending"}]"#
        );
        assert_eq!(
            packet(&ack(AckOutcome::Error(refusal.clone())), "/im"),
            r#"3/im,12[{"error":{"code":"CONFLICT","message":"The current state does not allow this."}}]"#
        );
        let event = r#"2/im,["session_invalidated",{"code":"CONFLICT","message":"The current state does not allow this."}]"#;
        assert_eq!(packet(&ServerEvent::SessionInvalidated(refusal), "/im"), event);
        assert!(Packet::parse(event).is_ok());
    }

    mod erased {
        /// Anything that is sent as JSON.
        pub trait Frame {
            fn json(&self) -> String;
        }

        impl<T: serde::Serialize> Frame for T {
            fn json(&self) -> String {
                serde_json::to_string(self).unwrap()
            }
        }
    }

    #[test]
    fn who_is_let_in_or_not_is_told_so() {
        assert_eq!(connected("/im", "1024-0/im", Version::Four), r#"0/im,{"sid":"1024-0/im"}"#);
        assert_eq!(connected("/", "1024-0/", Version::Four), r#"0{"sid":"1024-0/"}"#);
        assert_eq!(connected("/", "2048-0/", Version::Three), "0");
        assert_eq!(connected("/im", "2048-0/im", Version::Three), "0/im,");
        let refused = Refusal::new(ErrorCode::TokenMissing, Language::English);
        assert_eq!(
            text(Kind::ConnectError, "/im", &refusal(&refused, Version::Four)),
            r#"4/im,{"message":"Please log in first.","data":{"code":"TOKEN_MISSING","message":"Please log in first."}}"#
        );
        assert_eq!(
            text(Kind::ConnectError, "/", &refusal(&refused, Version::Three)),
            r#"4{"code":"TOKEN_MISSING","message":"Please log in first."}"#
        );
        assert_eq!(text(Kind::Disconnect, "/im", ""), "1/im,");
    }
}
