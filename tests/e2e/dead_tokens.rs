//! One token, killed in four ways: the same word everywhere.

use origin::{clock::Ambient, store};
use serde_json::{Value, json};
use shared::route;
use tests::{
    Reply, both_databases,
    system::{Client, Door, System, settled},
};

both_databases!(run by tests::system::run: a_dead_token_is_called_the_same_at_every_door);

#[derive(Clone, Copy, Debug)]
enum Death {
    Replaced,
    Deactivated,
    LoggedOut,
    Expired,
}

/// What a client is told, whatever the door.
fn told(reply: &Reply) -> (u16, Value, Value, Value) {
    let json = &reply.json;
    (
        reply.status.as_u16(),
        json["code"].clone(),
        json["legacy_code"].clone(),
        json["message"].clone(),
    )
}

async fn kill(system: &System, client: &Client, death: Death) {
    match death {
        Death::Replaced => {
            system.user("mini_program", "the-next-phone").await;
        }
        Death::Deactivated => {
            let path = route::with_id(route::DEACTIVATE_SESSION, client.session_id);
            let admin = system.admin().await;
            system.post(&Door::Edge, &admin, &path, &json!({ "reason": "test" })).await.ok();
        }
        Death::LoggedOut => system.post(&Door::Edge, client, route::LOGOUT, &json!({})).await.ok(),
        Death::Expired => {
            let mut handle = system.db.acquire().await.unwrap();
            let now = Ambient::system().now();
            store::sessions::set_expiry(handle.conn(), client.session_id, now).await.unwrap();
        }
    }
}

async fn a_dead_token_is_called_the_same_at_every_door(mut system: System) {
    let mut dead = Vec::new();
    let (elsewhere, cold) = system.edge_elsewhere();
    for (death, close, code, message) in [
        (Death::Replaced, 4412, "SESSION_REPLACED", "您的账号已在其他位置登录"),
        (Death::Deactivated, 4413, "SESSION_DEACTIVATED", "会话已被管理员终止"),
        (Death::LoggedOut, 4415, "SESSION_LOGGED_OUT", "您已退出登录"),
        (Death::Expired, 4410, "SESSION_EXPIRED", "会话已过期，请重新登录"),
    ] {
        let client = system.user("mini_program", &format!("phone-{code}")).await;
        // Warm: the edge has it from the origin, in memory and in KV.
        system.get(&Door::Edge, &client, route::MY_LISTINGS).await.ok();
        let mut socket =
            system.socket(&Door::Edge, &client).await.expect("a socket").greeted().await;

        kill(&system, &client, death).await;

        if matches!(death, Death::Replaced) {
            // By a new device, of which its user is told first.
            socket.expect("security_alert").await;
        }
        let event = socket.expect("session_invalidated").await;
        assert_eq!(event, json!({ "code": code, "message": message }), "open socket");
        assert_eq!(socket.closed().await, (close, code.to_owned()), "open socket");
        let expected = (401, json!(code), json!("SESSION_INVALIDATED"), json!(message));
        let at = async |door: &Door| told(&system.get(door, &client, route::VERIFY).await);
        assert_eq!(at(&Door::Origin).await, expected, "origin");
        assert_eq!(at(&Door::Edge).await, expected, "edge that was warm and was told");
        assert_eq!(at(&cold).await, expected, "edge that has never heard of it");
        for door in [&Door::Edge, &cold] {
            let refused =
                system.socket(door, &client).await.err().expect("no socket for a dead session");
            assert_eq!(told(&refused), expected, "handshake at {door:?}");
        }
        dead.push((client, expected));
    }
    // A new process remembers nothing, and there is nobody to ask: now it is KV that knows.
    settled(&system).await;
    system.kill_edge();
    system.start_edge();
    system.kill_origin();
    for (client, expected) in dead {
        assert_eq!(
            told(&system.get(&Door::Edge, &client, route::VERIFY).await),
            expected,
            "warm KV"
        );
        let refused = system.socket(&Door::Edge, &client).await.err().expect("no socket");
        assert_eq!(told(&refused), expected, "handshake, warm KV");
    }
    drop(elsewhere);
}
