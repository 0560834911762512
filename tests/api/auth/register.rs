use std::net::IpAddr;

use serde_json::json;
use shared::route;
use tests::{
    TestApp, both_databases,
    user::{PASSWORD, post},
};

both_databases!(
    a_registration_logs_in_and_takes_its_names,
    accounts_that_are_not_allowed_are_named
);

const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

async fn a_registration_logs_in_and_takes_its_names(app: TestApp) {
    let body = json!({ "mobile": "13612227930", "password": PASSWORD, "nickname": " 小明 " });
    let reply = app.send(post(route::REGISTER, &body), FROM).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.data()["user"]["nickname"], "小明");
    assert!(reply.data()["access_token"].is_string());
    app.send(post(route::REGISTER, &body), FROM).await.refused(409, "CONFLICT");
}

async fn accounts_that_are_not_allowed_are_named(app: TestApp) {
    let cases = [
        (json!({ "mobile": "12345", "password": PASSWORD, "nickname": "x" }), "mobile"),
        (json!({ "email": "nobody", "password": PASSWORD, "nickname": "x" }), "email"),
        (json!({ "password": PASSWORD, "nickname": "x" }), "mobile"),
        (json!({ "mobile": "13612227930", "password": "short", "nickname": "x" }), "password"),
        (json!({ "mobile": "13612227930", "password": PASSWORD, "nickname": "  " }), "nickname"),
        (
            json!({ "mobile": "13612227930", "password": PASSWORD, "nickname": "x".repeat(51) }),
            "nickname",
        ),
    ];
    for (body, field) in cases {
        app.send(post(route::REGISTER, &body), FROM).await.refused_field(field);
    }
}
