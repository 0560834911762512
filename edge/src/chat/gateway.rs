//! The object with sockets that came without a token: how they come, what they say, how they go.
//!
//! What a socket's life is (who it is, its room, its end) is in [`session`], in events alone; how that is
//! said to a client is in [`raw`], the one place that knows what goes over the wire. [`member`] is a
//! socket, and [`record`] what must be known though the object sleeps or dies.

mod line;
mod member;
mod raw;
mod record;
mod session;

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use shared::{
    chat::{
        gateway::{FRAMES_PATH, GatewayFrame, NEWCOMER_HEADER, OPEN_PATH, gateway_of},
        room::Room,
    },
    error::{ErrorCode, Language},
};
use worker::{
    DurableObject, Env, Error, Request, RequestInit, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, durable_object, wasm_bindgen,
};

use self::{line::Lines, member::Member, record::Due};
use super::rooms;
use crate::{clock, log, refused::Refused};

/// How long a client may take to say who it is.
const AUTH_LIMIT: Duration = Duration::from_secs(10);
/// The sockets of one gateway that may wait for their clients to do so.
const MAX_NEWCOMERS: i64 = 1_000;
/// The sockets that one gateway may hold.
const MAX_SOCKETS: usize = 10_000;
/// How often a gateway with subscribed sockets looks whether they are still there.
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// Sockets that came without a token.
#[durable_object]
pub struct Gateway {
    state: State,
    env: Env,
    /// What clients have sent that is not yet with their rooms.
    lines: RefCell<Lines>,
    /// Whether nothing has been looked at since the object woke.
    is_new: Cell<bool>,
}

/// Hands a new socket to its gateway, with the client's `Accept-Language`.
pub async fn open(env: &Env, socket_id: &str, languages: &str) -> Result<WebSocket, Refused> {
    let init = RequestInit::default();
    init.headers.set("upgrade", "websocket")?;
    init.headers.set(NEWCOMER_HEADER, socket_id)?;
    init.headers.set("accept-language", languages)?;
    let gateway = Room::Gateway(gateway_of(socket_id).unwrap_or_default());
    rooms::socket_of(rooms::fetch(env, gateway, OPEN_PATH, &init).await?).await
}

impl DurableObject for Gateway {
    fn new(state: State, env: Env) -> Self {
        raw::answer_heartbeats(&state);
        if let Err(error) = record::open(&state) {
            log::error("", &format!("no tables: {error}"));
        }
        Self { state, env, lines: RefCell::default(), is_new: Cell::new(true) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.look_around();
        let response = match request.path().as_str() {
            OPEN_PATH => self.take_in(&request)?,
            FRAMES_PATH => {
                let gone = self.pass_on(serde_json::from_slice(request.text().await?.as_bytes())?);
                Response::ok(serde_json::to_string(&gone)?)?
            }
            _ => return Response::error("no such call", 404),
        };
        self.arm().await;
        Ok(response)
    }

    async fn alarm(&self) -> Result<Response> {
        self.is_new.set(true);
        self.look_around();
        for due in self.or_log(record::due(&self.state, clock::now())).unwrap_or_default() {
            match due {
                Due::Silent(socket_id) => self.end(&socket_id, ErrorCode::AuthTimeout).await,
                Due::Left(socket_id, room) => self.unsubscribe(&socket_id, room).await,
            }
        }
        self.arm().await;
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        if let Some(member) = Member::restore(socket) {
            self.read(member, message).await;
        }
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        if let Some(socket_id) = member::id_of(&socket) {
            self.left(&socket_id).await;
        }
        super::sockets::finish(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        log::warn("", &format!("a socket was lost: {error}"));
        if let Some(socket_id) = member::id_of(&socket) {
            self.left(&socket_id).await;
        }
        Ok(())
    }
}

impl Gateway {
    /// Takes a socket in that has yet to say whose it is.
    fn take_in(&self, request: &Request) -> Result<Response> {
        let header = |name| request.headers().get(name).ok().flatten();
        let socket_id = header(NEWCOMER_HEADER).ok_or("a socket without a name")?;
        let language = Language::preferred(header("accept-language").as_deref());
        if record::newcomers(&self.state)? >= MAX_NEWCOMERS
            || self.state.get_websockets().len() >= MAX_SOCKETS
        {
            return super::room::refuse(ErrorCode::TooManySockets);
        }
        record::await_token(&self.state, &socket_id, clock::now().plus(AUTH_LIMIT))?;
        let pair = WebSocketPair::new()?;
        Member::accept(&self.state, &pair.server, socket_id, language)?;
        Response::from_websocket(pair.client)
    }

    /// Sends what a room has for sockets here, each frame once; the sockets that are not here any more.
    fn pass_on(&self, frames: Vec<GatewayFrame>) -> Vec<String> {
        let mut gone: Vec<String> = Vec::new();
        for GatewayFrame(socket_id, number, frame, close) in frames {
            if gone.contains(&socket_id) {
                continue;
            }
            let Some(mut member) = Member::find(&self.state, &socket_id) else {
                gone.push(socket_id);
                continue;
            };
            if number <= member.kept.taken {
                continue;
            }
            member.kept.taken = number;
            member.keep();
            let is_sent = frame.is_empty() || member.send(&frame);
            let end = if is_sent { close } else { Some(ErrorCode::SlowConsumer) };
            if let Some(code) = end {
                member.close(code);
                // The room may not know it yet, and is told by the alarm, as of any that has left.
                self.or_log(record::leave(&self.state, &socket_id, clock::now()));
                gone.push(socket_id);
            }
        }
        gone
    }

    /// Finds out who was lost with an earlier life of the object.
    fn look_around(&self) {
        if !self.is_new.take() {
            return;
        }
        let lost = record::lost(&self.state, |id| Member::find(&self.state, id).is_some());
        for socket_id in self.or_log(lost).unwrap_or_default() {
            self.or_log(record::leave(&self.state, &socket_id, clock::now()));
        }
    }

    /// Sets the alarm to when something is due next. It rings earlier where it was set to.
    async fn arm(&self) {
        let Some(due) = self.or_log(record::next_due(&self.state, LOOK_EVERY)).flatten() else {
            return;
        };
        let storage = self.state.storage();
        if !matches!(storage.get_alarm().await, Ok(Some(at)) if at <= due.as_millis()) {
            self.or_log(storage.set_alarm(due.since(clock::now())).await);
        }
    }

    #[expect(clippy::unused_self, reason = "it is about this object")]
    fn or_log<T>(&self, done: Result<T>) -> Option<T> {
        done.inspect_err(|error| log::error("", &format!("a gateway: {error}"))).ok()
    }
}
