//! Who hears of a log-in that is not like the others.

use serde_json::{Value, json};
use shared::route;
use tests::{
    both_databases,
    socket::Socket,
    system::{Client, Door, Person, System, settled},
};

both_databases!(run by tests::system::run: the_owner_hears_of_a_thief_before_being_thrown_out, an_alert_is_its_owners_alone, an_alert_that_is_pushed_again_is_shown_once);

/// What wrangler takes for the client's address; at Cloudflare no client can set it.
const ADDRESS: &str = "cf-connecting-ip";
const AGENT: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
);

async fn socket(system: &System, client: &Client) -> Socket {
    system.socket(&Door::Edge, client).await.expect("a socket").greeted().await
}

async fn the_owner_hears_of_a_thief_before_being_thrown_out(system: System) {
    let home = [(ADDRESS, "198.51.100.7")];
    let mut phone = system.log_in(Person::User, "mini_program", "phone-1", &home).await;
    let web = system.log_in(Person::User, "web", "browser-1", &home).await;
    settled(&system).await;
    let mut web_socket = socket(&system, &web).await;
    // Again and again: an order that is kept by chance is not kept.
    for round in 0..5 {
        let mut owner_socket = socket(&system, &phone).await;
        let address = format!("203.0.{round}.7");
        let thief = [(ADDRESS, address.as_str()), AGENT];
        let thief = system.log_in(Person::User, "mini_program", "phone-1", &thief).await;
        let mut thief_socket = socket(&system, &thief).await;

        let alert = owner_socket.expect_past(&["queue_updated"], "security_alert").await;
        let told = owner_socket.expect("session_invalidated").await;
        assert_eq!(told["code"], "SESSION_REPLACED");
        assert_eq!(owner_socket.closed().await, (4412, "SESSION_REPLACED".to_owned()));
        assert_eq!(web_socket.expect_past(&["queue_updated"], "security_alert").await, alert);

        assert_eq!(alert["causes"], json!(["device_claimed", "new_device", "new_network"]));
        assert_eq!((&alert["risk_score"], &alert["login_ip"]), (&json!(30), &json!(address)));
        assert_eq!(
            (&alert["browser"], &alert["os"], &alert["device_type"]),
            (&json!("Chrome"), &json!("Android"), &json!("phone"))
        );
        assert_eq!(alert["authentication_session_id"], thief.session_id);
        let session = verified(&system, &thief).await;
        for shown in ["login_ip", "country", "city", "risk_score", "browser", "os"] {
            assert_eq!(alert[shown], session[shown], "{shown}");
        }
        assert!(alert["country"].is_string(), "the edge knows a place: {alert}");
        thief_socket.silent_past(&["queue_updated"]).await;
        phone = thief;
    }
    system.get(&Door::Edge, &web, route::VERIFY).await.ok();
    web_socket.silent_past(&["queue_updated"]).await;
}

async fn verified(system: &System, client: &Client) -> Value {
    system.get(&Door::Edge, client, route::VERIFY).await.data()["session"].clone()
}

async fn an_alert_is_its_owners_alone(system: System) {
    let (agent, admin) = (system.agent().await, system.admin().await);
    let user = system.user("mini_program", "phone-1").await;
    settled(&system).await;
    // Agent and admin share a desk.
    let mut others = [socket(&system, &agent).await, socket(&system, &user).await];
    let mut admin_socket = socket(&system, &admin).await;
    let phone = system.log_in(Person::Admin, "app", "phone-2", &[]).await;
    let alert = admin_socket.expect_past(&["queue_updated"], "security_alert").await;
    assert_eq!(alert["causes"], json!(["new_device"]));
    assert_eq!(alert["authentication_session_id"], phone.session_id);
    for socket in &mut others {
        socket.silent_past(&["queue_updated"]).await;
    }
    admin_socket.silent_past(&["queue_updated"]).await;
}

async fn an_alert_that_is_pushed_again_is_shown_once(system: System) {
    let client = system.user("mini_program", "phone-1").await;
    settled(&system).await;
    let mut socket = socket(&system, &client).await;
    // As after an answer that was lost on its way to the origin.
    let alert = |event_id, nth| {
        json!({
            "event_id": event_id, "user_id": client.user_id, "user_type": "user", "except_session": null,
            "occurred_at": "2026-03-01T00:00:00.000+08:00", "alert": { "nth": nth } })
    };
    let path = route::INTERNAL_SECURITY_ALERTS;
    for _ in 0..3 {
        let taken = system.push(path, &json!({ "events": [alert(1_000_000, 1)] })).await;
        assert_eq!(taken.data(), &json!({ "taken": [1_000_000] }), "taken, however often");
    }
    system.push(path, &json!({ "events": [alert(1_000_000, 1), alert(1_000_001, 2)] })).await.ok();
    assert_eq!(socket.expect_past(&["queue_updated"], "security_alert").await["nth"], 1);
    assert_eq!(socket.expect_past(&["queue_updated"], "security_alert").await["nth"], 2);
    socket.silent_past(&["queue_updated"]).await;
}
