//! A query whose conditions depend on what was asked for: its text grows together with its values.

use chrono::NaiveDateTime;
use sqlx::{AssertSqlSafe, FromRow, mysql::MySqlRow, sqlite::SqliteRow};

use super::db::{Conn, on};

/// A value that a query binds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Int(i64),
    /// A flag.
    Flag(bool),
    /// A word or a text.
    Text(String),
    /// A point in time, as its column holds it.
    Time(NaiveDateTime),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<NaiveDateTime> for Value {
    fn from(value: NaiveDateTime) -> Self {
        Self::Time(value)
    }
}

/// A query: text of ours, with a `?` for each of its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text; never anything that a client sent.
    pub sql: String,
    /// What stands for each `?`, in order.
    pub values: Vec<Value>,
}

macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values.into_iter().fold($query, |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Flag(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Time(value) => query.bind(value),
        })
    };
}

impl Statement {
    /// Begins with a text without values.
    #[must_use]
    pub fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// Goes on with a text and its values.
    pub fn push(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// Goes on with a condition on one value, where there is one.
    pub fn push_some(&mut self, sql: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.push(sql, [value.into()]);
        }
    }

    /// All rows; the text says how many there can be.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch_all<R>(self, conn: Conn<'_>) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let Self { sql, values } = self;
        on!(conn, |c| {
            let query = sqlx::query_as(AssertSqlSafe(sql));
            bound!(query, values).fetch_all(c).await
        })
    }

    /// The one number that it counts.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch_count(self, conn: Conn<'_>) -> sqlx::Result<i64> {
        let Self { sql, values } = self;
        on!(conn, |c| {
            let query = sqlx::query_scalar(AssertSqlSafe(sql));
            bound!(query, values).fetch_one(c).await
        })
    }
}
