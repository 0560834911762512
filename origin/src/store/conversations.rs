//! SQL over `customer_service_sessions`.

use chrono::NaiveDateTime;
use shared::{
    chat::{
        ConversationAdmin, ConversationFacts, ConversationStatus, ConversationSummary,
        ConversationUser, LastMessage, SenderType, news::RoomConversation,
    },
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
    /// When an agent first answered.
    pub first_response_at: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
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
    first_response_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
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
            first_response_at: self.first_response_at.map(|at| zone.read(at)),
            created_at: zone.read(self.created_at),
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

const COLUMNS: &str = "customer_service_session_id, user_id, admin_id, status, source, last_seq, version, first_response_at, created_at";

/// Which conversation to look up.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// The one with this key.
    Id(i64),
    /// The one that this user has open.
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
                 (customer_service_session_id, user_id, status, source, is_active_session, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.customer_service_session_id)
        .bind(new.user_id)
        .bind(ConversationStatus::Waiting.as_str())
        .bind(new.source)
        .bind(true)
        .bind(now)
        .bind(now)
        .execute(c)
        .await?;
        Ok(new.customer_service_session_id.unwrap_or_else(|| done.inserted_id()))
    })
}

/// Notes a new message: the conversation's newest `seq` and time, and the first answer of an agent.
///
/// # Errors
/// The database's.
pub async fn note_message(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    seq: i64,
    sender_type: SenderType,
    at: Timestamp,
) -> sqlx::Result<()> {
    let at = conn.zone.write(at);
    let answered_at = (sender_type == SenderType::Admin).then_some(at);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE customer_service_sessions
             SET last_seq = ?, last_message_at = ?, updated_at = ?, first_response_at = COALESCE(first_response_at, ?)
             WHERE customer_service_session_id = ?",
        )
        .bind(seq)
        .bind(at)
        .bind(at)
        .bind(answered_at)
        .bind(customer_service_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// Ends a conversation; its user may then begin another.
///
/// # Errors
/// The database's.
pub async fn close(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    reason: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE customer_service_sessions
             SET status = ?, is_active_session = ?, closed_at = ?, close_reason = ?, updated_at = ?
             WHERE customer_service_session_id = ?",
        )
        .bind(ConversationStatus::Closed.as_str())
        .bind(false)
        .bind(now)
        .bind(reason)
        .bind(now)
        .bind(customer_service_session_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// How many conversations a user has had.
///
/// # Errors
/// The database's.
pub async fn count_of_user(conn: Conn<'_>, user_id: i64) -> sqlx::Result<i64> {
    on!(conn, |c| {
        sqlx::query_scalar("SELECT COUNT(*) FROM customer_service_sessions WHERE user_id = ?")
            .bind(user_id)
            .fetch_one(c)
            .await
    })
}

#[derive(FromRow)]
struct SummaryRow {
    customer_service_session_id: i64,
    user_id: i64,
    nickname: String,
    mobile: Option<String>,
    admin_id: Option<i64>,
    admin_nickname: Option<String>,
    #[sqlx(try_from = "String")]
    status: ConversationStatus,
    source: String,
    priority: i32,
    last_message_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    unread_count: i64,
    chat_message_id: Option<i64>,
    content: Option<String>,
    sender_type: Option<String>,
    message_created_at: Option<NaiveDateTime>,
}

impl SummaryRow {
    fn into_summary(self, zone: DbZone) -> ConversationSummary {
        let last_message =
            match (self.chat_message_id, self.content, self.sender_type, self.message_created_at) {
                (Some(chat_message_id), Some(content), Some(sender_type), Some(created_at)) => {
                    sender_type.parse().ok().map(|sender_type| LastMessage {
                        chat_message_id,
                        content,
                        sender_type,
                        created_at: zone.read(created_at),
                    })
                }
                _ => None,
            };
        ConversationSummary {
            customer_service_session_id: self.customer_service_session_id,
            user: ConversationUser {
                user_id: self.user_id,
                nickname: self.nickname,
                mobile: self.mobile,
            },
            admin: self.admin_id.map(|user_id| ConversationAdmin {
                user_id,
                nickname: self.admin_nickname.unwrap_or_default(),
            }),
            status: self.status,
            status_display: self.status.display().to_owned(),
            source: self.source,
            priority: self.priority,
            last_message_at: self.last_message_at.map(|at| zone.read(at)),
            last_message,
            unread_count: self.unread_count,
            created_at: zone.read(self.created_at),
            updated_at: zone.read(self.updated_at),
        }
    }
}

/// A page of a user's conversations, the latest changed first, ties broken by key.
///
/// # Errors
/// The database's.
pub async fn page_of_user(
    conn: Conn<'_>,
    user_id: i64,
    limit: u32,
    offset: u64,
) -> sqlx::Result<Vec<ConversationSummary>> {
    let zone = conn.zone;
    let rows: Vec<SummaryRow> = on!(conn, |c| {
        // The newest message is the one with the conversation's last seq: a seek. Unread ones are
        // counted from an index; each status by name, since "not read" would be no seek.
        sqlx::query_as(
            "SELECT s.customer_service_session_id, s.user_id, u.nickname, u.mobile, s.admin_id,
                    a.nickname AS admin_nickname, s.status, s.source, s.priority, s.last_message_at, s.created_at,
                    s.updated_at, m.chat_message_id, m.content, m.sender_type, m.created_at AS message_created_at,
                    (SELECT COUNT(*) FROM chat_messages x
                     WHERE x.customer_service_session_id = s.customer_service_session_id
                       AND x.sender_type = 'admin' AND x.status IN ('sending', 'sent', 'delivered')) AS unread_count
             FROM customer_service_sessions s
             JOIN users u ON u.user_id = s.user_id
             LEFT JOIN users a ON a.user_id = s.admin_id
             LEFT JOIN chat_messages m
                    ON m.customer_service_session_id = s.customer_service_session_id AND m.seq = s.last_seq
             WHERE s.user_id = ?
             ORDER BY s.updated_at DESC, s.customer_service_session_id DESC LIMIT ? OFFSET ?",
        )
        .bind(user_id)
        .bind(i64::from(limit))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .fetch_all(c)
        .await
    })?;
    Ok(rows.into_iter().map(|row| row.into_summary(zone)).collect())
}
