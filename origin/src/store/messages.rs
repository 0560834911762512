//! SQL over `chat_messages`.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use shared::{
    chat::{Message, MessageSource, MessageStatus, MessageType, NewMessage, Sender, SenderType},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};

use super::{
    db::{Conn, DbZone, on},
    points::Points,
    statement::Statement,
};

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

/// Adds messages at the conversation's next places, from `first_seq`; its row is locked.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    first_seq: i64,
    new: &[(Origination, &NewMessage)],
    now: Timestamp,
) -> sqlx::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let now = conn.zone.write(now);
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "INSERT INTO chat_messages
                 (customer_service_session_id, seq, sender_id, sender_type, message_source, content, message_type,
                  status, reply_to_id, temp_message_id, metadata, created_at, updated_at) ",
        );
        query.push_values((first_seq..).zip(new), |mut row, (seq, (from, new))| {
            row.push_bind(customer_service_session_id)
                .push_bind(seq)
                .push_bind(from.sender_id)
                .push_bind(from.sender_type.as_str())
                .push_bind(from.source.as_str())
                .push_bind(&new.content)
                .push_bind(new.message_type.as_str())
                .push_bind(MessageStatus::Sent.as_str())
                .push_bind(new.reply_to_id)
                .push_bind(&new.temp_message_id)
                .push_bind(new.metadata.as_ref().map(sqlx::types::Json))
                .push_bind(now)
                .push_bind(now);
        });
        query.build().execute(c).await.map(|_| ())
    })
}

/// The messages that a sender has stored in a conversation under ids of their own.
///
/// # Errors
/// The database's.
pub async fn find_by_temp_ids(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    sender_id: i64,
    temp_message_ids: &[&str],
) -> sqlx::Result<Vec<Message>> {
    if temp_message_ids.is_empty() {
        return Ok(Vec::new());
    }
    let zone = conn.zone;
    let rows: Vec<MessageRow> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(SELECT);
        query.push_bind(customer_service_session_id);
        query.push(" AND m.seq IS NOT NULL AND m.sender_id = ").push_bind(sender_id);
        query.push(" AND m.temp_message_id IN (");
        let mut list = query.separated(", ");
        for id in temp_message_ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(rows.into_iter().map(|row| row.into_message(zone)).collect())
}

/// The `seq` of a message, where it is one of the conversation's and has one: what another program has added to an
/// adopted database waits for it.
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
            "SELECT seq FROM chat_messages
             WHERE chat_message_id = ? AND customer_service_session_id = ? AND seq IS NOT NULL",
        )
        .bind(chat_message_id)
        .bind(customer_service_session_id)
        .fetch_optional(c)
        .await
    })
}

/// Those of some messages that are the conversation's.
///
/// # Errors
/// The database's.
pub async fn those_of(
    conn: Conn<'_>,
    customer_service_session_id: i64,
    chat_message_ids: &[i64],
) -> sqlx::Result<HashSet<i64>> {
    if chat_message_ids.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<i64> = on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new(
            "SELECT chat_message_id FROM chat_messages WHERE customer_service_session_id = ",
        );
        query.push_bind(customer_service_session_id).push(" AND chat_message_id IN (");
        let mut list = query.separated(", ");
        for id in chat_message_ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.build_query_scalar().fetch_all(c).await
    })?;
    Ok(ids.into_iter().collect())
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

/// A message that has not come so far yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Behind {
    /// Key of the message.
    pub chat_message_id: i64,
    /// Its place in the conversation.
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: Option<i64>,
}

/// What a message may be before it is that.
const fn before(status: MessageStatus) -> &'static [MessageStatus] {
    use MessageStatus::{Delivered, Read, Sending, Sent};
    match status {
        Sending => &[],
        Sent => &[Sending],
        Delivered => &[Sending, Sent],
        Read => &[Sending, Sent, Delivered],
    }
}

/// The oldest `limit` messages of a side, up to a `seq`, that are not yet `status`.
#[must_use]
pub fn behind_statement(
    customer_service_session_id: i64,
    side: SenderType,
    status: MessageStatus,
    up_to: i64,
    limit: usize,
) -> Statement {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = Statement::new("SELECT chat_message_id, seq, sender_id FROM (");
    // Each status by itself: that is the index's order, and what is read long since is never looked at.
    // MySQL and MariaDB are told which index, as some of their statistics mislead them; to SQLite it is
    // a comment.
    for (nth, earlier) in before(status).iter().enumerate() {
        statement.push(if nth == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" }, []);
        statement.push(
            "SELECT chat_message_id, seq, sender_id
             FROM chat_messages /*! FORCE INDEX (idx_chat_messages_side) */
             WHERE customer_service_session_id = ? AND sender_type = ? AND status = ? AND seq <= ?
             ORDER BY status, seq LIMIT ?",
            [
                customer_service_session_id.into(),
                side.as_str().into(),
                earlier.as_str().into(),
                up_to.into(),
                limit.into(),
            ],
        );
        statement.push(") of_status", []);
    }
    statement.push(") behind ORDER BY seq LIMIT ?", [limit.into()]);
    statement
}

/// Moves messages on to a status.
///
/// # Errors
/// The database's.
pub async fn set_status(
    conn: Conn<'_>,
    messages: &[Behind],
    status: MessageStatus,
    now: Timestamp,
) -> sqlx::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let now = conn.zone.write(now);
    on!(conn, |c: Dialect| {
        let mut query = QueryBuilder::<Dialect>::new("UPDATE chat_messages SET status = ");
        query.push_bind(status.as_str()).push(", updated_at = ").push_bind(now);
        query.push(" WHERE chat_message_id IN (");
        let mut list = query.separated(", ");
        for message in messages {
            list.push_bind(message.chat_message_id);
        }
        query.push(")");
        query.build().execute(c).await.map(|_| ())
    })
}

/// How many messages of a side in a conversation are unread.
#[must_use]
pub fn unread_statement(customer_service_session_id: i64, side: SenderType) -> Statement {
    let mut statement = Statement::new("SELECT COUNT(*) FROM chat_messages");
    statement.push(
        " WHERE customer_service_session_id = ? AND sender_type = ? AND status IN ('sending', 'sent', 'delivered')",
        [customer_service_session_id.into(), side.as_str().into()],
    );
    statement
}

/// Counts messages of a stretch of time, in the index of all messages in time.
const COUNT_BETWEEN: &str = "SELECT COUNT(*) FROM (SELECT chat_message_id FROM chat_messages
     WHERE created_at >= ? AND created_at < ? LIMIT ?) counted";

/// How many messages were written at each point; counted no further than
/// [`MOST_OF_A_POINT`](super::points::MOST_OF_A_POINT).
///
/// # Errors
/// The database's.
pub async fn counts(conn: Conn<'_>, points: Points) -> sqlx::Result<Vec<i64>> {
    let statement = points.statement(COUNT_BETWEEN, None, conn.zone);
    points.counts(statement, conn).await
}
