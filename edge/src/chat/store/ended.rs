//! Sessions that have ended, and events that were delivered and must not be again.

use shared::{chat::room::SessionEnded, error::ErrorCode, session::SessionHash, time::Timestamp};
use worker::{Result, SqlStorageValue};

use super::Store;

/// Deliveries that a room remembers; the origin gives up on an event long before as many others
/// have come.
const REMEMBERED_DELIVERIES: i64 = 10_000;

impl Store {
    /// Why a session has ended, if it has.
    pub fn end_of(&self, session: &SessionHash) -> Result<Option<ErrorCode>> {
        let query = "SELECT code FROM ended_session WHERE session_hash = ?";
        let row = self.first(query, vec![session.as_str().into()])?;
        // A code that this version does not know ends it all the same.
        Ok(row.map(|mut row| {
            ErrorCode::from_word(&row.text(0)).unwrap_or(ErrorCode::SessionNotFound)
        }))
    }

    /// Remembers that a session has ended, and forgets those that no token names any more.
    pub fn remember_end(&self, ended: &SessionEnded, now: Timestamp) -> Result<()> {
        self.run(
            "DELETE FROM ended_session WHERE remember_until <= ?",
            vec![now.as_millis().into()],
        )?;
        self.run(
            "INSERT INTO ended_session (session_hash, code, remember_until) VALUES (?, ?, ?)
             ON CONFLICT (session_hash) DO UPDATE SET remember_until = max(remember_until, excluded.remember_until)",
            vec![ended.session.as_str().into(), ended.code.as_str().into(), ended.remember_until.as_millis().into()],
        )?;
        Ok(())
    }

    /// Remembers that an event is delivered; `false` where it was before.
    pub fn deliver_once(&self, event_id: i64, occurred_at: Timestamp) -> Result<bool> {
        let event_id = SqlStorageValue::try_from_i64(event_id)?;
        let inserted = self.run(
            "INSERT OR IGNORE INTO delivered (event_id, occurred_at) VALUES (?, ?)",
            vec![event_id, occurred_at.as_millis().into()],
        )?;
        if inserted == 0 {
            return Ok(false);
        }
        // Positions have no gaps but this one, so that pruning touches the one row that is too many.
        self.run(
            "DELETE FROM delivered WHERE position <= (SELECT max(position) FROM delivered) - ?",
            vec![REMEMBERED_DELIVERIES.into()],
        )?;
        Ok(true)
    }
}
