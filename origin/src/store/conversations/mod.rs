//! SQL over `customer_service_sessions`.

pub mod list;
pub mod queue;
pub mod stats;

use chrono::NaiveDateTime;
use shared::{
    chat::{ConversationFacts, ConversationStatus, news::RoomConversation},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};

use super::db::{Conn, DbZone, DialectWords as _, InsertedId as _, on};

/// A row of `customer_service_sessions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Key of the conversation.
    pub customer_service_session_id: i64,
    /// What the rules need to know.
    pub facts: ConversationFacts,
    /// What began it.
    pub source: String,
    /// `seq` of its newest message; 0 where it has none.
    pub last_seq: i64,
    /// Grows with each change of status or agent.
    pub version: i64,
    /// When the last message was written.
    pub last_message_at: Option<Timestamp>,
    /// When an agent first had it.
    pub accepted_at: Option<Timestamp>,
    /// When a person of the staff first answered.
    pub first_response_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Why, where someone said.
    pub close_reason: Option<String>,
    /// What its user said of it: 1 to 5.
    pub satisfaction_score: Option<i64>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[derive(FromRow)]
struct ConversationRow {
    customer_service_session_id: i64,
    user_id: i64,
    admin_id: Option<i64>,
    #[sqlx(try_from = "String")]
    status: ConversationStatus,
    source: String,
    last_seq: i64,
    version: i64,
    last_message_at: Option<NaiveDateTime>,
    accepted_at: Option<NaiveDateTime>,
    first_response_at: Option<NaiveDateTime>,
    closed_at: Option<NaiveDateTime>,
    close_reason: Option<String>,
    satisfaction_score: Option<i64>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl ConversationRow {
    fn into_conversation(self, zone: DbZone) -> Conversation {
        Conversation {
            customer_service_session_id: self.customer_service_session_id,
            facts: ConversationFacts {
                user_id: self.user_id,
                admin_id: self.admin_id,
                status: self.status,
            },
            source: self.source,
            last_seq: self.last_seq,
            version: self.version,
            last_message_at: self.last_message_at.map(|at| zone.read(at)),
            accepted_at: self.accepted_at.map(|at| zone.read(at)),
            first_response_at: self.first_response_at.map(|at| zone.read(at)),
            closed_at: self.closed_at.map(|at| zone.read(at)),
            close_reason: self.close_reason,
            satisfaction_score: self.satisfaction_score,
            created_at: zone.read(self.created_at),
            updated_at: zone.read(self.updated_at),
        }
    }
}

impl Conversation {
    /// The conversation, as rooms know it.
    #[must_use]
    pub fn room(&self) -> RoomConversation {
        RoomConversation {
            customer_service_session_id: self.customer_service_session_id,
            began_at: self.created_at,
            user_id: self.facts.user_id,
            admin_id: self.facts.admin_id,
            status: self.facts.status,
            version: self.version,
            last_seq: self.last_seq,
        }
    }
}

const COLUMNS: &str = "customer_service_session_id, user_id, admin_id, status, source, last_seq, version,
    last_message_at, accepted_at, first_response_at, closed_at, close_reason, satisfaction_score, created_at, updated_at";

/// Which conversation to look up.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// The one with this key.
    Id(i64),
    /// The one that this user has open; of several in an adopted database, the newest.
    OpenOf(i64),
}

/// A conversation.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, which: Which) -> sqlx::Result<Option<Conversation>> {
    select(conn, which, false).await
}

/// The same, locked until the transaction ends: messages of one conversation queue here for their `seq`.
///
/// # Errors
/// The database's.
pub async fn lock(
    conn: Conn<'_>,
    customer_service_session_id: i64,
) -> sqlx::Result<Option<Conversation>> {
    select(conn, Which::Id(customer_service_session_id), true).await
}

async fn select(conn: Conn<'_>, which: Which, lock: bool) -> sqlx::Result<Option<Conversation>> {
    let zone = conn.zone;
    let (column, key) = match which {
        Which::Id(id) => ("customer_service_session_id", id),
        Which::OpenOf(user_id) => ("open_user_id", user_id),
    };
    let row: Option<ConversationRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(format!(
            "SELECT {COLUMNS} FROM customer_service_sessions WHERE {column} = "
        ));
        query.push_bind(key);
        if matches!(which, Which::OpenOf(_)) {
            query.push(" ORDER BY created_at DESC, customer_service_session_id DESC LIMIT 1");
        }
        if lock {
            query.push(Dialect::FOR_UPDATE);
        }
        query.build_query_as().fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.into_conversation(zone)))
}

/// A conversation to be.
pub struct NewConversation<'a> {
    /// A fixed key, for seeds; the database gives one otherwise.
    pub customer_service_session_id: Option<i64>,
    /// Whose it is.
    pub user_id: i64,
    /// What begins it.
    pub source: &'a str,
}

/// Adds a waiting conversation; a unique violation where the user has one open.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: Conn<'_>,
    new: &NewConversation<'_>,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        let done = sqlx::query(
            "INSERT INTO customer_service_sessions
                 (customer_service_session_id, user_id, status, source, is_active_session, opened_here, created_at,
                  updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.customer_service_session_id)
        .bind(new.user_id)
        .bind(ConversationStatus::Waiting.as_str())
        .bind(new.source)
        .bind(true)
        .bind(true)
        .bind(now)
        .bind(now)
        .execute(c)
        .await?;
        Ok(new.customer_service_session_id.unwrap_or_else(|| done.inserted_id()))
    })
}

/// Writes what has changed of a conversation whose row is locked.
///
/// # Errors
/// The database's.
pub async fn save(conn: Conn<'_>, changed: &Conversation) -> sqlx::Result<()> {
    let zone = conn.zone;
    let time = |at: Option<Timestamp>| at.map(|at| zone.write(at));
    on!(conn, |c| {
        sqlx::query(
            "UPDATE customer_service_sessions
             SET admin_id = ?, status = ?, is_active_session = ?, last_seq = ?, version = ?, last_message_at = ?,
                 accepted_at = ?, first_response_at = ?, closed_at = ?, close_reason = ?, satisfaction_score = ?,
                 updated_at = ?
             WHERE customer_service_session_id = ?",
        )
        .bind(changed.facts.admin_id)
        .bind(changed.facts.status.as_str())
        .bind(changed.facts.status != ConversationStatus::Closed)
        .bind(changed.last_seq)
        .bind(changed.version)
        .bind(time(changed.last_message_at))
        .bind(time(changed.accepted_at))
        .bind(time(changed.first_response_at))
        .bind(time(changed.closed_at))
        .bind(&changed.close_reason)
        .bind(changed.satisfaction_score)
        .bind(zone.write(changed.updated_at))
        .bind(changed.customer_service_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}
