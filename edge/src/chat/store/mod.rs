//! What a room must remember though it sleeps, in its SQLite: a file a table.

pub mod conversation;
mod ended;
mod failed;
pub mod outgoing;
pub mod reading;
pub mod seen;

use worker::{Result, SqlStorage, SqlStorageValue};

use super::tables::Row;

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
    CREATE TABLE IF NOT EXISTS conversation (
        conversation INTEGER PRIMARY KEY,
        facts TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        delivered_seq INTEGER NOT NULL,
        reported_seq INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS conversation_unreported ON conversation (conversation)
        WHERE delivered_seq > reported_seq;
    CREATE TABLE IF NOT EXISTS outgoing (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        temp_message_id TEXT NOT NULL,
        session_hash TEXT NOT NULL,
        socket_id TEXT NOT NULL,
        message TEXT NOT NULL,
        is_told INTEGER NOT NULL DEFAULT 0,
        UNIQUE (conversation, user_id, temp_message_id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS outgoing_user ON outgoing (user_id);
    CREATE TABLE IF NOT EXISTS failed (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL,
        temp_message_id TEXT NOT NULL,
        failure TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS reading (
        conversation INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        chat_message_id INTEGER NOT NULL,
        session_hash TEXT NOT NULL,
        mark TEXT NOT NULL,
        PRIMARY KEY (user_id, conversation)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS seen (
        name TEXT PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT;
";

/// A room's tables.
pub struct Store(SqlStorage);

impl Store {
    /// Opens the tables, made if they are not there.
    pub fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(TABLES, None)?;
        Ok(Self(sql))
    }

    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
        Ok(self.0.exec(statement, values)?.rows_written())
    }

    fn rows(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Row>> {
        self.0.exec(query, values)?.raw().map(|row| row.map(Row)).collect()
    }

    fn first(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<Row>> {
        Ok(self.rows(query, values)?.into_iter().next())
    }
}
