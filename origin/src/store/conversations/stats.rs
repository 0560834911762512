//! How customer service does, in numbers.

use shared::{chat::ConversationStatus, time::Timestamp};
use sqlx::QueryBuilder;

use crate::store::{
    db::{Conn, DbZone, DialectWords as _, on},
    statement::Statement,
};

/// From a moment, and until just before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
}

/// How many conversations are open now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// No agent has them.
    pub waiting: i64,
    /// An agent has them and has not answered.
    pub assigned: i64,
    /// An agent has answered.
    pub active: i64,
}

/// Counts the open conversations.
///
/// # Errors
/// The database's.
pub async fn open(conn: Conn<'_>) -> sqlx::Result<Open> {
    let rows: Vec<(String, i64)> = open_statement().fetch_all(conn).await?;
    let of = |status: ConversationStatus| {
        rows.iter().find(|(word, _)| word == status.as_str()).map_or(0, |(_, count)| *count)
    };
    Ok(Open {
        waiting: of(ConversationStatus::Waiting),
        assigned: of(ConversationStatus::Assigned),
        active: of(ConversationStatus::Active),
    })
}

/// The query of [`open`].
#[must_use]
pub fn open_statement() -> Statement {
    Statement::new(
        "SELECT status, COUNT(*) FROM customer_service_sessions
         WHERE status IN ('waiting', 'assigned', 'active') GROUP BY status",
    )
}

/// Counts the conversations that began in a time.
///
/// # Errors
/// The database's.
pub async fn began(conn: Conn<'_>, span: Span) -> sqlx::Result<i64> {
    let statement = began_statement(span, conn.zone);
    statement.fetch_count(conn).await
}

/// The query of [`began`].
#[must_use]
pub fn began_statement(span: Span, zone: DbZone) -> Statement {
    let mut statement = Statement::new("SELECT COUNT(*) FROM customer_service_sessions");
    statement.push(
        " WHERE created_at >= ? AND created_at < ?",
        [zone.write(span.from).into(), zone.write(span.to).into()],
    );
    statement
}

/// Conversations that were closed in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// How many.
    pub count: i64,
    /// How many of them their users have rated.
    pub rated: i64,
    /// The sum of those ratings.
    pub score_sum: i64,
}

/// Counts the conversations that were closed in a time.
///
/// # Errors
/// The database's.
pub async fn closed(conn: Conn<'_>, span: Span) -> sqlx::Result<Closed> {
    let statement = closed_statement(span, conn.zone);
    let rows: Vec<(i64, i64, i64)> = statement.fetch_all(conn).await?;
    let first = rows.first().copied().unwrap_or_default();
    Ok(Closed { count: first.0, rated: first.1, score_sum: first.2 })
}

/// The query of [`closed`].
#[must_use]
pub fn closed_statement(span: Span, zone: DbZone) -> Statement {
    let mut statement = Statement::new(
        "SELECT COUNT(*), COUNT(satisfaction_score), CAST(COALESCE(SUM(satisfaction_score), 0) AS SIGNED)
         FROM customer_service_sessions",
    );
    statement.push(
        " WHERE closed_at >= ? AND closed_at < ?",
        [zone.write(span.from).into(), zone.write(span.to).into()],
    );
    statement
}

/// What a conversation waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// An agent had it.
    Accepted,
    /// A person of the staff answered.
    FirstResponse,
}

impl Until {
    const fn column(self) -> &'static str {
        match self {
            Self::Accepted => "accepted_at",
            Self::FirstResponse => "first_response_at",
        }
    }
}

/// Counts the conversations that began in a time and whose waiting is over.
#[must_use]
pub fn waited_statement(span: Span, until: Until, zone: DbZone) -> Statement {
    let mut statement = began_statement(span, zone);
    statement.push(
        match until {
            Until::Accepted => " AND accepted_at IS NOT NULL",
            Until::FirstResponse => " AND first_response_at IS NOT NULL",
        },
        [],
    );
    statement
}

/// The median of how long conversations that began in a time waited, in milliseconds: of those whose
/// waiting is over. Of an even number, the middle between the two middle ones. `None` where there is none.
///
/// # Errors
/// The database's.
pub async fn median_wait(
    mut conn: Conn<'_>,
    span: Span,
    until: Until,
) -> sqlx::Result<Option<i64>> {
    let zone = conn.zone;
    let column = until.column();
    let count = waited_statement(span, until, zone).fetch_count(conn.reborrow()).await?;
    if count == 0 {
        return Ok(None);
    }
    let (from, to) = (zone.write(span.from), zone.write(span.to));
    let middle: Vec<i64> = on!(conn, |c: Dialect| {
        let waited = Dialect::millis_between("created_at", column);
        let mut query = QueryBuilder::<Dialect>::new(format!(
            "SELECT {waited} AS waited FROM customer_service_sessions WHERE created_at >= "
        ));
        query.push_bind(from).push(" AND created_at < ").push_bind(to);
        query.push(format!(" AND {column} IS NOT NULL ORDER BY waited LIMIT "));
        query.push_bind(2 - count % 2).push(" OFFSET ").push_bind((count - 1) / 2);
        query.build_query_scalar().fetch_all(c).await
    })?;
    let number = i64::try_from(middle.len()).unwrap_or(1).max(1);
    Ok(Some(middle.iter().sum::<i64>() / number))
}
