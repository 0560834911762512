//! What edge and origin say to each other under `/internal`, every call signed with its body.

mod chat;

use serde::{Deserialize, Serialize};

pub use chat::{
    Accepted, Mark, MarkOutcome, QueueQuestion, ReplayAnswer, ReplayQuestion, SocketMessage,
    StoreMarks, StoreMessages, StoreOutcome, StoredMarks, StoredMessages,
};

use crate::{
    chat::news::News,
    error::ErrorCode,
    session::{EndReason, SessionHash},
    time::Timestamp,
    user::UserType,
};

/// The edge asks: may this session be used?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivenessQuestion {
    /// The session.
    pub session_token: String,
}

/// The origin's answer, good at the time it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Liveness {
    /// It may.
    Live {
        /// Its absolute end.
        until: Timestamp,
        /// Whose it is: a token that says otherwise was not made by us, whoever signed it.
        user_id: i64,
        /// The side of the system that it belongs to.
        user_type: UserType,
    },
    /// It may not.
    Dead {
        /// What the client is told.
        code: ErrorCode,
    },
}

/// The most messages or events of one call.
pub const MAX_BATCH: usize = 100;

/// The origin tells: this session has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// Key of the outbox row.
    pub event_id: i64,
    /// The session.
    pub session: SessionHash,
    /// Whose it was.
    pub user_id: i64,
    /// The side of the system that it belonged to.
    pub user_type: UserType,
    /// Why it ended.
    pub reason: EndReason,
    /// Until when a token may name it: the tombstone is kept that long.
    pub remember_until: Timestamp,
}

/// The origin tells: something happened in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatEvent<N = News> {
    /// Key of the outbox row.
    pub event_id: i64,
    /// What.
    pub news: N,
}

/// The origin tells: something about an account is suspicious.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// Key of the outbox row.
    pub event_id: i64,
    /// Whose account it is.
    pub user_id: i64,
    /// The side of the system that it belongs to.
    pub user_type: UserType,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The newcomer's session, which is not told.
    pub except_session: Option<SessionHash>,
    /// What sockets are sent: a [`SecurityAlert`](crate::chat::event::SecurityAlert).
    pub alert: serde_json::Value,
}

/// A batch of events; taking one twice does no more than taking it once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Events<T> {
    /// At most [`MAX_BATCH`].
    pub events: Vec<T>,
}

/// Which events of a batch the edge has taken; the others are to be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsTaken {
    /// Their `event_id`s.
    pub taken: Vec<i64>,
}

/// The origin asks: what does the edge remember of this session?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionViewQuestion {
    /// The session.
    pub session: SessionHash,
}

/// What the edge remembers of a session where the question came in. Each location has a view of KV of
/// its own, and each isolate a memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The location, as Cloudflare calls it.
    pub location: Option<String>,
    /// In the isolate that answered.
    pub memory: Remembered,
    /// In KV, as that location sees it.
    pub kv: Remembered,
}

/// What is remembered of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// That it has ended, and what its client is told.
    pub dead: Option<ErrorCode>,
    /// When an origin last called it live; reads rest on that for a while.
    pub live_at: Option<Timestamp>,
}
