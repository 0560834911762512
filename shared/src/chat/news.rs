//! What rooms are told of conversations. Rooms may hear of things twice, late and in any order:
//! messages are told apart by `seq`, changes of a conversation by its version.
//!
//! Rooms hand on what clients are told and do not read it: the types are generic over it, and a room
//! takes it raw.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    ConversationStatus, MessageStatus, SenderType,
    event::{ConversationChange, ConversationUpdate, MessageEvent},
};
use crate::{session::SessionHash, time::Timestamp};

/// A conversation, as rooms know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomConversation {
    /// Key of the conversation.
    pub customer_service_session_id: i64,
    /// When it began. Keys begin anew when a database does, and rooms outlive databases: one with
    /// another beginning is another conversation.
    pub began_at: Timestamp,
    /// Whose it is.
    pub user_id: i64,
    /// The agent who has it; every agent is told of it where none has.
    pub admin_id: Option<i64>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Grows with each change of status or agent: what comes late undoes nothing.
    pub version: i64,
    /// `seq` of the newest message.
    pub last_seq: i64,
}

/// Something that rooms are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News<M = MessageEvent, U = ConversationUpdate> {
    /// A message was stored.
    Message(StoredMessage<M>),
    /// A conversation began, was accepted, transferred or closed.
    Conversation(ConversationNews<U>),
    /// Messages were delivered or read.
    Marked(Marked),
}

/// The same, as rooms take it.
pub type RawNews = News<Box<RawValue>, Box<RawValue>>;

impl<M, U> News<M, U> {
    /// The conversation that it is about.
    #[must_use]
    pub const fn conversation(&self) -> &RoomConversation {
        match self {
            Self::Message(stored) => &stored.conversation,
            Self::Conversation(changed) => &changed.conversation,
            Self::Marked(marked) => &marked.conversation,
        }
    }
}

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMessage<M = MessageEvent> {
    /// Where.
    pub conversation: RoomConversation,
    /// The session that it was sent under: its sockets are told `message_sent`, all others
    /// `new_message`.
    pub sender_session: Option<SessionHash>,
    /// What.
    pub message: M,
}

/// What a room reads of a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MessageHead {
    /// Its place in the conversation.
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: Option<i64>,
    /// The side that it comes from.
    pub sender_type: SenderType,
    /// The sender's own id of it.
    pub temp_message_id: Option<String>,
}

/// What a room reads of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ChangeHead {
    /// What happened.
    pub change: ConversationChange,
}

/// A conversation that has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationNews<U = ConversationUpdate> {
    /// As it is now.
    pub conversation: RoomConversation,
    /// The agent who had it before and has it no longer.
    pub previous_admin_id: Option<i64>,
    /// What clients are told.
    pub update: U,
}

/// Messages that have come further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// Where.
    pub conversation: RoomConversation,
    /// `delivered` or `read`.
    pub status: MessageStatus,
    /// The side that has received or read: the messages are of the other one.
    pub by: SenderType,
    /// Who has read; nobody in particular has received.
    pub reader_id: Option<i64>,
    /// The session that it was read under, whose sockets need not be told.
    pub reader_session: Option<SessionHash>,
    /// The newest message that has come so far.
    pub chat_message_id: i64,
    /// Its `seq`.
    pub seq: i64,
    /// The messages that were not so far before; at most [`MAX_MARKED`].
    pub chat_message_ids: Vec<i64>,
    /// Who wrote them.
    pub sender_ids: Vec<i64>,
}

/// Messages that one [`Marked`] names; more take several.
pub const MAX_MARKED: usize = 500;
