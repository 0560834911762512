//! What people have read and the origin does not know yet.

use serde::Deserialize;
use shared::internal::Mark;
use worker::{Result, SqlStorageValue};

use super::Store;

/// A mark that waits.
#[derive(Debug)]
pub struct Reading {
    /// The conversation.
    pub conversation: i64,
    /// Who has read.
    pub user_id: i64,
    /// Up to this message.
    pub chat_message_id: i64,
    /// What the origin is told.
    pub mark: Mark,
}

#[derive(Deserialize)]
struct Row {
    conversation: i64,
    user_id: i64,
    chat_message_id: i64,
    mark: String,
}

impl Store {
    /// Notes that someone has read, where that is further than was known.
    pub fn note_reading(&self, reading: &Reading) -> Result<()> {
        self.run(
            "INSERT INTO reading (conversation, user_id, chat_message_id, mark) VALUES (?, ?, ?, ?)
             ON CONFLICT (conversation, user_id) DO UPDATE
                 SET chat_message_id = excluded.chat_message_id, mark = excluded.mark
                 WHERE excluded.chat_message_id > chat_message_id",
            vec![
                reading.conversation.into(),
                SqlStorageValue::try_from_i64(reading.user_id)?,
                reading.chat_message_id.into(),
                serde_json::to_string(&reading.mark)?.into(),
            ],
        )?;
        Ok(())
    }

    /// Marks that wait, at most `limit`.
    pub fn readings(&self, limit: i64) -> Result<Vec<Reading>> {
        let query = "SELECT conversation, user_id, chat_message_id, mark FROM reading LIMIT ?";
        let rows: Vec<Row> = self.rows(query, vec![limit.into()])?;
        let read = |Row { conversation, user_id, chat_message_id, mark }| {
            let mark = serde_json::from_str(&mark).ok()?;
            Some(Reading { conversation, user_id, chat_message_id, mark })
        };
        Ok(rows.into_iter().filter_map(read).collect())
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
