//! How conversations end, and what their users say of it.

use insta::assert_json_snapshot;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases};

use super::begin;

both_databases!(
    closing_twice_is_closing_once,
    a_conversation_is_rated_once_it_is_over_and_once,
    what_is_not_allowed_is_named,
);

async fn closing_twice_is_closing_once(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    let path = route::with_id(route::CHAT_CLOSE, id);
    let first = ana.post(&path, &json!({ "reason": "问题已解决" })).await;
    assert_json_snapshot!("closed", first.data());
    app.clock.step(std::time::Duration::from_secs(1));
    let again = ana.post(&path, &json!({ "reason": "again" })).await;
    assert_eq!(again.data(), first.data());
    assert_eq!(app.outbox("conversation_updated").await, 2, "it began, and was closed");
    let audit =
        app.database.texts("SELECT event FROM audit_events WHERE event LIKE 'conversation%'");
    assert!(audit.await.is_empty(), "what users do is no staff's doing");
}

async fn a_conversation_is_rated_once_it_is_over_and_once(app: TestApp) {
    let (ana, wang) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    wang_desk.post(&route::with_id(route::DESK_ACCEPT, id), &json!({})).await.ok();
    let path = route::with_id(route::CHAT_RATING, id);
    let early = ana.post(&path, &json!({ "satisfaction_score": 5 })).await;
    early.refused(409, "CONFLICT");
    assert_eq!(
        early.json["details"],
        json!({ "status": "assigned", "admin": { "user_id": wang.user_id, "nickname": "wang" } })
    );
    wang_desk.post(&route::with_id(route::DESK_CLOSE, id), &json!({ "reason": "done" })).await.ok();
    let rated = ana.post(&path, &json!({ "satisfaction_score": 4 })).await;
    assert_eq!(
        (&rated.data()["satisfaction_score"], &rated.data()["close_reason"]),
        (&json!(4), &json!("done"))
    );
    let again = ana.post(&path, &json!({ "satisfaction_score": 5 })).await;
    again.refused(409, "CONFLICT");
    assert_eq!(again.json["details"], json!({ "satisfaction_score": 4 }));
}

async fn what_is_not_allowed_is_named(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    let close = route::with_id(route::CHAT_CLOSE, id);
    ana.post(&close, &json!({ "reason": "" })).await.refused_field("reason");
    ana.post(&close, &json!({ "reason": "好".repeat(501) })).await.refused_field("reason");
    ana.post(&close, &json!({ "reason": "好".repeat(500) })).await.ok();
    let rating = route::with_id(route::CHAT_RATING, id);
    for score in [json!(0), json!(6), json!(-1), json!(4.5), json!("5"), json!(null)] {
        let body = json!({ "satisfaction_score": score });
        ana.post(&rating, &body).await.refused_field("satisfaction_score");
    }
}
