//! SQL over `edge_outbox`: what the edge must be told, until it has said that it knows.

use std::time::Duration;

use chrono::NaiveDateTime;
use shared::{chat::news::News, time::Timestamp};
use sqlx::{FromRow, QueryBuilder};

use super::{
    db::{Conn, DbZone, DialectWords as _, InsertedId as _, on},
    statement::Statement,
};

/// The kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A session has ended.
    SessionEnded,
    /// A message was stored.
    ChatMessage,
    /// Something about an account is suspicious.
    SecurityAlert,
    /// A conversation began, was accepted, transferred or closed.
    ConversationUpdated,
    /// Messages were delivered or read.
    MessagesMarked,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::SessionEnded,
        Self::SecurityAlert,
        Self::ChatMessage,
        Self::ConversationUpdated,
        Self::MessagesMarked,
    ];
    /// What happens in conversations, which is told in order.
    pub const CHAT: [Self; 3] =
        [Self::ChatMessage, Self::ConversationUpdated, Self::MessagesMarked];

    /// Its word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionEnded => "session_ended",
            Self::ChatMessage => "chat_message",
            Self::SecurityAlert => "security_alert",
            Self::ConversationUpdated => "conversation_updated",
            Self::MessagesMarked => "messages_marked",
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("unknown kind of edge_outbox row: {text:?}"))
    }
}

/// A row that this process has taken.
#[derive(Clone, Debug, FromRow)]
pub struct Taken {
    /// Key of the row.
    pub edge_outbox_id: i64,
    /// What it tells.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// The event, less its id.
    #[sqlx(json)]
    pub payload: serde_json::Value,
    /// How often it was taken before.
    pub attempts: i64,
    /// How often the edge has refused it.
    pub refusals: i64,
    /// When it was written, as the column holds it.
    pub created_at: NaiveDateTime,
}

/// Adds a row, in the transaction that makes it true.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: Conn<'_>,
    kind: Kind,
    payload: &serde_json::Value,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO edge_outbox (kind, payload, available_at, created_at) VALUES (?, ?, ?, ?)",
        )
        .bind(kind.as_str())
        .bind(sqlx::types::Json(payload))
        .bind(now)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.inserted_id())
    })
}

/// Adds what happened in a conversation, in the order in which it happened; in the transaction that makes
/// it true.
///
/// # Errors
/// The database's.
pub async fn insert_news(conn: Conn<'_>, news: &[News], now: Timestamp) -> sqlx::Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let now = conn.zone.write(now);
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "INSERT INTO edge_outbox (kind, payload, available_at, created_at) ",
        );
        query.push_values(news, |mut row, news| {
            let kind = match news {
                News::Message(_) => Kind::ChatMessage,
                News::Conversation(_) => Kind::ConversationUpdated,
                News::Marked(_) => Kind::MessagesMarked,
            };
            row.push_bind(kind.as_str())
                .push_bind(sqlx::types::Json(serde_json::json!({ "news": news })))
                .push_bind(now)
                .push_bind(now);
        });
        query.build().execute(c).await.map(|_| ())
    })
}

/// Takes at most `limit` rows of these kinds for `lease`: until then no other process does. In a transaction.
///
/// # Errors
/// The database's.
pub async fn take(
    mut conn: Conn<'_>,
    kinds: &[Kind],
    limit: i64,
    lease: Duration,
    now: Timestamp,
) -> sqlx::Result<Vec<Taken>> {
    let rows = select_available(conn.reborrow(), kinds, limit, now).await?;
    let until = conn.zone.write(now.plus(lease));
    if !rows.is_empty() {
        on!(conn, |c: Dialect| {
            let mut query = QueryBuilder::<Dialect>::new("UPDATE edge_outbox SET available_at = ");
            query.push_bind(until).push(", attempts = attempts + 1 WHERE edge_outbox_id IN (");
            let mut ids = query.separated(", ");
            for row in &rows {
                ids.push_bind(row.edge_outbox_id);
            }
            query.push(")");
            query.build().execute(c).await?;
        });
    }
    Ok(rows)
}

async fn select_available(
    mut conn: Conn<'_>,
    kinds: &[Kind],
    limit: i64,
    now: Timestamp,
) -> sqlx::Result<Vec<Taken>> {
    let ids = match kinds {
        [] => return Ok(Vec::new()),
        [_] => None,
        several => Some(oldest_of(conn.reborrow(), several, limit, now).await?),
    };
    if ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let now = conn.zone.write(now);
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "SELECT edge_outbox_id, kind, payload, attempts, refusals, created_at FROM edge_outbox
             WHERE dead_at IS NULL AND available_at <= ",
        );
        query.push_bind(now);
        if let Some(ids) = ids {
            query.push(" AND edge_outbox_id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id);
            }
            query.push(")");
        } else {
            for kind in kinds {
                query.push(" AND kind = ").push_bind(kind.as_str());
            }
        }
        query.push(" ORDER BY available_at, edge_outbox_id LIMIT ").push_bind(limit);
        query.push(Dialect::FOR_UPDATE_SKIP_LOCKED);
        query.build_query_as().fetch_all(c).await
    })
}

