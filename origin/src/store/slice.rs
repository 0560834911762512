//! Which rows of a list: the first ones, some further on, or those after a place.

use shared::time::Timestamp;

use super::{db::DbZone, statement::Statement};

/// A place in a list that is ordered by a number (a time in milliseconds, a price) and then by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// What the list is ordered by.
    pub by: i64,
    /// What breaks ties.
    pub key: i64,
}

/// Which rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// At most so many.
    pub limit: u32,
    /// So many are skipped first.
    pub offset: u64,
    /// None of them comes before this place, nor is it.
    pub after: Option<Position>,
}

impl Slice {
    /// The first rows.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, offset: 0, after: None }
    }

    /// Ends a query whose `WHERE` has begun: these rows, newest first by the column `time`, ties broken by the
    /// column `key`.
    pub fn newest_first(
        self,
        statement: &mut Statement,
        [time, key]: [&'static str; 2],
        zone: DbZone,
    ) {
        self.sought(statement, [time, " <= ? AND (", time, " < ? OR ", key, " < ?)"], zone);
        self.ordered(statement, [time, " DESC, ", key, " DESC"]);
    }

    /// The same, oldest first.
    pub fn oldest_first(
        self,
        statement: &mut Statement,
        [time, key]: [&'static str; 2],
        zone: DbZone,
    ) {
        self.sought(statement, [time, " >= ? AND (", time, " > ? OR ", key, " > ?)"], zone);
        self.ordered(statement, [time, ", ", key, ""]);
    }

    /// The same of a list that is ordered by its key alone: the greatest first.
    pub fn newest_key_first(self, statement: &mut Statement, key: &'static str) {
        if let Some(Position { key: last, .. }) = self.after {
            statement.push(" AND ", []);
            statement.push(key, []);
            statement.push(" < ?", [last.into()]);
        }
        self.ordered(statement, [key, " DESC", "", ""]);
    }

    /// The condition on the place, where there is one. Its first part says nothing new, but it is what an
    /// index can seek.
    fn sought(self, statement: &mut Statement, condition: [&'static str; 6], zone: DbZone) {
        if let Some(Position { by, key: last }) = self.after
            && let Some(at) = Timestamp::from_millis(by)
        {
            let at = zone.write(at);
            statement.push(" AND ", []);
            for part in condition {
                statement.push(part, []);
            }
            statement.values.extend([at.into(), at.into(), last.into()]);
        }
    }

    fn ordered(self, statement: &mut Statement, order: [&'static str; 4]) {
        statement.push(" ORDER BY ", []);
        for part in order {
            statement.push(part, []);
        }
        self.limit(statement);
    }

    /// Ends a query that has its conditions and its order.
    pub fn limit(self, statement: &mut Statement) {
        let offset = i64::try_from(self.offset).unwrap_or(i64::MAX);
        statement.push(" LIMIT ? OFFSET ?", [i64::from(self.limit).into(), offset.into()]);
    }
}
