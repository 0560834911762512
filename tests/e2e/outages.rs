//! When one side is gone.

use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System, settled},
};

both_databases!(run by tests::system::run: without_the_origin_the_edge_says_so_and_still_knows_the_dead, what_ended_while_the_edge_was_gone_reaches_it);

async fn without_the_origin_the_edge_says_so_and_still_knows_the_dead(mut system: System) {
    let dead = system.user("mini_program", "phone-1").await;
    system.get(&Door::Edge, &dead, route::MY_LISTINGS).await.ok();
    let live = system.user("mini_program", "phone-2").await;
    settled(&system).await;
    // A new process remembers nothing: from here it is KV that knows the dead.
    system.kill_edge();
    system.start_edge();
    let mut socket = system.socket(&Door::Edge, &live).await.expect("a socket").greeted().await;
    system.get(&Door::Edge, &live, route::MY_LISTINGS).await.ok();
    system.kill_origin();

    system.get(&Door::Edge, &dead, route::MY_LISTINGS).await.refused(401, "SESSION_REPLACED");
    let refused =
        system.socket(&Door::Edge, &dead).await.err().expect("no socket for a dead session");
    refused.refused(401, "SESSION_REPLACED");
    system.get(&Door::Edge, &live, route::MY_LISTINGS).await.refused(503, "ORIGIN_UNAVAILABLE");
    system
        .post(&Door::Edge, &live, route::CHAT_SESSIONS, &json!({}))
        .await
        .refused(503, "ORIGIN_UNAVAILABLE");
    let login = system
        .request(&Door::Edge, "POST", route::LOGIN)
        .json(&json!({ "mobile": "1", "password": "x" }));
    system.send(login).await.refused(503, "ORIGIN_UNAVAILABLE");
    let health = system.send(system.request(&Door::Edge, "GET", route::HEALTHZ)).await;
    assert_eq!(health.data()["origin"], "unavailable");

    let message = json!({ "event": "send_message", "data": {
        "customer_service_session_id": 1882, "content": "hi", "temp_message_id": "t-1" }, "ack": 1 });
    socket.send(message.to_string()).await;
    assert_eq!(socket.acked_past(&[], 1).await["data"]["status"], "sending");
    // Accepted is kept, though the edge dies, too; nobody has to send it again.
    system.kill_edge();
    system.start_origin();
    system.start_edge();
    let mut socket = system.socket(&Door::Edge, &live).await.expect("a socket").greeted().await;
    let position = json!({ "customer_service_session_id": 1882, "seq": 29 });
    let resume = json!({ "event": "resume", "data": { "conversations": [position] } });
    let sent = loop {
        socket.send(resume.to_string()).await;
        let frame = socket.next().await;
        if frame["event"] == "message_sent" {
            break frame;
        }
        assert_eq!(frame["event"], "resumed", "{frame}");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    };
    assert_eq!(sent["data"]["seq"], 30);
    assert_eq!(sent["data"]["temp_message_id"], "t-1");
}

async fn what_ended_while_the_edge_was_gone_reaches_it(mut system: System) {
    let client = system.user("mini_program", "phone-1").await;
    let admin = system.admin().await;
    system.get(&Door::Edge, &client, route::MY_LISTINGS).await.ok();
    system.kill_edge();

    // An admin tool ends the session at the origin; the edge is down, and the origin dies, too.
    let path = route::with_id(route::DEACTIVATE_SESSION, client.session_id);
    system.post(&Door::Origin, &admin, &path, &json!({ "reason": "test" })).await.ok();
    system.kill_origin();
    system.start_origin();
    system.start_edge();
    settled(&system).await;

    // The edge knows it by itself now: the origin is not there to ask.
    system.kill_origin();
    system.get(&Door::Edge, &client, route::MY_LISTINGS).await.refused(401, "SESSION_DEACTIVATED");
}
