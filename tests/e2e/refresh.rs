//! Refreshes through the edge: by body and by cookie, without a socket dropped; and a theft.

use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::json;
use shared::route;
use tests::{
    Reply, both_databases,
    system::{Client, Door, System},
};

both_databases!(run by tests::system::run:
    a_refresh_keeps_the_socket_and_a_theft_closes_it,
    browsers_refresh_and_log_out_by_cookie
);

async fn a_refresh_keeps_the_socket_and_a_theft_closes_it(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let mut socket = system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await;
    let second = system.refresh(&Door::Edge, &phone.refresh_token).await;
    let token = second.data()["access_token"].as_str().unwrap().to_owned();
    let second = second.refresh_token().unwrap();
    let renewed = Client { token, ..phone.clone() };
    for client in [&phone, &renewed] {
        system.get(&Door::Edge, client, route::VERIFY).await.ok();
    }
    // At the origin itself it is the same family.
    let third = system.refresh(&Door::Origin, &second).await;
    third.ok();
    socket.silent_past(&[]).await;

    system.refresh(&Door::Edge, &phone.refresh_token).await.refused(401, "REUSE_DETECTED");
    let alert = socket.expect("security_alert").await;
    assert_eq!((&alert["causes"], &alert["risk_score"]), (&json!(["token_reused"]), &json!(100)));
    let told = socket.expect("session_invalidated").await;
    assert_eq!(told, json!({ "code": "REUSE_DETECTED", "message": "检测到异常，会话已终止" }));
    assert_eq!(socket.closed().await, (4417, "REUSE_DETECTED".to_owned()));
    for client in [&phone, &renewed] {
        system.get(&Door::Edge, client, route::MY_LISTINGS).await.refused(401, "REUSE_DETECTED");
        let refused = system.socket(&Door::Edge, client).await.err().expect("no socket");
        refused.refused(401, "REUSE_DETECTED");
    }
    let last = third.refresh_token().unwrap();
    system.refresh(&Door::Edge, &last).await.refused(401, "REUSE_DETECTED");
}

async fn browsers_refresh_and_log_out_by_cookie(system: System) {
    let web = system.user("web", "browser-1").await;
    let by_cookie = async |path: &str, token: &str, page: Option<&str>| -> Reply {
        let cookie = format!("__Host-refresh_token={token}");
        let mut request = system.request(&Door::Edge, "POST", path).header(COOKIE, cookie);
        if let Some(page) = page {
            request = request.header(ORIGIN, page);
        }
        system.send(request).await
    };
    let listed = Some("http://localhost:5173");
    for page in [None, Some("https://evil.example")] {
        let refused = by_cookie(route::REFRESH, &web.refresh_token, page).await;
        refused.refused(403, "CSRF_REJECTED");
        assert!(refused.headers.get(SET_COOKIE).is_none());
    }
    let reply = by_cookie(route::REFRESH, &web.refresh_token, listed).await;
    assert_eq!(reply.data().get("refresh_token"), None);
    assert_eq!(reply.headers["access-control-allow-origin"], "http://localhost:5173");
    assert_eq!(reply.headers["access-control-allow-credentials"], "true");
    let second = reply.refresh_token().expect("a cookie");

    let out = by_cookie(route::LOGOUT, &second, listed).await;
    assert_eq!(out.data()["ended"], json!([web.session_id]));
    assert!(out.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    system.get(&Door::Edge, &web, route::VERIFY).await.refused(401, "SESSION_LOGGED_OUT");
    by_cookie(route::REFRESH, &second, listed).await.refused(401, "SESSION_LOGGED_OUT");
}
