use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use http::Request;
use shared::{
    route::{self, FORWARDED, Method},
    token::KeySet,
};
use tests::{TestApp, both_databases};

both_databases!(
    it_says_that_it_is_alive_and_ready,
    its_keys_are_public_and_nothing_else_is,
    who_has_the_keys_already_is_not_sent_them_again,
    every_route_that_the_edge_forwards_is_there,
    a_database_that_is_gone_is_said_and_not_shown,
);

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn it_says_that_it_is_alive_and_ready(app: TestApp) {
    app.send(get(route::HEALTHZ), FROM).await.ok();
    let ready = app.send(get(route::READYZ), FROM).await;
    assert_eq!(ready.data()["database"], "ok");
    assert_eq!(ready.data()["outbox_waiting"], 0);
}

async fn its_keys_are_public_and_nothing_else_is(app: TestApp) {
    let reply = app.send(get(route::JWKS), FROM).await;
    assert_eq!(reply.headers["content-type"], "application/jwk-set+json");
    assert_eq!(reply.headers["cache-control"], "public, max-age=300");
    let keys = reply.json.to_string();
    assert!(KeySet::from_jwks(&keys).is_ok());
    assert!(!keys.contains("\"d\""), "{keys}");
}

async fn who_has_the_keys_already_is_not_sent_them_again(app: TestApp) {
    let first = app.send(get(route::JWKS), FROM).await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    for (tags, status) in [
        (etag.clone(), 304),
        (format!("W/{etag}"), 304),
        (format!("\"other\", {etag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (etag.trim_matches('"').to_owned(), 200),
    ] {
        let request = Request::get(route::JWKS).header("if-none-match", &tags);
        let reply = app.send(request.body(Body::empty()).unwrap(), FROM).await;
        assert_eq!(reply.status, status, "{tags}");
        assert_eq!(reply.headers["etag"], etag);
        assert_eq!(reply.headers["cache-control"], "public, max-age=300");
        assert_eq!(reply.json.is_null(), status == 304);
    }
}

async fn every_route_that_the_edge_forwards_is_there(app: TestApp) {
    for route in FORWARDED {
        let path = route
            .path
            .replace("{customer_service_session_id}", "1")
            .replace("{authentication_session_id}", "1");
        let method = match route.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        };
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        let status = app.send(request, FROM).await.status.as_u16();
        assert!(!matches!(status, 404 | 405), "{} {path}: {status}", route.method.as_str());
    }
}

async fn a_database_that_is_gone_is_said_and_not_shown(app: TestApp) {
    app.app.db.close().await;
    app.send(get(route::HEALTHZ), FROM).await.ok();
    let reply = app.send(get(route::READYZ), FROM).await;
    reply.refused(503, "ORIGIN_UNAVAILABLE");
    let body = serde_json::json!({ "mobile": "13612227930", "password": "x" });
    let reply = app.send(tests::user::post(route::LOGIN, &body), FROM).await;
    reply.refused(503, "ORIGIN_UNAVAILABLE");
    assert!(!reply.json.to_string().contains("pool"), "{reply:?}");
}
