use origin::{inspection::Inspector, users};
use serde_json::{Value, json};
use shared::{
    route,
    user::{Role, UserStatus},
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

both_databases!(
    a_live_token_passes_every_check_that_can_be_made,
    what_is_pasted_may_end_in_a_line_break,
    the_first_failure_is_what_its_client_is_told,
    only_admins_inspect_and_nothing_is_changed_by_it,
    a_password_that_an_operator_sets_ends_every_session,
);

fn finding<'a>(reply: &'a Reply, check: &str) -> &'a Value {
    let checks = reply.data()["checks"].as_array().unwrap();
    checks.iter().find(|finding| finding["check"] == check).unwrap()
}

async fn inspect(admin: &LoggedIn<'_>, token: &str) -> Reply {
    let reply = admin.post(route::INSPECT_TOKEN, &json!({ "token": token })).await;
    reply.ok();
    let signature = token.rsplit('.').next().filter(|part| part.len() > 16);
    assert!(!signature.is_some_and(|part| reply.json.to_string().contains(part)), "{reply:?}");
    reply
}

async fn a_live_token_passes_every_check_that_can_be_made(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let reply = inspect(&boss, &ana.token).await;
    assert_eq!(reply.data()["first_failure"], Value::Null);
    let checks = reply.data()["checks"].as_array().unwrap();
    let (edge, others) = checks.split_last().unwrap();
    assert!(others.iter().all(|finding| finding["ok"] == true), "{reply:?}");
    let names: Vec<_> = checks.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    let all = [
        "form",
        "crit",
        "typ",
        "kid",
        "alg",
        "signature",
        "claims",
        "iss",
        "aud",
        "iat_nbf",
        "exp",
        "session",
        "user",
        "edge",
    ];
    assert_eq!(names, all);
    // There is no edge in these tests; with one, tests/e2e asks it.
    assert_eq!(edge["ok"], Value::Null);
    assert_eq!(edge["detail"], "the edge could not be asked", "and no address within");
    let session = finding(&reply, "session")["detail"].as_str().unwrap().to_owned();
    assert!(session.starts_with(&format!("session {} of user {}", ana.session_id, ana.user_id)));
}

async fn what_is_pasted_may_end_in_a_line_break(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    for token in [format!("{}\n", ana.token), format!(" \t{}\r\n", ana.token)] {
        let reply = inspect(&boss, &token).await;
        assert_eq!(reply.data()["first_failure"], Value::Null, "{reply:?}");
    }
    // Within, it is none.
    let broken = ana.token.replacen('.', ".\n", 1);
    let reply = inspect(&boss, &broken).await;
    assert_eq!(
        reply.data()["first_failure"],
        json!({ "check": "form", "code": "TOKEN_MALFORMED" })
    );
}

