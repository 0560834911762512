//! An object that holds sockets: what it is told, and how its sockets come and go.
//!
//! What cannot be lost is in its [`Store`]; what it holds in memory may be gone with its next sleep.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use shared::{
    chat::{
        SenderType,
        event::{Connected, PING, PONG, ServerEvent},
        room::{
            CONNECT_PATH, Delivery, Passing, RoomCall, SOCKET_OWNER_HEADER, SessionEnded,
            SocketOwner,
        },
    },
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
    user::UserType,
};
use worker::{
    Env, Error, Request, Response, Result, State, WebSocket, WebSocketPair,
    WebSocketRequestResponsePair,
};

use super::{
    accepting::Accepting,
    crowd::Crowd,
    life::Life,
    meter::Meter,
    outgoing::Sending,
    queue::QueueWanted,
    remote,
    sockets::{self, Socket},
    store::Store,
};
use crate::{clock, log, sorted};

/// The sockets that one person may have open.
const MAX_USER_SOCKETS: usize = 10;
/// The sockets that one room may hold; the platform's own limit, over which the library panics, is 32,768.
const MAX_ROOM_SOCKETS: usize = 10_000;

/// The inside of an object that holds sockets.
pub struct Room {
    pub(super) state: State,
    pub(super) env: Env,
    /// The side whose sockets these are.
    pub(super) side: SenderType,
    /// What each socket has sent since the object woke.
    pub(super) meters: RefCell<sorted::Map<String, Meter>>,
    /// Messages that are about to be put into the outbox.
    pub(super) accepting: RefCell<Accepting>,
    /// How the outbox is being emptied.
    pub(super) sending: RefCell<Sending>,
    /// Since when marks are on their way.
    pub(super) marking: Cell<Option<Timestamp>>,
    /// Conversations that a socket is being sent the past of: live messages wait.
    pub(super) held: RefCell<sorted::Set<(String, i64)>>,
    /// Who is to be sent the queue.
    pub(super) queue_wanted: RefCell<QueueWanted>,
    /// When sockets' tokens are to be looked after.
    pub(super) life: Life,
    /// When the alarm is set to ring.
    pub(super) armed: Cell<Option<Timestamp>>,
    /// Sockets that are being sent what they missed.
    pub(super) resuming: RefCell<sorted::Set<String>>,
    me: Weak<Self>,
    store: Option<Store>,
}

