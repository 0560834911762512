//! Sockets that come without a token, and say by their first frame whose they are.

use serde_json::{Value, json};
use shared::route;
use tests::{
    both_databases,
    socket::Socket,
    system::{Client, Door, System, settled},
};

both_databases!(run by tests::system::run:
    a_socket_says_whose_it_is_and_is_one_like_any_other,
    nothing_but_a_token_opens_a_gateway,
    a_dead_session_gets_its_code_and_so_does_one_that_ends,
    an_edge_that_dies_takes_sockets_along_and_nothing_else,
    of_eleven_sockets_the_oldest_goes
);

/// The demo user's open conversation.
const CONVERSATION: i64 = 1882;

async fn newcomer(system: &System) -> Socket {
    system.socket_with(&Door::Edge, route::CHAT_SOCKET, &[]).await.expect("a socket")
}

fn authenticate(token: &str) -> String {
    json!({ "event": "authenticate", "data": { "token": token }, "ack": 1 }).to_string()
}

fn message(temp_id: &str, ack: u64) -> String {
    let data = json!({
        "customer_service_session_id": CONVERSATION, "content": temp_id, "temp_message_id": temp_id });
    json!({ "event": "send_message", "data": data, "ack": ack }).to_string()
}

/// The next frame for which this holds; others are passed over.
async fn until(socket: &mut Socket, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let frame = socket.next().await;
        if is_it(&frame) {
            return frame;
        }
        let event = &frame["event"];
        assert_ne!(event, "error", "{frame}");
        assert_ne!(event, "session_invalidated", "{frame}");
    }
}

async fn event(socket: &mut Socket, event: &str) -> Value {
    until(socket, |frame| frame["event"] == event).await["data"].take()
}

/// A socket that has come in by a gateway and was greeted.
async fn enter(system: &System, client: &Client) -> Socket {
    let mut socket = newcomer(system).await;
    socket.send(authenticate(&client.token)).await;
    let frames = [socket.next().await, socket.next().await, socket.next().await];
    let greetings: Vec<_> = frames.iter().filter(|frame| frame["event"].is_string()).collect();
    assert_eq!(greetings[0]["event"], "connection_established", "{frames:?}");
    assert_eq!(greetings[1]["event"], "connected", "{frames:?}");
    assert_eq!(greetings[0]["data"], greetings[1]["data"]);
    assert_eq!(greetings[0]["data"]["user_id"], client.user_id);
    let ack = frames.iter().find(|frame| frame["ack"] == 1).expect("an ack");
    assert!(ack["data"]["expires_at"].is_string(), "{ack}");
    socket
}

async fn ended(socket: &mut Socket, code: &str, close: u16) {
    let told = socket.expect_after_alerts("session_invalidated").await;
    assert_eq!(told["code"], code, "{told}");
    assert_eq!(socket.closed().await, (close, code.to_owned()));
}

