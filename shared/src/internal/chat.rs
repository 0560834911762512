//! What rooms and origin say to each other of conversations.

use serde::{Deserialize, Serialize};

use crate::{
    chat::{
        NewMessage, SenderType,
        event::{MessageEvent, MessageFailed},
        news::{RoomConversation, StoredMessage},
    },
    error::{ErrorCode, Language},
    time::Timestamp,
};

/// Someone who did something on a socket, and when a room accepted it: the session is judged as it was
/// then, the person and the conversation as they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Names the session.
    pub session_token: String,
    /// When the room wrote it down.
    pub at: Timestamp,
}

/// A message that a room has accepted, on its way to the origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SocketMessage {
    /// Who sent it, and when.
    pub sender: Accepted,
    /// The conversation to write into.
    pub customer_service_session_id: i64,
    /// What to write.
    pub message: NewMessage,
    /// The language of what a person reads.
    pub language: Language,
}

/// Messages for the origin to store. Those of one conversation are stored in their order, and none
/// after one that is to come again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreMessages<S = SocketMessage> {
    /// At most [`MAX_BATCH`](super::MAX_BATCH).
    pub messages: Vec<S>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreOutcome<M = MessageEvent, F = MessageFailed> {
    /// It is stored, now or since an earlier call.
    Stored(StoredMessage<M>),
    /// It will not be stored.
    Failed(F),
    /// Nothing is decided, by a fault that is not the sender's: it is to be sent again.
    Later(ErrorCode),
}

/// What became of each message, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredMessages<O = StoreOutcome> {
    /// An outcome a message.
    pub outcomes: Vec<O>,
}

/// A room asks: what was written after this?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayQuestion {
    /// On whose behalf: they must be allowed to see the conversation. A room that asks for its own
    /// needs says nobody.
    pub reader: Option<Accepted>,
    /// The conversation.
    pub customer_service_session_id: i64,
    /// The last `seq` that is known.
    pub after_seq: i64,
    /// The most messages to answer with, at most [`MAX_BATCH`](super::MAX_BATCH); 0 asks for the conversation alone.
    pub limit: u32,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayAnswer<M = MessageEvent> {
    /// The conversation, and the next messages in the order of `seq`.
    Replay {
        /// As it is now.
        conversation: RoomConversation,
        /// Without a gap.
        messages: Vec<M>,
    },
    /// There is no such conversation, or it is not the reader's to see.
    Refused(ErrorCode),
}

/// How far the messages of the other side have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// To a socket of a side.
    Delivered {
        /// The conversation.
        customer_service_session_id: i64,
        /// The side that has them.
        by: SenderType,
        /// Up to this `seq`.
        seq: i64,
    },
    /// A person has read them.
    Read {
        /// Who, and when.
        reader: Accepted,
        /// The conversation.
        customer_service_session_id: i64,
        /// Up to this message.
        chat_message_id: i64,
    },
}

/// Marks for the origin to note; doing it twice does no more than doing it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreMarks<S = Mark> {
    /// At most [`MAX_BATCH`](super::MAX_BATCH).
    pub marks: Vec<S>,
}

/// What became of one mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkOutcome {
    /// Noted.
    Done,
    /// It will not be noted.
    Failed(ErrorCode),
    /// Nothing is decided: it is to be sent again.
    Later(ErrorCode),
}

/// What became of each mark, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMarks {
    /// An outcome a mark.
    pub outcomes: Vec<MarkOutcome>,
}

/// A desk asks: who waits? The answer is a [`Queue`](crate::chat::event::Queue).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueQuestion {}
