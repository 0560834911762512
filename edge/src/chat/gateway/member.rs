//! A socket at a gateway.

use serde::{Deserialize, Serialize};
use shared::{
    chat::event::{AckFrame, AckOutcome, Refusal, ServerEvent},
    error::{ErrorCode, Language},
    socket_io::engine::{Kind, Packet},
};
use worker::{Result, State, WebSocket};

use super::{
    link::{self, Link},
    raw, socket_io,
};
use crate::{chat::sockets::is_open, log};

/// Refused frames after which a socket is closed.
const MAX_REFUSED: u32 = 100;

/// An open socket, or a namespace of Socket.IO, which is as good as one.
pub struct Member {
    /// What is known of it.
    pub kept: Kept,
    wire: Wire,
}

/// What is kept with a socket while its gateway sleeps.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub socket_id: String,
    /// The language of what a person reads.
    pub language: Language,
    /// Whether its client has said whose it is; until that is believed there is no room.
    pub has_asked: bool,
    /// The name of the room that it has been let into, or is about to be.
    pub room: String,
    /// The number of the last frame of its room.
    pub taken: i64,
    /// Frames that could not be acted on.
    refused: u32,
    /// Whether its client has been told that it is let in, where it must be.
    pub is_open: bool,
}

impl Kept {
    /// One that has yet to say whose it is.
    pub const fn new(socket_id: String, language: Language, is_open: bool) -> Self {
        Self {
            socket_id,
            language,
            has_asked: false,
            room: String::new(),
            taken: 0,
            refused: 0,
            is_open,
        }
    }
}

/// How a member is reached.
#[derive(Clone)]
enum Wire {
    Frames(WebSocket),
    SocketIo(Link),
}

impl Member {
    /// Takes a socket in.
    pub fn accept(
        state: &State,
        socket: &WebSocket,
        socket_id: String,
        language: Language,
    ) -> Result<()> {
        // One tag, of fixed form: the platform's limits, over which the library panics, are 10 and 256
        // characters.
        state.accept_websocket_with_tags(socket, &[&socket_id]);
        let kept = Kept::new(socket_id, language, true);
        socket.serialize_attachment(serde_json::to_string(&kept)?)
    }

    /// The socket as it is; `None` once it is closing.
    pub fn restore(socket: WebSocket) -> Option<Self> {
        let kept = kept(&socket).filter(|_| is_open(&socket))?;
        Some(Self { kept, wire: Wire::Frames(socket) })
    }

    /// The open socket of this name.
    pub fn find(state: &State, socket_id: &str) -> Option<Self> {
        state.get_websockets_with_tag(socket_id).into_iter().find_map(Self::restore)
    }

    /// A namespace of a link.
    pub fn of_link(link: Link, socket_id: &str) -> Option<Self> {
        let kept = link.known()?.member(socket_id)?.clone();
        Some(Self { kept, wire: Wire::SocketIo(link) })
    }

    /// Its link, where it has one.
    pub const fn link(&self) -> Option<&Link> {
        match &self.wire {
            Wire::Frames(_) => None,
            Wire::SocketIo(link) => Some(link),
        }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.kept.socket_id
    }

    /// Keeps what has become known.
    pub fn keep(&self) {
        match &self.wire {
            Wire::Frames(socket) => {
                // Plain data, and far smaller than what the platform keeps.
                if let Ok(json) = serde_json::to_string(&self.kept)
                    && let Err(error) = socket.serialize_attachment(json)
                {
                    log::error("", &format!("what is known of a socket is not kept: {error:?}"));
                }
            }
            Wire::SocketIo(link) => {
                link.change(|known| {
                    if let Some(kept) = known.member(self.id()) {
                        kept.clone_from(&self.kept);
                    }
                });
            }
        }
    }

    /// Says to its client that it is let in, unless that was said: before anything else is.
    pub fn welcome(&self) -> bool {
        let Wire::SocketIo(link) = &self.wire else { return true };
        if self.kept.is_open {
            return true;
        }
        let first = link.change(|known| {
            let version = known.version();
            let kept = known.member(self.id()).filter(|kept| !kept.is_open)?;
            kept.is_open = true;
            Some(socket_io::connected(link::namespace_of(self.id()), self.id(), version))
        });
        first.flatten().is_none_or(|packet| say(link, &packet))
    }

    /// Sends a frame; `false` where the reader is too slow for it.
    pub fn send(&self, frame: &str) -> bool {
        match &self.wire {
            Wire::Frames(socket) => raw::send(socket, frame),
            Wire::SocketIo(link) => {
                let packet = socket_io::packet(frame, link::namespace_of(self.id()));
                self.welcome() && say(link, &packet)
            }
        }
    }

    /// Sends an answer or event of ours.
    pub fn tell<T: Serialize>(&self, frame: &T) -> bool {
        serde_json::to_string(frame).is_ok_and(|frame| self.send(&frame))
    }

    /// What a person reads of `code`.
    pub fn refusal(&self, code: ErrorCode) -> Refusal {
        Refusal::new(code, self.kept.language)
    }

    /// Says that a frame is not acted on; `false` where it was one too many, or the reader is too slow
    /// to hear of it.
    pub fn refuse(&mut self, code: ErrorCode, ack: Option<u64>) -> bool {
        self.kept.refused = self.kept.refused.saturating_add(1);
        self.keep();
        let refusal = self.refusal(code);
        let is_heard = match ack {
            Some(ack) => self.tell(&AckFrame { ack, outcome: AckOutcome::Error(refusal) }),
            None => self.tell(&ServerEvent::Error(refusal)),
        };
        is_heard && self.kept.refused < MAX_REFUSED
    }

    /// Closes its socket, where it has one of its own.
    pub fn close(&self, code: ErrorCode) {
        if let Wire::Frames(socket) = &self.wire {
            raw::close(socket, code);
        }
    }
}

fn say(link: &Link, packet: &str) -> bool {
    link.send(&Packet::Text(Kind::Message, packet))
}

/// The name of a socket, open or not.
pub fn id_of(socket: &WebSocket) -> Option<String> {
    kept(socket).map(|kept| kept.socket_id)
}

fn kept(socket: &WebSocket) -> Option<Kept> {
    let json: String = socket.deserialize_attachment().ok()??;
    serde_json::from_slice(json.as_bytes()).ok()
}
