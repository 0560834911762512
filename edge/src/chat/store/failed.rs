//! Messages that will never be stored, kept so that their senders learn it.

use serde::Deserialize;
use shared::chat::event::MessageFailed;
use worker::Result;

use super::Store;

/// Failures of one room that are remembered.
const REMEMBERED_FAILURES: i64 = 200;

impl Store {
    /// Remembers that a message will not be stored.
    pub fn remember_failure(&self, user_id: i64, failure: &MessageFailed) -> Result<()> {
        self.run(
            "INSERT INTO failed (user_id, temp_message_id, failure) VALUES (?, ?, ?)",
            vec![
                user_id.into(),
                failure.temp_message_id.as_deref().unwrap_or_default().into(),
                serde_json::to_string(failure)?.into(),
            ],
        )?;
        self.run(
            "DELETE FROM failed WHERE position <= (SELECT max(position) FROM failed) - ?",
            vec![REMEMBERED_FAILURES.into()],
        )?;
        Ok(())
    }

    /// Forgets it: the message is sent again.
    pub fn forget_failure(&self, user_id: i64, temp_message_id: &str) -> Result<()> {
        self.run(
            "DELETE FROM failed WHERE user_id = ? AND temp_message_id = ?",
            vec![user_id.into(), temp_message_id.into()],
        )?;
        Ok(())
    }

    /// The messages of a person that will not be stored, in the order in which that became known.
    pub fn failures(&self, user_id: i64) -> Result<Vec<MessageFailed>> {
        #[derive(Deserialize)]
        struct Row {
            failure: String,
        }
        let query = "SELECT failure FROM failed WHERE user_id = ? ORDER BY position";
        let rows: Vec<Row> = self.rows(query, vec![user_id.into()])?;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.failure).ok()).collect())
    }
}
