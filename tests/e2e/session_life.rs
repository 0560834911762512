//! A socket lives as long as its token, unless it is given a newer one of the same session.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{route, time::Timestamp};
use tests::{
    both_databases,
    socket::Socket,
    system::{Client, Door, System, settled},
};

both_databases!(run by tests::system::run:
    a_newer_token_keeps_a_socket_and_loses_no_message,
    a_socket_ends_with_its_token
);

/// Long enough for log-in and connection on a busy machine, and short enough to wait for.
const TOKEN_LIFETIME: &str = "20s";

fn reauthenticate(token: &str, ack: Option<u64>) -> String {
    json!({ "event": "reauthenticate", "data": { "token": token }, "ack": ack }).to_string()
}

fn end(data: &Value) -> Timestamp {
    serde_json::from_value(data["expires_at"].clone()).expect("a time")
}

async fn refreshed(system: &System, client: &Client) -> Client {
    let reply = system.refresh(&Door::Edge, &client.refresh_token).await;
    Client {
        token: reply.data()["access_token"].as_str().expect("a token").to_owned(),
        refresh_token: reply.refresh_token().expect("a token"),
        ..client.clone()
    }
}

/// The next answer to a frame; other frames are kept.
async fn ack(socket: &mut Socket, number: u64, kept: &mut Vec<Value>) -> Value {
    loop {
        let frame = socket.next().await;
        if frame["ack"] == number {
            return frame;
        }
        kept.push(frame);
    }
}

async fn a_newer_token_keeps_a_socket_and_loses_no_message(mut system: System) {
    system.restart_origin_with(&[("ACCESS_TOKEN_LIFETIME", TOKEN_LIFETIME)]);
    let mut phone = system.user("mini_program", "phone-1").await;
    let mut web = system.user("web", "browser-1").await;
    settled(&system).await;
    let mut socket = system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await;
    let told = socket.expect("session_expiring").await;
    let first_end = end(&told);

    // What is not a token of this session changes nothing.
    let mut kept = Vec::new();
    for (number, token, code) in
        [(1, web.token.as_str(), "FORBIDDEN"), (2, "garbage", "TOKEN_MALFORMED")]
    {
        socket.send(reauthenticate(token, Some(number))).await;
        assert_eq!(ack(&mut socket, number, &mut kept).await["error"]["code"], code);
    }
    socket.send(reauthenticate(&web.token, None)).await;
    assert_eq!(socket.expect("error").await["code"], "FORBIDDEN");

    let path = route::with_id(route::CHAT_MESSAGES, 1882);
    let (mut sent, mut number) = (0, 10);
    let mut last_end = first_end;
    while origin::clock::Ambient::system().now() <= first_end {
        (phone, web) = (refreshed(&system, &phone).await, refreshed(&system, &web).await);
        let post = |content: String| {
            let (system, web, path) = (&system, &web, &path);
            async move {
                system.post(&Door::Edge, web, path, &json!({ "content": content })).await.ok();
            }
        };
        post(format!("before {sent}")).await;
        socket.send(reauthenticate(&phone.token, Some(number))).await;
        post(format!("after {sent}")).await;
        sent += 2;
        let answer = ack(&mut socket, number, &mut kept).await;
        let renewed = end(&answer["data"]);
        // Tokens end by whole seconds.
        assert!(renewed >= last_end, "{answer}");
        last_end = renewed;
        number += 1;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    // Past the end of the token that it came with, the socket is there, and nothing was lost or twice.
    let seqs = |frames: &[Value]| -> Vec<i64> {
        let messages = frames.iter().filter(|frame| frame["event"] == "new_message");
        messages.map(|frame| frame["data"]["seq"].as_i64().expect("a number")).collect()
    };
    while seqs(&kept).len() < sent {
        kept.push(socket.next().await);
    }
    assert_eq!(seqs(&kept), (30..).take(sent).collect::<Vec<i64>>());
    let renewals = kept.iter().filter(|frame| frame["event"] == "reauthenticated").count();
    assert_eq!(renewals, usize::try_from(number - 10).expect("few"));
    let is_known = |frame: &Value| {
        ["new_message", "reauthenticated", "session_expiring"]
            .contains(&frame["event"].as_str().unwrap_or_default())
    };
    assert!(kept.iter().all(is_known), "{kept:?}");
}

async fn a_socket_ends_with_its_token(mut system: System) {
    system.restart_origin_with(&[("ACCESS_TOKEN_LIFETIME", TOKEN_LIFETIME)]);
    let phone = system.user("mini_program", "phone-1").await;
    settled(&system).await;
    let mut here = system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await;
    let mut at_gateway =
        system.socket_with(&Door::Edge, route::CHAT_SOCKET, &[]).await.expect("a socket");
    let authenticate = json!({ "event": "authenticate", "data": { "token": phone.token } });
    at_gateway.send(authenticate.to_string()).await;
    let mut at_gateway = at_gateway.greeted().await;
    // A refresh alone, without a word on the socket, ends nothing and renews nothing.
    let renewed = refreshed(&system, &phone).await;
    for socket in [&mut here, &mut at_gateway] {
        let told = socket.expect("session_expiring").await;
        let told_end = end(&told);
        let invalidated = socket.expect("session_invalidated").await;
        assert_eq!(invalidated["code"], "TOKEN_EXPIRED");
        assert_eq!(socket.closed().await, (4404, "TOKEN_EXPIRED".to_owned()));
        assert!(origin::clock::Ambient::system().now() >= told_end, "not before its time");
    }
    // The session lives on.
    let again = refreshed(&system, &renewed).await;
    system.socket(&Door::Edge, &again).await.expect("a socket").greeted().await;
}
