//! Places of messages that another program has stored without one.

use sqlx::{MySqlConnection, QueryBuilder};

use crate::store::db::{Conn, Driver};

/// Messages of a conversation that get their place in one statement.
pub const MAX_PLACED: u32 = 500;

/// Gives the first messages without a place in each of these conversations theirs, after the last: oldest first,
/// ties broken by key, [`MAX_PLACED`] of each at most. The conversations' rows are locked. How many got one.
///
/// # Errors
/// The database's; on SQLite always, which no other program writes to.
pub async fn place(conn: Conn<'_>, conversations: &[i64]) -> sqlx::Result<u64> {
    place_on(mysql(conn)?, conversations).await
}

pub(super) async fn place_on(c: &mut MySqlConnection, conversations: &[i64]) -> sqlx::Result<u64> {
    if conversations.is_empty() {
        return Ok(0);
    }
    // `updated_at` is assigned what it holds: the column may be one that a change of the row sets.
    let mut query = QueryBuilder::<sqlx::MySql>::new(
        "UPDATE chat_messages m
         JOIN (SELECT n.chat_message_id, s.last_seq + n.place AS seq
               FROM (SELECT chat_message_id, customer_service_session_id,
                            ROW_NUMBER() OVER (PARTITION BY customer_service_session_id
                                               ORDER BY created_at, chat_message_id) AS place
                     FROM chat_messages WHERE seq IS NULL AND customer_service_session_id IN (",
    );
    push_list(&mut query, conversations);
    query.push(
        ")) n JOIN customer_service_sessions s ON s.customer_service_session_id = n.customer_service_session_id
               WHERE n.place <= ",
    );
    query.push_bind(MAX_PLACED);
    query.push(
        ") placed ON placed.chat_message_id = m.chat_message_id
         SET m.seq = placed.seq, m.placed_late = 1, m.updated_at = m.updated_at",
    );
    let placed = query.build().execute(&mut *c).await?.rows_affected();
    if placed > 0 {
        let mut query = QueryBuilder::<sqlx::MySql>::new(
            "UPDATE customer_service_sessions s
             SET s.updated_at = s.updated_at,
                 s.last_seq = COALESCE((SELECT MAX(m.seq) FROM chat_messages m
                                        WHERE m.customer_service_session_id = s.customer_service_session_id), 0)
             WHERE s.customer_service_session_id IN (",
        );
        push_list(&mut query, conversations);
        query.push(")").build().execute(c).await?;
    }
    Ok(placed)
}

/// Some conversations that have messages without a place.
///
/// # Errors
/// As [`place`].
pub async fn with_unplaced(conn: Conn<'_>) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "SELECT DISTINCT s.customer_service_session_id
         FROM (SELECT customer_service_session_id AS id
               FROM chat_messages /*! FORCE INDEX (idx_chat_messages_unplaced) */
               WHERE placed_late IS NULL AND seq IS NULL LIMIT 1000) unplaced
         JOIN customer_service_sessions s ON s.customer_service_session_id = unplaced.id",
    )
    .fetch_all(mysql(conn)?)
    .await
}

/// The next conversations after a key that have messages without a place.
pub(super) async fn next_unplaced(
    c: &mut MySqlConnection,
    after: i64,
    limit: u32,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "SELECT s.customer_service_session_id FROM customer_service_sessions s
         WHERE s.customer_service_session_id > ?
           AND EXISTS (SELECT 1 FROM chat_messages m
                       WHERE m.customer_service_session_id = s.customer_service_session_id AND m.seq IS NULL)
         ORDER BY s.customer_service_session_id LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(c)
    .await
}

/// Locks conversations in the order of their keys.
pub(super) async fn lock(c: &mut MySqlConnection, conversations: &[i64]) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<sqlx::MySql>::new(
        "SELECT customer_service_session_id FROM customer_service_sessions WHERE customer_service_session_id IN (",
    );
    push_list(&mut query, conversations);
    query.push(") ORDER BY customer_service_session_id FOR UPDATE");
    query.build().fetch_all(c).await.map(drop)
}

fn push_list(query: &mut QueryBuilder<sqlx::MySql>, keys: &[i64]) {
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(*key);
    }
}

pub(super) fn mysql(conn: Conn<'_>) -> sqlx::Result<&mut MySqlConnection> {
    match conn.driver {
        Driver::MySql(c) => Ok(c),
        Driver::Sqlite(_) => {
            Err(sqlx::Error::Configuration("SQLite is not shared with another program".into()))
        }
    }
}
