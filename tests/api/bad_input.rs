//! What nobody should send, and everybody will.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use http::Request;
use shared::route::{self, MAX_BODY_BYTES};
use tests::{Device, Reply, TestApp, both_databases};

both_databases!(
    paths_methods_types_and_bodies_have_codes,
    tokens_that_are_none_have_codes,
    a_token_for_another_users_session_is_refused,
);

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn login(app: &TestApp, content_type: Option<&str>, body: impl Into<Body>) -> Reply {
    let mut request = Request::post(route::LOGIN);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    app.send(request.body(body.into()).unwrap(), FROM).await
}

async fn paths_methods_types_and_bodies_have_codes(app: TestApp) {
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    app.send(get("/nowhere"), FROM).await.refused(404, "NOT_FOUND");
    app.send(get("/api/v4/auth/../auth/login"), FROM).await.refused(404, "NOT_FOUND");
    let reply = app.send(get(route::LOGIN), FROM).await;
    reply.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(reply.headers["allow"], "POST");

    let json = Some("application/json");
    login(&app, None, "{}").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    login(&app, Some("text/plain"), "{}").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    login(&app, json, "").await.refused(400, "BAD_REQUEST");
    login(&app, json, "{").await.refused(400, "BAD_REQUEST");
    login(&app, json, "{} {}").await.refused(400, "BAD_REQUEST");
    login(&app, json, vec![0xff, 0xfe]).await.refused(400, "BAD_REQUEST");
    login(&app, json, "[".repeat(60_000)).await.refused(400, "BAD_REQUEST");
    login(&app, json, "[]").await.refused(422, "VALIDATION_FAILED");
    login(&app, json, "null").await.refused(422, "VALIDATION_FAILED");
    login(&app, json, r#"{"mobile":"1","mobile":"2","password":"x"}"#)
        .await
        .refused(422, "VALIDATION_FAILED");
    login(&app, Some("application/json; charset=utf-8"), "{").await.refused(400, "BAD_REQUEST");
    login(&app, json, " ".repeat(MAX_BODY_BYTES + 1)).await.refused(413, "PAYLOAD_TOO_LARGE");
}

async fn tokens_that_are_none_have_codes(app: TestApp) {
    let cases = [
        (None, "TOKEN_MISSING"),
        (Some(String::new()), "TOKEN_MALFORMED"),
        (Some("Basic dTpw".to_owned()), "TOKEN_MALFORMED"),
        (Some("Bearer ".to_owned()), "TOKEN_MALFORMED"),
        (Some("Bearer undefined".to_owned()), "TOKEN_MALFORMED"),
        (Some("Bearer a.b.c".to_owned()), "TOKEN_MALFORMED"),
        (Some(format!("Bearer {}", "x".repeat(5000))), "TOKEN_MALFORMED"),
        // {"alg":"none","typ":"at+jwt"} . {} . no signature
        (Some("Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.".to_owned()), "TOKEN_INVALID"),
    ];
    for (header, code) in cases {
        let mut request = Request::get(route::VERIFY);
        if let Some(header) = &header {
            request = request.header("authorization", header);
        }
        app.send(request.body(Body::empty()).unwrap(), FROM).await.refused(401, code);
    }
}

async fn a_token_for_another_users_session_is_refused(app: TestApp) {
    // Signed by a key set that is none of ours: an attacker's, with the same kid for all they know.
    let other = origin::keys::generate(&origin::clock::Ambient::system()).unwrap();
    let theirs = origin::keys::SigningKeys::from_jwks(&other).unwrap();
    let ana = app.user("ana").await;
    let session = ana.log_in(Device::phone("phone-1")).await;
    let claims = shared::token::verify(
        &session.token,
        app.app.keys.verification(),
        &app.app.expectations,
        app.app.ambient.now(),
    )
    .unwrap();
    let forged = theirs.sign(&claims).unwrap();
    let request = Request::get(route::VERIFY).header("authorization", format!("Bearer {forged}"));
    app.send(request.body(Body::empty()).unwrap(), FROM).await.refused(401, "TOKEN_INVALID");

    let mut mixed = claims;
    mixed.user_id += 1;
    mixed.sub = mixed.user_id.to_string();
    let mixed = app.app.keys.sign(&mixed).unwrap();
    let request = Request::get(route::VERIFY).header("authorization", format!("Bearer {mixed}"));
    app.send(request.body(Body::empty()).unwrap(), FROM).await.refused(401, "TOKEN_INVALID");
}
