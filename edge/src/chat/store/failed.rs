//! Messages that will never be stored, kept so that their senders learn it.

use worker::Result;

use super::Store;

/// Failures of one person that are remembered.
const REMEMBERED_FAILURES: i64 = 200;

impl Store {
    /// Remembers what a person is told of a message that will not be stored: a frame.
    pub fn remember_failure(
        &self,
        user_id: i64,
        temp_message_id: &str,
        failure: &str,
    ) -> Result<()> {
        self.run(
            "INSERT INTO failed (user_id, temp_message_id, failure) VALUES (?, ?, ?)",
            vec![user_id.into(), temp_message_id.into(), failure.into()],
        )?;
        self.run(
            "DELETE FROM failed WHERE user_id = ? AND position <= (
                 SELECT position FROM failed WHERE user_id = ? ORDER BY position DESC LIMIT 1 OFFSET ?)",
            vec![user_id.into(), user_id.into(), REMEMBERED_FAILURES.into()],
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

    /// What a person is told of messages that will not be stored, in the order in which that became known:
    /// frames.
    pub fn failures(&self, user_id: i64) -> Result<Vec<String>> {
        let query = "SELECT failure FROM failed WHERE user_id = ? ORDER BY position";
        let rows = self.rows(query, vec![user_id.into()])?;
        Ok(rows.into_iter().map(|mut row| row.text(0)).collect())
    }
}
