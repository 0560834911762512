//! A room's sockets: what is known of each, what they are sent, and how they end.

use serde::{Deserialize, Serialize};
use shared::{
    chat::{
        event::{Refusal, ServerEvent},
        room::SocketOwner,
    },
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
};
use worker::{Result, State, WebSocket};

/// The most that may wait for a slow reader, in bytes.
const MAX_BUFFERED: u32 = 1024 * 1024;

/// An open socket and whose it is.
pub struct Socket {
    /// Whose it is.
    pub owner: SocketOwner,
    /// When it was opened.
    pub opened_at: Timestamp,
    raw: WebSocket,
}

/// What is kept with a socket while its room sleeps; the platform keeps at most 16 KiB.
#[derive(Serialize, Deserialize)]
struct Attachment {
    owner: SocketOwner,
    opened_at: Timestamp,
}

impl Socket {
    /// Takes a socket into the room.
    pub fn accept(
        state: &State,
        raw: WebSocket,
        owner: SocketOwner,
        now: Timestamp,
    ) -> Result<Self> {
        let attachment = Attachment { owner, opened_at: now };
        let json = serde_json::to_string(&attachment)?;
        // Two tags of fixed form: the platform's limits, over which the library panics, are 10 and 256 characters.
        let session = session_tag(&SessionHash::of(&attachment.owner.session_token));
        let user = user_tag(attachment.owner.user_id);
        state.accept_websocket_with_tags(&raw, &[&session, &user]);
        raw.serialize_attachment(json)?;
        Ok(Self { owner: attachment.owner, opened_at: now, raw })
    }

    /// The socket as it was accepted; `None` once it is closing.
    pub fn restore(raw: WebSocket) -> Option<Self> {
        let is_open = raw.as_ref().ready_state() == worker::web_sys::WebSocket::OPEN;
        let Attachment { owner, opened_at } = attachment(&raw).filter(|_| is_open)?;
        Some(Self { owner, opened_at, raw })
    }

    /// Sends a frame, as JSON.
    pub fn send<T: Serialize>(&self, frame: &T) {
        // Our frames are plain data: they can be written.
        if let Ok(text) = serde_json::to_string(frame) {
            self.send_text(&text);
        }
    }

    /// Sends a frame, unless the reader is too slow: then the socket ends, and the client catches up
    /// when it is back.
    pub fn send_text(&self, text: &str) {
        if self.buffered() > MAX_BUFFERED {
            self.close(ErrorCode::SlowConsumer);
        } else {
            // An error says that the socket has closed meanwhile; its end is told elsewhere.
            let _ = self.raw.send_with_str(text);
        }
    }

    /// What a person reads of `code`.
    pub fn refusal(&self, code: ErrorCode) -> Refusal {
        Refusal::new(code, self.owner.language)
    }

    /// Says why, and closes. The event first: a close alone may be late.
    pub fn end(&self, code: ErrorCode, event: fn(Refusal) -> ServerEvent) {
        self.send(&event(self.refusal(code)));
        self.close(code);
    }

    /// What waits for its reader, in bytes.
    pub fn buffered(&self) -> u32 {
        self.raw.as_ref().buffered_amount()
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.raw.as_ref().ready_state() == worker::web_sys::WebSocket::OPEN
    }

    fn close(&self, code: ErrorCode) {
        let close_code = code.close_code().or(ErrorCode::Internal.close_code());
        let _ = self.raw.close(close_code, Some(code.as_str()));
    }
}

/// Every open socket of the room.
pub fn all(state: &State) -> Vec<Socket> {
    state.get_websockets().into_iter().filter_map(Socket::restore).collect()
}

/// The open sockets of one person.
pub fn of_user(state: &State, user_id: i64) -> Vec<Socket> {
    state
        .get_websockets_with_tag(&user_tag(user_id))
        .into_iter()
        .filter_map(Socket::restore)
        .collect()
}

/// The open sockets of one session.
pub fn of_session(state: &State, session: &SessionHash) -> Vec<Socket> {
    state
        .get_websockets_with_tag(&session_tag(session))
        .into_iter()
        .filter_map(Socket::restore)
        .collect()
}

/// The name of a socket, open or not.
pub fn id_of(socket: &WebSocket) -> Option<String> {
    attachment(socket).map(|attachment| attachment.owner.socket_id)
}

fn attachment(socket: &WebSocket) -> Option<Attachment> {
    let json: String = socket.deserialize_attachment().ok()??;
    serde_json::from_slice(json.as_bytes()).ok()
}

fn user_tag(user_id: i64) -> String {
    format!("user:{user_id}")
}

fn session_tag(session: &SessionHash) -> String {
    format!("session:{session}")
}
