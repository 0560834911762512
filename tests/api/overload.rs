//! What a client is told while the machines are not up to it.

use std::time::Duration;

use origin::store::{
    self, Db, DbZone,
    db::{PoolLimits, is_over_time, is_unavailable},
    statement::Statement,
};
use serde_json::json;
use shared::route;
use tests::{Backend, Device, TestApp, both_databases, metrics::Metrics};

both_databases!(
    a_pool_that_is_exhausted_says_when_to_come_back,
    a_call_that_takes_too_long_is_given_up_and_leaves_nothing,
    whoever_is_told_to_stop_says_so,
);

/// A pool of so many connections, which are not waited for.
async fn narrow(app: &TestApp, max_connections: u32) -> Db {
    let limits = PoolLimits {
        acquire: Duration::from_millis(300),
        statement: Some(Duration::from_secs(10)),
        ..PoolLimits::of(max_connections)
    };
    Db::connect_within(&app.database.url, DbZone::UTC, limits).await.unwrap()
}

async fn a_pool_that_is_exhausted_says_when_to_come_back(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let small = app.process_on(narrow(&app, 1).await, |_| {});
    let verify = || {
        let request = http::Request::get(route::VERIFY)
            .header("authorization", format!("Bearer {}", phone.token));
        small.send(request.body(axum::body::Body::empty()).unwrap(), phone.device.ip)
    };
    verify().await.ok();
    let held = small.app.db.acquire().await.unwrap();
    let refused = verify().await;
    refused.refused(503, "ORIGIN_UNAVAILABLE");
    assert_eq!(refused.headers["retry-after"], "1");
    let metrics = Metrics::of(&small).await;
    assert_eq!(metrics.count(r#"db_pool_acquire_timeouts_total{pool="primary"}"#), 1);
    assert_eq!(metrics.count(r#"db_pool_connections{pool="primary"}"#), 1);
    assert_eq!(metrics.count(r#"db_pool_idle_connections{pool="primary"}"#), 0);
    drop(held);
    verify().await.ok();
    small.app.db.close().await;
}

async fn a_call_that_takes_too_long_is_given_up_and_leaves_nothing(app: TestApp) {
    let ana = app.user("ana").await;
    let impatient = app
        .process_with(|config| config.operation.request_timeout = Duration::from_millis(1500))
        .await;
    let mut held = app.app.db.begin().await.unwrap();
    store::users::lock(held.conn(), ana.user_id).await.unwrap();
    let device = Device::phone("phone-1");
    let refused = ana.try_log_in(&impatient, &device, tests::user::PASSWORD).await;
    refused.refused(503, "ORIGIN_UNAVAILABLE");
    assert_eq!(refused.headers["retry-after"], "1");
    drop(held);
    let live = "SELECT device_id FROM authentication_sessions WHERE device_id = 'phone-1'";
    assert_eq!(app.database.texts(live).await, Vec::<String>::new());
    ana.log_in_at(&impatient, device).await;
    impatient.app.db.close().await;
}

async fn whoever_is_told_to_stop_says_so(app: TestApp) {
    let phone = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    assert!(!phone.get(route::VERIFY).await.headers.contains_key("connection"));
    app.app.stopping.cancel();
    phone.get(route::READYZ).await.refused(503, "ORIGIN_UNAVAILABLE");
    let answered = phone.get(route::VERIFY).await;
    answered.ok();
    assert_eq!(answered.headers["connection"], "close");
    phone.get(route::HEALTHZ).await.ok();
    phone.post(route::LOGOUT, &json!({})).await.ok();
}

/// Of SQLite nobody but the call's own limit ends a statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    tests::run(Backend::MySql, |app: TestApp| async move {
        let limits =
            PoolLimits { statement: Some(Duration::from_millis(200)), ..PoolLimits::of(2) };
        let db = Db::connect_within(&app.database.url, DbZone::UTC, limits).await.unwrap();
        let mut handle = db.acquire().await.unwrap();
        let long = Statement::new(
            "SELECT COUNT(*) FROM information_schema.COLLATIONS a
             JOIN information_schema.COLLATIONS b JOIN information_schema.COLLATIONS c
             JOIN information_schema.COLLATIONS d WHERE a.ID + b.ID + c.ID + d.ID = -1",
        );
        let error = long.fetch_count(handle.conn()).await.unwrap_err();
        assert!(is_over_time(&error) && is_unavailable(&error), "{error:?}");
        // Nothing else has happened to the connection.
        assert_eq!(Statement::new("SELECT 7").fetch_count(handle.conn()).await.unwrap(), 7);
        drop(handle);
        db.close().await;
    })
    .await;
}
