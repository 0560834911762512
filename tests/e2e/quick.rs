//! What the edge answers at once is what it would answer anyhow, to the letter.

use std::collections::BTreeMap;

use shared::route;
use tests::{
    Reply, both_databases,
    metrics::Metrics,
    system::{Client, Door, System, settled},
};

both_databases!(run by tests::system::run: at_once_or_not_the_answer_is_the_same);

const PAGE: &str = "http://localhost:5173";

/// The headers of a call: language and page.
const CALLS: [&[(&str, &str)]; 4] = [
    &[],
    &[("accept-language", "en")],
    &[("origin", PAGE)],
    &[("origin", "https://evil.example"), ("accept-language", "en-GB,zh;q=0.1")],
];

/// A call of verify. A length sends it the long way: what is answered at once has no body.
async fn verify(
    system: &System,
    client: &Client,
    path: &str,
    call: &[(&str, &str)],
    long: bool,
) -> Reply {
    let mut request = system.request(&Door::Edge, "GET", path).bearer_auth(&client.token);
    for (name, value) in call {
        request = request.header(*name, *value);
    }
    system.send(if long { request.header("content-length", "0") } else { request }).await
}

/// Status, headers and body, but what differs from call to call: the name of the call, and times.
fn told(reply: &Reply) -> (u16, BTreeMap<String, String>, serde_json::Value) {
    let mut json = reply.json.clone();
    let id = reply.headers["x-request-id"].to_str().expect("it is text");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    if reply.status != 200 {
        assert_eq!(json["request_id"], id, "{reply:?}");
        json["request_id"].take();
        assert!(json["server_time"].take().is_string(), "{reply:?}");
    }
    for name in ["session_expires_in", "idle_expires_in", "expires_in"] {
        if let Some(seconds) = json["data"].get_mut(name) {
            assert!(seconds.take().as_i64().is_some_and(|seconds| seconds > 1000), "{reply:?}");
        }
    }
    // Written down later than it was last asked for.
    if let Some(used) = json["data"]["session"].get_mut("last_activity") {
        used.take();
    }
    let headers =
        reply.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let text = |value: &http::HeaderValue| value.to_str().expect("it is text").to_owned();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    (reply.status.as_u16(), headers, json)
}

/// How often the origin was asked.
async fn asked(system: &System) -> i64 {
    let metrics = Metrics::at(system, &Door::Origin).await;
    let of_verify = |series: &&String| {
        series.starts_with("http_requests_total{") && series.contains(route::VERIFY)
    };
    metrics.0.keys().filter(of_verify).map(|series| metrics.count(series)).sum()
}

async fn at_once_or_not_the_answer_is_the_same(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    settled(&system).await;
    let first = verify(&system, &phone, route::VERIFY, &[], false).await;
    first.ok();
    for path in route::spellings(route::VERIFY) {
        for call in CALLS {
            let long = verify(&system, &phone, &path, call, true).await;
            let quick = verify(&system, &phone, &path, call, false).await;
            assert_eq!(told(&quick), told(&long), "{path} {call:?}");
            let page = quick.headers.get("access-control-allow-origin");
            assert_eq!(page.is_some(), call.contains(&("origin", PAGE)), "{quick:?}");
            assert_ne!(quick.headers["x-request-id"], long.headers["x-request-id"]);
            if call.is_empty() {
                assert_eq!(told(&quick), told(&first), "what the origin said");
            }
        }
    }
    // For seconds it is the edge that answers; a machine that is slow may need them for one call.
    assert!(asked(&system).await > 0, "the first call was the origin's");
    let mut spared = false;
    for _ in 0..100 {
        let before = asked(&system).await;
        for long in [false, true, false] {
            verify(&system, &phone, route::VERIFY, &[], long).await.ok();
        }
        spared |= asked(&system).await - before < 3;
    }
    assert!(spared, "the origin was asked each time");

    // One of the staff is always judged by the row.
    let agent = system.agent().await;
    let before = asked(&system).await;
    for _ in 0..3 {
        verify(&system, &agent, route::VERIFY, &[], false).await.ok();
    }
    assert_eq!(asked(&system).await - before, 3);

    system.post(&Door::Edge, &phone, route::LOGOUT, &serde_json::json!({})).await.ok();
    settled(&system).await;
    for path in [route::VERIFY, "/auth/verify", route::MY_LISTINGS, route::SESSIONS] {
        for call in CALLS {
            let long = verify(&system, &phone, path, call, true).await;
            let quick = verify(&system, &phone, path, call, false).await;
            quick.refused(401, "SESSION_LOGGED_OUT");
            assert_eq!(told(&quick), told(&long), "{path} {call:?}");
        }
    }
    for scheme in ["Basic YTpi", "Bearer", "a.b.c"] {
        let asked = async |long: bool| {
            let request =
                system.request(&Door::Edge, "GET", route::ME).header("authorization", scheme);
            system.send(if long { request.header("content-length", "0") } else { request }).await
        };
        let (long, quick) = (asked(true).await, asked(false).await);
        quick.refused(401, "TOKEN_MALFORMED");
        assert_eq!(told(&quick), told(&long), "{scheme}");
    }
}
