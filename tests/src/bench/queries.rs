//! The bare queries of a route, through the driver: what no server on top of it can be faster than.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Result, ensure};
use origin::store::{
    DbZone,
    listing_counts::OF_SELLER,
    listings::page_of_seller_statement,
    sessions::BY_TOKEN,
    slice::Slice,
    statement::{Statement, Value},
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, mysql::MySqlRow};
use tokio::task::JoinSet;

use super::{now, rate};

/// Which queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The look at the caller's session, the counts and the first page of a seller.
    MyListings {
        /// The seller.
        seller_user_id: i64,
    },
}

impl Asked {
    async fn statements(self, connection: &mut MySqlConnection) -> Result<Vec<Statement>> {
        match self {
            Self::MyListings { seller_user_id } => {
                let token: String = sqlx::query_scalar(
                    "SELECT session_token FROM authentication_sessions WHERE user_id = ? LIMIT 1",
                )
                .bind(seller_user_id)
                .fetch_one(connection)
                .await?;
                let mut session = Statement::new(BY_TOKEN.as_str());
                session.values.push(Value::Text(token));
                let mut counts = Statement::new(OF_SELLER);
                counts.values.extend([seller_user_id.into(), seller_user_id.into()]);
                let page =
                    page_of_seller_statement(seller_user_id, None, DbZone::UTC, Slice::first(20));
                Ok(vec![session, counts, page])
            }
        }
    }
}

/// Asks so often, on so many connections at once that nobody shares; how often a second. Rows are received, and not
/// looked into.
///
/// # Errors
/// The database's, or a query that finds nothing.
pub async fn queries(
    database: &str,
    asked: Asked,
    times: usize,
    connections: usize,
) -> Result<f64> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(MySqlConnection::connect(database).await?);
    }
    let mut ready = Vec::with_capacity(connections);
    for mut connection in open {
        let statements = asked.statements(&mut connection).await?;
        ready.push((connection, statements));
    }
    let (left, mut tasks) = (Arc::new(AtomicUsize::new(times)), JoinSet::new());
    let start = now();
    for (connection, statements) in ready {
        let left = Arc::clone(&left);
        tasks.spawn(ask(connection, statements, left));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(rate(times, start.elapsed()))
}

async fn ask(
    mut connection: MySqlConnection,
    statements: Vec<Statement>,
    left: Arc<AtomicUsize>,
) -> Result<()> {
    let take = |left: usize| left.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        for statement in &statements {
            let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
            for value in statement.values.clone() {
                query = match value {
                    Value::Int(value) => query.bind(value),
                    Value::Flag(value) => query.bind(value),
                    Value::Text(value) => query.bind(value),
                    Value::Time(value) => query.bind(value),
                };
            }
            let rows: Vec<MySqlRow> = query.fetch_all(&mut connection).await?;
            ensure!(!rows.is_empty(), "a query finds nothing: {}", statement.sql);
        }
    }
    Ok(())
}