async fn the_first_failure_is_what_its_client_is_told(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await;
    let ana = app.user("ana").await;
    let replaced = ana.log_in(Device::phone("phone-1")).await;
    let live = ana.log_in(Device::phone("phone-2").at("8.8.8.8")).await;
    let out = ana.log_in(Device::browser("browser-1")).await;
    out.post(route::LOGOUT, &json!({})).await.ok();
    let other = app.user("bob").await.log_in(Device::phone("phone-3")).await;
    users::change(
        &app.app,
        other.user_id,
        users::Change::Status(UserStatus::Banned),
        users::By::default(),
    )
    .await
    .unwrap();
    let agent = app.user("cho").await.log_in(Device::phone("phone-4")).await;
    users::change(&app.app, agent.user_id, users::Change::Role(Role::Agent), users::By::default())
        .await
        .unwrap();

    let mut parts = live.token.split('.');
    let mut part = || parts.next().unwrap();
    let (header, claims, signature) = (part(), part(), part());
    let bad = [
        ("nonsense".to_owned(), "form"),
        (" ".to_owned(), "form"),
        (format!("{header}.{claims}"), "form"),
        (format!("{header}.{claims}.{signature}.{signature}"), "form"),
        ("x".repeat(5000), "form"),
        (format!("{header}.{claims}.{}", "A".repeat(86)), "signature"),
        (format!("{header}.{claims}."), "signature"),
        (replaced.token.clone(), "session"),
        (out.token.clone(), "session"),
        (other.token.clone(), "session"),
        (agent.token.clone(), "session"),
    ];
    let boss = boss.log_in(Device::browser("desk")).await;
    for (token, check) in bad {
        let told = live.clone().with_token(token.clone()).get(route::VERIFY).await;
        let reply = inspect(&boss, &token).await;
        let expected = json!({ "check": check, "code": told.json["code"] });
        // A blank token is not even sent as one.
        if token.trim().is_empty() {
            assert_eq!(reply.data()["first_failure"]["code"], "TOKEN_MALFORMED");
        } else {
            assert_eq!(reply.data()["first_failure"], expected, "{token}");
        }
    }
    let banned = inspect(&boss, &other.token).await;
    assert_eq!(finding(&banned, "user")["ok"], false);
    let other_role = inspect(&boss, &agent.token).await;
    assert_eq!(finding(&other_role, "user")["ok"], true);
    let detail = finding(&other_role, "user")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("role agent; the token says user"), "{detail}");

    app.clock.step(app.app.policy.access_token_lifetime);
    let account = Inspector::of(&app.app).account(&live.token).await.unwrap();
    let failed = account.first_failure.unwrap();
    assert_eq!((failed.check.as_str(), failed.code.as_str()), ("exp", "TOKEN_EXPIRED"));
    let session = &account.checks[11];
    assert_eq!(
        (session.check.as_str(), session.ok),
        ("session", Some(true)),
        "it can be refreshed"
    );
}

async fn only_admins_inspect_and_nothing_is_changed_by_it(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let body = json!({ "token": ana.token });
    ana.post(route::INSPECT_TOKEN, &body).await.refused(403, "FORBIDDEN");
    agent.post(route::INSPECT_TOKEN, &body).await.refused(403, "FORBIDDEN");
    boss.post(route::INSPECT_TOKEN, &json!({})).await.refused_field("token");
    boss.post(route::INSPECT_TOKEN, &json!({ "token": "" })).await.refused_field("token");
    let long = json!({ "token": "x".repeat(16 * 1024 + 1) });
    boss.post(route::INSPECT_TOKEN, &long).await.refused_field("token");
    let before = inspect(&boss, &ana.token).await;
    let after = inspect(&boss, &ana.token).await;
    assert_eq!(before.data()["checks"], after.data()["checks"]);
}

async fn a_password_that_an_operator_sets_ends_every_session(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let web = ana.log_in(Device::browser("browser-1")).await;
    let hash = origin::password::hash_now("another good password", [7; 16]).unwrap();
    let by = users::By { note: Some("operator"), ..users::By::default() };
    let ended = users::set_password(&app.app, ana.user_id, &hash, by).await.unwrap();
    assert!(ended.contains(&phone.session_id) && ended.contains(&web.session_id), "{ended:?}");
    phone.get(route::VERIFY).await.refused(401, "PASSWORD_CHANGED");
    web.refresh().await.refused(401, "PASSWORD_CHANGED");
    let old = ana.try_log_in(&app, &Device::phone("phone-1"), tests::user::PASSWORD).await;
    old.refused(401, "INVALID_CREDENTIALS");
    ana.try_log_in(&app, &Device::phone("phone-1"), "another good password").await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = origin::store::audit::of_user(handle.conn(), ana.user_id, 100).await.unwrap();
    let changed = events.iter().find(|event| event.event == "password_changed").unwrap();
    assert_eq!(
        (changed.actor_user_id, &changed.detail),
        (None, &Some(json!({ "note": "operator" })))
    );
    drop(handle);
    assert!(users::set_password(&app.app, 4242, &hash, by).await.is_err(), "there is no such user");
}
