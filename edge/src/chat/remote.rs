//! Subscribers: sockets that live in gateways, as their room sees them. What they are sent waits in the
//! room's SQLite until their gateway has it.

mod queue;

use std::{rc::Rc, time::Duration};

use serde::Deserialize;
use shared::{
    chat::{
        event::ServerEvent,
        gateway::{ClientFrames, Subscription},
        room::SocketOwner,
    },
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
};
use worker::{Env, Response, Result, SqlStorageValue, State, WebSocketIncomingMessage};

use super::{
    room::Room,
    sockets::{MAX_BUFFERED, Socket},
    tables::{rows, run, same},
};
use crate::{clock, log};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS subscriber (
        socket_id TEXT PRIMARY KEY,
        gateway INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        session_hash TEXT NOT NULL,
        owner TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        is_warned INTEGER NOT NULL DEFAULT 0,
        waiting INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS subscriber_user ON subscriber (user_id);
    CREATE INDEX IF NOT EXISTS subscriber_session ON subscriber (session_hash);
    CREATE TABLE IF NOT EXISTS remote_frame (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        gateway INTEGER NOT NULL,
        socket_id TEXT NOT NULL,
        frame TEXT NOT NULL,
        closing TEXT,
        due INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS remote_frame_gateway ON remote_frame (gateway, number);
    CREATE INDEX IF NOT EXISTS remote_frame_socket ON remote_frame (socket_id);
";

/// How long a gateway that did not take frames is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Makes the tables, if they are not there, and notes how gateways are reached.
pub fn open(state: &State, env: &Env) -> Result<()> {
    queue::reach_gateways_by(env);
    state.storage().sql().exec(TABLES, None).map(drop)
}

/// A room's hold on a socket in a gateway.
pub struct Subscriber {
    state: State,
    gateway: u32,
}

impl Subscriber {
    fn of(state: &State, gateway: u32) -> Self {
        Self { state: same(state), gateway }
    }

    /// Has a frame sent, unless the reader is too slow.
    pub fn send(&self, socket_id: &str, frame: &str) {
        self.or_log(self.try_send(socket_id, frame));
    }

    fn try_send(&self, socket_id: &str, frame: &str) -> Result<()> {
        let length = i64::try_from(frame.len()).unwrap_or(i64::MAX);
        let room =
            "UPDATE subscriber SET waiting = waiting + ? WHERE socket_id = ? AND waiting <= ?";
        let values = vec![length.into(), socket_id.into(), i64::from(MAX_BUFFERED).into()];
        if run(&self.state, room, values)? == 0 {
            return self.try_end(socket_id, ErrorCode::SlowConsumer, "");
        }
        queue::push(&self.state, self.gateway, socket_id, frame, None)
    }

    /// Has an event sent and the socket closed.
    pub fn end(&self, socket_id: &str, code: ErrorCode, event: &ServerEvent) {
        let frame = serde_json::to_string(event).unwrap_or_default();
        self.or_log(self.try_end(socket_id, code, &frame));
    }

    fn try_end(&self, socket_id: &str, code: ErrorCode, frame: &str) -> Result<()> {
        // It ends once, and is none of the room's any more, whenever its gateway hears of it.
        if run(&self.state, "DELETE FROM subscriber WHERE socket_id = ?", vec![socket_id.into()])?
            == 0
        {
            return Ok(());
        }
        if code == ErrorCode::SlowConsumer {
            let waiting = "DELETE FROM remote_frame WHERE socket_id = ?";
            run(&self.state, waiting, vec![socket_id.into()])?;
        }
        queue::push(&self.state, self.gateway, socket_id, frame, Some(code))
    }

    /// How many bytes wait for the gateway to take them.
    pub fn buffered(&self, socket_id: &str) -> u32 {
        #[derive(Deserialize)]
        struct Row {
            waiting: u32,
        }
        let query = "SELECT max(waiting, 0) AS waiting FROM subscriber WHERE socket_id = ?";
        let rows: Option<Vec<Row>> = self.or_log(rows(&self.state, query, vec![socket_id.into()]));
        rows.and_then(|rows| rows.first().map(|row| row.waiting)).unwrap_or_default()
    }

    /// Whether it is open, as far as the room knows.
    pub fn is_open(&self, socket_id: &str) -> bool {
        find(&self.state, socket_id).is_some()
    }

    /// Keeps in mind that its client has been told that its token ends.
    pub fn warned(&self, socket_id: &str) -> Result<()> {
        let statement = "UPDATE subscriber SET is_warned = 1 WHERE socket_id = ?";
        run(&self.state, statement, vec![socket_id.into()]).map(drop)
    }

    /// Gives the socket the end of a newer token.
    pub fn renew(&self, socket_id: &str, expires_at: Timestamp) -> Result<Option<Timestamp>> {
        let Some(mut socket) =
            select(&self.state, "WHERE socket_id = ?", vec![socket_id.into()])?.pop()
        else {
            return Ok(None);
        };
        if expires_at > socket.owner.token_expires_at {
            socket.owner.token_expires_at = expires_at;
            let statement = "UPDATE subscriber SET owner = ?, is_warned = 0 WHERE socket_id = ?";
            let owner = serde_json::to_string(&socket.owner)?;
            run(&self.state, statement, vec![owner.into(), socket_id.into()])?;
        }
        Ok(Some(socket.owner.token_expires_at))
    }

    #[expect(clippy::unused_self, reason = "it is about this subscriber")]
    fn or_log<T>(&self, done: Result<T>) -> Option<T> {
        done.inspect_err(|error| log::error("", &format!("a subscriber: {error}"))).ok()
    }
}

/// Every subscriber of the room.
pub fn all(state: &State) -> Vec<Socket> {
    found(select(state, "", Vec::new()))
}

/// How many there are.
pub fn count(state: &State) -> Result<usize> {
    #[derive(Deserialize)]
    struct Row {
        n: usize,
    }
    let rows: Vec<Row> = rows(state, "SELECT count(*) AS n FROM subscriber", Vec::new())?;
    Ok(rows.first().map_or(0, |row| row.n))
}

/// The subscribers of one person.
pub fn of_user(state: &State, user_id: i64) -> Vec<Socket> {
    found(select(state, "WHERE user_id = ?", vec![user_id.to_string().into()]))
}

/// The subscribers of one session.
pub fn of_session(state: &State, session: &SessionHash) -> Vec<Socket> {
    found(select(state, "WHERE session_hash = ?", vec![session.as_str().into()]))
}

/// The subscriber of this name.
fn find(state: &State, socket_id: &str) -> Option<Socket> {
    found(select(state, "WHERE socket_id = ?", vec![socket_id.into()])).pop()
}

fn found(selected: Result<Vec<Socket>>) -> Vec<Socket> {
    selected.unwrap_or_else(|error| {
        log::error("", &format!("no subscribers: {error}"));
        Vec::new()
    })
}

fn select(state: &State, which: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Socket>> {
    #[derive(Deserialize)]
    struct Row {
        gateway: u32,
        owner: String,
        opened_at: String,
        is_warned: i32,
    }
    let query = ["SELECT gateway, owner, opened_at, is_warned FROM subscriber ", which].concat();
    let rows: Vec<Row> = rows(state, &query, values)?;
    let mut sockets = Vec::with_capacity(rows.len());
    for row in rows {
        let owner: SocketOwner = serde_json::from_str(&row.owner)?;
        let opened_at = serde_json::from_str(&row.opened_at)?;
        let subscriber = Subscriber::of(state, row.gateway);
        sockets.push(Socket::at_gateway(subscriber, owner, opened_at, row.is_warned != 0));
    }
    Ok(sockets)
}

impl Room {
    /// Lets a socket in that lives in a gateway; asking twice does no more than asking once.
    pub(super) fn subscribe(&self, subscription: Subscription) -> Result<Response> {
        let Subscription { gateway, owner } = subscription;
        if find(&self.state, &owner.socket_id).is_some() {
            return Response::empty();
        }
        if let Some(code) = self.full_or_ended(&owner)? {
            return super::room::refuse(code);
        }
        let now = clock::now();
        run(
            &self.state,
            "INSERT INTO subscriber (socket_id, gateway, user_id, session_hash, owner, opened_at) VALUES (?, ?, ?, ?, ?, ?)",
            vec![
                owner.socket_id.as_str().into(),
                i64::from(gateway).into(),
                owner.user_id.to_string().into(),
                SessionHash::of(&owner.session_token).as_str().into(),
                serde_json::to_string(&owner)?.into(),
                serde_json::to_string(&now)?.into(),
            ],
        )?;
        let subscriber = Subscriber::of(&self.state, gateway);
        self.greet(&Socket::at_gateway(subscriber, owner, now, false), now);
        Response::empty()
    }

    /// A gateway has lost a socket, or ended it as it was told to.
    pub(super) async fn unsubscribe(&self, socket_id: &str) -> Result<()> {
        for table in ["subscriber", "remote_frame"] {
            let statement = ["DELETE FROM ", table, " WHERE socket_id = ?"].concat();
            run(&self.state, &statement, vec![socket_id.into()])?;
        }
        self.forget(socket_id);
        self.note_gone().await;
        Ok(())
    }

    /// Reads what a client has sent, each frame begun in its turn and none waiting for the one before it
    /// to end; 410 where the room does not know the socket.
    pub(super) fn client_frames(self: &Rc<Self>, sent: ClientFrames) -> Result<Response> {
        if find(&self.state, &sent.socket_id).is_none() {
            // Where its end is on the way, that says why.
            return if queue::has(&self.state, &sent.socket_id)? {
                Response::empty()
            } else {
                Response::error("no such subscriber", 410)
            };
        }
        for frame in sent.frames {
            let (room, socket_id) = (Rc::clone(self), sent.socket_id.clone());
            self.state.wait_until(async move {
                // As it is by then: the frame before may have ended it.
                if let Some(socket) = find(&room.state, &socket_id) {
                    room.read_from(&socket, WebSocketIncomingMessage::String(frame)).await;
                }
            });
        }
        Response::empty()
    }

    /// When frames are to be sent to gateways again.
    pub(super) fn remote_due(&self) -> Option<Timestamp> {
        queue::due(&self.state)
    }

    /// Sends what waits for gateways.
    pub(super) fn run_remote(&self) {
        queue::send_all(&self.state);
    }
}
