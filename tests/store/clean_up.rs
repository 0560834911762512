//! What the clean-up looks for is found by seeks, however much there is that stays.

use std::time::Duration;

use origin::{
    clock::Clock as _,
    store::{
        audit::{self, AuditKind, NewEvent},
        refresh_tokens::past::WALK,
        sessions::past::ENDED,
    },
};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _, SqliteConnection,
};
use tests::{TestApp, backlog, both_databases};

both_databases!(what_is_long_past_is_found_by_seeks);

const DAY: Duration = Duration::from_hours(24);

async fn what_is_long_past_is_found_by_seeks(app: TestApp) {
    let now = app.clock.now();
    backlog::fill(&app.database.url, 0, 1000, now).await;
    backlog::fill(&app.database.url, 1000, 20, now.minus(100 * DAY)).await;
    let mut tx = app.app.db.begin().await.unwrap();
    for _ in 0..500 {
        let event = NewEvent {
            kind: AuditKind::LoggedIn,
            user_id: None,
            authentication_session_id: None,
            actor_user_id: None,
            client_ip: None,
            request_id: None,
            detail: None,
        };
        audit::insert(tx.conn(), &event, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let past = "'2025-12-01 00:00:00'";
    let ended = with(ENDED, &["0", past, "1000"]);
    let walk = with(WALK, &["'1970-01-01 00:00:00'", past, "'1970-01-01 00:00:00'", "0", "1000"]);
    let old = with(audit::OLD, &[past, "1000"]);
    let sessions =
        "DELETE FROM authentication_sessions WHERE authentication_session_id IN (7, 8, 9)";
    for (sql, expected) in [
        (ended, &["authentication_sessions by idx_authentication_sessions_ended"][..]),
        (walk, &["t by idx_refresh_tokens_expiry", "s by primary key"]),
        (old, &["audit_events by idx_audit_events_created"]),
        (sessions.to_owned(), &["authentication_sessions by primary key"]),
    ] {
        let plan = if app.database.url.starts_with("sqlite") {
            sqlite_plan(&app.database.url, &sql).await
        } else {
            mysql_plan(&app.database.url, &sql).await
        };
        assert_eq!(plan, expected, "{sql}");
    }
}

/// The query with these values for its `?`.
fn with(sql: &str, values: &[&str]) -> String {
    let mut parts = sql.split('?');
    let first = parts.next().unwrap().to_owned();
    let rest: Vec<_> = parts.collect();
    assert_eq!(rest.len(), values.len());
    rest.iter().zip(values).fold(first, |sql, (part, value)| sql + value + part)
}

async fn mysql_plan(url: &str, sql: &str) -> Vec<String> {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let analyze = "ANALYZE TABLE authentication_sessions, refresh_tokens, audit_events";
    connection.execute(analyze).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN FORMAT=TRADITIONAL {sql}"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .map(|row| {
            let text = |name: &str| {
                row.try_get::<String, _>(name).unwrap_or_else(|_| {
                    String::from_utf8(row.try_get::<Vec<u8>, _>(name).unwrap()).unwrap()
                })
            };
            let how = text("type");
            assert!(matches!(how.as_str(), "range" | "eq_ref" | "ref" | "const"), "{how}: {sql}");
            let key = text("key");
            format!("{} by {}", text("table"), if key == "PRIMARY" { "primary key" } else { &key })
        })
        .collect()
}

async fn sqlite_plan(url: &str, sql: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .map(|row| {
            let detail: String = row.get("detail");
            let seek = detail.strip_prefix("SEARCH ").unwrap_or_else(|| panic!("{detail}: {sql}"));
            let (table, how) = seek.split_once(" USING ").unwrap();
            let key = how.split(" (").next().unwrap();
            let key = match key {
                "INTEGER PRIMARY KEY" => "primary key",
                key => key.trim_start_matches("COVERING ").trim_start_matches("INDEX "),
            };
            format!("{} by {key}", table.split(' ').next().unwrap())
        })
        .collect()
}
