//! A message's way: socket, origin, history, the user's other device, the agent.

use reqwest::header::{HeaderName, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System, settled},
};

both_databases!(run by tests::system::run: a_message_reaches_everyone_under_one_number, sockets_take_only_what_is_meant_for_them);

async fn conversation(system: &System, client: &tests::system::Client) -> i64 {
    let begun = system.post(&Door::Edge, client, route::CHAT_SESSIONS, &json!({})).await;
    begun.data()["customer_service_session_id"].as_i64().expect("a number")
}

fn message(conversation: i64, content: &str, temp_id: &str, ack: u64) -> String {
    let data = json!({
        "customer_service_session_id": conversation, "content": content, "message_type": "text", "temp_message_id": temp_id });
    json!({ "event": "send_message", "data": data, "ack": ack }).to_string()
}

/// What may come at any time beside what a story waits for.
const BESIDE: &[&str] = &["queue_updated", "conversation_updated", "message_status", "presence"];

async fn a_message_reaches_everyone_under_one_number(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let web = system.user("web", "browser-1").await;
    let agent = system.agent().await;
    let id = conversation(&system, &phone).await;
    assert_eq!(id, 1882, "the demo user's open conversation");
    // No alert of these log-ins is on its way any more.
    settled(&system).await;

    let mut phone_socket = system.socket(&Door::Edge, &phone).await.expect("a socket");
    let greeting = phone_socket.expect("connection_established").await;
    assert_eq!((&greeting["user_id"], &greeting["is_admin"]), (&json!(31), &json!(false)));
    phone_socket.expect("connected").await;
    // A browser cannot set headers: its token comes as a subprotocol.
    let protocol = [(SEC_WEBSOCKET_PROTOCOL, format!("bearer, {}", web.token))];
    let mut web_socket = system
        .socket_with(&Door::Edge, route::CHAT_SOCKET_LEGACY, &protocol)
        .await
        .expect("a socket")
        .greeted()
        .await;
    assert_eq!(web_socket.protocol.as_deref(), Some("bearer"));
    let mut agent_socket = system.socket(&Door::Edge, &agent).await.expect("a socket");
    assert_eq!(agent_socket.expect("connection_established").await["is_admin"], true);
    agent_socket.expect("connected").await;

    phone_socket.send(message(id, "在吗？", "t-1", 7)).await;
    let ack = phone_socket.acked_past(BESIDE, 7).await;
    let accepted = json!({
        "status": "sending", "customer_service_session_id": id, "temp_message_id": "t-1" });
    assert_eq!(ack["data"], accepted);
    let sent = phone_socket.expect("message_sent").await;
    let number = sent["chat_message_id"].as_i64().expect("a number");
    assert_eq!((&sent["seq"], &sent["temp_message_id"]), (&json!(30), &json!("t-1")));

    for (who, socket) in [("other device", &mut web_socket), ("agent", &mut agent_socket)] {
        let received = socket.expect_past(BESIDE, "new_message").await;
        assert_eq!(received, sent, "{who}");
    }
    let path = route::with_id(route::CHAT_MESSAGES, id);
    let history = system.get(&Door::Edge, &phone, &path).await;
    let newest = &history.data()["messages"][0];
    assert_eq!(
        (&newest["chat_message_id"], &newest["content"]),
        (&json!(number), &json!("在吗？"))
    );
    assert_eq!(history.data()["pagination"]["total"], 30);

    // The same message again is the same message, and nobody hears it twice.
    phone_socket.send(message(id, "在吗？", "t-1", 8)).await;
    assert_eq!(phone_socket.acked_past(BESIDE, 8).await["data"]["status"], "sending");
    let again = phone_socket.expect_past(BESIDE, "message_sent").await;
    assert_eq!(again["chat_message_id"], number);

    // What REST stores reaches the sockets, too: here the agent's answer.
    let answer = system.post(&Door::Origin, &agent, &path, &json!({ "content": "您好" })).await;
    let number = &answer.data()["chat_message_id"];
    // Their own sockets are told that it is sent.
    for (who, event, socket) in [
        ("phone", "new_message", &mut phone_socket),
        ("browser", "new_message", &mut web_socket),
        ("agent", "message_sent", &mut agent_socket),
    ] {
        let received = socket.expect_past(BESIDE, event).await;
        assert_eq!(
            (&received["chat_message_id"], &received["sender_type"]),
            (number, &json!("admin")),
            "{who}"
        );
    }
    for socket in [&mut phone_socket, &mut web_socket, &mut agent_socket] {
        socket.silent_past(BESIDE).await;
    }
}

