//! How many rows a list has, counted no further than is of use to who reads it.

use super::{db::Conn, statement::Statement};

/// How far lists are counted.
pub const MOST_COUNTED: i64 = 10_000;

/// How many rows a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// So many.
    pub rows: i64,
    /// Whether there may be more, which were not counted.
    pub at_least: bool,
}

/// All of them.
impl From<i64> for Counted {
    fn from(rows: i64) -> Self {
        Self { rows, at_least: false }
    }
}

impl Counted {
    /// What `found` says, where counting went to one more than `most`.
    #[must_use]
    pub fn up_to(most: i64, found: i64) -> Self {
        Self { rows: found.min(most), at_least: found > most }
    }
}

impl Statement {
    /// Ends a query that begins `SELECT COUNT(*) FROM (SELECT`: it counts no further than one more than `most`,
    /// which tells whether there are more.
    pub fn count_up_to(&mut self, most: i64) {
        self.push(" LIMIT ?) counted", [most.saturating_add(1).into()]);
    }

    /// What a query counts that was ended so.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch_counted(self, conn: Conn<'_>, most: i64) -> sqlx::Result<Counted> {
        self.fetch_count(conn).await.map(|found| Counted::up_to(most, found))
    }
}
