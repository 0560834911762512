//! Subscribers: sockets that live in gateways, as their room sees them. What they are sent waits in the
//! room's SQLite until their gateway has it.

mod queue;

use std::{rc::Rc, time::Duration};

use shared::{
    chat::{event::ServerEvent, gateway::ClientFrames, room::SocketOwner},
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
        user_id TEXT NOT NULL,
        session_hash TEXT NOT NULL,
        owner TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
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

/// A room's hold on sockets in gateways.
pub struct Subscriber(State);

impl Clone for Subscriber {
    fn clone(&self) -> Self {
        Self(same(&self.0))
    }
}

impl Subscriber {
    /// Has a frame sent, unless the reader is too slow.
    pub fn send(&self, socket_id: &str, frame: &str) {
        self.or_log(self.try_send(socket_id, frame));
    }

    fn try_send(&self, socket_id: &str, frame: &str) -> Result<()> {
        let length = i64::try_from(frame.len()).unwrap_or(i64::MAX);
        let room =
            "UPDATE subscriber SET waiting = waiting + ? WHERE socket_id = ? AND waiting <= ?";
        let values = vec![length.into(), socket_id.into(), i64::from(MAX_BUFFERED).into()];
        if run(&self.0, room, values)? == 0 {
            return self.try_end(socket_id, ErrorCode::SlowConsumer, "");
        }
        queue::push(&self.0, socket_id, frame, None)
    }

    /// Has an event sent and the socket closed.
    pub fn end(&self, socket_id: &str, code: ErrorCode, event: &ServerEvent) {
        let frame = serde_json::to_string(event).unwrap_or_default();
        self.or_log(self.try_end(socket_id, code, &frame));
    }

    fn try_end(&self, socket_id: &str, code: ErrorCode, frame: &str) -> Result<()> {
        // It ends once, and is none of the room's any more, whenever its gateway hears of it.
        if run(&self.0, "DELETE FROM subscriber WHERE socket_id = ?", vec![socket_id.into()])? == 0
        {
            return Ok(());
        }
        if code == ErrorCode::SlowConsumer {
            let waiting = "DELETE FROM remote_frame WHERE socket_id = ?";
            run(&self.0, waiting, vec![socket_id.into()])?;
        }
        queue::push(&self.0, socket_id, frame, Some(code))
    }

    /// How many bytes wait for the gateway to take them.
    pub fn buffered(&self, socket_id: &str) -> u32 {
        let query = "SELECT waiting FROM subscriber WHERE socket_id = ?";
        let rows = self.or_log(rows(&self.0, query, vec![socket_id.into()]));
        let waiting = rows.and_then(|rows| rows.first().map(|row| row.number(0)));
        u32::try_from(waiting.unwrap_or_default()).unwrap_or_default()
    }

    /// Whether it is open, as far as the room knows.
    pub fn is_open(&self, socket_id: &str) -> bool {
        find(&self.0, socket_id).is_some()
    }

    /// Keeps in mind that its client has been told that its token ends.
    pub fn warned(&self, socket_id: &str) -> Result<()> {
        let statement = "UPDATE subscriber SET is_warned = 1 WHERE socket_id = ?";
        run(&self.0, statement, vec![socket_id.into()]).map(drop)
    }

    /// Gives the socket the end of a newer token.
    pub fn renew(&self, socket_id: &str, expires_at: Timestamp) -> Result<Option<Timestamp>> {
        let Some(mut socket) =
            select(&self.0, "WHERE socket_id = ?", vec![socket_id.into()])?.pop()
        else {
            return Ok(None);
        };
        if expires_at > socket.owner.token_expires_at {
            socket.owner.token_expires_at = expires_at;
            let statement = "UPDATE subscriber SET owner = ?, is_warned = 0 WHERE socket_id = ?";
            let owner = serde_json::to_string(&socket.owner)?;
            run(&self.0, statement, vec![owner.into(), socket_id.into()])?;
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
    let rows = rows(state, "SELECT count(*) FROM subscriber", Vec::new())?;
    Ok(rows.first().map_or(0, |row| usize::try_from(row.number(0)).unwrap_or_default()))
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
    let query = ["SELECT owner, opened_at, is_warned FROM subscriber ", which].concat();
    let rows = rows(state, &query, values)?;
    let mut sockets = Vec::with_capacity(rows.len());
    for mut row in rows {
        let owner: SocketOwner = serde_json::from_slice(row.text(0).as_bytes())?;
        let opened_at = Timestamp::from_millis(row.number(1)).unwrap_or(Timestamp::EPOCH);
        sockets.push(Socket::at_gateway(
            Subscriber(same(state)),
            owner,
            opened_at,
            row.number(2) != 0,
        ));
    }
    Ok(sockets)
}

/// Removes a subscriber, and what waits for it.
fn forget(state: &State, socket_id: &str) -> Result<()> {
    run(state, "DELETE FROM subscriber WHERE socket_id = ?", vec![socket_id.into()])?;
    run(state, "DELETE FROM remote_frame WHERE socket_id = ?", vec![socket_id.into()]).map(drop)
}

impl Room {
    /// Lets a socket in that lives in a gateway; asking twice does no more than asking once.
    pub(super) fn subscribe(&self, owner: SocketOwner) -> Result<Response> {
        if find(&self.state, &owner.socket_id).is_some() {
            return Response::empty();
        }
        if let Some(code) = self.full_or_ended(&owner)? {
            return super::room::refuse(code);
        }
        let now = clock::now();
        run(
            &self.state,
            "INSERT INTO subscriber (socket_id, user_id, session_hash, owner, opened_at) VALUES (?, ?, ?, ?, ?)",
            vec![
                owner.socket_id.as_str().into(),
                owner.user_id.to_string().into(),
                SessionHash::of(&owner.session_token).as_str().into(),
                serde_json::to_string(&owner)?.into(),
                now.as_millis().into(),
            ],
        )?;
        self.greet(&Socket::at_gateway(Subscriber(same(&self.state)), owner, now, false), now);
        Response::empty()
    }

    /// A gateway has lost a socket, or ended it as it was told to.
    pub(super) async fn unsubscribe(&self, socket_id: &str) -> Result<()> {
        forget(&self.state, socket_id)?;
        self.forget(socket_id);
        self.note_gone().await;
        Ok(())
    }

    /// Reads what a client has sent, each frame begun in its turn and none waiting for the one before it
    /// to end; 410 where the room does not know the socket.
    pub(super) fn client_frames(
        self: &Rc<Self>,
        ClientFrames(socket_id, frames): ClientFrames,
    ) -> Result<Response> {
        if find(&self.state, &socket_id).is_none() {
            // Where its end is on the way, that says why.
            return if queue::has(&self.state, &socket_id)? {
                Response::empty()
            } else {
                Response::error("no such subscriber", 410)
            };
        }
        for frame in frames {
            let (room, socket_id) = (Rc::clone(self), socket_id.clone());
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
    pub(super) fn remote_due(&self, now: Timestamp) -> Option<Timestamp> {
        // What is overdue is on its way.
        queue::due(&self.state).map(|due| due.max(now.plus(RETRY_AFTER)))
    }

    /// Sends what waits for gateways.
    pub(super) fn run_remote(&self) {
        queue::send_all(&self.state);
    }
}
