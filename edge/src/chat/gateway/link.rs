//! A link: a connection of Engine.IO, by polling or over a WebSocket, and what is known of it.

mod heartbeat;
mod polling;

use serde::{Deserialize, Serialize};
use shared::{
    chat::gateway::Speech,
    error::Language,
    socket_io::engine::{Packet, Version, framed},
    time::Timestamp,
};
use wasm_bindgen::{JsCast as _, prelude::wasm_bindgen};
use worker::{State, WebSocket, js_sys, web_sys};

pub use self::{
    heartbeat::{Beat, Rhythm},
    polling::{Links, Polling, Stage},
};
use super::member::Kept;
use crate::{
    chat::sockets::{MAX_BUFFERED, is_open},
    log,
};

/// What is known of a link; kept with its WebSocket while the gateway sleeps.
#[derive(Clone, Serialize, Deserialize)]
pub struct Known {
    /// Its name.
    pub sid: String,
    /// The language of what a person reads.
    pub language: Language,
    /// The token that its client came with.
    pub token: Option<String>,
    /// The namespaces that its client is in, or asks to be let into.
    pub members: Vec<Kept>,
    /// Of a packet that was announced with some, how many attachments are to follow.
    pub following: usize,
    /// How often it has asked to be.
    pub asked: u32,
    /// How often in vain.
    pub refused: u32,
    /// When its client was heard last, as far as the object was woken by it.
    pub heard_at: Timestamp,
    /// When it was pinged last, or opened.
    pub pinged_at: Timestamp,
    /// Since when a ping has no answer, unless there is one that woke nobody.
    pub unanswered: Option<Timestamp>,
    /// Whether this is a WebSocket that a link may move to.
    pub is_probe: bool,
    /// Whether its messages are sent back as they come.
    #[cfg(feature = "echo")]
    pub is_plain: bool,
    /// Whether its client takes bytes as base64 alone.
    #[cfg(feature = "echo")]
    pub is_base64: bool,
}

impl Known {
    /// A new link.
    pub const fn new(
        sid: String,
        language: Language,
        token: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            sid,
            language,
            token,
            members: Vec::new(),
            following: 0,
            asked: 0,
            refused: 0,
            heard_at: now,
            pinged_at: now,
            unanswered: None,
            is_probe: false,
            #[cfg(feature = "echo")]
            is_plain: false,
            #[cfg(feature = "echo")]
            is_base64: false,
        }
    }

    /// The version of Engine.IO that is spoken there.
    pub fn version(&self) -> Version {
        match Speech::of(&self.sid) {
            Speech::SocketIo(version) => version,
            Speech::Frames => Version::Four,
        }
    }

    /// The member of this name.
    pub fn member(&mut self, socket_id: &str) -> Option<&mut Kept> {
        self.members.iter_mut().find(|kept| kept.socket_id == socket_id)
    }

    /// The name of the member of a namespace.
    pub fn member_in(&self, namespace: &str) -> Option<&str> {
        let names = self.members.iter().map(|kept| kept.socket_id.as_str());
        names.into_iter().find(|id| namespace_of(id) == namespace)
    }

    /// A new member, of a name that none had before: its room may not know yet that the one before it
    /// has left.
    pub fn add(&mut self, namespace: &str, is_open: bool) -> String {
        self.asked += 1;
        let id = [&self.sid, "/", &self.asked.to_string(), namespace].concat();
        self.members.push(Kept::new(id.clone(), self.language, is_open));
        id
    }
}

/// The link of a member, and its namespace, as its name has them: `<link>/<number>/<namespace>`; nothing
/// for a socket without a link.
pub fn parts(socket_id: &str) -> Option<(&str, &str)> {
    let (sid, rest) = socket_id.split_once('/')?;
    Some((sid, &rest[rest.find('/').unwrap_or(rest.len())..]))
}

/// The namespace of a member.
pub fn namespace_of(socket_id: &str) -> &str {
    parts(socket_id).unwrap_or_default().1
}

/// A link.
#[derive(Clone)]
pub enum Link {
    /// Over a WebSocket.
    Socket(WebSocket),
    /// By polling, or by now over a WebSocket.
    Polling(std::rc::Rc<Polling>),
}

