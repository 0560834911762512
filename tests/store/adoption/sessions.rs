//! Sessions and passwords of an adopted database.

use serde_json::json;
use shared::route;
use tests::{
    Device, TestApp,
    old::Old,
    user::{self, PASSWORD, post},
};

async fn get(app: &TestApp, token: &str, path: &str) -> tests::Reply {
    user::LoggedIn::holding(app, token).get(path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_the_old_back_end_go_on() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let app = old.origin(true).await;
    let token = old.token(7038).await;
    let session = get(&app, &token, route::VERIFY).await;
    assert_eq!(session.data()["valid"], true, "{session:?}");
    for replaced in 7029..7038 {
        let reply = get(&app, &old.token(replaced).await, route::VERIFY).await;
        reply.refused(401, "SESSION_REPLACED");
    }
    let listings = get(&app, &token, route::MY_LISTINGS).await;
    assert_eq!(listings.data()["pagination"]["total"], 265);
    assert_eq!(
        listings.data()["status_counts"],
        json!({ "on_sale": 3, "locked": 9, "sold": 16, "withdrawn": 237, "admin_withdrawn": 0 })
    );
    let conversations = get(&app, &token, route::CHAT_SESSIONS).await;
    let conversation = &conversations.data()["sessions"][0];
    assert_eq!(conversation["customer_service_session_id"], 1882);
    assert_eq!(conversation["last_message_at"], "2026-02-19T02:00:00.000+08:00");
    assert_eq!(conversation["last_message"]["created_at"], "2026-02-19T02:00:00.000+08:00");
    let history = get(&app, &token, &format!("{}/1882/messages", route::CHAT_SESSIONS)).await;
    assert_eq!(history.data()["pagination"]["total"], 29);
    let opened = user::LoggedIn::holding(&app, &token).post(route::CHAT_SESSIONS, &json!({})).await;
    assert_eq!(opened.data()["customer_service_session_id"], 1882);
    app.app.db.close().await;
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_replaces_what_the_old_back_end_left_live() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let app = old.origin(false).await;
    let token = old.token(7038).await;
    // The columns hold whole seconds: a log-in within one is no newer than it says.
    old.clock.step(std::time::Duration::from_millis(999));
    let known = user::TestUser::known(&app, 31, "13612227930");
    let phone = known.log_in(Device::phone("phone-1")).await;
    get(&app, &token, route::VERIFY).await.refused(401, "SESSION_REPLACED");
    phone.get(route::VERIFY).await.ok();
    let made = "SELECT CAST(created_at AS CHAR) FROM authentication_sessions ORDER BY authentication_session_id DESC LIMIT 1";
    assert_eq!(old.texts(made).await, ["2026-03-01 00:00:00"], "not rounded up");
    // A refresh, and a log-in again from the same device, of the same session.
    let again = known
        .log_in(Device {
            device_token: Some(phone.device_token.clone()),
            ..Device::phone("phone-1")
        })
        .await;
    phone.get(route::VERIFY).await.ok();
    again.get(route::VERIFY).await.ok();
    app.app.db.close().await;
    old.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_stay_as_the_old_back_end_reads_them_until_it_is_gone() {
    let old = Old::create().await;
    old.adopt(|_| ()).await.unwrap();
    let hash = "SELECT password_hash FROM users WHERE user_id = 31";
    let before = old.texts(hash).await;
    let log_in = json!({ "mobile": "13612227930", "password": PASSWORD });
    let beside = old.origin(true).await;
    beside.send(post(route::LOGIN, &log_in), [127, 0, 0, 1].into()).await.ok();
    assert_eq!(old.texts(hash).await, before);
    let new = json!({ "mobile": "13900000000", "password": PASSWORD, "nickname": "新" });
    beside.send(post(route::REGISTER, &new), [127, 0, 0, 1].into()).await.ok();
    let stored = old.texts("SELECT password_hash FROM users WHERE mobile = '13900000000'").await;
    assert!(stored[0].starts_with("$2b$04$"), "{stored:?}");
    let after = old.origin(false).await;
    after.send(post(route::LOGIN, &log_in), [127, 0, 0, 1].into()).await.ok();
    assert!(old.texts(hash).await[0].starts_with("$argon2id$"));
    for app in [beside, after] {
        app.app.db.close().await;
    }
    old.remove().await;
}
