use serde::{Deserialize, Serialize};

use crate::{
    chat::{ConversationAdmin, ConversationStatus, ConversationUser, MessageStatus, SenderType},
    time::Timestamp,
    wire_enum::wire_enum,
};

/// Data of `messages_read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesRead {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// The newest message that is read.
    pub chat_message_id: i64,
    /// Its `seq`.
    pub seq: i64,
    /// Who has read.
    pub user_id: i64,
    /// The side that has read.
    pub reader_type: SenderType,
}

/// Data of `message_status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageStatusChange {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// The messages.
    pub chat_message_ids: Vec<i64>,
    /// `delivered` or `read`.
    pub status: MessageStatus,
}

/// Data of `typing`, as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingEvent {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// Who.
    pub user_id: i64,
    /// Whether they type, or have stopped.
    pub is_typing: bool,
}

/// Data of `presence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The user.
    pub user_id: i64,
    /// Whether they have a socket open.
    pub is_online: bool,
    /// When they last had one; now, where they have.
    pub last_seen: Timestamp,
}

wire_enum! {
    /// What happened to a conversation.
    ConversationChange {
        /// It began, and waits for an agent.
        Waiting = "waiting",
        /// An agent took it.
        Accepted = "accepted",
        /// It was handed to another agent.
        Transferred = "transferred",
        /// It is over.
        Closed = "closed",
    }
}

/// Data of `conversation_updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationUpdate {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// What happened.
    pub change: ConversationChange,
    /// Where it stands now.
    pub status: ConversationStatus,
    /// The agent who has it.
    pub admin: Option<ConversationAdmin>,
    /// Why it was closed, where someone said.
    pub close_reason: Option<String>,
    /// Grows with each change: what comes late undoes nothing.
    pub version: i64,
    /// `seq` of the newest message.
    pub last_seq: i64,
    /// When it changed.
    pub updated_at: Timestamp,
}

/// Data of `queue_updated`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    /// How many conversations wait.
    pub total: i64,
    /// The first of them, at most [`MAX_QUEUE`](super::MAX_QUEUE): the most urgent first, then who has waited longest.
    pub waiting: Vec<Waiting>,
}

/// A conversation that waits for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// Whose it is.
    pub user: ConversationUser,
    /// Higher is more urgent.
    pub priority: i32,
    /// What began it.
    pub source: String,
    /// Since when it waits.
    pub waiting_since: Timestamp,
    /// When the last message was written.
    pub last_message_at: Option<Timestamp>,
}

/// Data of `session_expiring` and `reauthenticated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEnd {
    /// The end of the socket's token: without another of the same session, the socket closes then.
    pub expires_at: Timestamp,
}
