//! What travels on chat sockets.

mod client;
mod conversation;
mod server;

pub use client::{
    ClientEvent, ClientFrame, Credentials, FrameRefused, MarkRead, Position, Resume, SendMessage,
    Typing,
};
pub use conversation::{
    ConversationChange, ConversationUpdate, MessageStatusChange, MessagesRead, Presence, Queue,
    TokenEnd, TypingEvent, Waiting,
};
pub use server::{
    AckFrame, AckOutcome, Connected, MessageEvent, MessageFailed, Refusal, SecurityAlert,
    ServerEvent, name,
};

/// The largest frame that a client may send, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// The heartbeat that clients send, as text.
pub const PING: &str = "ping";
/// Its answer.
pub const PONG: &str = "pong";
/// Conversations that one `resume` may name.
pub const MAX_RESUMED: usize = 100;
/// Messages of one conversation that a `resume` is answered with.
pub const MAX_REPLAYED: i64 = 500;
/// Conversations that `queue_updated` lists.
pub const MAX_QUEUE: u32 = 100;
/// The subprotocol under which browsers send their token: `bearer, <token>`.
pub const BEARER_PROTOCOL: &str = "bearer";
