//! Refreshes: the same session, one chain of successors, and what becomes of a stolen token.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use origin::store;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, LoggedIn, Reply, TestApp, app::WEB_ORIGIN, both_databases};

both_databases!(
    a_refresh_renews_the_tokens_and_not_the_session,
    a_lost_answer_is_given_again_for_thirty_seconds,
    a_token_that_was_traded_long_ago_ends_the_session,
    parallel_refreshes_at_two_processes_have_one_successor,
    a_family_ends_without_theft_when_its_device_logs_in_again,
    tokens_end_with_their_time_and_their_session,
    a_dead_session_is_told_by_its_reason_a_week_later,
    browsers_have_a_cookie_that_only_listed_pages_can_use,
    a_refresh_token_alone_logs_out,
    nonsense_is_refused,
    a_client_that_refreshes_without_end_is_slowed_down,
    nothing_that_is_stored_can_be_used,
);

fn pair(reply: &Reply) -> (String, String) {
    let access = reply.data()["access_token"].as_str().expect("an access token").to_owned();
    (access, reply.refresh_token().expect("a refresh token"))
}

async fn phone<'a>(app: &'a TestApp, id: &str) -> LoggedIn<'a> {
    app.user("ana").await.log_in(Device::phone(id)).await
}

async fn a_refresh_renews_the_tokens_and_not_the_session(app: TestApp) {
    let ana = phone(&app, "phone-1").await;
    app.clock.step(Duration::from_hours(25));
    ana.get(route::VERIFY).await.refused(401, "TOKEN_EXPIRED");
    let reply = app.refresh(&ana.refresh_token).await;
    assert_eq!(reply.data()["expires_in"], 24 * 3600);
    assert_eq!(reply.data()["refresh_expires_in"], 7 * 24 * 3600);
    let (access, refresh) = pair(&reply);
    assert_ne!(refresh, ana.refresh_token);
    let (session_id, old) = (ana.session_id, ana.token.clone());
    let ana = ana.with_token(access);
    assert_ne!(ana.token, old);
    let verified = ana.get(route::VERIFY).await;
    assert_eq!(verified.data()["session"]["authentication_session_id"], session_id);
    let kinds = audit(&app, &ana).await;
    assert!(kinds.contains(&"refreshed".to_owned()), "{kinds:?}");
}

async fn a_lost_answer_is_given_again_for_thirty_seconds(app: TestApp) {
    let ana = phone(&app, "phone-1").await;
    let (_, second) = pair(&app.refresh(&ana.refresh_token).await);
    app.clock.step(Duration::from_secs(30));
    let (access, again) = pair(&app.refresh(&ana.refresh_token).await);
    assert_eq!(again, second);
    ana.with_token(access).get(route::VERIFY).await.ok();
    let (_, third) = pair(&app.refresh(&second).await);
    assert_ne!(third, second);
}

async fn a_token_that_was_traded_long_ago_ends_the_session(app: TestApp) {
    // Over the grace, by the token just before the head.
    let ana = phone(&app, "phone-1").await;
    let (access, second) = pair(&app.refresh(&ana.refresh_token).await);
    app.clock.step(Duration::from_secs(31));
    app.refresh(&ana.refresh_token).await.refused(401, "REUSE_DETECTED");
    app.refresh(&second).await.refused(401, "REUSE_DETECTED");
    let ana = ana.with_token(access);
    ana.get(route::VERIFY).await.refused(401, "REUSE_DETECTED");
    assert_eq!(app.outbox("session_ended").await, 1);
    // One of the log-in, and one of the theft.
    assert_eq!(app.outbox("security_alert").await, 2);
    let kinds = audit(&app, &ana).await;
    assert!(kinds.contains(&"security_alert".to_owned()), "{kinds:?}");

    // Within the grace, by the one before that.
    let bob = phone(&app, "phone-2").await;
    let (_, second) = pair(&app.refresh(&bob.refresh_token).await);
    let (_, third) = pair(&app.refresh(&second).await);
    app.refresh(&bob.refresh_token).await.refused(401, "REUSE_DETECTED");
    app.refresh(&third).await.refused(401, "REUSE_DETECTED");
    bob.get(route::ME).await.refused(401, "REUSE_DETECTED");
}

/// Rounds of the race; each with as many refreshes at once.
const ROUNDS: usize = 200;
const AT_ONCE: usize = 50;

