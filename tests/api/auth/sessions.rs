//! What users see and end of their own sessions.

use std::time::Duration;

use insta::assert_json_snapshot;
use origin::store;
use serde_json::{Value, json};
use shared::route;
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(
    live_sessions_are_listed_and_the_current_one_is_first,
    what_is_over_is_not_listed,
    a_session_is_revoked_from_another_device,
    only_ones_own_sessions_are_revoked,
    what_has_ended_keeps_its_reason,
    all_others_are_revoked_and_named,
    of_two_that_revoke_each_other_one_stays,
);

async fn listed(session: &LoggedIn<'_>) -> Vec<i64> {
    let reply = session.get(route::SESSIONS).await;
    let sessions = reply.data()["sessions"].as_array().unwrap().clone();
    sessions.iter().map(|one| one["authentication_session_id"].as_i64().unwrap()).collect()
}

fn which(session: &LoggedIn<'_>) -> Value {
    json!({ "authentication_session_id": session.session_id })
}

async fn live_sessions_are_listed_and_the_current_one_is_first(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let phone = ana.log_in(Device::phone("phone-1")).await;
    app.clock.step(Duration::from_secs(1));
    let web = ana.log_in(Device::browser("browser-1")).await;
    bob.log_in(Device::phone("phone-2")).await;
    assert_json_snapshot!("sessions", web.get(route::SESSIONS).await.data(), {
        // The one of the registration, from an address of its own.
        ".sessions[2].login_ip" => "[address]",
    });
    let list = phone.get(route::SESSIONS).await;
    let list = list.data()["sessions"].as_array().unwrap().clone();
    assert_eq!(
        list.iter()
            .map(|one| (one["client_type"].as_str().unwrap(), one["is_current"].as_bool().unwrap()))
            .collect::<Vec<_>>(),
        [("mini_program", true), ("web", false), ("app", false)]
    );
}

async fn what_is_over_is_not_listed(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    phone.post(route::LOGOUT, &json!({})).await.ok();
    // The one of the registration has come to its end, and the sweep has not come by.
    let registered = web.session_id - 2;
    let mut handle = app.app.db.acquire().await.unwrap();
    store::sessions::set_expiry(handle.conn(), registered, app.app.ambient.now()).await.unwrap();
    drop(handle);
    assert_eq!(listed(&web).await, [web.session_id]);
}

async fn a_session_is_revoked_from_another_device(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    for _ in 0..2 {
        let reply = web.post(route::REVOKE_SESSION, &which(&phone)).await;
        assert_eq!(
            reply.data(),
            &json!({ "authentication_session_id": phone.session_id, "end_reason": "REVOKED" })
        );
    }
    phone.get(route::VERIFY).await.refused(401, "SESSION_REVOKED");
    web.get(route::VERIFY).await.ok();
    assert_eq!(app.outbox("session_ended").await, 1, "the edge is told once");
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let ends: Vec<_> = events.iter().filter(|event| event.event == "session_ended").collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].actor_user_id, Some(ana.user_id));
    assert_eq!(ends[0].detail.as_ref().unwrap()["by_session_id"], web.session_id);
    drop(handle);

    web.post(route::REVOKE_SESSION, &which(&web)).await.ok();
    web.get(route::VERIFY).await.refused(401, "SESSION_REVOKED");
}

async fn only_ones_own_sessions_are_revoked(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let of_ana = ana.log_in(Device::phone("phone-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-2")).await;
    of_bob.post(route::REVOKE_SESSION, &which(&of_ana)).await.refused(404, "NOT_FOUND");
    let nobodys = json!({ "authentication_session_id": 4242 });
    of_bob.post(route::REVOKE_SESSION, &nobodys).await.refused(404, "NOT_FOUND");
    of_ana.get(route::VERIFY).await.ok();
    for wrong in [json!(0), json!(-1), json!("1"), json!(null), json!(1.5)] {
        let body = json!({ "authentication_session_id": wrong });
        of_bob.post(route::REVOKE_SESSION, &body).await.refused_field("authentication_session_id");
    }
}

async fn what_has_ended_keeps_its_reason(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-2")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let reply = web.post(route::REVOKE_SESSION, &which(&old)).await;
    assert_eq!(reply.data()["end_reason"], "REPLACED");
    old.get(route::VERIFY).await.refused(401, "SESSION_REPLACED");

    // One whose time was over was not ended by anyone.
    let phone = ana.log_in(Device::phone("phone-3")).await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::sessions::set_expiry(handle.conn(), phone.session_id, now).await.unwrap();
    drop(handle);
    let reply = web.post(route::REVOKE_SESSION, &which(&phone)).await;
    assert_eq!(reply.data()["end_reason"], "EXPIRED");
    phone.get(route::VERIFY).await.refused(401, "SESSION_EXPIRED");
}

async fn all_others_are_revoked_and_named(app: TestApp) {
    let app = app.process_with_policy("user/mini_program=3,replace_oldest").await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let phones =
        [ana.log_in(Device::phone("phone-1")).await, ana.log_in(Device::phone("phone-2")).await];
    let web = ana.log_in(Device::browser("browser-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-9")).await;
    // The registration's own session is one of them.
    let registered = listed(&web).await.into_iter().min().unwrap();
    let reply = phones[0].post(route::REVOKE_ALL_SESSIONS, &json!({})).await;
    assert_eq!(reply.data()["ended"], json!([web.session_id, phones[1].session_id, registered]));
    for ended in [&phones[1], &web] {
        ended.get(route::VERIFY).await.refused(401, "SESSION_REVOKED");
    }
    for live in [&phones[0], &of_bob] {
        live.get(route::VERIFY).await.ok();
    }
    let again = phones[0].post(route::REVOKE_ALL_SESSIONS, &json!({})).await;
    assert_eq!(again.data()["ended"], json!([]));
}

async fn of_two_that_revoke_each_other_one_stays(app: TestApp) {
    let ana = app.user("ana").await;
    for round in 0..10 {
        let phone = ana.log_in(Device::phone(&format!("phone-{round}"))).await;
        let web = ana.log_in(Device::browser(&format!("browser-{round}"))).await;
        let nothing = json!({});
        let (one, other) = tokio::join!(
            phone.post(route::REVOKE_ALL_SESSIONS, &nothing),
            web.post(route::REVOKE_ALL_SESSIONS, &nothing),
        );
        let (winner, loser, refused) = match (one.status.as_u16(), other.status.as_u16()) {
            (200, 401) => (&phone, &web, other),
            (401, 200) => (&web, &phone, one),
            both => panic!("{both:?}"),
        };
        refused.refused(401, "SESSION_REVOKED");
        winner.get(route::VERIFY).await.ok();
        loser.get(route::VERIFY).await.refused(401, "SESSION_REVOKED");
    }
}
