use origin::{
    store::{self, slice::Slice, users::NewUser},
    users::{self, By},
};
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases, user::PASSWORD};

both_databases!(
    a_new_password_ends_all_other_sessions,
    a_wrong_old_password_changes_nothing_and_is_on_record,
    a_new_password_has_limits,
    of_two_changes_at_once_one_holds,
    of_two_changes_in_one_session_one_holds,
    no_password_is_ever_on_record,
    no_log_in_with_the_old_password_survives_its_change,
    no_log_in_that_is_under_way_survives_an_operators_change,
);

const NEW: &str = "staple battery horse";

fn change(old: &str, new: &str) -> Value {
    json!({ "old_password": old, "new_password": new })
}

async fn a_new_password_ends_all_other_sessions(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let of_bob = bob.log_in(Device::phone("phone-2")).await;
    let reply = web.post(route::PASSWORD, &change(PASSWORD, NEW)).await;
    let ended = reply.data()["ended"].as_array().unwrap();
    assert_eq!(ended.len(), 2, "the phone's, and the registration's: {ended:?}");
    assert!(ended.contains(&json!(phone.session_id)), "{ended:?}");

    phone.get(route::VERIFY).await.refused(401, "PASSWORD_CHANGED");
    web.get(route::VERIFY).await.ok();
    of_bob.get(route::VERIFY).await.ok();
    let old = ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await;
    old.refused(401, "INVALID_CREDENTIALS");
    ana.try_log_in(&app, &Device::phone("phone-1"), NEW).await.ok();

    assert_eq!(app.outbox("session_ended").await, 2, "the edge is told");
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let changed: Vec<_> = events.iter().filter(|event| event.event == "password_changed").collect();
    assert_eq!(changed.len(), 1, "{events:?}");
    assert_eq!(changed[0].authentication_session_id, Some(web.session_id));
}

async fn a_wrong_old_password_changes_nothing_and_is_on_record(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let reply = web.post(route::PASSWORD, &change("not the one", NEW)).await;
    reply.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(reply.json.get("legacy_code"), None, "the session is not dead");
    phone.get(route::VERIFY).await.ok();
    web.get(route::VERIFY).await.ok();
    ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let failed = events.iter().filter(|event| event.event == "password_change_failed").count();
    assert_eq!(failed, 1, "{events:?}");
    drop(handle);

    // Whoever comes by WeChat alone has no old password that could fit.
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    let new = NewUser {
        user_id: None,
        mobile: None,
        email: None,
        nickname: "wei",
        password_hash: None,
        role: Role::User,
    };
    let wei = store::users::insert(handle.conn(), &new, now).await.unwrap();
    store::sessions::insert(
        handle.conn(),
        &store::sessions::NewSession {
            authentication_session_id: None,
            session_token: "of wei",
            user_type: shared::user::UserType::User,
            user_id: wei,
            client_type: shared::user::ClientType::MiniProgram,
            expires_at: now.plus(std::time::Duration::from_hours(1)),
            device: &store::sessions::Device::default(),
            risk: &store::sessions::Risk::default(),
            current_jti: None,
        },
        now,
    )
    .await
    .unwrap();
    drop(handle);
    let keys = app.app.keys.verification();
    let mut claims = shared::token::verify(&phone.token, keys, &app.app.expectations, now).unwrap();
    (claims.user_id, claims.sub, claims.session_token) = (wei, wei.to_string(), "of wei".into());
    let wei = phone.with_token(app.app.keys.sign(&claims).unwrap());
    wei.get(route::VERIFY).await.ok();
    wei.post(route::PASSWORD, &change("anything", NEW)).await.refused(401, "INVALID_CREDENTIALS");
}

async fn a_new_password_has_limits(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let long = "x".repeat(129);
    for (old, new, field) in [
        (json!(PASSWORD), json!("short"), "new_password"),
        (json!(PASSWORD), json!(long), "new_password"),
        (json!(PASSWORD), json!(null), "new_password"),
        (json!(""), json!(NEW), "old_password"),
        (json!(long), json!(NEW), "old_password"),
        (json!(7), json!(NEW), "old_password"),
    ] {
        let body = json!({ "old_password": old, "new_password": new });
        phone.post(route::PASSWORD, &body).await.refused_field(field);
    }
    phone.post(route::PASSWORD, &json!({})).await.refused(422, "VALIDATION_FAILED");
    ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await.ok();
}