async fn parallel_refreshes_at_two_processes_have_one_successor(app: TestApp) {
    let other = app.second_process().await;
    let ana = phone(&app, "phone-1").await;
    let mut token = ana.refresh_token.clone();
    let mut seen = BTreeSet::from([token.clone()]);
    for round in 0..ROUNDS {
        let refreshes = (0..AT_ONCE).map(|n| if n % 2 == 0 { &app } else { &other });
        let replies = join_all(refreshes.map(|at| at.refresh(&token))).await;
        let successors: BTreeSet<_> = replies.iter().map(|reply| pair(reply).1).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let accesses: BTreeSet<_> = replies.iter().map(|reply| pair(reply).0).collect();
        assert_eq!(accesses.len(), AT_ONCE, "round {round}: each caller has a token of its own");
        for access in accesses.into_iter().step_by(10) {
            ana.clone().with_token(access).get(route::ME).await.ok();
        }
        token = successors.into_iter().next().unwrap();
        assert!(seen.insert(token.clone()), "round {round}: a successor is new");
        // As far as clients of this kind come: a refresh every so often.
        app.clock.step(Duration::from_secs(2));
    }
    let mut handle = app.app.db.acquire().await.unwrap();
    let last = origin::sessions::refresh_keys::hash(&token);
    let head = store::refresh_tokens::find(handle.conn(), &last).await.unwrap().unwrap();
    assert_eq!(head.generation, i64::try_from(ROUNDS).unwrap(), "one rotation a round");
    assert_eq!(head.used_at, None);
}

async fn a_family_ends_without_theft_when_its_device_logs_in_again(app: TestApp) {
    let user = app.user("ana").await;
    let first = user.log_in(Device::phone("phone-1")).await;
    let (_, second) = pair(&app.refresh(&first.refresh_token).await);
    let again = user.log_in(Device::phone("phone-1")).await;
    assert_eq!(again.session_id, first.session_id);
    app.clock.step(Duration::from_mins(10));
    for late in [&first.refresh_token, &second] {
        app.refresh(late).await.refused(401, "TOKEN_INVALID");
    }
    again.get(route::VERIFY).await.ok();
    app.refresh(&again.refresh_token).await.ok();
}

async fn tokens_end_with_their_time_and_their_session(app: TestApp) {
    let ana = phone(&app, "phone-1").await;
    // Kept in use, so that the session is not idle when the token ends.
    app.clock.step(Duration::from_hours(7 * 24 - 1));
    ana.device_is_used(&app).await;
    app.clock.step(Duration::from_hours(1));
    app.refresh(&ana.refresh_token).await.refused(401, "TOKEN_EXPIRED");

    let bob = phone(&app, "phone-2").await;
    let mut token = bob.refresh_token.clone();
    for _ in 0..5 {
        app.clock.step(Duration::from_hours(5 * 24));
        token = pair(&app.refresh(&token).await).1;
    }
    // 25 days are gone: what is left of the session's thirty.
    app.clock.step(Duration::from_hours(4 * 24));
    let reply = app.refresh(&token).await;
    assert_eq!(reply.data()["refresh_expires_in"], 24 * 3600);
    token = pair(&reply).1;
    app.clock.step(Duration::from_hours(24));
    app.refresh(&token).await.refused(401, "SESSION_EXPIRED");
}

async fn a_dead_session_is_told_by_its_reason_a_week_later(app: TestApp) {
    let user = app.user("ana").await;
    let old = user.log_in(Device::phone("phone-1")).await;
    let new = user.log_in(Device::phone("phone-2")).await;
    app.clock.step(Duration::from_hours(8 * 24));
    app.refresh(&old.refresh_token).await.refused(401, "SESSION_REPLACED");
    app.refresh(&new.refresh_token).await.refused(401, "SESSION_IDLE");
}

async fn browsers_have_a_cookie_that_only_listed_pages_can_use(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::browser("browser-1")).await;
    let by = async |origin| app.post_by_cookie(route::REFRESH, &ana.refresh_token, origin).await;
    for foreign in [None, Some("https://evil.com"), Some("null")] {
        by(foreign).await.refused(403, "CSRF_REJECTED");
    }
    let reply = by(Some(WEB_ORIGIN)).await;
    assert_eq!(reply.data().get("refresh_token"), None, "no script is to see it");
    assert!(reply.headers.contains_key("set-cookie"));
    let (access, second) = pair(&reply);

    // The cookie counts before the body.
    let body = json!({ "refresh_token": "dbr_nonsense" });
    let mut request = tests::user::post(route::REFRESH, &body);
    let cookie = format!("__Host-refresh_token={second}");
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", WEB_ORIGIN.parse().unwrap());
    let third = pair(&app.send(request, [127, 0, 0, 1].into()).await).1;

    app.post_by_cookie(route::LOGOUT, &third, Some("https://evil.com"))
        .await
        .refused(403, "CSRF_REJECTED");
    ana.with_token(access).get(route::VERIFY).await.ok();
    let out = app.post_by_cookie(route::LOGOUT, &third, Some(WEB_ORIGIN)).await;
    out.ok();
    let cleared = out.headers["set-cookie"].to_str().unwrap();
    assert!(cleared.starts_with("__Host-refresh_token=; ") && cleared.ends_with("Max-Age=0"));
}

