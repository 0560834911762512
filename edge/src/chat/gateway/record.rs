//! Who is at a gateway, in its SQLite: a row a socket, from its coming until its room knows that it has
//! gone.

use std::time::Duration;

use shared::{chat::room::Room, time::Timestamp};
use worker::{Result, State};

use crate::{
    chat::tables::{rows, run},
    clock,
};

/// `room` once it is known, `is_in` once the room has let it in, `has_left` until the room knows;
/// `due` where something is to be done about it then.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS member (
        socket_id TEXT PRIMARY KEY,
        room TEXT,
        is_in INTEGER NOT NULL DEFAULT 0,
        has_left INTEGER NOT NULL DEFAULT 0,
        due INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS member_due ON member (due) WHERE due IS NOT NULL;
    CREATE INDEX IF NOT EXISTS member_newcomer ON member (socket_id) WHERE room IS NULL;
";

/// How many are seen to at once.
const BATCH: i64 = 100;
/// How long an answer to a token may take, and how long a room that was not reached is left alone.
const PATIENCE: Duration = Duration::from_secs(30);
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Something that is to be done.
pub enum Due {
    /// The socket has not said whose it is.
    Silent(String),
    /// The socket has left, and the room is to be told.
    Left(String, Room),
}

/// Makes the table, if it is not there.
pub fn open(state: &State) -> Result<()> {
    state.storage().sql().exec(TABLES, None).map(drop)
}

/// How many have yet to be let into a room.
pub fn newcomers(state: &State) -> Result<i64> {
    count(state, "SELECT count(*) FROM member WHERE room IS NULL")
}

fn count(state: &State, query: &str) -> Result<i64> {
    Ok(rows(state, query, Vec::new())?.first().map_or(0, |row| row.number(0)))
}

/// Someone is here from whom something must have come by `due`: a token, or that it was let in.
pub fn wait(state: &State, socket_id: &str, due: Timestamp) -> Result<()> {
    let statement = "INSERT INTO member (socket_id, due) VALUES (?, ?)
        ON CONFLICT (socket_id) DO UPDATE SET due = excluded.due";
    run(state, statement, vec![socket_id.into(), due.as_millis().into()]).map(drop)
}

/// Its token has come, and is looked at.
pub fn token_came(state: &State, socket_id: &str) -> Result<()> {
    wait(state, socket_id, clock::now().plus(PATIENCE))
}

/// It is to be let into a room; `false` where it has left meanwhile.
pub fn joins(state: &State, socket_id: &str, room: Room) -> Result<bool> {
    let statement = "UPDATE member SET room = ?, due = NULL WHERE socket_id = ? AND has_left = 0";
    Ok(run(state, statement, vec![room.name().into(), socket_id.into()])? > 0)
}

/// The room has let it in; `false` where it has left meanwhile.
pub fn is_in(state: &State, socket_id: &str) -> Result<bool> {
    run(state, "UPDATE member SET is_in = 1 WHERE socket_id = ?", vec![socket_id.into()])?;
    let query = "SELECT 1 FROM member WHERE socket_id = ? AND has_left = 0";
    Ok(!rows(state, query, vec![socket_id.into()])?.is_empty())
}

/// The socket has left: the room that can be told of it now. While a room is asked to let it in, whoever
/// asks tells it then; the alarm does, should that fail.
pub fn leave(state: &State, socket_id: &str, now: Timestamp) -> Result<Option<Room>> {
    let query = "SELECT room, is_in FROM member WHERE socket_id = ? AND has_left = 0";
    let mut rows = rows(state, query, vec![socket_id.into()])?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let Some(room) = Room::named(&row.text(0)) else {
        forget(state, socket_id)?;
        return Ok(None);
    };
    let is_in = row.number(1) != 0;
    let wait = if is_in { Duration::ZERO } else { PATIENCE };
    let statement = "UPDATE member SET has_left = 1, due = ? WHERE socket_id = ?";
    run(state, statement, vec![now.plus(wait).as_millis().into(), socket_id.into()])?;
    Ok(is_in.then_some(room))
}

/// The room could not be told that it has left.
pub fn tell_later(state: &State, socket_id: &str) -> Result<()> {
    let due = clock::now().plus(RETRY_AFTER).as_millis();
    let statement = "UPDATE member SET due = ? WHERE socket_id = ?";
    run(state, statement, vec![due.into(), socket_id.into()]).map(drop)
}

/// Everyone knows that it has gone.
pub fn forget(state: &State, socket_id: &str) -> Result<()> {
    run(state, "DELETE FROM member WHERE socket_id = ?", vec![socket_id.into()]).map(drop)
}

/// What is due.
pub fn due(state: &State, now: Timestamp) -> Result<Vec<Due>> {
    let query = "SELECT socket_id, room FROM member WHERE due <= ? ORDER BY due LIMIT ?";
    let rows = rows(state, query, vec![now.as_millis().into(), BATCH.into()])?;
    let due = rows.into_iter().map(|mut row| match Room::named(&row.text(1)) {
        None => Due::Silent(row.text(0)),
        Some(room) => Due::Left(row.text(0), room),
    });
    Ok(due.collect())
}

/// When something is due next, at the latest after `at_least` while anyone is here.
pub fn next_due(state: &State, at_least: Duration) -> Result<Option<Timestamp>> {
    // Two small questions in one: whether anyone is here, and what the index on `due` has first.
    let query = "SELECT (SELECT min(due) FROM member WHERE due IS NOT NULL)
        FROM (SELECT 1 FROM member LIMIT 1)";
    let rows = rows(state, query, Vec::new())?;
    let look = clock::now().plus(at_least);
    Ok(rows.first().map(|row| match Timestamp::from_millis(row.number(0)) {
        Some(due) if !row.is_null(0) => due.min(look),
        _ => look,
    }))
}

/// Those who are not here any more and have not left. While as many sockets are here as should be,
/// nobody is looked for.
pub fn lost(state: &State, is_here: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let expected = count(state, "SELECT count(*) FROM member WHERE has_left = 0")?;
    if usize::try_from(expected).is_ok_and(|expected| expected <= state.get_websockets().len()) {
        return Ok(Vec::new());
    }
    let rows = rows(state, "SELECT socket_id FROM member WHERE has_left = 0", Vec::new())?;
    Ok(rows.into_iter().map(|mut row| row.text(0)).filter(|id| !is_here(id)).collect())
}
