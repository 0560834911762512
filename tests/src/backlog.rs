//! Rows that a clean-up has to remove, by the thousand: sessions long past with their refresh tokens.

use shared::time::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, SqliteConnection};

/// Refresh tokens of a session: all but the last were traded for the one after them.
pub const TOKENS_A_SESSION: u64 = 4;

/// Sessions of one statement.
const BATCH: u64 = 500;

/// Adds sessions that ended at a time, numbered from `first`, each with its refresh tokens.
pub async fn fill(url: &str, first: u64, sessions: u64, ended_at: Timestamp) {
    let mut connection = Connection::open(url).await;
    let mut next = first;
    while next < first + sessions {
        let until = (next + BATCH).min(first + sessions);
        connection.execute("BEGIN".to_owned()).await;
        connection.execute(session_rows(next, until, ended_at)).await;
        connection.execute(token_rows(next, until, ended_at)).await;
        connection.execute("COMMIT".to_owned()).await;
        next = until;
    }
}

/// How many rows of a backlog are left: sessions and refresh tokens.
pub async fn left(url: &str) -> (i64, i64) {
    let mut connection = Connection::open(url).await;
    let sessions = "SELECT COUNT(*) FROM authentication_sessions WHERE session_token LIKE 'past-%'";
    let tokens = "SELECT COUNT(*) FROM refresh_tokens WHERE token_hash LIKE 'past-%'";
    (connection.count(sessions).await, connection.count(tokens).await)
}

enum Connection {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Connection {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("a connection"))
        } else {
            Self::MySql(MySqlConnection::connect(url).await.expect("a connection"))
        }
    }

    async fn execute(&mut self, sql: String) {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::MySql(connection) => connection.execute(sql).await.map(drop),
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
        }
        .expect("the backlog is written");
    }

    async fn count(&mut self, sql: &'static str) -> i64 {
        match self {
            Self::MySql(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        }
        .expect("a count")
    }
}

/// A point in time as both databases read it.
fn literal(time: Timestamp) -> String {
    time.utc().format("'%F %T%.f'").to_string()
}

/// Keys from far away, so that those of the test's own sessions do not meet them.
fn session_id(n: u64) -> u64 {
    1_000_000_000 + n
}

fn user_id(n: u64) -> u64 {
    1_000_000 + n % 10_000
}

fn session_rows(from: u64, until: u64, ended_at: Timestamp) -> String {
    let at = literal(ended_at);
    let rows = (from..until).map(|n| {
        let (id, user_id) = (session_id(n), user_id(n));
        format!("({id},'past-{n}','user',{user_id},0,{at},{at},'app','REPLACED',{at},{at},{at})")
    });
    let columns =
        "authentication_session_id, session_token, user_type, user_id, is_active, expires_at,
        last_activity, client_type, end_reason, ended_at, created_at, updated_at";
    insert("authentication_sessions", columns, rows)
}

fn token_rows(from: u64, until: u64, ended_at: Timestamp) -> String {
    let at = &literal(ended_at);
    let rows = (from..until).flat_map(|n| {
        (0..TOKENS_A_SESSION).map(move |generation| {
            let (id, user_id) = (session_id(n), user_id(n));
            let used_at = if generation + 1 < TOKENS_A_SESSION { at.as_str() } else { "NULL" };
            format!("({user_id},{id},'past-{n}-{generation}','past-{n}',{generation},'n','k',{at},{used_at},{at})")
        })
    });
    let columns = "user_id, authentication_session_id, token_hash, family, generation, nonce, kid,
        expires_at, used_at, created_at";
    insert("refresh_tokens", columns, rows)
}

fn insert(table: &str, columns: &str, rows: impl Iterator<Item = String>) -> String {
    format!("INSERT INTO {table} ({columns}) VALUES {}", rows.collect::<Vec<_>>().join(","))
}
