//! What admins are told of how the system is set up, and what nobody is.

use std::time::Duration;

use axum::{Json, Router, routing::get};
use origin::clock::Clock as _;
use serde_json::{Value, json};
use shared::{envelope::Success, route, user::Role};
use tests::{Device, LoggedIn, TestApp, app::WEB_ORIGIN, both_databases};

both_databases!(
    it_says_how_things_are_set_up_and_no_secret,
    an_edge_that_answers_is_held_against_our_clock,
    an_edge_that_does_not_is_said_to_and_why,
    it_is_for_admins_alone,
);

async fn admin(app: &TestApp) -> LoggedIn<'_> {
    app.staff("boss", Role::Admin).await.log_in(Device::browser("desk-1")).await
}

async fn it_says_how_things_are_set_up_and_no_secret(app: TestApp) {
    let other = app
        .process_with(|config| {
            config.policy.session_limits = "user/web=5,refuse".parse().unwrap();
            config.console.debug_page = true;
        })
        .await;
    let boss = admin(&app).await.at(&other);
    let reply = boss.get(route::CONFIGURATION).await;
    let said = reply.data();
    assert_eq!(said["allowed_origins"], json!([WEB_ORIGIN]));
    assert_eq!(said["chat_image_hosts"], json!(["img.example.com"]));
    assert_eq!((&said["wechat"], &said["debug"]), (&json!(false), &json!(true)));
    assert_eq!(said["edge"]["public_url"], "https://edge.example.com");
    let is_sqlite = app.database.url.starts_with("sqlite");
    let kind = said["database"]["kind"].as_str().unwrap();
    assert_eq!(is_sqlite, kind == "sqlite", "{kind}");
    assert!(said["database"]["version"].as_str().unwrap().contains('.'));
    // The tests' clock stands in March; a server's shows the real time.
    assert_eq!(said["database"]["clock_skew_ms"].is_null(), is_sqlite);
    assert_eq!(said["database"]["replica_is_used"], Value::Null);
    let limit = |user_type: &str, client_type: &str| {
        let limits = said["sessions"]["limits"].as_array().unwrap();
        let of =
            |limit: &&Value| limit["user_type"] == user_type && limit["client_type"] == client_type;
        let found = limits.iter().find(of).unwrap();
        (found["max_sessions"].clone(), found["replaces_oldest"].clone())
    };
    assert_eq!(limit("user", "web"), (json!(5), json!(false)));
    assert_eq!(limit("admin", "web"), (json!(1), json!(true)));
    assert_eq!(said["sessions"]["access_token_seconds"], 24 * 3600);
    assert_eq!(said["sessions"]["audit_kept_seconds"], Value::Null);
    let keys = said["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!((&keys[0]["alg"], &keys[0]["state"]), (&json!("EdDSA"), &json!("signs")));
    let members: Vec<_> = keys[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "kid", "retirable_from", "since", "state"], "nothing private");
}

async fn an_edge_that_answers_is_held_against_our_clock(app: TestApp) {
    let clock = app.clock.clone();
    let healthz = async move || {
        // It takes 100 ms to come, and as long to go; the edge is 5 s ahead.
        clock.step(Duration::from_millis(100));
        let theirs = clock.now().plus(Duration::from_secs(5));
        clock.step(Duration::from_millis(100));
        Json(Success::new(json!({ "version": "9.9.9", "origin": "ok", "time": theirs })))
    };
    let router = Router::new().route(route::HEALTHZ, get(healthz));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let other = app.process_with(|config| config.edge_url.clone_from(&url)).await;
    let edge = admin(&app).await.at(&other).get(route::CONFIGURATION).await.data()["edge"].clone();
    assert_eq!(
        edge,
        json!({
            "url": url,
            "public_url": "https://edge.example.com",
            "is_reachable": true,
            "problem": null,
            "version": "9.9.9",
            "reaches_origin": true,
            "milliseconds": 200,
            "clock_skew_ms": 5000,
        })
    );
}

async fn an_edge_that_does_not_is_said_to_and_why(app: TestApp) {
    let edge = admin(&app).await.get(route::CONFIGURATION).await.data()["edge"].clone();
    assert_eq!(edge["is_reachable"], false);
    assert!(edge["problem"].as_str().unwrap().contains("does not answer"), "{edge}");
    for unknown in ["version", "reaches_origin", "milliseconds", "clock_skew_ms"] {
        assert_eq!(edge[unknown], Value::Null, "{unknown}");
    }
}

async fn it_is_for_admins_alone(app: TestApp) {
    let agent = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    agent.get(route::CONFIGURATION).await.refused(403, "FORBIDDEN");
    let user = app.user("ana").await.log_in(Device::browser("1")).await;
    user.get(route::CONFIGURATION).await.refused(403, "FORBIDDEN");
}