impl Room {
    /// The object as it wakes.
    pub fn new(state: State, env: Env, side: SenderType) -> Rc<Self> {
        // Heartbeats are answered while the object sleeps.
        match WebSocketRequestResponsePair::new(PING, PONG) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => log::error("", &format!("no automatic heartbeat: {error:?}")),
        }
        if env.var("TRACE_ROOMS").is_ok() {
            log::info("", &format!("{} wakes", state.id().name().unwrap_or_default()));
        }
        let store = Store::open(state.storage().sql());
        let store = store.and_then(|store| remote::open(&state, &env).map(|()| store));
        let store = store.inspect_err(|error| log::error("", &format!("no tables: {error}"))).ok();
        Rc::new_cyclic(|me| Self {
            state,
            env,
            side,
            meters: RefCell::default(),
            accepting: RefCell::default(),
            sending: RefCell::default(),
            marking: Cell::default(),
            held: RefCell::default(),
            queue_wanted: RefCell::default(),
            life: Life::default(),
            armed: Cell::default(),
            resuming: RefCell::default(),
            me: me.clone(),
            store,
        })
    }

    /// The room itself, for work that goes on when what gave rise to it is answered.
    pub(super) fn me(&self) -> Option<Rc<Self>> {
        self.me.upgrade()
    }

    /// Does what the worker asks.
    pub async fn answer(self: &Rc<Self>, mut request: Request) -> Result<Response> {
        let path = request.path();
        if path == CONNECT_PATH {
            let owner = request.headers().get(SOCKET_OWNER_HEADER)?;
            let owner = owner
                .as_deref()
                .and_then(SocketOwner::from_header)
                .ok_or("a socket without an owner")?;
            let response = self.connect(owner)?;
            self.arm().await;
            return Ok(response);
        }
        match RoomCall::parse(&path, &request.text().await?) {
            Some(Ok(RoomCall::Tell(news))) => self.hear(news).await?,
            Some(Ok(RoomCall::Deliver(deliveries))) => self.deliver(&deliveries)?,
            Some(Ok(RoomCall::EndSession(ended))) => self.end_session(&ended)?,
            Some(Ok(RoomCall::Pass(passing))) => self.pass_on(&passing),
            Some(Ok(RoomCall::Subscribe(subscription))) => {
                let response = self.subscribe(subscription)?;
                self.arm().await;
                return Ok(response);
            }
            Some(Ok(RoomCall::Unsubscribe(socket_id))) => self.unsubscribe(&socket_id).await?,
            Some(Ok(RoomCall::ClientFrames(sent))) => return self.client_frames(sent),
            Some(Err(error)) => return Err(error.into()),
            None => return Response::error("no such call", 404),
        }
        Response::empty()
    }

    /// A socket is gone.
    pub async fn closed(&self, socket: &WebSocket, code: usize) {
        self.forget_one(socket);
        sockets::finish(socket, code);
        self.note_gone().await;
    }

    /// A socket's connection was lost.
    pub async fn broken(&self, socket: &WebSocket, error: &Error) {
        self.forget_one(socket);
        log::warn("", &format!("a socket was lost: {error}"));
        self.note_gone().await;
    }

    /// Says on a session's sockets why it has ended, and closes them.
    pub(super) fn close_session(&self, session: &SessionHash, code: ErrorCode) {
        for socket in sockets::of_session(&self.state, session) {
            socket.end(code, ServerEvent::SessionInvalidated);
        }
    }

    /// What must not be lost.
    pub(super) fn store(&self) -> Result<&Store> {
        self.store.as_ref().ok_or_else(|| Error::from("the room has no tables"))
    }

    fn connect(&self, owner: SocketOwner) -> Result<Response> {
        let now = clock::now();
        if let Some(code) = self.full_or_ended(&owner)? {
            return refuse(code);
        }
        let pair = WebSocketPair::new()?;
        let socket = Socket::accept(&self.state, pair.server, owner, now)?;
        self.greet(&socket, now);
        Response::from_websocket(pair.client)
    }

    /// Why a socket cannot come in. The origin has just called its session live, but what ended since may
    /// have been told here first.
    pub(super) fn full_or_ended(&self, owner: &SocketOwner) -> Result<Option<ErrorCode>> {
        if let Some(code) = self.store()?.end_of(&SessionHash::of(&owner.session_token))? {
            return Ok(Some(code));
        }
        if sockets::count(&self.state)? >= MAX_ROOM_SOCKETS {
            return Ok(Some(ErrorCode::TooManySockets));
        }
        self.make_room_for(owner.user_id);
        Ok(None)
    }

    /// Says to a client that its socket is in the room.
    pub(super) fn greet(&self, socket: &Socket, now: Timestamp) {
        self.life.changed();
        let connected = Connected {
            user_id: socket.owner.user_id,
            is_admin: socket.owner.user_type == UserType::Admin,
            socket_id: socket.owner.socket_id.clone(),
            server_time: now,
        };
        socket.send(&ServerEvent::ConnectionEstablished(connected.clone()));
        socket.send(&ServerEvent::Connected(connected));
        if self.side == SenderType::Admin {
            self.queue_wanted.borrow_mut().wanted_by(&socket.owner.socket_id, now);
        }
    }

    /// Closes a person's oldest sockets, so that one more is not too many.
    fn make_room_for(&self, user_id: i64) {
        let mut open = sockets::of_user(&self.state, user_id);
        open.sort_unstable_by_key(|socket| socket.opened_at);
        let too_many = (open.len() + 1).saturating_sub(MAX_USER_SOCKETS);
        for socket in open.iter().take(too_many) {
            socket.end(ErrorCode::TooManySockets, ServerEvent::Error);
        }
    }

    /// Sends events to the sockets that they are for, each event once.
    fn deliver(&self, deliveries: &[Delivery]) -> Result<()> {
        let (store, open) = (self.store()?, sockets::all(&self.state));
        for delivery in deliveries {
            // What is sent waits for what is written: an event that is lost is not remembered as delivered.
            if !store.deliver_once(delivery.event_id, delivery.occurred_at)? {
                continue;
            }
            for socket in open.iter().filter(|socket| is_for(delivery, &socket.owner)) {
                socket.send_text(&delivery.frame);
            }
        }
        Ok(())
    }

    fn pass_on(&self, passing: &Passing) {
        let Some(user_ids) = &passing.to_user_ids else {
            Crowd::all(&self.state).send(&passing.frame);
            return;
        };
        for user_id in user_ids {
            Crowd::of_user(&self.state, *user_id).send(&passing.frame);
        }
    }

    /// Remembers first: a socket that comes between must find it.
    fn end_session(&self, ended: &SessionEnded) -> Result<()> {
        self.store()?.remember_end(ended, clock::now())?;
        self.close_session(&ended.session, ended.code);
        Ok(())
    }

    fn forget_one(&self, socket: &WebSocket) {
        if let Some(id) = sockets::id_of(socket) {
            self.forget(&id);
        }
    }

    /// Forgets what is known of a socket.
    pub(super) fn forget(&self, socket_id: &str) {
        self.meters.borrow_mut().remove(socket_id);
        self.resuming.borrow_mut().remove(socket_id);
        self.held.borrow_mut().retain(|(held, _)| held != socket_id);
    }
}

fn is_for(delivery: &Delivery, owner: &SocketOwner) -> bool {
    let is_meant =
        delivery.to_user_ids.as_ref().is_none_or(|user_ids| user_ids.contains(&owner.user_id));
    is_meant
        && delivery
            .except_session
            .as_ref()
            .is_none_or(|session| *session != SessionHash::of(&owner.session_token))
}

/// The worker says it to the client, in the envelope.
pub(super) fn refuse(code: ErrorCode) -> Result<Response> {
    Response::from_json(&code).map(|response| response.with_status(code.status()))
}