async fn a_refresh_token_alone_logs_out(app: TestApp) {
    let user = app.user("ana").await;
    let (ana, web) = (
        user.log_in(Device::phone("phone-1")).await,
        user.log_in(Device::browser("browser-1")).await,
    );
    app.clock.step(Duration::from_hours(25));
    let by_refresh = |token: &str, all: bool| {
        let body = json!({ "refresh_token": token, "all_devices": all });
        app.send(tests::user::post(route::LOGOUT, &body), [8, 8, 8, 8].into())
    };
    by_refresh("dbr_nonsense", false).await.refused(401, "TOKEN_INVALID");
    let second = pair(&app.refresh(&ana.refresh_token).await).1;
    let out = by_refresh(&second, true).await;
    assert_eq!(
        out.data()["ended"].as_array().unwrap().len(),
        2 + 1,
        "with the one of the registration"
    );
    app.refresh(&second).await.refused(401, "SESSION_LOGGED_OUT");
    app.refresh(&web.refresh_token).await.refused(401, "SESSION_REVOKED");
    by_refresh(&second, false).await.refused(401, "SESSION_LOGGED_OUT");

    // A stolen one is told as what it is.
    let bob = phone(&app, "phone-2").await;
    app.refresh(&pair(&app.refresh(&bob.refresh_token).await).1).await.ok();
    by_refresh(&bob.refresh_token, false).await.refused(401, "REUSE_DETECTED");
    bob.get(route::ME).await.refused(401, "REUSE_DETECTED");
}

async fn nonsense_is_refused(app: TestApp) {
    let missing =
        app.send(tests::user::post(route::REFRESH, &json!({})), [8, 8, 8, 8].into()).await;
    missing.refused(401, "TOKEN_MISSING");
    let ana = phone(&app, "phone-1").await;
    let mut changed = ana.refresh_token.clone();
    changed.pop();
    for nonsense in [changed.as_str(), "x", &ana.token, &"x".repeat(1024)] {
        app.refresh(nonsense).await.refused(401, "TOKEN_INVALID");
    }
    app.refresh("").await.refused_field("refresh_token");
    app.refresh(&"x".repeat(1025)).await.refused_field("refresh_token");
    app.refresh(&ana.refresh_token).await.ok();
}

async fn a_client_that_refreshes_without_end_is_slowed_down(app: TestApp) {
    let ana = phone(&app, "phone-1").await;
    let mut token = ana.refresh_token.clone();
    for _ in 0..60 {
        token = pair(&app.refresh(&token).await).1;
    }
    let reply = app.refresh(&token).await;
    reply.refused(429, "RATE_LIMITED");
    let seconds: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    app.clock.step(Duration::from_secs(seconds));
    app.refresh(&token).await.ok();
}

async fn nothing_that_is_stored_can_be_used(app: TestApp) {
    let admin = app.staff("boss", Role::Admin).await.log_in(Device::phone("phone-1")).await;
    let second = pair(&app.refresh(&admin.refresh_token).await).1;
    let mut handle = app.app.db.acquire().await.unwrap();
    let hash = origin::sessions::refresh_keys::hash(&second);
    let row = store::refresh_tokens::find(handle.conn(), &hash).await.unwrap().unwrap();
    drop(handle);
    for stored in [&hash, &row.family, &row.nonce, &row.kid] {
        app.refresh(stored).await.refused(401, "TOKEN_INVALID");
    }
    let shown = format!("{row:?} {:?}", audit_details(&app, &admin).await);
    assert!(!shown.contains(&second) && !shown.contains(&admin.refresh_token));
}

async fn audit(app: &TestApp, of: &LoggedIn<'_>) -> Vec<String> {
    audit_details(app, of).await.into_iter().map(|event| event.event).collect()
}

async fn audit_details(app: &TestApp, of: &LoggedIn<'_>) -> Vec<store::audit::Event> {
    let mut handle = app.app.db.acquire().await.unwrap();
    store::audit::of_user(handle.conn(), of.user_id, 100).await.unwrap()
}
