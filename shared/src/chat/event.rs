//! What travels on chat sockets.

use serde::{Deserialize, Serialize};

use super::{Message, MessageType, NewMessage, SenderType};
use crate::{
    envelope::FieldError,
    error::{ErrorCode, Language},
    risk::Cause,
    time::Timestamp,
    user::ClientType,
};

/// The largest frame that a client may send, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// The heartbeat that clients send, as text.
pub const PING: &str = "ping";
/// Its answer.
pub const PONG: &str = "pong";
/// The subprotocol under which browsers send their token: `bearer, <token>`.
pub const BEARER_PROTOCOL: &str = "bearer";

/// A frame from a client: `{"event":"send_message","data":{…},"ack":7}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// What the client wants.
    pub event: ClientEvent,
    /// Where the client wants an answer: the number that it carries.
    pub ack: Option<u64>,
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// `send_message`
    SendMessage(SendMessage),
}

/// Data of `send_message`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendMessage {
    /// The conversation to write into.
    pub customer_service_session_id: i64,
    /// What to write.
    #[serde(flatten)]
    pub message: NewMessage,
}

/// A frame that is not acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRefused {
    /// What the client is told.
    pub code: ErrorCode,
    /// The number of the answer, where the frame got as far as saying one.
    pub ack: Option<u64>,
}

impl ClientFrame {
    /// Reads a text frame.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE` over 64 KiB, `BAD_REQUEST` where it is no frame, `VALIDATION_FAILED`
    /// where the event or its data is not one of ours.
    pub fn parse(text: &str) -> Result<Self, FrameRefused> {
        #[derive(Deserialize)]
        struct Raw {
            event: String,
            #[serde(default)]
            data: serde_json::Value,
            #[serde(default)]
            ack: Option<u64>,
        }
        let refused = |code, ack| FrameRefused { code, ack };
        if text.len() > MAX_FRAME_BYTES {
            return Err(refused(ErrorCode::PayloadTooLarge, None));
        }
        let raw: Raw =
            serde_json::from_str(text).map_err(|_| refused(ErrorCode::BadRequest, None))?;
        let invalid = |_| refused(ErrorCode::ValidationFailed, raw.ack);
        let event = match raw.event.as_str() {
            "send_message" => {
                ClientEvent::SendMessage(serde_json::from_value(raw.data).map_err(invalid)?)
            }
            _ => return Err(refused(ErrorCode::ValidationFailed, raw.ack)),
        };
        Ok(Self { event, ack: raw.ack })
    }
}

/// A frame to a client: `{"event":"…","data":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum ServerEvent {
    /// The socket is open and authenticated.
    ConnectionEstablished(Connected),
    /// The same, under the name that clients already out there listen to.
    Connected(Connected),
    /// A message of this socket was stored.
    MessageSent(MessageEvent),
    /// Someone wrote a message.
    NewMessage(MessageEvent),
    /// A message of this socket was not stored, and will not be.
    MessageFailed(MessageFailed),
    /// The session has ended; the socket closes.
    SessionInvalidated(Refusal),
    /// A frame could not be acted on.
    Error(Refusal),
    /// Something about the account is suspicious: a [`SecurityAlert`], which the edge hands on as it is.
    SecurityAlert(serde_json::Value),
}

/// Data of `connection_established`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// Whose socket it is.
    pub user_id: i64,
    /// Whether it is an agent's or admin's.
    pub is_admin: bool,
    /// Names the socket.
    pub socket_id: String,
    /// The server's clock.
    pub server_time: Timestamp,
}

impl From<Message> for MessageEvent {
    fn from(message: Message) -> Self {
        Self {
            chat_message_id: message.chat_message_id,
            customer_service_session_id: message.customer_service_session_id,
            seq: message.seq,
            temp_message_id: message.temp_message_id,
            sender_id: message.sender.user_id,
            sender_type: message.sender_type,
            content: message.content,
            message_type: message.message_type,
            reply_to_id: message.reply_to_id,
            metadata: message.metadata,
            created_at: message.created_at,
            sender_name: message.sender.nickname,
            timestamp: message.created_at,
        }
    }
}

/// Data of `message_sent` and `new_message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEvent {
    /// Key of the message.
    pub chat_message_id: i64,
    /// The conversation that it belongs to.
    pub customer_service_session_id: i64,
    /// Its place in the conversation, gapless from 1.
    pub seq: i64,
    /// The sender's own id of it.
    pub temp_message_id: Option<String>,
    /// Who wrote it.
    pub sender_id: Option<i64>,
    /// The side that it comes from.
    pub sender_type: SenderType,
    /// Text, or the address of a picture.
    pub content: String,
    /// What it is.
    pub message_type: MessageType,
    /// The message that this one answers.
    pub reply_to_id: Option<i64>,
    /// What the client keeps with it.
    pub metadata: Option<serde_json::Value>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The sender's display name.
    pub sender_name: String,
    /// The same as `created_at`, for clients that read it under this name.
    pub timestamp: Timestamp,
}

