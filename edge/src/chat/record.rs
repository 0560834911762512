//! What a room must remember though it sleeps, in its SQLite.

use serde::Deserialize;
use shared::{chat::room::SessionEnded, error::ErrorCode, session::SessionHash, time::Timestamp};
use worker::{Result, SqlStorage, SqlStorageValue};

/// Deliveries that a room remembers; the origin gives up on an event long before as many others
/// have come.
const REMEMBERED_DELIVERIES: i64 = 10_000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS ended_session (
        session_hash TEXT PRIMARY KEY,
        code TEXT NOT NULL,
        remember_until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS delivered (
        position INTEGER PRIMARY KEY,
        event_id INTEGER NOT NULL,
        occurred_at INTEGER NOT NULL,
        UNIQUE (event_id, occurred_at)
    ) STRICT;
";

/// A room's tables.
pub struct Record(SqlStorage);

impl Record {
    /// Opens the tables, made if they are not there.
    pub fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(TABLES, None)?;
        Ok(Self(sql))
    }

    /// Why a session has ended, if it has.
    pub fn end_of(&self, session: &SessionHash) -> Result<Option<ErrorCode>> {
        #[derive(Deserialize)]
        struct Row {
            code: ErrorCode,
        }
        let query = "SELECT code FROM ended_session WHERE session_hash = ?";
        let rows: Vec<Row> = self.0.exec(query, vec![session.as_str().into()])?.to_array()?;
        Ok(rows.first().map(|row| row.code))
    }

    /// Remembers that a session has ended, and forgets those that no token names any more.
    pub fn remember_end(&self, ended: &SessionEnded, now: Timestamp) -> Result<()> {
        self.0.exec(
            "DELETE FROM ended_session WHERE remember_until <= ?",
            vec![now.as_millis().into()],
        )?;
        self.0.exec(
            "INSERT INTO ended_session (session_hash, code, remember_until) VALUES (?, ?, ?)
             ON CONFLICT (session_hash) DO UPDATE SET remember_until = max(remember_until, excluded.remember_until)",
            vec![ended.session.as_str().into(), ended.code.as_str().into(), ended.remember_until.as_millis().into()],
        )?;
        Ok(())
    }

    /// Remembers that an event is delivered; `false` where it was before.
    pub fn deliver_once(&self, event_id: i64, occurred_at: Timestamp) -> Result<bool> {
        let event_id = SqlStorageValue::try_from_i64(event_id)?;
        let inserted = self.0.exec(
            "INSERT OR IGNORE INTO delivered (event_id, occurred_at) VALUES (?, ?)",
            vec![event_id, occurred_at.as_millis().into()],
        )?;
        if inserted.rows_written() == 0 {
            return Ok(false);
        }
        // Positions have no gaps but this one, so that pruning touches the one row that is too many.
        self.0.exec(
            "DELETE FROM delivered WHERE position <= (SELECT max(position) FROM delivered) - ?",
            vec![REMEMBERED_DELIVERIES.into()],
        )?;
        Ok(true)
    }
}
