use std::net::IpAddr;

use insta::assert_json_snapshot;
use origin::store;
use serde_json::{Value, json};
use shared::{route, user::UserStatus};
use tests::{
    Device, TestApp, both_databases,
    user::{PASSWORD, post},
};

both_databases!(
    what_a_log_in_answers,
    a_wrong_password_and_an_unknown_user_look_the_same,
    a_banned_user_learns_it_only_with_the_right_password,
    an_email_is_one_mailbox_however_it_is_written,
    input_that_is_not_allowed_is_named,
);

async fn what_a_log_in_answers(app: TestApp) {
    let ana = app.user("ana").await;
    let reply = ana.try_log_in(&app, &Device::phone("phone-1"), PASSWORD).await;
    assert_json_snapshot!("log_in", reply.data(), {
        ".access_token" => "[token]",
        ".device_token" => "[token]",
        ".refresh_token" => "[token]",
        ".user.mobile" => "[mobile]",
    });
}

async fn a_wrong_password_and_an_unknown_user_look_the_same(app: TestApp) {
    let ana = app.user("ana").await;
    let wrong = ana.try_log_in(&app, &Device::phone("p"), "wrong password").await;
    let body = json!({ "mobile": "13000000000", "password": PASSWORD });
    let unknown = app.send(post(route::LOGIN, &body), IpAddr::from([127, 0, 0, 1])).await;
    wrong.refused(401, "INVALID_CREDENTIALS");
    let without_ids = |mut json: Value| {
        json["request_id"].take();
        json
    };
    assert_eq!(without_ids(wrong.json), without_ids(unknown.json));
}

async fn a_banned_user_learns_it_only_with_the_right_password(app: TestApp) {
    let ana = app.user("ana").await;
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::users::set_status(handle.conn(), ana.user_id, UserStatus::Banned, now).await.unwrap();
    ana.try_log_in(&app, &Device::phone("p"), "wrong password")
        .await
        .refused(401, "INVALID_CREDENTIALS");
    ana.try_log_in(&app, &Device::phone("p"), PASSWORD).await.refused(403, "USER_INACTIVE");
}

async fn an_email_is_one_mailbox_however_it_is_written(app: TestApp) {
    let from = IpAddr::from([127, 0, 0, 1]);
    let register = |email: &str| {
        post(route::REGISTER, &json!({ "email": email, "password": PASSWORD, "nickname": "Bob" }))
    };
    app.send(register("Bob@Example.com"), from).await.ok();
    app.send(register("bob@example.COM"), from).await.refused(409, "CONFLICT");
    let log_in = post(route::LOGIN, &json!({ "email": "BOB@example.com", "password": PASSWORD }));
    let reply = app.send(log_in, from).await;
    assert_eq!(reply.data()["user"]["email"], "bob@example.com");
}

async fn input_that_is_not_allowed_is_named(app: TestApp) {
    let from = IpAddr::from([127, 0, 0, 1]);
    let cases = [
        (json!({ "password": "x" }), "mobile"),
        (json!({ "mobile": "1", "email": "a@b.c", "password": "x" }), "mobile"),
        (json!({ "mobile": 13_612_227_930_i64, "password": "x" }), "mobile"),
        (json!({ "mobile": "1".repeat(21), "password": "x" }), "mobile"),
        (json!({ "mobile": "1", "password": "" }), "password"),
        (json!({ "mobile": "1", "password": "x".repeat(129) }), "password"),
        (json!({ "mobile": "1", "password": "x", "client_type": "toaster" }), "client_type"),
        (json!({ "mobile": "1", "password": "x", "device_id": "d".repeat(129) }), "device_id"),
        (json!({ "mobile": "1", "password": "x", "device_id": 7 }), "device_id"),
        (
            json!({ "mobile": "1", "password": "x", "device_token": "t".repeat(5000) }),
            "device_token",
        ),
    ];
    for (body, field) in cases {
        app.send(post(route::LOGIN, &body), from).await.refused_field(field);
    }
    // Nothing was half written on the way: the first who registers is the first there is.
    let ana = app.user("ana").await;
    assert_eq!(ana.user_id, 1);
    assert_eq!(ana.log_in(Device::phone("p")).await.session_id, 2);
}
