//! SQL over `chat_messages`.

use chrono::NaiveDateTime;
use shared::{
    chat::{Message, MessageSource, MessageStatus, MessageType, NewMessage, Sender, SenderType},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};

use super::db::{Conn, DbZone, InsertedId as _, on};

#[derive(FromRow)]
struct MessageRow {
    chat_message_id: i64,
    customer_service_session_id: i64,
    seq: i64,
    sender_id: Option<i64>,
    sender_nickname: Option<String>,
    #[sqlx(try_from = "String")]
    sender_type: SenderType,
    #[sqlx(try_from = "String")]
    message_source: MessageSource,
    content: String,
    #[sqlx(try_from = "String")]
    message_type: MessageType,
    #[sqlx(try_from = "String")]
    status: MessageStatus,
    reply_to_id: Option<i64>,
    temp_message_id: Option<String>,
    #[sqlx(json(nullable))]
    metadata: Option<serde_json::Value>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl MessageRow {
    fn into_message(self, zone: DbZone) -> Message {
        Message {
            chat_message_id: self.chat_message_id,
            customer_service_session_id: self.customer_service_session_id,
            seq: self.seq,
            sender: Sender::shown(self.sender_id, self.sender_nickname, self.message_source),
            sender_type: self.sender_type,
            message_source: self.message_source,
            content: self.content,
            message_type: self.message_type,
            status: self.status,
            reply_to_id: self.reply_to_id,
            temp_message_id: self.temp_message_id,
            metadata: self.metadata,
            created_at: zone.read(self.created_at),
            updated_at: zone.read(self.updated_at),
        }
    }
}

const SELECT: &str = "SELECT m.chat_message_id, m.customer_service_session_id, m.seq, m.sender_id,
        u.nickname AS sender_nickname, m.sender_type, m.message_source, m.content, m.message_type, m.status,
        m.reply_to_id, m.temp_message_id, m.metadata, m.created_at, m.updated_at
     FROM chat_messages m LEFT JOIN users u ON u.user_id = m.sender_id
     WHERE m.customer_service_session_id = ";

/// Where a new message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origination {
    /// Who wrote it; `None` for the system.
    pub sender_id: Option<i64>,
    /// The side that it comes from.
    pub sender_type: SenderType,
    /// The program that it comes from.
    pub source: MessageSource,
}

/// Adds a message at its place in the conversation, whose row is locked.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    seq: i64,
    from: Origination,
    new: &NewMessage,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO chat_messages
                 (customer_service_session_id, seq, sender_id, sender_type, message_source, content, message_type,
                  status, reply_to_id, temp_message_id, metadata, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(customer_service_session_id)
        .bind(seq)
        .bind(from.sender_id)
        .bind(from.sender_type.as_str())
        .bind(from.source.as_str())
        .bind(&new.content)
        .bind(new.message_type.as_str())
        .bind(MessageStatus::Sent.as_str())
        .bind(new.reply_to_id)
        .bind(&new.temp_message_id)
        .bind(new.metadata.as_ref().map(sqlx::types::Json))
        .bind(now)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.inserted_id())
    })
}

/// The message that a sender has stored in a conversation under an id of their own.
///
/// # Errors
/// The database's.
pub async fn find_by_temp_id(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    sender_id: i64,
    temp_message_id: &str,
) -> sqlx::Result<Option<Message>> {
    let zone = conn.zone;
    let row: Option<MessageRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(SELECT);
        query.push_bind(customer_service_session_id);
        query.push(" AND m.sender_id = ").push_bind(sender_id);
        query.push(" AND m.temp_message_id = ").push_bind(temp_message_id);
        query.build_query_as().fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.into_message(zone)))
}

/// The `seq` of a message, where it is one of the conversation's.
///
/// # Errors
/// The database's.
pub async fn seq_of(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    chat_message_id: i64,
) -> sqlx::Result<Option<i64>> {
    on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT seq FROM chat_messages WHERE chat_message_id = ? AND customer_service_session_id = ?",
        )
        .bind(chat_message_id)
        .bind(customer_service_session_id)
        .fetch_optional(c)
        .await
    })
}

/// Which part of a conversation's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Up to this `seq`, newest first.
    UpTo(i64),
    /// After this `seq`, oldest first.
    After(i64),
}

/// A part of a conversation's history.
///
/// # Errors
/// The database's.
pub async fn history(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    window: Window,
    limit: u32,
) -> sqlx::Result<Vec<Message>> {
    let zone = conn.zone;
    let rows: Vec<MessageRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(SELECT);
        query.push_bind(customer_service_session_id);
        match window {
            Window::UpTo(seq) => {
                query.push(" AND m.seq <= ").push_bind(seq).push(" ORDER BY m.seq DESC LIMIT ")
            }
            Window::After(seq) => {
                query.push(" AND m.seq > ").push_bind(seq).push(" ORDER BY m.seq LIMIT ")
            }
        };
        query.push_bind(i64::from(limit));
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|row| row.into_message(zone)).collect())
}
