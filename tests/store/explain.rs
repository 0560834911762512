//! The look-ups that requests make are seeks, however many rows there are.

use std::time::Duration;

use origin::store::{
    self,
    audit::COUNT_SINCE,
    sessions::{BY_TOKEN, Device, LATEST_OF, NewSession, Risk},
    users::NewUser,
};
use shared::user::{ClientType, Role, UserType};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, SqliteConnection};
use tests::{TestApp, both_databases};

both_databases!(a_token_is_looked_up_by_one_seek, what_a_log_in_is_compared_with_is_sought);

/// Enough rows that a scan would show.
const SESSIONS: i64 = 50;

async fn a_token_is_looked_up_by_one_seek(app: TestApp) {
    fill(&app).await;
    let plan = plan(&app, &BY_TOKEN, &["'token-7'"]).await;
    assert_eq!(plan, ["s by uq_authentication_sessions_session_token", "u by primary key"]);
}

async fn what_a_log_in_is_compared_with_is_sought(app: TestApp) {
    fill(&app).await;
    let mut latest = plan(&app, &LATEST_OF, &["7", "20"]).await;
    latest.sort();
    assert_eq!(latest, ["s by idx_authentication_sessions_history", "u by primary key"]);
    let values = ["7", "'2026-03-01 00:00:00.000'", "'login_failed'", "5"];
    let counted = plan(&app, COUNT_SINCE, &values).await;
    assert_eq!(counted, ["audit_events by idx_audit_events_user"]);
}

/// The steps of a query's plan, each a seek: `table by key`.
async fn plan(app: &TestApp, query: &str, values: &[&str]) -> Vec<String> {
    let query = values.iter().fold(query.to_owned(), |query, value| query.replacen('?', value, 1));
    let url = &app.database.url;
    if url.starts_with("sqlite") {
        sqlite_plan(url, &query).await
    } else {
        mysql_plan(url, &query).await
    }
}

async fn fill(app: &TestApp) {
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for user_id in 1..=SESSIONS {
        let user = NewUser {
            user_id: Some(user_id),
            mobile: None,
            email: None,
            nickname: "x",
            password_hash: None,
            role: Role::User,
        };
        store::users::insert(tx.conn(), &user, now).await.unwrap();
        // One of them logs in again and again.
        for nth in 0..if user_id == 7 { SESSIONS } else { 1 } {
            let token = if nth == 0 { format!("token-{user_id}") } else { format!("{nth}") };
            let session = NewSession {
                authentication_session_id: None,
                session_token: &token,
                user_type: UserType::User,
                user_id,
                client_type: ClientType::Web,
                expires_at: now.plus(Duration::from_mins(1)),
                device: &Device::default(),
                risk: &Risk::default(),
                current_jti: None,
            };
            store::sessions::insert(tx.conn(), &session, now).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn mysql_plan(url: &str, query: &str) -> Vec<String> {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    // The text protocol: MariaDB explains no prepared statement's parameter as a constant.
    let explain = format!("EXPLAIN FORMAT=TRADITIONAL {query}");
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .filter_map(|row| {
            let text = |name: &str| {
                row.try_get::<String, _>(name)
                    .or_else(|_| {
                        row.try_get::<Vec<u8>, _>(name)
                            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                    })
                    .unwrap()
            };
            // What a query within the query has found: rows that were sought already.
            if text("table").starts_with("<derived") {
                return None;
            }
            let how = text("type");
            assert!(["const", "eq_ref", "ref", "range"].contains(&how.as_str()), "a scan: {how}");
            let key = text("key");
            let extra = row.try_get::<Option<String>, _>("Extra").unwrap().unwrap_or_default();
            assert!(!extra.contains("filesort"), "{key} leaves the order to be made: {extra}");
            let key = if key == "PRIMARY" { "primary key" } else { &key };
            Some(format!("{} by {key}", text("table")))
        })
        .collect()
}

async fn sqlite_plan(url: &str, query: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter()
        .filter_map(|row| {
            let detail: String = row.get("detail");
            // What a query within the query has found: rows that were sought already.
            if ["CO-ROUTINE counted", "SCAN counted"].contains(&detail.as_str()) {
                return None;
            }
            let seek = detail.strip_prefix("SEARCH ").unwrap_or_else(|| panic!("a scan: {detail}"));
            let (table, how) = seek.split_once(" USING ").unwrap();
            let key = how.split(" (").next().unwrap();
            let key = if key == "INTEGER PRIMARY KEY" {
                "primary key"
            } else {
                key.trim_start_matches("COVERING ").trim_start_matches("INDEX ")
            };
            Some(format!("{table} by {key}"))
        })
        .collect()
}
