//! Transactions, zones and retries.

use std::time::Duration;

use origin::store::{self, DbZone, db::is_unique_violation};
use serde_json::json;
use shared::{time::Timestamp, user::Role};
use tests::{TestApp, both_databases};

both_databases!(
    what_is_not_committed_never_was,
    times_come_back_as_they_went_in_in_any_zone,
    a_database_of_another_zone_holds_its_wall_clock,
    the_second_of_two_is_told_apart,
    transactions_that_collide_all_succeed,
    migrations_apply_once_however_many_ask,
);

fn user<'a>(mobile: &'a str, nickname: &'a str) -> store::users::NewUser<'a> {
    store::users::NewUser {
        user_id: None,
        mobile: Some(mobile),
        email: None,
        nickname,
        password_hash: None,
        role: Role::User,
    }
}

async fn what_is_not_committed_never_was(app: TestApp) {
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    let id = store::users::insert(tx.conn(), &user("13600000000", "x"), now).await.unwrap();
    assert!(store::users::find(tx.conn(), id).await.unwrap().is_some());
    drop(tx);
    let mut handle = app.app.db.acquire().await.unwrap();
    assert!(store::users::find(handle.conn(), id).await.unwrap().is_none());
}

async fn times_come_back_as_they_went_in_in_any_zone(app: TestApp) {
    for (n, zone) in ["+00:00", "+08:00", "-09:30"].into_iter().enumerate() {
        let db = app.database.connect_in(zone.parse().unwrap()).await;
        let mut handle = db.acquire().await.unwrap();
        for (m, time) in
            ["2026-02-19T00:56:52.000Z", "2026-02-19T00:56:52.001Z", "2025-12-31T16:00:00.999Z"]
                .into_iter()
                .enumerate()
        {
            let time: Timestamp = time.parse().unwrap();
            let mobile = format!("136{n}{m}");
            let id = store::users::insert(handle.conn(), &user(&mobile, "x"), time).await.unwrap();
            let read = store::users::find(handle.conn(), id).await.unwrap().unwrap();
            assert_eq!(read.public.created_at, time, "{zone}");
        }
    }
}

async fn a_database_of_another_zone_holds_its_wall_clock(app: TestApp) {
    let beijing = app.database.connect_in("+08:00".parse().unwrap()).await;
    let time: Timestamp = "2026-02-19T08:56:52.000+08:00".parse().unwrap();
    let mut handle = beijing.acquire().await.unwrap();
    let id = store::users::insert(handle.conn(), &user("13600000000", "x"), time).await.unwrap();
    // Read as if it were UTC, the column shows what is on the wall in Beijing.
    let utc = app.database.connect_in(DbZone::UTC).await;
    let mut handle = utc.acquire().await.unwrap();
    let read = store::users::find(handle.conn(), id).await.unwrap().unwrap();
    assert_eq!(read.public.created_at, "2026-02-19T08:56:52.000Z".parse().unwrap());
}

async fn the_second_of_two_is_told_apart(app: TestApp) {
    let now = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    store::users::insert(handle.conn(), &user("13600000000", "x"), now).await.unwrap();
    let error =
        store::users::insert(handle.conn(), &user("13600000000", "y"), now).await.unwrap_err();
    assert!(is_unique_violation(&error), "{error}");
    let origination = store::messages::Origination {
        sender_id: None,
        sender_type: shared::chat::SenderType::User,
        source: shared::chat::MessageSource::System,
    };
    let message = serde_json::from_value(json!({ "content": "x" })).unwrap();
    let missing = store::messages::insert(handle.conn(), 4242, 1, &[(origination, &message)], now)
        .await
        .unwrap_err();
    assert!(!is_unique_violation(&missing), "a foreign key is another matter: {missing}");
}

async fn transactions_that_collide_all_succeed(app: TestApp) {
    let now = app.app.ambient.now();
    let mut handle = app.app.db.acquire().await.unwrap();
    let one = store::users::insert(handle.conn(), &user("13600000001", "x"), now).await.unwrap();
    let two = store::users::insert(handle.conn(), &user("13600000002", "x"), now).await.unwrap();
    drop(handle);
    // Locked in opposite orders: on MySQL these dead-lock again and again.
    let db = &app.app.db;
    let collide = |first: i64, second: i64| {
        db.retrying(move || async move {
            let mut tx = db.begin().await?;
            store::users::lock(tx.conn(), first).await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
            store::users::lock(tx.conn(), second).await?;
            tx.commit().await
        })
    };
    let all = (0..24).map(|n| if n % 2 == 0 { collide(one, two) } else { collide(two, one) });
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
}

async fn migrations_apply_once_however_many_ask(app: TestApp) {
    let all = (0..4).map(|_| app.app.db.migrate());
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    assert!(app.app.db.is_current().await.unwrap());
}