async fn a_socket_says_whose_it_is_and_is_one_like_any_other(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let agent = system.agent().await;
    settled(&system).await;
    let mut agent_socket = enter(&system, &agent).await;
    // What is sent before it is let in waits for that.
    let mut socket = newcomer(&system).await;
    socket.send("ping").await;
    assert_eq!(socket.next_text().await, "pong");
    socket.send(authenticate(&phone.token)).await;
    socket.send(message("t-1", 2)).await;
    let sent = event(&mut socket, "message_sent").await;
    assert_eq!((&sent["temp_message_id"], &sent["seq"]), (&json!("t-1"), &json!(30)));
    assert_eq!(event(&mut agent_socket, "new_message").await["seq"], 30);

    // Both ways, and in order.
    let answers: Vec<_> = (0..15).map(|n| format!("a-{n}")).collect();
    for (ack, answer) in (10..).zip(&answers) {
        agent_socket.send(message(answer, ack)).await;
    }
    for (seq, answer) in (31..).zip(&answers) {
        let heard = event(&mut socket, "new_message").await;
        assert_eq!((&heard["seq"], &heard["content"]), (&json!(seq), &json!(answer)));
    }

    // What is no frame of ours is refused as in any room, and nothing else happens.
    let mut refused = newcomer(&system).await;
    refused.send(authenticate(&phone.token)).await;
    event(&mut refused, "connected").await;
    for (garbage, code) in [
        ("{".to_owned(), "BAD_REQUEST"),
        (r#"{"event":"drop_tables"}"#.to_owned(), "VALIDATION_FAILED"),
        (authenticate(&phone.token).replace("\"ack\":1,", ""), "VALIDATION_FAILED"),
        ("x".repeat(65 * 1024), "PAYLOAD_TOO_LARGE"),
    ] {
        refused.send(garbage).await;
        let told =
            until(&mut refused, |frame| !frame["error"].is_null() || frame["event"] == "error");
        let told = told.await;
        let told = if told["error"].is_null() { &told["data"] } else { &told["error"] };
        assert_eq!(told["code"], code);
    }
    refused.send_binary(vec![0, 159, 146, 150]).await;
    let told = until(&mut refused, |frame| frame["event"] == "error").await;
    assert_eq!(told["data"]["code"], "BAD_REQUEST");
    refused.send(message("t-2", 3)).await;
    assert_eq!(event(&mut refused, "message_sent").await["seq"], 46);
    assert_eq!(event(&mut socket, "message_sent").await["seq"], 46, "it is of the same session");
}

async fn nothing_but_a_token_opens_a_gateway(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    // It is silent for as long as it may be, and longer, while the others are at it.
    let mut silent = newcomer(&system).await;
    let mut socket = newcomer(&system).await;
    let hostile = [
        (String::new(), "BAD_REQUEST"),
        ("{".to_owned(), "BAD_REQUEST"),
        ("[]".to_owned(), "BAD_REQUEST"),
        (r#"{"event":7}"#.to_owned(), "BAD_REQUEST"),
        ("[".repeat(10_000), "BAD_REQUEST"),
        (r#"{"event":"drop_tables"}"#.to_owned(), "VALIDATION_FAILED"),
        (r#"{"event":"authenticate"}"#.to_owned(), "VALIDATION_FAILED"),
        (r#"{"event":"authenticate","data":{"token":7}}"#.to_owned(), "VALIDATION_FAILED"),
        (
            r#"{"event":"typing","data":{"customer_service_session_id":1882,"is_typing":true}}"#
                .to_owned(),
            "TOKEN_MISSING",
        ),
        (
            authenticate(&phone.token)
                .replace("authenticate", "reauthenticate")
                .replace("\"ack\":1,", ""),
            "TOKEN_MISSING",
        ),
        ("x".repeat(65 * 1024), "PAYLOAD_TOO_LARGE"),
    ];
    for (frame, code) in hostile {
        socket.send(frame.as_str()).await;
        assert_eq!(socket.expect("error").await["code"], code, "{frame:.60}");
    }
    socket.send_binary(vec![0, 159, 146, 150]).await;
    assert_eq!(socket.expect("error").await["code"], "BAD_REQUEST");
    socket.send(message("t-1", 7)).await;
    let told = socket.next().await;
    assert_eq!((&told["ack"], &told["error"]["code"]), (&json!(7), &json!("TOKEN_MISSING")));
    // After all that it may still say who it is.
    socket.send(authenticate(&phone.token)).await;
    event(&mut socket, "connected").await;

    let forged = format!("{}AAAA", &phone.token[..phone.token.len() - 4]);
    for (token, code, close) in [
        ("", "TOKEN_MALFORMED", 4402),
        ("garbage", "TOKEN_MALFORMED", 4402),
        (&"a.b.c".repeat(2_000), "TOKEN_MALFORMED", 4402),
        (&forged, "TOKEN_INVALID", 4403),
    ] {
        let mut socket = newcomer(&system).await;
        socket.send(authenticate(token)).await;
        ended(&mut socket, code, close).await;
    }

    let mut stubborn = newcomer(&system).await;
    for _ in 0..100 {
        stubborn.send("{").await;
    }
    for _ in 0..100 {
        assert_eq!(stubborn.expect("error").await["code"], "BAD_REQUEST");
    }
    assert_eq!(stubborn.expect("error").await["code"], "BAD_REQUEST", "the last word");
    assert_eq!(stubborn.closed().await, (4400, "BAD_REQUEST".to_owned()));

    assert_eq!(silent.expect("error").await["code"], "AUTH_TIMEOUT");
    assert_eq!(silent.closed().await, (4408, "AUTH_TIMEOUT".to_owned()));
}

async fn a_dead_session_gets_its_code_and_so_does_one_that_ends(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let web = system.user("web", "browser-1").await;
    let mut socket = enter(&system, &phone).await;
    let body = json!({ "authentication_session_id": phone.session_id });
    system.post(&Door::Edge, &web, route::REVOKE_SESSION, &body).await.ok();
    ended(&mut socket, "SESSION_REVOKED", 4414).await;

    let mut late = newcomer(&system).await;
    late.send(authenticate(&phone.token)).await;
    ended(&mut late, "SESSION_REVOKED", 4414).await;
}

async fn an_edge_that_dies_takes_sockets_along_and_nothing_else(mut system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let agent = system.agent().await;
    settled(&system).await;
    let mut socket = enter(&system, &phone).await;
    let agent_socket = enter(&system, &agent).await;
    socket.send(message("t-1", 2)).await;
    assert_eq!(event(&mut socket, "message_sent").await["seq"], 30);
    system.kill_edge();
    drop((socket, agent_socket));
    // Meanwhile someone writes at the origin.
    let path = route::with_id(route::CHAT_MESSAGES, CONVERSATION);
    system.post(&Door::Origin, &agent, &path, &json!({ "content": "您好" })).await.ok();
    system.start_edge();

    let mut socket = enter(&system, &phone).await;
    let mut agent_socket = enter(&system, &agent).await;
    let position = json!({ "customer_service_session_id": CONVERSATION, "seq": 30 });
    let resume = json!({ "event": "resume", "data": { "conversations": [position] } });
    socket.send(resume.to_string()).await;
    assert_eq!(event(&mut socket, "new_message").await["seq"], 31);
    event(&mut socket, "resumed").await;
    settled(&system).await;
    socket.send(message("t-2", 3)).await;
    assert_eq!(event(&mut socket, "message_sent").await["seq"], 32);
    let heard = until(&mut agent_socket, |frame| {
        frame["event"] == "new_message" && frame["data"]["temp_message_id"] == "t-2"
    });
    assert_eq!(heard.await["data"]["seq"], 32);
    agent_socket.send(message("a-1", 4)).await;
    assert_eq!(event(&mut socket, "new_message").await["seq"], 33);
}

async fn of_eleven_sockets_the_oldest_goes(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let mut oldest = enter(&system, &phone).await;
    let mut others = Vec::new();
    for n in 1..11 {
        // However a socket has come, it is one of ten.
        others.push(if n % 2 == 0 {
            enter(&system, &phone).await
        } else {
            system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await
        });
    }
    let told = oldest.expect_after_alerts("error").await;
    assert_eq!(told["code"], "TOO_MANY_SOCKETS");
    assert_eq!(oldest.closed().await, (4431, "TOO_MANY_SOCKETS".to_owned()));
    for socket in &mut others {
        socket.send("ping").await;
        assert_eq!(socket.next_text().await, "pong");
    }
}