/// The rows of several kinds that come first, looked up without a lock. The index has the order of each
/// kind by itself: one look for all would sort, and lock, all that waits.
async fn oldest_of(
    conn: Conn<'_>,
    kinds: &[Kind],
    limit: i64,
    now: Timestamp,
) -> sqlx::Result<Vec<i64>> {
    let statement = oldest_statement(kinds, limit, now, conn.zone);
    let rows: Vec<(i64,)> = statement.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The look for the rows of several kinds that come first.
#[must_use]
pub fn oldest_statement(kinds: &[Kind], limit: i64, now: Timestamp, zone: DbZone) -> Statement {
    let mut statement = Statement::new("SELECT edge_outbox_id FROM (");
    for (nth, kind) in kinds.iter().enumerate() {
        statement.push(if nth == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" }, []);
        statement.push(
            "SELECT edge_outbox_id, available_at FROM edge_outbox
             WHERE kind = ? AND dead_at IS NULL AND available_at <= ?
             ORDER BY available_at, edge_outbox_id LIMIT ?",
            [kind.as_str().into(), zone.write(now).into(), limit.into()],
        );
        statement.push(") of_kind", []);
    }
    statement.push(") oldest ORDER BY available_at, edge_outbox_id LIMIT ?", [limit.into()]);
    statement
}

/// Alerts written before a row that are being told for the first time, or will be: at most 100 keys.
///
/// # Errors
/// The database's.
pub async fn fresh_alerts_before(conn: Conn<'_>, edge_outbox_id: i64) -> sqlx::Result<Vec<i64>> {
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT edge_outbox_id FROM edge_outbox
             WHERE kind = ? AND dead_at IS NULL AND attempts <= 1 AND edge_outbox_id < ? LIMIT 100",
        )
        .bind(Kind::SecurityAlert.as_str())
        .bind(edge_outbox_id)
        .fetch_all(c)
        .await
    })
}

/// Removes rows that the edge has taken.
///
/// # Errors
/// The database's.
pub async fn remove(conn: Conn<'_>, ids: &[i64]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new("DELETE FROM edge_outbox WHERE edge_outbox_id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.build().execute(c).await.map(|_| ())
    })
}

/// Puts a row off until `available_at`, noting whether the edge refused it.
///
/// # Errors
/// The database's.
pub async fn postpone(
    conn: Conn<'_>,
    edge_outbox_id: i64,
    available_at: Timestamp,
    refused: bool,
) -> sqlx::Result<()> {
    let available_at = conn.zone.write(available_at);
    on!(conn, |c| {
        sqlx::query("UPDATE edge_outbox SET available_at = ?, refusals = refusals + ? WHERE edge_outbox_id = ?")
            .bind(available_at)
            .bind(i64::from(refused))
            .bind(edge_outbox_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// Gives taken rows back at once, each to its old place among the others.
///
/// # Errors
/// The database's.
pub async fn put_back(conn: Conn<'_>, ids: &[i64]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "UPDATE edge_outbox SET available_at = created_at WHERE edge_outbox_id IN (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.build().execute(c).await.map(|_| ())
    })
}

/// Sets a row aside for a person to look at.
///
/// # Errors
/// The database's.
pub async fn bury(conn: Conn<'_>, edge_outbox_id: i64, now: Timestamp) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query("UPDATE edge_outbox SET dead_at = ? WHERE edge_outbox_id = ?")
            .bind(now)
            .bind(edge_outbox_id)
            .execute(c)
            .await
            .map(|_| ())
    })
}

/// How it stands with the rows of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The kind.
    pub kind: Kind,
    /// Rows that wait for the edge.
    pub waiting: i64,
    /// Rows that wait for a person.
    pub set_aside: i64,
    /// When the oldest was written of those that wait for the edge.
    pub oldest: Option<Timestamp>,
}

/// How it stands with each kind: one walk through `idx_edge_outbox_kind`, and the oldest rows by key.
///
/// # Errors
/// The database's.
pub async fn stands(mut conn: Conn<'_>) -> sqlx::Result<Vec<Standing>> {
    let zone = conn.zone;
    let counted = conn.reborrow();
    let rows: Vec<(String, i64, i64, Option<i64>)> = on!(counted, |c| {
        sqlx::query_as(
            "SELECT kind, COUNT(*) - COUNT(dead_at), COUNT(dead_at),
                    MIN(CASE WHEN dead_at IS NULL THEN edge_outbox_id END)
             FROM edge_outbox GROUP BY kind",
        )
        .fetch_all(c)
        .await?
    });
    let mut stands = Vec::with_capacity(Kind::ALL.len());
    for kind in Kind::ALL {
        let row = rows.iter().find(|row| row.0 == kind.as_str());
        let (waiting, set_aside, oldest) = row.map_or((0, 0, None), |row| (row.1, row.2, row.3));
        let oldest: Option<NaiveDateTime> = match oldest {
            None => None,
            Some(id) => on!(conn.reborrow(), |c| {
                sqlx::query_scalar("SELECT created_at FROM edge_outbox WHERE edge_outbox_id = ?")
                    .bind(id)
                    .fetch_optional(c)
                    .await?
            }),
        };
        stands.push(Standing { kind, waiting, set_aside, oldest: oldest.map(|at| zone.read(at)) });
    }
    Ok(stands)
}

/// How many rows wait for the edge, and how many for a person.
///
/// # Errors
/// The database's.
pub async fn depth(conn: Conn<'_>) -> sqlx::Result<(i64, i64)> {
    on!(conn, |c| {
        sqlx::query_as("SELECT COUNT(*) - COUNT(dead_at), COUNT(dead_at) FROM edge_outbox")
            .fetch_one(c)
            .await
    })
}
