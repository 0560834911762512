//! One token, killed in every way: the same code wherever it is used.

use std::time::Duration;

use origin::{background::expiry, store};
use serde_json::json;
use shared::{
    route,
    user::{Role, UserStatus},
};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(
    every_end_is_told_by_its_own_code_on_every_route,
    a_ban_and_an_unknown_session_have_codes_of_their_own,
    idle_sessions_end_and_used_ones_do_not,
    the_sweep_puts_what_is_overdue_on_record_once,
    messages_are_in_the_language_that_is_asked_for,
);

async fn dead_everywhere(session: &LoggedIn<'_>, status: u16, code: &str) {
    access_is_refused(session, status, code).await;
    session.refresh().await.refused(status, code);
}

async fn access_is_refused(session: &LoggedIn<'_>, status: u16, code: &str) {
    for path in [route::VERIFY, route::ME, route::MY_LISTINGS, route::CHAT_SESSIONS] {
        let reply = session.get(path).await;
        reply.refused(status, code);
        assert_eq!(reply.json["legacy_code"], "SESSION_INVALIDATED", "{path}");
    }
    for path in [route::LOGOUT, route::CHAT_SESSIONS] {
        session.post(path, &json!({})).await.refused(status, code);
    }
}

async fn every_end_is_told_by_its_own_code_on_every_route(app: TestApp) {
    let (ana, boss) = (app.user("ana").await, app.staff("boss", Role::Admin).await);
    let boss = boss.log_in(Device::browser("desk")).await;

    let replaced = ana.log_in(Device::phone("phone-1")).await;
    let deactivated = ana.log_in(Device::phone("phone-2")).await;
    dead_everywhere(&replaced, 401, "SESSION_REPLACED").await;

    let path = route::with_id(route::DEACTIVATE_SESSION, deactivated.session_id);
    boss.post(&path, &json!({ "reason": "lost phone" })).await.ok();
    dead_everywhere(&deactivated, 401, "SESSION_DEACTIVATED").await;

    let logged_out = ana.log_in(Device::phone("phone-3")).await;
    logged_out.post(route::LOGOUT, &json!({})).await.ok();
    dead_everywhere(&logged_out, 401, "SESSION_LOGGED_OUT").await;

    let expired = ana.log_in(Device::phone("phone-4")).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::set_expiry(handle.conn(), expired.session_id, app.app.ambient.now())
        .await
        .unwrap();
    drop(handle);
    dead_everywhere(&expired, 401, "SESSION_EXPIRED").await;

    // What was recorded first stays, whatever time brings.
    app.clock.step(Duration::from_hours(23));
    dead_everywhere(&replaced, 401, "SESSION_REPLACED").await;
}

async fn a_ban_and_an_unknown_session_have_codes_of_their_own(app: TestApp) {
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::phone("phone-1")).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    store::users::set_status(handle.conn(), ana.user_id, UserStatus::Banned, app.app.ambient.now())
        .await
        .unwrap();
    drop(handle);
    dead_everywhere(&session, 403, "USER_INACTIVE").await;

    // A token that we signed, for a session that is none: its row is past retention.
    let bob = app.user("bob").await;
    let session = bob.log_in(Device::phone("phone-2")).await;
    let now = app.app.ambient.now();
    let keys = app.app.keys.verification();
    let mut claims =
        shared::token::verify(&session.token, keys, &app.app.expectations, now).unwrap();
    claims.session_token = "gone".into();
    let session = session.with_token(app.app.keys.sign(&claims).unwrap());
    access_is_refused(&session, 401, "SESSION_NOT_FOUND").await;
}

async fn idle_sessions_end_and_used_ones_do_not(app: TestApp) {
    let ana = app.user("ana").await;
    let idle = ana.log_in(Device::phone("phone-1")).await;
    let in_use = ana.log_in(Device::browser("browser-1")).await;
    let in_use_id = in_use.session_id;
    // A token that outlives the steps, so that it is use alone that keeps the session.
    let (now, keys) = (app.app.ambient.now(), app.app.keys.verification());
    let mut claims =
        shared::token::verify(&in_use.token, keys, &app.app.expectations, now).unwrap();
    claims.exp += 30 * 24 * 3600;
    let in_use = in_use.with_token(app.app.keys.sign(&claims).unwrap());
    for _ in 0..8 {
        app.clock.step(Duration::from_hours(23));
        in_use.get(route::VERIFY).await.ok();
        origin::background::activity::flush(&app.app).await;
    }
    assert_eq!(
        in_use.get(route::VERIFY).await.data()["session"]["authentication_session_id"],
        in_use_id
    );
    let again = Device { earlier_token: Some(idle.token.clone()), ..Device::phone("phone-1") };
    let fresh = ana.log_in(again).await;
    assert_ne!(fresh.session_id, idle.session_id, "an idle session is over and is not renewed");
    let mut handle = app.app.db.acquire().await.unwrap();
    let ended = store::sessions::lock(handle.conn(), idle.session_id).await.unwrap().unwrap();
    assert_eq!(ended.facts.end_reason, Some(shared::session::EndReason::Idle));
}

async fn the_sweep_puts_what_is_overdue_on_record_once(app: TestApp) {
    let ana = app.user("ana").await;
    let idle = ana.log_in(Device::phone("phone-1")).await;
    assert_eq!(expiry::sweep(&app.app).await.unwrap(), 0);
    app.clock.step(Duration::from_hours(7 * 24));
    // The session that the registration opened is idle, too.
    assert_eq!(expiry::sweep(&app.app).await.unwrap(), 2);
    assert_eq!(expiry::sweep(&app.app).await.unwrap(), 0);
    let mut handle = app.app.db.acquire().await.unwrap();
    let ended = store::sessions::lock(handle.conn(), idle.session_id).await.unwrap().unwrap();
    assert_eq!(ended.facts.end_reason, Some(shared::session::EndReason::Idle));
    // Beside the two ends, the log-in on a new device.
    assert_eq!(store::outbox::depth(handle.conn()).await.unwrap(), (3, 0));
}

async fn messages_are_in_the_language_that_is_asked_for(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-2")).await;
    assert_eq!(old.get(route::VERIFY).await.json["message"], "您的账号已在其他位置登录");
    let request = http::Request::get(route::VERIFY)
        .header("authorization", format!("Bearer {}", old.token))
        .header("accept-language", "en-GB,en;q=0.8")
        .body(axum::body::Body::empty())
        .unwrap();
    let reply = app.send(request, [127, 0, 0, 1].into()).await;
    assert_eq!(reply.json["message"], "Your account has logged in somewhere else.");
}
