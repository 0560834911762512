//! The look-up that every request makes is a seek, however many sessions there are.

use std::time::Duration;

use origin::store::{
    self,
    sessions::{BY_TOKEN, Device, NewSession},
    users::NewUser,
};
use shared::user::{ClientType, Role, UserType};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, SqliteConnection};
use tests::{TestApp, both_databases};

both_databases!(a_token_is_looked_up_by_one_seek);

/// Enough rows that a scan would show.
const SESSIONS: i64 = 50;

async fn a_token_is_looked_up_by_one_seek(app: TestApp) {
    fill(&app).await;
    let plan = if app.database.url.starts_with("sqlite") {
        sqlite_plan(&app.database.url).await
    } else {
        mysql_plan(&app.database.url).await
    };
    assert_eq!(plan, ["s by uq_authentication_sessions_session_token", "u by primary key"]);
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
        let session = NewSession {
            authentication_session_id: None,
            session_token: &format!("token-{user_id}"),
            user_type: UserType::User,
            user_id,
            client_type: ClientType::Web,
            expires_at: now.plus(Duration::from_mins(1)),
            device: &Device::default(),
            current_jti: None,
        };
        store::sessions::insert(tx.conn(), &session, now).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn mysql_plan(url: &str) -> Vec<String> {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    // The text protocol: MariaDB explains no prepared statement's parameter as a constant.
    let explain = format!("EXPLAIN FORMAT=TRADITIONAL {}", BY_TOKEN.replace('?', "'token-7'"));
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .map(|row| {
            let text = |name: &str| {
                row.try_get::<String, _>(name)
                    .or_else(|_| {
                        row.try_get::<Vec<u8>, _>(name)
                            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                    })
                    .unwrap()
            };
            assert_eq!(text("type"), "const", "a row by its unique key");
            let key = text("key");
            format!("{} by {}", text("table"), if key == "PRIMARY" { "primary key" } else { &key })
        })
        .collect()
}

async fn sqlite_plan(url: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", BY_TOKEN.as_str())))
        .bind("token-7")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            let detail: String = row.get("detail");
            let seek = detail.strip_prefix("SEARCH ").unwrap_or_else(|| panic!("a scan: {detail}"));
            let (table, how) = seek.split_once(" USING ").unwrap();
            let key = how.split(" (").next().unwrap();
            let key = if key == "INTEGER PRIMARY KEY" {
                "primary key"
            } else {
                key.trim_start_matches("INDEX ")
            };
            format!("{table} by {key}")
        })
        .collect()
}
