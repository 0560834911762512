//! How many rows fall into each of a row of stretches of time.

use std::{fmt::Write as _, time::Duration};

use shared::time::Timestamp;

use super::{
    db::{Conn, DbZone},
    statement::{Statement, Value},
};

/// How far the rows of one point are counted.
pub const MOST_OF_A_POINT: i64 = 50_000;

/// Stretches of time, one after the other, all as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// The first moment of the first.
    pub from: Timestamp,
    /// How long each is.
    pub step: Duration,
    /// How many there are; few.
    pub number: u32,
}

impl Points {
    /// The first moment of each, and the moment after its last.
    pub fn spans(self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let at = move |nth| self.from.plus(self.step * nth);
        (0..self.number).map(move |nth| (at(nth), at(nth + 1)))
    }

    /// A count for each point, by a query that ends in `created_at >= ? AND created_at < ? LIMIT ?) counted`
    /// and begins `SELECT COUNT(*) FROM (SELECT`. One statement, which seeks in an index once a point.
    #[must_use]
    pub(super) fn statement(
        self,
        count: &'static str,
        of: Option<&'static str>,
        zone: DbZone,
    ) -> Statement {
        let mut statement = Statement::new("");
        for (nth, (from, to)) in self.spans().enumerate() {
            let union = if nth == 0 { "" } else { " UNION ALL " };
            // Text is always taken.
            let _ = write!(statement.sql, "{union}SELECT {nth} AS nth, (");
            statement.push(count, of.map(Value::from));
            let span = [zone.write(from), zone.write(to)].map(Value::from);
            statement.values.extend(span);
            statement.push(")", [MOST_OF_A_POINT.into()]);
        }
        statement
    }

    /// What such a statement counts, point by point.
    pub(super) async fn counts(
        self,
        statement: Statement,
        conn: Conn<'_>,
    ) -> sqlx::Result<Vec<i64>> {
        let rows: Vec<(i64, i64)> = statement.fetch_all(conn).await?;
        let mut counts = vec![0; usize::try_from(self.number).unwrap_or_default()];
        for (nth, count) in rows {
            if let Some(of) = usize::try_from(nth).ok().and_then(|nth| counts.get_mut(nth)) {
                *of = count;
            }
        }
        Ok(counts)
    }
}
