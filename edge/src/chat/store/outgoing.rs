//! Messages that are accepted and not yet known to be stored.

use serde_json::value::RawValue;
use shared::{internal::SocketMessage, session::SessionHash};
use worker::{Result, SqlStorageValue};

use super::{Row, Store};

/// Messages that one conversation may have waiting here.
const MAX_WAITING: i64 = 1_000;
/// Messages that one person may have waiting here: conversations are named by clients.
const MAX_WAITING_OF_ONE: i64 = 3_000;

/// A message that waits.
pub struct Outgoing {
    /// Its place in the line.
    pub position: i64,
    /// Who sent it.
    pub user_id: i64,
    /// The session that it was sent under.
    pub session: SessionHash,
    /// The socket that it was last sent on.
    pub socket_id: String,
    /// The conversation.
    pub conversation: i64,
    /// The sender's own id of it.
    pub temp_message_id: String,
    /// What the origin is to store: a [`SocketMessage`].
    pub message: Box<RawValue>,
}

/// What became of a message that was to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits, since now or since it was sent before.
    Waits,
    /// Another message waits under its id.
    Differs,
    /// Too many wait.
    Full,
}

impl Store {
    /// Puts a message at the end of the line; the same message again changes nothing.
    pub fn enqueue(
        &self,
        user_id: i64,
        session: &SessionHash,
        socket_id: &str,
        sent: &SocketMessage,
    ) -> Result<Enqueued> {
        let temp_message_id = sent.message.temp_message_id.as_deref().unwrap_or_default();
        let name: [SqlStorageValue; 3] = [
            sent.customer_service_session_id.into(),
            SqlStorageValue::try_from_i64(user_id)?,
            temp_message_id.into(),
        ];
        let mut values = name.to_vec();
        let message = serde_json::to_string(sent)?;
        values.extend([session.as_str().into(), socket_id.into(), message.into()]);
        values.extend([MAX_WAITING.into(), MAX_WAITING_OF_ONE.into()]);
        // One statement for what nearly always is: each costs as much as the row.
        let added = self.first(
            "INSERT INTO outgoing (conversation, user_id, temp_message_id, session_hash, socket_id, message)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6
             WHERE (SELECT count(*) FROM outgoing WHERE conversation = ?1) < ?7
               AND (SELECT count(*) FROM outgoing WHERE user_id = ?2) < ?8
             ON CONFLICT DO NOTHING RETURNING position",
            values,
        )?;
        if added.is_some() {
            self.forget_failure(user_id, temp_message_id)?;
            return Ok(Enqueued::Waits);
        }
        let query = "SELECT message FROM outgoing
                     WHERE conversation = ? AND user_id = ? AND temp_message_id = ?";
        let Some(mut waiting) = self.first(query, name.to_vec())? else {
            return Ok(Enqueued::Full);
        };
        // Who sent it and when is another; what is to be written must be the same.
        let written = serde_json::to_string(&sent.message)?;
        let is_same = waiting.text(0).contains(&["\"message\":", &written, ","].concat());
        if !is_same {
            return Ok(Enqueued::Differs);
        }
        let mut values = vec![session.as_str().into(), socket_id.into()];
        values.extend(name);
        self.run(
            "UPDATE outgoing SET session_hash = ?, socket_id = ?
             WHERE conversation = ? AND user_id = ? AND temp_message_id = ?",
            values,
        )?;
        Ok(Enqueued::Waits)
    }

    /// The messages that are first in line, at most `limit`, but none of these conversations.
    pub fn next_outgoing(&self, limit: usize, but: &[i64]) -> Result<Vec<Outgoing>> {
        // Numbers of our own: there is nothing to escape.
        let but = but.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let query = format!(
            "SELECT position, user_id, conversation, temp_message_id, session_hash, socket_id,
                    message
             FROM outgoing
             WHERE conversation NOT IN ({but}) ORDER BY position LIMIT {limit}"
        );
        let read = |mut row: Row| {
            Some(Outgoing {
                position: row.number(0),
                user_id: row.number(1),
                conversation: row.number(2),
                temp_message_id: row.text(3),
                session: row.text(4).try_into().ok()?,
                socket_id: row.text(5),
                // What was written is JSON of our own.
                message: RawValue::from_string(row.text(6)).ok()?,
            })
        };
        Ok(self.rows(&query, Vec::new())?.into_iter().filter_map(read).collect())
    }

    /// Whether messages wait.
    pub fn has_outgoing(&self) -> Result<bool> {
        let query = "SELECT 1 AS waits FROM outgoing LIMIT 1";
        Ok(self.first(query, Vec::new())?.is_some())
    }

    /// Removes a message that the origin has, or will never have; whether it was still here.
    pub fn dequeue(&self, position: i64) -> Result<bool> {
        Ok(self.run("DELETE FROM outgoing WHERE position = ?", vec![position.into()])? > 0)
    }

    /// The session that a waiting message was sent under, whose sockets are now told that it is stored.
    pub fn tell_outgoing(
        &self,
        conversation: i64,
        user_id: i64,
        temp_message_id: &str,
    ) -> Result<Option<SessionHash>> {
        let row = self.first(
            "UPDATE outgoing SET is_told = 1
             WHERE conversation = ? AND user_id = ? AND temp_message_id = ? RETURNING session_hash",
            vec![conversation.into(), user_id.into(), temp_message_id.into()],
        )?;
        Ok(row.and_then(|mut row| row.text(0).try_into().ok()))
    }

    /// Notes that a waiting message that was sent on this socket was among what it is sent.
    pub fn replayed(
        &self,
        conversation: i64,
        socket_id: &str,
        temp_message_id: &str,
    ) -> Result<()> {
        self.run(
            "UPDATE outgoing SET is_told = 1
             WHERE conversation = ? AND socket_id = ? AND temp_message_id = ?",
            vec![conversation.into(), socket_id.into(), temp_message_id.into()],
        )?;
        Ok(())
    }

    /// Whether the sender of a waiting message has been told that it is stored.
    pub fn is_told(&self, position: i64) -> Result<bool> {
        let query = "SELECT is_told FROM outgoing WHERE position = ?";
        let row = self.first(query, vec![position.into()])?;
        // What is gone was seen to by someone else.
        Ok(row.is_none_or(|row| row.number(0) != 0))
    }
}
