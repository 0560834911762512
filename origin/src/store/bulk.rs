//! Many rows by one statement, for seeds.

use std::fmt::Write as _;

use chrono::NaiveDateTime;
use sqlx::AssertSqlSafe;

use super::db::{Conn, on};

/// The most values that one statement binds; SQLite allows 32,766, MySQL 65,535.
const MAX_VALUES: usize = 30_000;
/// The most rows of a statement; beyond, neither database gets any faster.
const MAX_ROWS: usize = 1_000;

/// The value of a column in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A flag.
    Flag(bool),
    /// A word that is always the same.
    Word(&'static str),
    /// A text.
    Text(String),
    /// A point in time, as its column holds it.
    Time(NaiveDateTime),
}

/// Columns of a table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that rows are given in, the key first.
    pub columns: &'static [&'static str],
}

macro_rules! bound {
    ($query:expr, $cells:expr) => {
        $cells.into_iter().fold($query, |query, cell| match cell {
            Cell::Null => query.bind(None::<i64>),
            Cell::Int(value) => query.bind(value),
            Cell::Flag(value) => query.bind(value),
            Cell::Word(value) => query.bind(value),
            Cell::Text(value) => query.bind(value),
            Cell::Time(value) => query.bind(value),
        })
    };
}

impl Table {
    /// How many rows one statement takes.
    #[must_use]
    pub fn rows_a_statement(self) -> usize {
        (MAX_VALUES / self.columns.len().max(1)).min(MAX_ROWS)
    }

    /// Adds rows, which lie in `cells` one after the other.
    ///
    /// # Errors
    /// The database's.
    pub async fn insert(self, conn: Conn<'_>, cells: Vec<Cell>) -> sqlx::Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        let row = format!("({})", vec!["?"; self.columns.len()].join(","));
        let rows = vec![row.as_str(); cells.len() / self.columns.len()].join(",");
        let sql = format!("INSERT INTO {} ({}) VALUES {rows}", self.name, self.columns.join(","));
        on!(conn, |c| {
            bound!(sqlx::query(AssertSqlSafe(sql)), cells).execute(c).await.map(|_| ())
        })
    }

    /// The highest key from `first` to `last`.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_key(
        self,
        conn: Conn<'_>,
        first: i64,
        last: i64,
    ) -> sqlx::Result<Option<i64>> {
        let key = self.columns.first().copied().unwrap_or_default();
        let sql = format!("SELECT MAX({key}) FROM {} WHERE {key} BETWEEN ? AND ?", self.name);
        on!(conn, |c| {
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(first).bind(last).fetch_one(c).await
        })
    }

    /// Whether it holds a row with all of these values.
    ///
    /// # Errors
    /// The database's.
    pub async fn holds(self, conn: Conn<'_>, row: Vec<Cell>) -> sqlx::Result<bool> {
        let mut sql = format!("SELECT COUNT(*) FROM {} WHERE 1 = 1", self.name);
        for (column, cell) in self.columns.iter().zip(&row) {
            let is = if *cell == Cell::Null { "IS NULL" } else { "= ?" };
            // Writing to a String does not fail.
            let _ = write!(sql, " AND {column} {is}");
        }
        let values: Vec<_> = row.into_iter().filter(|cell| *cell != Cell::Null).collect();
        let count: i64 = on!(conn, |c| {
            bound!(sqlx::query_scalar(AssertSqlSafe(sql)), values).fetch_one(c).await
        })?;
        Ok(count > 0)
    }
}