/// Data of `message_failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFailed {
    /// The sender's own id of the message.
    pub temp_message_id: Option<String>,
    /// Why it was not stored.
    pub code: ErrorCode,
    /// The same for a person.
    pub message: String,
    /// With `VALIDATION_FAILED`: an entry a field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

/// A code and what a person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What clients branch on.
    pub code: ErrorCode,
    /// What a person reads.
    pub message: String,
}

impl Refusal {
    /// The refusal with `code`.
    #[must_use]
    pub fn new(code: ErrorCode, language: Language) -> Self {
        Self { code, message: code.message(language).to_owned() }
    }
}

/// Data of `security_alert`: what happened, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityAlert {
    /// Why the user is told.
    pub causes: Vec<Cause>,
    /// How suspicious the log-in is, 0 to 100.
    pub risk_score: u8,
    /// The session that was opened or renewed, or whose token was misused.
    pub authentication_session_id: i64,
    /// The kind of client.
    pub client_type: ClientType,
    /// What its owner calls the device.
    pub device_name: Option<String>,
    /// `phone`, `tablet`, `desktop`…
    pub device_type: Option<String>,
    /// Browser, by its user agent.
    pub browser: Option<String>,
    /// Operating system, by its user agent.
    pub os: Option<String>,
    /// Address that it came from.
    pub login_ip: Option<String>,
    /// ISO 3166-1 alpha-2 code of where that is.
    pub country: Option<String>,
    /// City of where that is.
    pub city: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// The answer to a frame that asked for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AckFrame {
    /// The frame's number.
    pub ack: u64,
    /// How it went.
    #[serde(flatten)]
    pub outcome: AckOutcome,
}

/// How a frame went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckOutcome {
    /// Done.
    Data(serde_json::Value),
    /// Not done.
    Error(Refusal),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_is_an_event_with_data_and_perhaps_an_ack() {
        let frame = ClientFrame::parse(
            r#"{"event":"send_message","data":{"customer_service_session_id":1882,"content":"hi","temp_message_id":"t1"},"ack":7}"#,
        )
        .unwrap();
        let ClientEvent::SendMessage(sent) = frame.event;
        assert_eq!(frame.ack, Some(7));
        assert_eq!((sent.customer_service_session_id, sent.message.content.as_str()), (1882, "hi"));
        assert_eq!(sent.message.message_type, MessageType::Text);
    }

    #[test]
    fn hostile_frames_get_a_code_and_their_ack_back() {
        let refused = |text: &str| {
            let refused = ClientFrame::parse(text).unwrap_err();
            (refused.code, refused.ack)
        };
        assert_eq!(refused(""), (ErrorCode::BadRequest, None));
        assert_eq!(refused("[]"), (ErrorCode::BadRequest, None));
        assert_eq!(refused(r#"{"event":7}"#), (ErrorCode::BadRequest, None));
        assert_eq!(refused(r#"{"event":"x","ack":-1}"#), (ErrorCode::BadRequest, None));
        assert_eq!(refused(&"[".repeat(60_000)), (ErrorCode::BadRequest, None));
        assert_eq!(refused(&" ".repeat(MAX_FRAME_BYTES + 1)), (ErrorCode::PayloadTooLarge, None));
        assert_eq!(
            refused(r#"{"event":"drop_tables","ack":3}"#),
            (ErrorCode::ValidationFailed, Some(3))
        );
        assert_eq!(
            refused(r#"{"event":"send_message","ack":3}"#),
            (ErrorCode::ValidationFailed, Some(3))
        );
        assert_eq!(
            refused(
                r#"{"event":"send_message","data":{"customer_service_session_id":"undefined","content":"x"}}"#
            ),
            (ErrorCode::ValidationFailed, None)
        );
    }

    #[test]
    fn what_the_server_says_has_the_shape_of_the_contract() {
        let event = ServerEvent::SessionInvalidated(Refusal::new(
            ErrorCode::SessionReplaced,
            Language::English,
        ));
        assert_eq!(
            serde_json::to_value(event).unwrap(),
            json!({"event": "session_invalidated", "data": {
                "code": "SESSION_REPLACED", "message": "Your account has logged in somewhere else."}})
        );
        let ack = |outcome| serde_json::to_value(AckFrame { ack: 7, outcome }).unwrap();
        assert_eq!(
            ack(AckOutcome::Data(json!({"status": "sent"}))),
            json!({"ack": 7, "data": {"status": "sent"}})
        );
        let refusal = Refusal::new(ErrorCode::Conflict, Language::English);
        assert_eq!(
            ack(AckOutcome::Error(refusal)),
            json!({"ack": 7, "error": {"code": "CONFLICT", "message": "The current state does not allow this."}})
        );
    }
}