async fn of_two_changes_at_once_one_holds(app: TestApp) {
    let other = app.second_process().await;
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in_at(&other, Device::browser("browser-1")).await;
    let (to_new, to_newer) = (change(PASSWORD, NEW), change(PASSWORD, "newer horse battery"));
    let (one, two) =
        tokio::join!(phone.post(route::PASSWORD, &to_new), web.post(route::PASSWORD, &to_newer),);
    let (password, loser) = match (one.status.as_u16(), two.status.as_u16()) {
        (200, 401) => (NEW, two),
        (401, 200) => ("newer horse battery", one),
        both => panic!("{both:?}"),
    };
    // Its old password was wrong by then, or its session was ended first.
    let code = loser.json["code"].as_str().unwrap();
    assert!(["PASSWORD_CHANGED", "INVALID_CREDENTIALS"].contains(&code), "{loser:?}");
    ana.try_log_in(&app, &Device::phone("phone-9"), password).await.ok();
}

async fn of_two_changes_in_one_session_one_holds(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    // Neither ends the session of the other: the old password alone is in the way.
    let (to_new, to_newer) = (change(PASSWORD, NEW), change(PASSWORD, "newer horse battery"));
    let (one, two) =
        tokio::join!(phone.post(route::PASSWORD, &to_new), phone.post(route::PASSWORD, &to_newer));
    let (password, loser) = match (one.status.as_u16(), two.status.as_u16()) {
        (200, 401) => (NEW, two),
        (401, 200) => ("newer horse battery", one),
        both => panic!("{both:?}"),
    };
    loser.refused(401, "INVALID_CREDENTIALS");
    ana.try_log_in(&app, &Device::phone("phone-9"), password).await.ok();
}

async fn no_password_is_ever_on_record(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    phone.post(route::PASSWORD, &change("not the one", NEW)).await;
    phone.post(route::PASSWORD, &change(PASSWORD, NEW)).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let all = store::audit::Search::default();
    let events = store::audit::page(handle.conn(), &all, Slice::first(100)).await.unwrap();
    let record = serde_json::to_string(&events).unwrap();
    assert!(record.contains("password_changed"));
    for secret in [PASSWORD, NEW, "not the one", "$argon2", &phone.token, &phone.device_token] {
        assert!(!record.contains(secret), "{secret}");
    }
}

async fn no_log_in_with_the_old_password_survives_its_change(app: TestApp) {
    let app = app.process_with_policy("user/app=50,replace_oldest").await;
    let ana = app.user("ana").await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    for (old, new) in [(PASSWORD, NEW), (NEW, PASSWORD)] {
        // From addresses of their own, so that none waits for another.
        let thieves: Vec<_> = (0..6)
            .map(|n| Device {
                client_type: "app",
                ..Device::phone(&format!("thief-{n}")).at(&format!("203.0.113.{n}"))
            })
            .collect();
        let log_ins = futures_util::future::join_all(
            thieves.iter().map(|one| ana.try_log_in(&app, one, old)),
        );
        let body = change(old, new);
        let (_, changed) = tokio::join!(log_ins, web.post(route::PASSWORD, &body));
        changed.ok();
        let live = web.get(route::SESSIONS).await;
        let live = live.data()["sessions"].as_array().unwrap().clone();
        assert_eq!(live.len(), 1, "whoever was let in by the old password is out: {live:?}");
    }
}

async fn no_log_in_that_is_under_way_survives_an_operators_change(app: TestApp) {
    let ana = app.user("ana").await;
    let hash = app.app.passwords.hash(NEW.to_owned(), &app.app.ambient).await.unwrap();
    let thief = Device::phone("thief").at("203.0.113.9");
    let change = async {
        // It has read the old hash by then, and computes.
        let admitted = async || {
            let mut handle = app.app.db.acquire().await.unwrap();
            let found = store::attempts::find(handle.conn(), &["address:203.0.113.9"]).await;
            found.unwrap().iter().any(|row| row.count.open_tries() > 0)
        };
        while !admitted().await {
            tokio::task::yield_now().await;
        }
        users::set_password(&app.app, ana.user_id, &hash, By::default()).await.unwrap();
    };
    tokio::join!(ana.try_log_in(&app, &thief, PASSWORD), change);
    // Refused, or let in before and ended.
    let mut handle = app.app.db.acquire().await.unwrap();
    let open = store::sessions::open_of(handle.conn(), ana.user_id, None).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
}
