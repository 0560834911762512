//! Reads that may lag go to a copy; all else does not, and no call fails because of it.

use origin::store::db::PoolLimits;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases, database::TestDatabase, metrics::Metrics};

both_databases!(
    lists_show_what_the_copy_has_and_sessions_never,
    what_is_written_is_in_the_history_though_the_copy_lags,
    a_copy_that_is_not_there_fails_no_call,
    a_copy_that_breaks_fails_no_call_and_comes_back,
    a_copy_with_an_older_schema_is_left_alone,
);

const USED: &str = "db_replica_used";
const FALLBACKS: &str = "db_replica_fallbacks_total";

/// A copy that has the schema and nothing else, and a process that reads from it.
async fn with_copy(app: &TestApp) -> (TestApp, TestDatabase) {
    let copy = app.database.create_like().await;
    copy.connect().await.close().await;
    let db = app.database.connect().await.with_replica(&copy.url, PoolLimits::of(4)).unwrap();
    assert_eq!(db.look_at_replica().await, Some(true));
    (app.process_on(db, |_| {}), copy)
}

async fn end(process: &TestApp, copy: TestDatabase) {
    process.app.db.close().await;
    copy.remove().await;
}

async fn offer(database: &TestDatabase, seller: i64, listings: usize) {
    for _ in 0..listings {
        let insert = format!(
            "INSERT INTO market_listings
             (listing_kind, seller_user_id, price_amount, status, created_at, updated_at)
             VALUES ('item_instance', {seller}, 5, 'on_sale', '2026-02-01 00:00:00', '2026-02-01 00:00:00')"
        );
        database.execute(&insert).await;
    }
}

async fn on_sale(client: &LoggedIn<'_>) -> i64 {
    let reply = client.get(route::MY_LISTINGS).await;
    reply.data()["status_counts"]["on_sale"].as_i64().unwrap()
}

async fn lists_show_what_the_copy_has_and_sessions_never(app: TestApp) {
    let (process, copy) = with_copy(&app).await;
    let ana = process.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    offer(&app.database, ana.user_id, 2).await;
    offer(&copy, ana.user_id, 1).await;
    assert_eq!(on_sale(&phone).await, 1, "the copy's");
    let admin = process.staff("root", Role::Admin).await.log_in(Device::browser("desk")).await;
    let audit = admin.get(route::AUDIT).await;
    assert_eq!(audit.data()["events"], json!([]), "the copy has heard of nothing");
    // What decides about a session is read where it is written.
    phone.get(route::VERIFY).await.ok();
    phone.get(route::ME).await.ok();
    let sessions = phone.get(route::SESSIONS).await;
    assert_eq!(sessions.data()["sessions"].as_array().unwrap().len(), 2);
    phone.refresh().await.ok();
    phone.post(route::LOGOUT, &json!({})).await.ok();
    phone.get(route::VERIFY).await.refused(401, "SESSION_LOGGED_OUT");
    let metrics = Metrics::of(&process).await;
    assert_eq!((metrics.count(USED), metrics.count(FALLBACKS)), (1, 0));
    assert!(metrics.count(r#"db_pool_connections{pool="replica"}"#) >= 1);
    end(&process, copy).await;
}

async fn what_is_written_is_in_the_history_though_the_copy_lags(app: TestApp) {
    let (process, copy) = with_copy(&app).await;
    let phone = process.user("ana").await.log_in(Device::phone("phone-1")).await;
    let begun = phone.post(route::CHAT_SESSIONS, &json!({})).await;
    let id = begun.data()["customer_service_session_id"].as_i64().unwrap();
    let path = route::with_id(route::CHAT_MESSAGES, id);
    let mut first = None;
    for n in 1..=3 {
        let message = json!({ "content": format!("{n}"), "temp_message_id": format!("t-{n}") });
        let sent = phone.post(&path, &message).await;
        first.get_or_insert(sent.data()["chat_message_id"].as_i64().unwrap());
        let history = phone.get(&path).await;
        assert_eq!(history.data()["messages"].as_array().unwrap().len(), n);
    }
    let after = phone.get(&format!("{path}?after={}", first.unwrap())).await;
    assert_eq!(after.data()["messages"].as_array().unwrap().len(), 2);
    end(&process, copy).await;
}

async fn a_copy_that_is_not_there_fails_no_call(app: TestApp) {
    let nowhere = if app.database.url.starts_with("sqlite:") {
        "sqlite:///nowhere/at/all.db"
    } else {
        "mysql://nobody@127.0.0.1:9/nothing"
    };
    let db = app.database.connect().await.with_replica(nowhere, PoolLimits::of(4)).unwrap();
    assert_eq!(db.look_at_replica().await, Some(false));
    let process = app.process_on(db, |_| {});
    let ana = process.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    offer(&app.database, ana.user_id, 2).await;
    assert_eq!(on_sale(&phone).await, 2);
    let metrics = Metrics::of(&process).await;
    assert_eq!((metrics.count(USED), metrics.count(FALLBACKS)), (0, 1));
    process.app.db.close().await;
}

async fn a_copy_that_breaks_fails_no_call_and_comes_back(app: TestApp) {
    let (process, copy) = with_copy(&app).await;
    let ana = process.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    offer(&app.database, ana.user_id, 2).await;
    assert_eq!(on_sale(&phone).await, 0);
    copy.execute("ALTER TABLE market_listings RENAME TO gone").await;
    assert_eq!(on_sale(&phone).await, 2);
    // It is not asked again for each call.
    assert_eq!(on_sale(&phone).await, 2);
    let metrics = Metrics::of(&process).await;
    assert_eq!((metrics.count(USED), metrics.count(FALLBACKS)), (0, 2));
    copy.execute("ALTER TABLE gone RENAME TO market_listings").await;
    assert_eq!(process.app.db.look_at_replica().await, Some(true));
    assert_eq!(on_sale(&phone).await, 0);
    end(&process, copy).await;
}

async fn a_copy_with_an_older_schema_is_left_alone(app: TestApp) {
    let (process, copy) = with_copy(&app).await;
    let ana = process.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    offer(&app.database, ana.user_id, 2).await;
    copy.execute("DELETE FROM _sqlx_migrations WHERE version = 7").await;
    assert_eq!(process.app.db.look_at_replica().await, Some(false));
    assert_eq!(on_sale(&phone).await, 2);
    assert_eq!(Metrics::of(&process).await.count(USED), 0);
    end(&process, copy).await;
}