async fn sockets_take_only_what_is_meant_for_them(system: System) {
    let phone = system.user("mini_program", "phone-1").await;
    let mut socket = system.socket(&Door::Edge, &phone).await.expect("a socket").greeted().await;
    socket.send("ping").await;
    assert_eq!(socket.next_text().await, "pong");

    let refused =
        async |socket: &mut tests::socket::Socket| socket.expect("error").await["code"].clone();
    for garbage in ["", "{", "[]", "null", r#"{"event":7}"#, &"[".repeat(10_000)] {
        socket.send(garbage).await;
        assert_eq!(refused(&mut socket).await, "BAD_REQUEST", "{garbage:.20}");
    }
    for unknown in [
        r#"{"event":"drop_tables"}"#,
        r#"{"event":"send_message"}"#,
        r#"{"event":"send_message","data":{"customer_service_session_id":"undefined","content":"x"}}"#,
    ] {
        socket.send(unknown).await;
        assert_eq!(refused(&mut socket).await, "VALIDATION_FAILED", "{unknown}");
    }
    socket.send_binary(vec![0, 159, 146, 150]).await;
    assert_eq!(refused(&mut socket).await, "BAD_REQUEST");
    socket
        .send(format!(
            r#"{{"event":"send_message","data":{{"content":"{}"}}}}"#,
            "x".repeat(65 * 1024)
        ))
        .await;
    assert_eq!(refused(&mut socket).await, "PAYLOAD_TOO_LARGE");

    // A conversation that is none of theirs, and a text that is too long: durable refusals, by id.
    for (conversation, content, code) in
        [(4242, "hi".to_owned(), "NOT_FOUND"), (1882, "好".repeat(4001), "VALIDATION_FAILED")]
    {
        socket.send(message(conversation, &content, "t-9", 3)).await;
        let (first, second) = (socket.next().await, socket.next().await);
        // What is wrong in itself is refused at once; what the origin must judge is accepted first.
        let (answer, failed) =
            if first["ack"].is_null() { (second, first) } else { (first, second) };
        let outcome = if code == "NOT_FOUND" { &answer["data"] } else { &answer["error"] };
        assert_eq!((&answer["ack"], outcome.is_object()), (&json!(3), true), "{answer}");
        assert_eq!(
            (&failed["event"], &failed["data"]["temp_message_id"], &failed["data"]["code"]),
            (&json!("message_failed"), &json!("t-9"), &json!(code))
        );
    }

    // After all that, it still works.
    let id = conversation(&system, &phone).await;
    socket.send(message(id, "still here", "t-10", 4)).await;
    let frames = [socket.next().await, socket.next().await];
    assert!(frames.iter().any(|frame| frame["event"] == "message_sent"), "{frames:?}");

    // With garbage, and from a page that is not on the list.
    let attempt = async |headers: &[(HeaderName, String)]| {
        system
            .socket_with(&Door::Edge, route::CHAT_SOCKET_LEGACY, headers)
            .await
            .err()
            .expect("no socket")
    };
    attempt(&[(SEC_WEBSOCKET_PROTOCOL, "bearer, garbage".into())])
        .await
        .refused(401, "TOKEN_MALFORMED");
    let foreign = [
        (SEC_WEBSOCKET_PROTOCOL, format!("bearer, {}", phone.token)),
        (ORIGIN, "https://evil.example".to_owned()),
    ];
    attempt(&foreign).await.refused(403, "CSRF_REJECTED");
    system.get(&Door::Edge, &phone, route::CHAT_SOCKET).await.refused(400, "BAD_REQUEST");
}
