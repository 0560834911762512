//! What every log-in looks up is a seek, however many have tried.

use std::time::Duration;

use origin::{
    clock::Clock as _,
    store::{
        self, attempts,
        wechat_codes::{self, Code},
    },
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, SqliteConnection};
use tests::{TestApp, both_databases};

both_databases!(log_ins_and_their_clean_up_seek);

/// Enough rows that a scan would show.
const ROWS: u32 = 500;

async fn log_ins_and_their_clean_up_seek(app: TestApp) {
    fill(&app).await;
    let late = "'2020-01-01 00:00:00.000'";
    let expired = |query: &str| query.replacen('?', late, 1).replace('?', "100");
    let plans = [
        (format!("{}'key-1', 'key-2', 'key-3')", attempts::BY_KEYS), "login_attempts", "PRIMARY"),
        (expired(attempts::EXPIRED), "login_attempts", "idx_login_attempts_expires"),
        (format!("{}'hash-1'", wechat_codes::BY_HASH), "wechat_codes", "PRIMARY"),
        (expired(wechat_codes::EXPIRED), "wechat_codes", "idx_wechat_codes_expires"),
    ];
    for (query, table, index) in plans {
        if app.database.url.starts_with("sqlite") {
            sqlite(&app.database.url, &query, table, index).await;
        } else {
            mysql(&app.database.url, &query, table, index).await;
        }
    }
}

async fn fill(app: &TestApp) {
    let now = app.clock.now();
    let mut tx = app.app.db.begin().await.unwrap();
    let keys: Vec<String> = (0..ROWS).map(|n| format!("key-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    attempts::lock(tx.conn(), &keys, now).await.unwrap();
    for n in 0..ROWS {
        let code = Code {
            code_hash: format!("hash-{n}"),
            bound_to: "device".into(),
            claimant: "process".into(),
            claimed_until: now,
            was_asked: false,
            openid: None,
            refusal: None,
            expires_at: now.plus(Duration::from_secs(u64::from(n))),
        };
        store::wechat_codes::insert(tx.conn(), &code).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn mysql(url: &str, query: &str, table: &str, index: &str) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let analyze = format!("ANALYZE TABLE {table}");
    sqlx::raw_sql(AssertSqlSafe(analyze)).fetch_all(&mut connection).await.unwrap();
    let explain = format!("EXPLAIN FORMAT=TRADITIONAL {query}");
    let row = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut connection).await.unwrap();
    let text = |name: &str| {
        row.try_get::<String, _>(name)
            .or_else(|_| {
                row.try_get::<Vec<u8>, _>(name)
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            })
            .unwrap_or_else(|_| "none".to_owned())
    };
    assert_eq!(text("key"), index, "{query}");
    assert!(["const", "range"].contains(&text("type").as_str()), "{}: {query}", text("type"));
}

async fn sqlite(url: &str, query: &str, table: &str, index: &str) {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {query}");
    let rows = sqlx::query(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    let index = match index {
        "PRIMARY" => format!("sqlite_autoindex_{table}_1"),
        other => other.to_owned(),
    };
    let seek = plan.iter().any(|step| {
        step.starts_with(&format!("SEARCH {table} USING "))
            && step.contains(&format!("INDEX {index} "))
    });
    assert!(seek && !plan.iter().any(|step| step.starts_with("SCAN")), "{plan:?}: {query}");
}