#[wasm_bindgen]
extern "C" {
    /// What `worker` does not bind.
    type ObjectState;

    #[wasm_bindgen(method, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_at(this: &ObjectState, socket: &web_sys::WebSocket) -> Option<js_sys::Date>;
}

impl Link {
    /// Takes a WebSocket in, for a link or one that may become one.
    pub fn accept(state: &State, socket: &WebSocket, known: &Known) {
        // One tag, of fixed form: the platform's limits, over which the library panics, are 10 and 256
        // characters.
        state.accept_websocket_with_tags(socket, &[&known.sid]);
        attach(socket, known);
    }

    /// The link over a WebSocket that is open; `None` where it is none.
    pub fn over(socket: WebSocket) -> Option<Self> {
        let known = attached(&socket)?;
        (is_open(&socket) && !known.is_probe).then_some(Self::Socket(socket))
    }

    /// Where it is now.
    pub fn now(&self) -> Self {
        match self {
            Self::Polling(polling) => polling.moved_to().map_or_else(|| self.clone(), Self::Socket),
            Self::Socket(_) => self.clone(),
        }
    }

    /// What is known of it.
    pub fn known(&self) -> Option<Known> {
        match self.now() {
            Self::Socket(socket) => attached(&socket),
            Self::Polling(polling) => Some(polling.known.borrow().clone()),
        }
    }

    /// Changes what is known of it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> Option<T> {
        match self.now() {
            Self::Socket(socket) => {
                let mut known = attached(&socket)?;
                let changed = change(&mut known);
                attach(&socket, &known);
                Some(changed)
            }
            Self::Polling(polling) => Some(change(&mut polling.known.borrow_mut())),
        }
    }

    /// Sends a packet; `false` where the reader is too slow for it.
    pub fn send(&self, packet: &Packet<'_>) -> bool {
        match self.now() {
            Self::Socket(socket) => {
                let is_slow = socket.as_ref().buffered_amount() > MAX_BUFFERED;
                if !is_slow {
                    // An error says that it has closed meanwhile; its end is told elsewhere.
                    let _ = match packet {
                        Packet::Binary(bytes) => {
                            let version =
                                attached(&socket).map_or(Version::Four, |it| it.version());
                            socket.send_with_bytes(framed(bytes.to_vec(), version))
                        }
                        Packet::Text(..) => socket.send_with_str(packet.to_text(Version::Four)),
                    };
                }
                !is_slow
            }
            Self::Polling(polling) => polling.push(packet),
        }
    }

    /// When its client was heard last, though it woke nobody.
    pub fn heard_at(&self, state: &State, known: &Known) -> Timestamp {
        let Self::Socket(socket) = self.now() else { return known.heard_at };
        let state: &wasm_bindgen::JsValue = state.as_raw().as_ref();
        let at = state.unchecked_ref::<ObjectState>().auto_response_at(socket.as_ref());
        #[expect(clippy::cast_possible_truncation, reason = "a time of our days")]
        let at = at.and_then(|at| Timestamp::from_millis(at.get_time() as i64));
        at.map_or(known.heard_at, |at| at.max(known.heard_at))
    }
}

/// What is kept with a WebSocket, where it is of a link.
pub fn attached(socket: &WebSocket) -> Option<Known> {
    let json: String = socket.deserialize_attachment().ok()??;
    serde_json::from_slice(json.as_bytes()).ok()
}

/// Keeps it.
pub fn attach(socket: &WebSocket, known: &Known) {
    // Plain data, and smaller than what the platform keeps.
    if let Ok(json) = serde_json::to_string(known)
        && let Err(error) = socket.serialize_attachment(json)
    {
        log::error("", &format!("what is known of a link is not kept: {error:?}"));
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_members_name_tells_its_link_and_namespace_and_no_other_has_it() {
        let sid = "1024-0".to_owned();
        let mut known = Known::new(sid, Language::English, None, Timestamp::EPOCH);
        let (main, im) = (known.add("/", false), known.add("/im", false));
        assert_eq!(parts(&main), Some(("1024-0", "/")));
        assert_eq!(parts(&im), Some(("1024-0", "/im")));
        assert_eq!(known.member_in("/im"), Some(im.as_str()));
        known.members.clear();
        assert_eq!(known.member_in("/im"), None);
        assert_ne!(known.add("/im", false), im);
        assert_eq!(parts("15-0"), None);
        assert_eq!(namespace_of("15-0"), "");
    }
}
