//! Which passwords may be chosen, and which stored hashes are believed.

use std::sync::Arc;

use futures_util::future::join_all;
use origin::{clock::Clock as _, store};
use serde_json::json;
use shared::{route, user::UserStatus};
use tests::{
    Device, TestApp, TestUser, both_databases,
    user::{PASSWORD, post},
};

both_databases!(
    passwords_that_anyone_would_guess_are_refused,
    one_password_however_it_is_typed,
    bcrypt_hashes_are_believed_and_replaced_once,
    a_password_that_changed_meanwhile_is_not_overwritten,
    refusals_cost_the_same_whoever_they_are_about,
    a_hash_that_cannot_be_computed_looks_like_a_wrong_password,
);

async fn set_hash(app: &TestApp, user: &TestUser<'_>, hash: &str) {
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.clock.now();
    store::users::set_password_hash(handle.conn(), user.user_id, hash, now).await.unwrap();
}

async fn hash_of(app: &TestApp, user: &TestUser<'_>) -> String {
    let mut handle = app.app.db.acquire().await.unwrap();
    let user = store::users::find(handle.conn(), user.user_id).await.unwrap().unwrap();
    user.password_hash.unwrap()
}

fn bcrypt(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, [9; 16]).unwrap().format_for_version(bcrypt::Version::TwoY)
}

async fn passwords_that_anyone_would_guess_are_refused(app: TestApp) {
    let cases = [
        json!({ "mobile": "13612227930", "password": "password1", "nickname": "x" }),
        json!({ "mobile": "13612227930", "password": "13612227930", "nickname": "x" }),
        json!({ "mobile": "13612227930", "password": "woaini1314", "nickname": "x" }),
        json!({ "mobile": "13612227930", "password": "小明同学小明同学", "nickname": " 小明同学 " }),
        json!({ "email": "Ana.Maria@example.com", "password": "ana.maria", "nickname": "x" }),
    ];
    for body in cases {
        let reply = app.send(post(route::REGISTER, &body), [127, 0, 0, 1].into()).await;
        reply.refused_field("password");
        assert!(!reply.json.to_string().contains(body["password"].as_str().unwrap()), "{reply:?}");
    }
}

async fn one_password_however_it_is_typed(app: TestApp) {
    let from = [127, 0, 0, 1].into();
    let decomposed = "Cafe\u{301}＃２０２６ sur mer";
    let body = json!({ "mobile": "13612227930", "password": decomposed, "nickname": "x" });
    app.send(post(route::REGISTER, &body), from).await.ok();
    for password in ["Caf\u{e9}#2026 sur mer", decomposed] {
        let body = json!({ "mobile": "13612227930", "password": password });
        app.send(post(route::LOGIN, &body), from).await.ok();
    }
    let body = json!({ "mobile": "13612227930", "password": "Cafe#2026 sur mer" });
    app.send(post(route::LOGIN, &body), from).await.refused(401, "INVALID_CREDENTIALS");
}

async fn bcrypt_hashes_are_believed_and_replaced_once(app: TestApp) {
    let two = app.second_process().await;
    let ana = app.user("ana").await;
    set_hash(&app, &ana, &bcrypt(PASSWORD)).await;
    let wrong = ana.try_log_in(&app, &Device::phone("p"), "wrong password").await;
    wrong.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(hash_of(&app, &ana).await, bcrypt(PASSWORD), "a wrong password replaces nothing");
    let ana = Arc::new(ana);
    let log_ins = (0..4).map(|n| {
        let (at, ana) = (if n % 2 == 0 { &app } else { &two }, Arc::clone(&ana));
        async move { ana.try_log_in(at, &Device::phone("p"), PASSWORD).await }
    });
    for reply in join_all(log_ins).await {
        reply.ok();
    }
    let better = hash_of(&app, &ana).await;
    assert!(better.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{better}");
    ana.try_log_in(&app, &Device::phone("p"), PASSWORD).await.ok();
    assert_eq!(hash_of(&app, &ana).await, better, "what is good stays");
    // A weaker hash of our own kind is replaced, too.
    let weak = "$argon2id$v=19$m=64,t=1,p=1$CQkJCQkJCQkJCQkJCQkJCQ$";
    let weak = {
        use argon2::password_hash::PasswordHasher as _;
        let params = argon2::Params::new(64, 1, 1, None).unwrap();
        let (kind, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
        let hash = argon2::Argon2::new(kind, version, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), &[9; 16])
            .unwrap()
            .to_string();
        assert!(hash.starts_with(weak), "{hash}");
        hash
    };
    set_hash(&app, &ana, &weak).await;
    ana.try_log_in(&app, &Device::phone("p"), PASSWORD).await.ok();
    assert!(hash_of(&app, &ana).await.contains("$m=19456,t=2,p=1$"));
}

async fn a_password_that_changed_meanwhile_is_not_overwritten(app: TestApp) {
    let ana = app.user("ana").await;
    let old = bcrypt(PASSWORD);
    set_hash(&app, &ana, "$newer$").await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let replace =
        store::users::replace_password_hash(handle.conn(), ana.user_id, &old, "$late$").await;
    assert!(!replace.unwrap());
    drop(handle);
    assert_eq!(hash_of(&app, &ana).await, "$newer$");
}

async fn refusals_cost_the_same_whoever_they_are_about(app: TestApp) {
    let app = app.process_with(|config| config.adopted_bcrypt_cost = Some(4)).await;
    let (usual, adopted, banned) =
        (app.user("usual").await, app.user("adopted").await, app.user("banned").await);
    set_hash(&app, &adopted, &bcrypt(PASSWORD)).await;
    let wechat = TestUser::known(&app, 0, "13000000001");
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.clock.now();
    store::users::set_status(handle.conn(), banned.user_id, UserStatus::Banned, now).await.unwrap();
    // Someone who came by WeChat and has a mobile number, but no password.
    let new = store::users::NewUser {
        user_id: None,
        mobile: Some(&wechat.mobile),
        email: None,
        nickname: "x",
        password_hash: None,
        role: shared::user::Role::User,
    };
    store::users::insert(handle.conn(), &new, now).await.unwrap();
    drop(handle);
    let unknown = TestUser::known(&app, 0, "13000000000");
    let mut seen = Vec::new();
    for user in [&usual, &adopted, &banned, &wechat, &unknown] {
        let before = app.app.passwords.work();
        let mut reply = user.try_log_in(&app, &Device::phone("p"), "wrong password").await;
        reply.refused(401, "INVALID_CREDENTIALS");
        let after = app.app.passwords.work();
        reply.json["request_id"].take();
        seen.push((after.0 - before.0, after.1 - before.1, reply.json));
    }
    assert_eq!((seen[0].0, seen[0].1), (1, 1));
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    banned.try_log_in(&app, &Device::phone("p"), PASSWORD).await.refused(403, "USER_INACTIVE");
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), banned.user_id, 1).await.unwrap();
    assert_eq!(events[0].detail, Some(json!({ "why": "USER_INACTIVE" })));
}

async fn a_hash_that_cannot_be_computed_looks_like_a_wrong_password(app: TestApp) {
    let ana = app.user("ana").await;
    for hash in [format!("$2b$31${}", ".".repeat(53)), "plain text".to_owned()] {
        set_hash(&app, &ana, &hash).await;
        let before = app.app.passwords.work();
        ana.try_log_in(&app, &Device::phone("p"), PASSWORD)
            .await
            .refused(401, "INVALID_CREDENTIALS");
        assert_eq!(app.app.passwords.work(), (before.0 + 1, before.1));
        assert_eq!(hash_of(&app, &ana).await, hash);
    }
}
