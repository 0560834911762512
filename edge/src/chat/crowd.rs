//! Sockets that are told the same, without a look at what is kept with each: a desk may have thousands.

use js_sys::JsString;
use shared::{chat::event::ServerEvent, error::ErrorCode, session::SessionHash};
use wasm_bindgen::prelude::*;
use worker::{State, WebSocket, web_sys};

use super::{
    remote,
    sockets::{self, MAX_BUFFERED, Socket},
};

#[wasm_bindgen]
extern "C" {
    /// A socket that takes a text as the platform has it: the library's own would copy it for each.
    type Outlet;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Outlet, text: &JsString) -> Result<(), JsValue>;
}

/// Some of a room's sockets, open or closing.
pub struct Crowd {
    here: Vec<WebSocket>,
    remote: Vec<Socket>,
}

impl Crowd {
    /// All of them.
    pub fn all(state: &State) -> Self {
        Self { here: state.get_websockets(), remote: remote::all(state) }
    }

    /// Those of one person.
    pub fn of_user(state: &State, user_id: i64) -> Self {
        Self { here: sockets::raw_of_user(state, user_id), remote: remote::of_user(state, user_id) }
    }

    /// Those of one session.
    pub fn of_session(state: &State, session: &SessionHash) -> Self {
        Self {
            here: sockets::raw_of_session(state, session),
            remote: remote::of_session(state, session),
        }
    }

    /// These and those.
    pub fn and(mut self, others: Self) -> Self {
        self.here.extend(others.here);
        self.remote.extend(others.remote);
        self
    }

    /// Those of them that are of this session, and those that are not.
    pub fn split(self, state: &State, session: &SessionHash) -> (Self, Self) {
        let of_it = sockets::raw_of_session(state, session);
        let (mine, others) = self.here.into_iter().partition(|socket| of_it.contains(socket));
        let is_of_it = |socket: &Socket| SessionHash::of(&socket.owner.session_token) == *session;
        let (far_mine, far_others) = self.remote.into_iter().partition(is_of_it);
        (Self { here: mine, remote: far_mine }, Self { here: others, remote: far_others })
    }

    /// Each by itself, with whose it is; the open ones alone.
    pub fn sockets(self) -> Vec<Socket> {
        let mut open: Vec<_> = self.here.into_iter().filter_map(Socket::restore).collect();
        open.extend(self.remote);
        open
    }

    /// Sends all of them a frame; whether any was open.
    pub fn send(&self, text: &str) -> bool {
        for socket in &self.remote {
            socket.send_text(text);
        }
        if self.here.is_empty() {
            return !self.remote.is_empty();
        }
        let text = JsString::from(text);
        let mut is_sent = false;
        for socket in self.here.iter().filter(|socket| sockets::is_open(socket)) {
            let raw: &web_sys::WebSocket = socket.as_ref();
            if raw.buffered_amount() > MAX_BUFFERED {
                sockets::close(socket, ErrorCode::SlowConsumer);
            } else {
                // An error says that it has closed meanwhile; its end is told elsewhere.
                is_sent |= raw.unchecked_ref::<Outlet>().send(&text).is_ok();
            }
        }
        is_sent || !self.remote.is_empty()
    }

    /// Sends all of them an event.
    pub fn tell(&self, event: &ServerEvent) {
        // Our events are plain data: they can be written.
        if let Ok(text) = serde_json::to_string(event) {
            self.send(&text);
        }
    }
}
