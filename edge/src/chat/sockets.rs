//! A room's sockets: what is known of each, what they are sent, and how they end. Some are here, some
//! live in gateways; a room need not know which.

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

use super::{
    crowd::Crowd,
    remote::{self, Subscriber},
};

/// The most that may wait for a slow reader, in bytes.
pub const MAX_BUFFERED: u32 = 1024 * 1024;

/// An open socket and whose it is.
#[derive(Clone)]
pub struct Socket {
    /// Whose it is.
    pub owner: SocketOwner,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Whether its client has been told that its token ends.
    pub is_warned: bool,
    place: Place,
}

/// Where a socket is.
#[derive(Clone)]
enum Place {
    Here(WebSocket),
    AtGateway(Subscriber),
}

/// What is kept with a socket while its room sleeps; the platform keeps at most 16 KiB.
#[derive(Serialize, Deserialize)]
struct Attachment {
    owner: SocketOwner,
    opened_at: Timestamp,
    is_warned: bool,
}

impl Socket {
    /// Takes a socket into the room.
    pub fn accept(
        state: &State,
        raw: WebSocket,
        owner: SocketOwner,
        now: Timestamp,
    ) -> Result<Self> {
        // Two tags of fixed form: the platform's limits, over which the library panics, are 10 and 256 characters.
        let session = session_tag(&SessionHash::of(&owner.session_token));
        let user = user_tag(owner.user_id);
        state.accept_websocket_with_tags(&raw, &[&session, &user]);
        let attachment = Attachment { owner, opened_at: now, is_warned: false };
        attach(&raw, &attachment)?;
        Ok(Self::here(raw, attachment))
    }

    /// The socket as it was accepted; `None` once it is closing.
    pub fn restore(raw: WebSocket) -> Option<Self> {
        let attachment = attachment(&raw).filter(|_| is_open(&raw))?;
        Some(Self::here(raw, attachment))
    }

    /// A socket that lives in a gateway.
    pub fn at_gateway(
        subscriber: Subscriber,
        owner: SocketOwner,
        opened_at: Timestamp,
        is_warned: bool,
    ) -> Self {
        Self { owner, opened_at, is_warned, place: Place::AtGateway(subscriber) }
    }

    fn here(raw: WebSocket, attachment: Attachment) -> Self {
        let Attachment { owner, opened_at, is_warned } = attachment;
        Self { owner, opened_at, is_warned, place: Place::Here(raw) }
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
        match &self.place {
            Place::Here(raw) if raw.as_ref().buffered_amount() > MAX_BUFFERED => {
                close(raw, ErrorCode::SlowConsumer);
            }
            // An error says that the socket has closed meanwhile; its end is told elsewhere.
            Place::Here(raw) => drop(raw.send_with_str(text)),
            Place::AtGateway(subscriber) => subscriber.send(&self.owner.socket_id, text),
        }
    }

    /// How many bytes wait for the reader.
    pub fn buffered(&self) -> u32 {
        match &self.place {
            Place::Here(raw) => raw.as_ref().buffered_amount(),
            Place::AtGateway(subscriber) => subscriber.buffered(&self.owner.socket_id),
        }
    }

    /// What a person reads of `code`.
    pub fn refusal(&self, code: ErrorCode) -> Refusal {
        Refusal::new(code, self.owner.language)
    }

    /// Says why, and closes. The event first: a close alone may be late.
    pub fn end(&self, code: ErrorCode, event: fn(Refusal) -> ServerEvent) {
        let event = event(self.refusal(code));
        match &self.place {
            Place::Here(raw) => {
                self.send(&event);
                close(raw, code);
            }
            Place::AtGateway(subscriber) => {
                subscriber.end(&self.owner.socket_id, code, &event);
            }
        }
    }

