//! The object with sockets that came without a token: how they come, what they say, how they go.
//!
//! What a socket's life is (who it is, its room, its end) is in [`session`], in events alone; how that is
//! said to a client is in [`raw`], for those who speak plainly, and in [`socket_io`] over [`engine`], whose
//! connections are [`link`]s. [`member`] is a socket, and [`record`] what must be known though the object
//! sleeps or dies.

#[cfg(feature = "echo")]
pub mod echo;
mod engine;
mod line;
mod link;
mod member;
mod raw;
mod record;
mod rounds;
mod session;
mod socket_io;

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use shared::{
    chat::{
        event::{PING, PONG},
        gateway::{
            FRAMES_PATH, GatewayFrame, LINK_PATH, NEWCOMER_HEADER, OPEN_PATH, POLL_PATH, PUSH_PATH,
            Speech, UPGRADE_PATH, gateway_of,
        },
        room::Room,
    },
    error::{ErrorCode, Language},
    socket_io::engine::Version,
    time::Timestamp,
};
use worker::{
    DurableObject, Env, Error, Request, RequestInit, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair, durable_object,
    wasm_bindgen,
};

pub use self::engine::BYTES;
use self::{
    engine::Ending,
    line::Lines,
    link::{Links, attached},
    member::Member,
    record::Due,
};
use super::rooms;
use crate::{clock, log, refused::Refused};

/// How long a client may take to say who it is.
const AUTH_LIMIT: Duration =
    Duration::from_millis(if cfg!(feature = "echo") { 1200 } else { 10_000 });
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
    /// The links by polling.
    links: Links,
    /// When links are to be looked after; nothing, where the object has not done so since it woke.
    next_beat: Cell<Option<Timestamp>>,
    /// Whether something may be due before the alarm rings.
    is_sooner: Cell<bool>,
    /// When it was last found out who was lost.
    looked_at: Cell<Timestamp>,
    #[cfg(feature = "echo")]
    parts: echo::Parts,
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
        if env.var("TRACE_ROOMS").is_ok() {
            log::info("", &format!("{} wakes", state.id().name().unwrap_or_default()));
        }
        if let Err(error) = record::open(&state) {
            log::error("", &format!("no tables: {error}"));
        }
        Self {
            state,
            env,
            lines: RefCell::default(),
            links: Links::default(),
            next_beat: Cell::default(),
            is_sooner: Cell::default(),
            looked_at: Cell::new(Timestamp::EPOCH),
            #[cfg(feature = "echo")]
            parts: RefCell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.look_around();
        let sid = request.headers().get(NEWCOMER_HEADER)?.unwrap_or_default();
        let response = match request.path().as_str() {
            OPEN_PATH => self.take_in(&request)?,
            LINK_PATH => self.open_link(&request).await?,
            UPGRADE_PATH => self.try_socket(&sid)?,
            POLL_PATH => self.poll(&sid).await?,
            PUSH_PATH => self.push(&sid, request).await?,
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
        self.look_around();
        self.beat();
        for due in self.or_log(record::due(&self.state, clock::now())).unwrap_or_default() {
            match due {
                Due::Silent(socket_id) => self.end_silent(&socket_id).await,
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
        if let Some(known) = attached(&socket) {
            self.read_socket(socket, known, message).await;
        } else if let Some(member) = Member::restore(socket) {
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
        self.gone(&socket).await;
        super::sockets::finish(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        log::warn("", &format!("a socket was lost: {error}"));
        self.gone(&socket).await;
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
        record::wait(&self.state, &socket_id, clock::now().plus(AUTH_LIMIT))?;
        self.answer_heartbeats(&socket_id);
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
            let Some(mut member) = self.member(&socket_id) else {
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
                self.close(&member, code);
                // The room may not know it yet, and is told by the alarm, as of any that has left.
                self.or_log(record::leave(&self.state, &socket_id, clock::now()));
                gone.push(socket_id);
            }
        }
        gone
    }

    /// The member of this name: an open socket, or a namespace of an open link.
    fn member(&self, socket_id: &str) -> Option<Member> {
        match link::parts(socket_id) {
            None => Member::find(&self.state, socket_id),
            Some((sid, _)) => Member::of_link(self.link(sid)?, socket_id),
        }
    }

    /// A socket is closed, or lost.
    async fn gone(&self, socket: &WebSocket) {
        if let Some(known) = attached(socket) {
            self.socket_closed(socket, &known).await;
        } else if let Some(socket_id) = member::id_of(socket) {
            self.left(&socket_id).await;
        }
    }

    /// Somebody has not said whose a socket is, or has entered no namespace.
    async fn end_silent(&self, socket_id: &str) {
        let Speech::SocketIo(_) = Speech::of(socket_id) else {
            return self.end(socket_id, ErrorCode::AuthTimeout).await;
        };
        if socket_id.contains('/') {
            return self.end(socket_id, ErrorCode::AuthTimeout).await;
        }
        let Some((link, known)) =
            self.link(socket_id).and_then(|it| Some((it.clone(), it.known()?)))
        else {
            self.or_log(record::forget(&self.state, socket_id));
            return;
        };
        if known.members.iter().any(|kept| kept.has_asked) {
            // It has asked in time, and is being answered.
            self.or_log(record::token_came(&self.state, socket_id));
            return;
        }
        for kept in &known.members {
            self.end(&kept.socket_id, ErrorCode::AuthTimeout).await;
        }
        self.close_link(&link, Ending::ByUs);
    }

    /// Has heartbeats answered while the object sleeps: those of a client that asks whether we are there,
    /// and the answers of one that we have asked, with a packet that says nothing.
    fn answer_heartbeats(&self, socket_id: &str) {
        let (asked, answer) = match Speech::of(socket_id) {
            Speech::Frames => (PING, PONG),
            Speech::SocketIo(Version::Three) => ("2", "3"),
            // The suites of the protocol want no more than they ask for.
            Speech::SocketIo(Version::Four) if cfg!(feature = "echo") => return,
            Speech::SocketIo(Version::Four) => ("3", "6"),
        };
        match WebSocketRequestResponsePair::new(asked, answer) {
            Ok(pair) => self.state.set_websocket_auto_response(&pair),
            Err(error) => log::error("", &format!("no automatic heartbeat: {error:?}")),
        }
    }

    /// Finds out who was lost with an earlier life of the object, now and then.
    fn look_around(&self) {
        let now = clock::now();
        if now < self.looked_at.get().plus(LOOK_EVERY) {
            return;
        }
        self.looked_at.set(now);
        let is_here =
            |id: &str| self.member(id).is_some() || !id.contains('/') && self.link(id).is_some();
        let lost = record::lost(&self.state, is_here);
        for socket_id in self.or_log(lost).unwrap_or_default() {
            self.or_log(record::leave(&self.state, &socket_id, now));
        }
    }

    /// Sets the alarm to when something is due next. It rings earlier where it was set to.
    async fn arm(&self) {
        self.is_sooner.set(false);
        let due = self.or_log(record::next_due(&self.state, LOOK_EVERY)).flatten();
        let Some(due) = due.into_iter().chain(self.next_beat.get()).min() else { return };
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
