//! Who waits for an agent.

use chrono::NaiveDateTime;
use shared::chat::{
    ConversationUser,
    event::{MAX_QUEUE, Queue, Waiting},
};
use sqlx::FromRow;

use crate::store::{db::Conn, statement::Statement};

#[derive(FromRow)]
struct WaitingRow {
    customer_service_session_id: i64,
    user_id: i64,
    nickname: String,
    mobile: Option<String>,
    priority: i32,
    source: String,
    created_at: NaiveDateTime,
    last_message_at: Option<NaiveDateTime>,
}

/// Who waits for an agent.
///
/// # Errors
/// The database's.
pub async fn queue(mut conn: Conn<'_>) -> sqlx::Result<Queue> {
    let zone = conn.zone;
    let total = waiting_statement().fetch_count(conn.reborrow()).await?;
    let rows: Vec<WaitingRow> = queue_statement().fetch_all(conn).await?;
    let waiting = rows
        .into_iter()
        .map(|row| Waiting {
            customer_service_session_id: row.customer_service_session_id,
            user: ConversationUser {
                user_id: row.user_id,
                nickname: row.nickname,
                mobile: row.mobile,
            },
            priority: row.priority,
            source: row.source,
            waiting_since: zone.read(row.created_at),
            last_message_at: row.last_message_at.map(|at| zone.read(at)),
        })
        .collect();
    Ok(Queue { total, waiting })
}

/// How many wait.
#[must_use]
pub fn waiting_statement() -> Statement {
    Statement::new("SELECT COUNT(*) FROM customer_service_sessions WHERE status = 'waiting'")
}

/// The first of them.
#[must_use]
pub fn queue_statement() -> Statement {
    let mut statement = Statement::new(
        "SELECT s.customer_service_session_id, s.user_id, u.nickname, u.mobile, s.priority, s.source,
                s.created_at, s.last_message_at
         FROM (SELECT customer_service_session_id AS id FROM customer_service_sessions WHERE status = 'waiting'
               ORDER BY priority DESC, created_at, customer_service_session_id",
    );
    statement.push(" LIMIT ?) first_of_all", [i64::from(MAX_QUEUE).into()]);
    statement.push(
        " JOIN customer_service_sessions s ON s.customer_service_session_id = first_of_all.id
          JOIN users u ON u.user_id = s.user_id
          ORDER BY s.priority DESC, s.created_at, s.customer_service_session_id",
        [],
    );
    statement
}