    /// Keeps in mind that its client has been told that its token ends.
    pub fn warned(&self) -> Result<()> {
        match &self.place {
            Place::Here(raw) => match attachment(raw) {
                Some(kept) => attach(raw, &Attachment { is_warned: true, ..kept }),
                None => Ok(()),
            },
            Place::AtGateway(subscriber) => subscriber.warned(&self.owner.socket_id),
        }
    }

    /// Gives the socket the end of a newer token: what holds from now on, `None` where the socket has
    /// closed meanwhile. An older token takes nothing away.
    pub fn renew(&self, expires_at: Timestamp) -> Result<Option<Timestamp>> {
        match &self.place {
            Place::Here(raw) => {
                // As it is now: much may have happened while the token was looked at.
                let Some(mut kept) = attachment(raw).filter(|_| is_open(raw)) else {
                    return Ok(None);
                };
                if expires_at > kept.owner.token_expires_at {
                    kept.owner.token_expires_at = expires_at;
                    kept.is_warned = false;
                    attach(raw, &kept)?;
                }
                Ok(Some(kept.owner.token_expires_at))
            }
            Place::AtGateway(subscriber) => subscriber.renew(&self.owner.socket_id, expires_at),
        }
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        match &self.place {
            Place::Here(raw) => is_open(raw),
            Place::AtGateway(subscriber) => subscriber.is_open(&self.owner.socket_id),
        }
    }
}

/// Every open socket of the room.
pub fn all(state: &State) -> Vec<Socket> {
    Crowd::all(state).sockets()
}

/// How many sockets the room has, open or closing.
pub fn count(state: &State) -> Result<usize> {
    Ok(state.get_websockets().len() + remote::count(state)?)
}

/// The open sockets of one person.
pub fn of_user(state: &State, user_id: i64) -> Vec<Socket> {
    Crowd::of_user(state, user_id).sockets()
}

/// The open sockets of one session.
pub fn of_session(state: &State, session: &SessionHash) -> Vec<Socket> {
    Crowd::of_session(state, session).sockets()
}

/// The sockets of one person that are here, open or closing.
pub fn raw_of_user(state: &State, user_id: i64) -> Vec<WebSocket> {
    state.get_websockets_with_tag(&user_tag(user_id))
}

/// The sockets of one session that are here, open or closing.
pub fn raw_of_session(state: &State, session: &SessionHash) -> Vec<WebSocket> {
    state.get_websockets_with_tag(&session_tag(session))
}

/// The name of a socket, open or not.
pub fn id_of(socket: &WebSocket) -> Option<String> {
    attachment(socket).map(|attachment| attachment.owner.socket_id)
}

/// Whether the platform still lets a socket be written to.
pub fn is_open(raw: &WebSocket) -> bool {
    raw.as_ref().ready_state() == worker::web_sys::WebSocket::OPEN
}

/// Closes with the code's number, and its name as the reason.
pub fn close(raw: &WebSocket, code: ErrorCode) {
    let close_code = code.close_code().or(ErrorCode::Internal.close_code());
    let _ = raw.close(close_code, Some(code.as_str()));
}

/// Finishes the closing handshake; where it is finished, this does nothing.
pub fn finish(raw: &WebSocket, code: usize) {
    // A code that stands for "none" or "lost" cannot be sent.
    let code = u16::try_from(code).ok().filter(|code| matches!(code, 1000 | 3000..=4999));
    let _ = raw.close(Some(code.unwrap_or(1000)), Some(""));
}

fn attachment(socket: &WebSocket) -> Option<Attachment> {
    let json: String = socket.deserialize_attachment().ok()??;
    serde_json::from_slice(json.as_bytes()).ok()
}

fn attach(socket: &WebSocket, attachment: &Attachment) -> Result<()> {
    socket.serialize_attachment(serde_json::to_string(attachment)?)
}

fn user_tag(user_id: i64) -> String {
    format!("user:{user_id}")
}

fn session_tag(session: &SessionHash) -> String {
    format!("session:{session}")
}
