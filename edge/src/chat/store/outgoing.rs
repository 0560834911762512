//! Messages that are accepted and not yet known to be stored.

use serde::Deserialize;
use shared::{internal::SocketMessage, session::SessionHash};
use worker::{Result, SqlStorageValue};

use super::Store;

/// Messages that one conversation may have waiting here.
const MAX_WAITING: i64 = 1_000;

/// A message that waits.
pub struct Outgoing {
    /// Its place in the line.
    pub position: i64,
    /// Who sent it.
    pub user_id: i64,
    /// The session that it was sent under.
    pub session: SessionHash,
    /// What the origin is to store.
    pub message: SocketMessage,
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

#[derive(Deserialize)]
struct Row {
    position: i64,
    user_id: i64,
    session_hash: SessionHash,
    message: String,
}

impl Store {
    /// Puts a message at the end of the line; the same message again changes nothing.
    pub fn enqueue(
        &self,
        user_id: i64,
        session: &SessionHash,
        sent: &SocketMessage,
    ) -> Result<Enqueued> {
        #[derive(Deserialize)]
        struct Waiting {
            message: String,
        }
        #[derive(Deserialize)]
        struct Count {
            waiting: i64,
        }
        let temp_message_id = sent.message.temp_message_id.as_deref().unwrap_or_default();
        let name: [SqlStorageValue; 3] = [
            sent.customer_service_session_id.into(),
            SqlStorageValue::try_from_i64(user_id)?,
            temp_message_id.into(),
        ];
        let query = "SELECT message FROM outgoing
                     WHERE conversation = ? AND user_id = ? AND temp_message_id = ?";
        if let Some(waiting) = self.first::<Waiting>(query, name.to_vec())? {
            let waiting: Option<SocketMessage> = serde_json::from_str(&waiting.message).ok();
            let is_same = waiting.is_some_and(|waiting| waiting.message == sent.message);
            return Ok(if is_same { Enqueued::Waits } else { Enqueued::Differs });
        }
        let query = "SELECT count(*) AS waiting FROM outgoing WHERE conversation = ?";
        let count: Option<Count> =
            self.first(query, vec![sent.customer_service_session_id.into()])?;
        if count.is_some_and(|count| count.waiting >= MAX_WAITING) {
            return Ok(Enqueued::Full);
        }
        let mut values = name.to_vec();
        values.extend([session.as_str().into(), serde_json::to_string(sent)?.into()]);
        self.run(
            "INSERT INTO outgoing (conversation, user_id, temp_message_id, session_hash, message)
             VALUES (?, ?, ?, ?, ?)",
            values,
        )?;
        self.forget_failure(user_id, temp_message_id)?;
        Ok(Enqueued::Waits)
    }

    /// The messages that are first in line, at most `limit`, but none of these conversations.
    pub fn next_outgoing(&self, limit: usize, but: &[i64]) -> Result<Vec<Outgoing>> {
        // Numbers of our own: there is nothing to escape.
        let but = but.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let query = format!(
            "SELECT position, user_id, session_hash, message FROM outgoing
             WHERE conversation > 0 AND conversation NOT IN ({but}) ORDER BY position LIMIT {limit}"
        );
        let rows: Vec<Row> = self.rows(&query, Vec::new())?;
        let mut waiting = Vec::with_capacity(rows.len());
        for Row { position, user_id, session_hash: session, message } in rows {
            match serde_json::from_str(&message) {
                Ok(message) => waiting.push(Outgoing { position, user_id, session, message }),
                // Written by another version of this program. It is not dropped in silence: the
                // log says it, and the row stays out of the way of the others.
                Err(error) => {
                    crate::log::error("", &format!("message {position} cannot be read: {error}"));
                    self.run(
                        "UPDATE outgoing SET conversation = -conversation WHERE position = ?",
                        vec![position.into()],
                    )?;
                }
            }
        }
        Ok(waiting)
    }

    /// Whether messages wait.
    pub fn has_outgoing(&self) -> Result<bool> {
        #[derive(Deserialize)]
        struct Row {}
        let query = "SELECT 1 AS waits FROM outgoing WHERE conversation > 0 LIMIT 1";
        Ok(self.first::<Row>(query, Vec::new())?.is_some())
    }

    /// Removes a message that the origin has, or will never have.
    pub fn dequeue(&self, position: i64) -> Result<()> {
        self.run("DELETE FROM outgoing WHERE position = ?", vec![position.into()])?;
        Ok(())
    }

    /// The session that a waiting message was sent under, whose sockets are now told that it is stored.
    pub fn tell_outgoing(
        &self,
        conversation: i64,
        user_id: i64,
        temp_message_id: &str,
    ) -> Result<Option<SessionHash>> {
        #[derive(Deserialize)]
        struct Row {
            session_hash: SessionHash,
        }
        let row: Option<Row> = self.first(
            "UPDATE outgoing SET is_told = 1
             WHERE conversation = ? AND user_id = ? AND temp_message_id = ? RETURNING session_hash",
            vec![conversation.into(), user_id.into(), temp_message_id.into()],
        )?;
        Ok(row.map(|row| row.session_hash))
    }

    /// Whether the sender of a waiting message has been told that it is stored.
    pub fn is_told(&self, position: i64) -> Result<bool> {
        #[derive(Deserialize)]
        struct Row {
            is_told: i64,
        }
        let query = "SELECT is_told FROM outgoing WHERE position = ?";
        let row: Option<Row> = self.first(query, vec![position.into()])?;
        Ok(row.is_some_and(|row| row.is_told != 0))
    }
}
