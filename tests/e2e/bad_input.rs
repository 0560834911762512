//! What is refused, is refused the same way at edge and origin.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use shared::{assertion::CALL_HEADER, route};
use tests::{
    Reply, both_databases,
    system::{Door, System},
};

both_databases!(run by tests::system::run: edge_and_origin_refuse_alike, nobody_else_speaks_for_edge_or_origin);

/// Method, path, authorization, content type, body; status, code.
type Case<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str, u16, &'a str);

fn told(reply: &Reply) -> (u16, Value, Value) {
    (reply.status.as_u16(), reply.json["code"].clone(), reply.json["fields"].clone())
}

async fn edge_and_origin_refuse_alike(system: System) {
    let client = system.user("mini_program", "phone-1").await;
    let bearer = format!("Bearer {}", client.token);
    let messages = route::with_id(route::CHAT_MESSAGES, 1882);
    let long = "x".repeat(70_000);
    let json_type = Some("application/json");
    let flipped = flip(&bearer);
    let huge = format!("Bearer {}", "x".repeat(5000));
    let cases: [Case; 17] = [
        ("GET", "/nowhere", None, None, "", 404, "NOT_FOUND"),
        ("GET", route::LOGIN, None, None, "", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", route::MY_LISTINGS, Some(&bearer), None, "", 405, "METHOD_NOT_ALLOWED"),
        ("GET", route::MY_LISTINGS, None, None, "", 401, "TOKEN_MISSING"),
        ("GET", route::MY_LISTINGS, Some("Bearer"), None, "", 401, "TOKEN_MALFORMED"),
        ("GET", route::MY_LISTINGS, Some("Basic dTpw"), None, "", 401, "TOKEN_MALFORMED"),
        ("GET", route::MY_LISTINGS, Some("Bearer undefined"), None, "", 401, "TOKEN_MALFORMED"),
        ("GET", route::MY_LISTINGS, Some(&huge), None, "", 401, "TOKEN_MALFORMED"),
        ("GET", route::MY_LISTINGS, Some(&flipped), None, "", 401, "TOKEN_INVALID"),
        (
            "GET",
            "/api/v4/market/my-listings?page=0",
            Some(&bearer),
            None,
            "",
            422,
            "VALIDATION_FAILED",
        ),
        (
            "GET",
            "/api/v4/market/my-listings?status=gone",
            Some(&bearer),
            None,
            "",
            422,
            "VALIDATION_FAILED",
        ),
        (
            "GET",
            "/api/v4/system/chat/sessions/undefined/messages",
            Some(&bearer),
            None,
            "",
            422,
            "VALIDATION_FAILED",
        ),
        ("POST", &messages, Some(&bearer), Some("text/plain"), "{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", &messages, Some(&bearer), json_type, "{", 400, "BAD_REQUEST"),
        ("POST", &messages, Some(&bearer), json_type, "{}", 422, "VALIDATION_FAILED"),
        ("POST", &messages, Some(&bearer), json_type, &long, 413, "PAYLOAD_TOO_LARGE"),
        ("POST", route::LOGIN, None, json_type, r#"{"mobile":1}"#, 422, "VALIDATION_FAILED"),
    ];
    for (method, path, authorization, content_type, body, status, code) in cases {
        let at = async |door: &Door| {
            let mut request = system.request(door, method, path).body(body.to_owned());
            if let Some(value) = authorization {
                request = request.header(AUTHORIZATION, value);
            }
            if let Some(value) = content_type {
                request = request.header(CONTENT_TYPE, value);
            }
            let reply = system.send(request).await;
            reply.refused(status, code);
            told(&reply)
        };
        assert_eq!(at(&Door::Edge).await, at(&Door::Origin).await, "{method} {path}");
    }
    let history = system.get(&Door::Edge, &client, &messages).await;
    assert_eq!(history.data()["pagination"]["total"], 29, "nothing was half written");
}

/// The same token with one character of its signature changed.
fn flip(bearer: &str) -> String {
    let mut bytes = bearer.as_bytes().to_vec();
    let at = bytes.len() - 20;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("ASCII")
}

async fn nobody_else_speaks_for_edge_or_origin(system: System) {
    let client = system.user("mini_program", "phone-1").await;
    // What is the origin's own cannot be reached through the edge.
    for path in [route::INTERNAL_LIVENESS, route::INTERNAL_MESSAGES, route::READYZ, route::METRICS]
    {
        for method in ["GET", "POST"] {
            let request = system
                .request(&Door::Edge, method, path)
                .bearer_auth(&client.token)
                .json(&json!({}));
            system.send(request).await.refused(404, "NOT_FOUND");
        }
    }
    // What is between the two takes nobody's word without their seal.
    let forged = json!({ "events": [{
        "event_id": 1, "session": shared::session::SessionHash::of("x"), "user_id": 31, "user_type": "user",
        "reason": "REPLACED", "remember_until": "2099-01-01T00:00:00.000+08:00" }] });
    for seal in [None, Some(""), Some("garbage"), Some("e30.e30")] {
        for (door, path) in [
            (Door::Edge, route::INTERNAL_SESSION_EVENTS),
            (Door::Edge, route::INTERNAL_CHAT_EVENTS),
            (Door::Edge, route::INTERNAL_SECURITY_ALERTS),
            (Door::Origin, route::INTERNAL_LIVENESS),
            (Door::Origin, route::INTERNAL_MESSAGES),
        ] {
            let mut request = system.request(&door, "POST", path).json(&forged);
            if let Some(seal) = seal {
                request = request.header(CALL_HEADER, seal);
            }
            system.send(request).await.refused(403, "FORBIDDEN");
        }
    }
    // An assertion that a client brings along does not pass the edge.
    let request = system
        .request(&Door::Edge, "GET", route::MY_LISTINGS)
        .bearer_auth(&client.token)
        .header("x-drawbridge-assertion", "garbage")
        .header("x-request-id", "mine");
    let reply = system.send(request).await;
    reply.ok();
    assert_ne!(reply.headers["x-request-id"], "mine");
}
