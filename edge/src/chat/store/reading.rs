//! What people have read and the origin does not know yet.

use serde_json::value::RawValue;
use shared::session::SessionHash;
use worker::{Result, SqlStorageValue};

use super::{Row, Store};

/// Conversations in which what one person has read may be noted: clients name them.
const MAX_NOTED: i64 = 1_000;

/// A mark that waits.
#[derive(Debug)]
pub struct Reading {
    /// The conversation.
    pub conversation: i64,
    /// Who has read.
    pub user_id: i64,
    /// Up to this message.
    pub chat_message_id: i64,
    /// The session that it was read under.
    pub session: SessionHash,
    /// What the origin is told: a [`Mark`](shared::internal::Mark).
    pub mark: Box<RawValue>,
}

impl Store {
    /// Notes that someone has read, where that is further than was known; `false` where too much is
    /// noted of them already.
    pub fn note_reading(&self, reading: &Reading) -> Result<bool> {
        let query = "SELECT count(*) FROM reading WHERE user_id = ? AND conversation <> ?";
        let values =
            vec![SqlStorageValue::try_from_i64(reading.user_id)?, reading.conversation.into()];
        if self.first(query, values)?.is_some_and(|row| row.number(0) >= MAX_NOTED) {
            return Ok(false);
        }
        self.run(
            "INSERT INTO reading (conversation, user_id, chat_message_id, session_hash, mark)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (user_id, conversation) DO UPDATE
                 SET chat_message_id = excluded.chat_message_id,
                     session_hash = excluded.session_hash, mark = excluded.mark
                 WHERE excluded.chat_message_id > chat_message_id",
            vec![
                reading.conversation.into(),
                SqlStorageValue::try_from_i64(reading.user_id)?,
                reading.chat_message_id.into(),
                reading.session.as_str().into(),
                reading.mark.get().into(),
            ],
        )?;
        Ok(true)
    }

    /// Marks that wait, at most `limit`.
    pub fn readings(&self, limit: i64) -> Result<Vec<Reading>> {
        let query = "SELECT conversation, user_id, chat_message_id, session_hash, mark FROM reading LIMIT ?";
        let read = |mut row: Row| {
            Some(Reading {
                conversation: row.number(0),
                user_id: row.number(1),
                chat_message_id: row.number(2),
                session: row.text(3).try_into().ok()?,
                mark: RawValue::from_string(row.text(4)).ok()?,
            })
        };
        Ok(self.rows(query, vec![limit.into()])?.into_iter().filter_map(read).collect())
    }

    /// Removes a mark that the origin has taken, unless someone has read further meanwhile.
    pub fn forget_reading(&self, reading: &Reading) -> Result<()> {
        self.run(
            "DELETE FROM reading WHERE conversation = ? AND user_id = ? AND chat_message_id = ?",
            vec![
                reading.conversation.into(),
                reading.user_id.into(),
                reading.chat_message_id.into(),
            ],
        )?;
        Ok(())
    }
}
