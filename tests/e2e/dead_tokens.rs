//! One token, killed in every way that there is: the same word everywhere.

use std::time::Duration;

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
    Expired,
    Idle,
    Replaced,
    Deactivated,
    Revoked,
    LoggedOut,
    PasswordChanged,
    ReuseDetected,
    UserInactive,
}

/// Each with its status, close code, code and message, as the contract has them.
const DEATHS: [(Death, u16, u16, &str, &str); 9] = [
    (Death::Expired, 401, 4410, "SESSION_EXPIRED", "会话已过期，请重新登录"),
    (Death::Idle, 401, 4411, "SESSION_IDLE", "长时间未操作，请重新登录"),
    (Death::Replaced, 401, 4412, "SESSION_REPLACED", "您的账号已在其他位置登录"),
    (Death::Deactivated, 401, 4413, "SESSION_DEACTIVATED", "会话已被管理员终止"),
    (Death::Revoked, 401, 4414, "SESSION_REVOKED", "会话已被您在其他设备上下线"),
    (Death::LoggedOut, 401, 4415, "SESSION_LOGGED_OUT", "您已退出登录"),
    (Death::PasswordChanged, 401, 4416, "PASSWORD_CHANGED", "密码已修改，请重新登录"),
    (Death::ReuseDetected, 401, 4417, "REUSE_DETECTED", "检测到异常，会话已终止"),
    (Death::UserInactive, 403, 4419, "USER_INACTIVE", "账号已停用"),
];

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
    let id = client.session_id;
    match death {
        Death::Expired => {
            let mut handle = system.db.acquire().await.unwrap();
            let now = Ambient::system().now();
            store::sessions::set_expiry(handle.conn(), id, now).await.unwrap();
        }
        Death::Idle => {
            let long_ago = format!(
                "UPDATE authentication_sessions SET last_activity = '2020-01-01 00:00:00' WHERE authentication_session_id = {id}"
            );
            // More than once: its use just now may be written in between.
            for _ in 0..3 {
                system.alter(&long_ago).await;
                tokio::time::sleep(Duration::from_millis(600)).await;
            }
        }
        Death::Replaced => {
            system.user("mini_program", "the-next-phone").await;
        }
        Death::Deactivated => {
            let path = route::with_id(route::DEACTIVATE_SESSION, id);
            let admin = system.admin().await;
            system.post(&Door::Edge, &admin, &path, &json!({ "reason": "test" })).await.ok();
        }
        Death::Revoked => {
            let web = system.user("web", "browser-1").await;
            let body = json!({ "authentication_session_id": id });
            system.post(&Door::Edge, &web, route::REVOKE_SESSION, &body).await.ok();
        }
        Death::LoggedOut => system.post(&Door::Edge, client, route::LOGOUT, &json!({})).await.ok(),
        Death::PasswordChanged => {
            let web = system.user("web", "browser-1").await;
            let (known, other) = (system.user_password(), "a password for a moment");
            for (old, new) in [(known.as_str(), other), (other, known.as_str())] {
                let body = json!({ "old_password": old, "new_password": new });
                system.post(&Door::Edge, &web, route::PASSWORD, &body).await.ok();
            }
        }
        Death::ReuseDetected => {
            let second = system.refresh(&Door::Edge, &client.refresh_token).await.refresh_token();
            system.refresh(&Door::Edge, &second.unwrap()).await.ok();
            let reuse = system.refresh(&Door::Edge, &client.refresh_token).await;
            reuse.refused(401, "REUSE_DETECTED");
        }
        Death::UserInactive => {
            let user_id = client.user_id.to_string();
            for status in ["banned", "active"] {
                let done = system.operator(&["user", "set-status", &user_id, status], "").await;
                done.expect("the command succeeds");
            }
        }
    }
}

async fn a_dead_token_is_called_the_same_at_every_door(mut system: System) {
    let mut dead = Vec::new();
    let (elsewhere, cold) = system.edge_elsewhere();
    for (death, status, close, code, message) in DEATHS {
        let client = system.user("mini_program", &format!("phone-{code}")).await;
        // Warm: the edge has it from the origin, in memory and in KV.
        system.get(&Door::Edge, &client, route::MY_LISTINGS).await.ok();
        let mut socket =
            system.socket(&Door::Edge, &client).await.expect("a socket").greeted().await;

        kill(&system, &client, death).await;

        let event = socket.expect_after_alerts("session_invalidated").await;
        assert_eq!(event, json!({ "code": code, "message": message }), "open socket");
        assert_eq!(socket.closed().await, (close, code.to_owned()), "open socket");
        let expected = (status, json!(code), json!("SESSION_INVALIDATED"), json!(message));
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
    // Who comes back a week later, with a token long past its end, still learns why.
    system.alter("UPDATE refresh_tokens SET expires_at = '2020-01-01 00:00:00'").await;
    for (client, expected) in &dead {
        let refused = system.refresh(&Door::Edge, &client.refresh_token).await;
        assert_eq!(told(&refused), *expected, "refresh, a week later");
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
