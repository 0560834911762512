use serde::{Deserialize, Serialize};

use super::{
    ConversationUpdate, MessageStatusChange, MessagesRead, Position, Presence, Queue, Resume,
    TokenEnd, TypingEvent,
};
use crate::{
    chat::{Message, MessageType, SenderType},
    envelope::FieldError,
    error::{ErrorCode, Language},
    risk::Cause,
    time::Timestamp,
    user::ClientType,
};

/// Names of those events whose data rooms hand on as it came, and so never hold as a [`ServerEvent`].
pub mod name {
    /// [`super::ServerEvent::MessageSent`].
    pub const MESSAGE_SENT: &str = "message_sent";
    /// [`super::ServerEvent::NewMessage`].
    pub const NEW_MESSAGE: &str = "new_message";
    /// [`super::ServerEvent::MessageFailed`].
    pub const MESSAGE_FAILED: &str = "message_failed";
    /// [`super::ServerEvent::ConversationUpdated`].
    pub const CONVERSATION_UPDATED: &str = "conversation_updated";
    /// [`super::ServerEvent::QueueUpdated`].
    pub const QUEUE_UPDATED: &str = "queue_updated";
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
    /// The other side has read.
    MessagesRead(MessagesRead),
    /// Messages of the reader of this have come further.
    MessageStatus(MessageStatusChange),
    /// Someone types, or has stopped.
    Typing(TypingEvent),
    /// A user has come or gone.
    Presence(Presence),
    /// A conversation began, was accepted, transferred or closed.
    ConversationUpdated(ConversationUpdate),
    /// The conversations that wait for an agent.
    QueueUpdated(Queue),
    /// What was asked for by `resume` has been sent.
    Resumed(Resume),
    /// More is missing in a conversation than a socket is sent: the rest is to be had by REST.
    ResumeTruncated(Position),
    /// The socket's token ends soon.
    SessionExpiring(TokenEnd),
    /// The socket's token was renewed.
    Reauthenticated(TokenEnd),
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
    fn the_names_are_those_of_events() {
        let complaint = |event: &str| {
            let frame = json!({ "event": event, "data": null });
            serde_json::from_value::<ServerEvent>(frame).unwrap_err().to_string()
        };
        assert!(complaint("no_such_event").contains("unknown variant"));
        for event in [
            name::MESSAGE_SENT,
            name::NEW_MESSAGE,
            name::MESSAGE_FAILED,
            name::CONVERSATION_UPDATED,
            name::QUEUE_UPDATED,
        ] {
            assert!(!complaint(event).contains("unknown variant"), "{event}");
        }
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
