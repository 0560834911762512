//! What the origin takes from the edge, and what it does not.

use std::net::IpAddr;

use axum::body::Body;
use http::Request;
use origin::store;
use shared::{
    assertion::{ASSERTION_HEADER, Assertion, CheckedSession, Coordinates, Place},
    route,
    seal::Purpose,
    session::SessionHash,
    token,
};
use tests::{Device, LoggedIn, Reply, TestApp, both_databases};

both_databases!(
    reads_rest_on_an_assertion_and_writes_never_do,
    an_assertion_of_another_session_is_no_check,
    forged_stale_foreign_and_repeated_assertions_are_refused,
    the_clients_address_and_request_id_come_from_the_edge,
);

const EDGE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

fn assertion(app: &TestApp, method: &str, path: &str, session: Option<SessionHash>) -> Assertion {
    let now = app.app.ambient.now();
    Assertion {
        request_id: app.app.ambient.unique_name(),
        issued_at: now,
        method: method.into(),
        path_and_query: path.into(),
        client_ip: "203.0.113.7".into(),
        place: Place {
            country: Some("DE".into()),
            city: Some("Berlin".into()),
            coordinates: Coordinates::new(52.52, 13.4),
        },
        session: session.map(|session| CheckedSession { session, checked_at: now }),
    }
}

async fn forward(app: &TestApp, client: &LoggedIn<'_>, assertion: &Assertion, path: &str) -> Reply {
    let sealed = app.edge_key().seal(Purpose::Assertion, assertion).unwrap();
    forward_sealed(app, client, &sealed, &assertion.method, path).await
}

async fn forward_sealed(
    app: &TestApp,
    client: &LoggedIn<'_>,
    sealed: &str,
    method: &str,
    path: &str,
) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(ASSERTION_HEADER, sealed)
        .header("authorization", format!("Bearer {}", client.token))
        .body(Body::empty())
        .unwrap();
    app.send(request, EDGE).await
}

fn session_of(app: &TestApp, client: &LoggedIn<'_>) -> SessionHash {
    let now = app.app.ambient.now();
    token::verify(&client.token, app.app.keys.verification(), &app.app.expectations, now)
        .unwrap()
        .session_hash()
}

async fn reads_rest_on_an_assertion_and_writes_never_do(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    let session = session_of(&app, &old);
    ana.log_in(Device::phone("phone-2")).await;

    let read = assertion(&app, "GET", route::MY_LISTINGS, Some(session.clone()));
    forward(&app, &old, &read, route::MY_LISTINGS).await.ok();
    let unchecked = assertion(&app, "GET", route::MY_LISTINGS, None);
    forward(&app, &old, &unchecked, route::MY_LISTINGS).await.refused(401, "SESSION_REPLACED");
    let write = assertion(&app, "POST", route::CHAT_SESSIONS, Some(session));
    forward(&app, &old, &write, route::CHAT_SESSIONS).await.refused(401, "SESSION_REPLACED");
}

async fn an_assertion_of_another_session_is_no_check(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let old = ana.log_in(Device::phone("phone-1")).await;
    ana.log_in(Device::phone("phone-2")).await;
    let of_bob = bob.log_in(Device::phone("phone-3")).await;
    let read = assertion(&app, "GET", route::MY_LISTINGS, Some(session_of(&app, &of_bob)));
    forward(&app, &old, &read, route::MY_LISTINGS).await.refused(401, "SESSION_REPLACED");
}

async fn forged_stale_foreign_and_repeated_assertions_are_refused(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let of_ana = Some(session_of(&app, &ana));
    let good = assertion(&app, "GET", route::ME, of_ana.clone());

    forward(&app, &ana, &good, route::VERIFY).await.refused(403, "FORBIDDEN");
    let sealed = app.app.device_tokens.seal(Purpose::Assertion, &good).unwrap();
    forward_sealed(&app, &ana, &sealed, "GET", route::ME).await.refused(403, "FORBIDDEN");
    forward_sealed(&app, &ana, "garbage", "GET", route::ME).await.refused(403, "FORBIDDEN");

    forward(&app, &ana, &good, route::ME).await.ok();
    forward(&app, &ana, &good, route::ME).await.refused(403, "FORBIDDEN");

    let stale = assertion(&app, "GET", route::ME, of_ana);
    app.clock.step(std::time::Duration::from_secs(11));
    forward(&app, &ana, &stale, route::ME).await.refused(403, "FORBIDDEN");
}

async fn the_clients_address_and_request_id_come_from_the_edge(app: TestApp) {
    let ana = app.user("ana").await;
    let body = serde_json::json!({ "mobile": ana.mobile, "password": tests::user::PASSWORD, "client_type": "web" });
    let sent = assertion(&app, "POST", route::LOGIN, None);
    let mut request = tests::user::post(route::LOGIN, &body);
    let sealed = app.edge_key().seal(Purpose::Assertion, &sent).unwrap();
    request.headers_mut().insert(ASSERTION_HEADER, sealed.parse().unwrap());
    // What a client claims of itself counts for nothing.
    request.headers_mut().insert("x-forwarded-for", "198.51.100.1".parse().unwrap());
    request.headers_mut().insert("x-request-id", "mine".parse().unwrap());
    let reply = app.send(request, EDGE).await;
    let session = &reply.data()["session"];
    assert_eq!(
        (&session["login_ip"], &session["country"], &session["city"]),
        (&"203.0.113.7".into(), &"DE".into(), &"Berlin".into())
    );
    assert_eq!(reply.headers["x-request-id"], sent.request_id);

    let id = session["authentication_session_id"].as_i64().unwrap();
    let mut handle = app.app.db.acquire().await.unwrap();
    let stored = store::sessions::lock(handle.conn(), id).await.unwrap().unwrap();
    assert_eq!(stored.device.login_ip.as_deref(), Some("203.0.113.7"));
}
