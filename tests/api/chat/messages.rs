use futures_util::future::join_all;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(
    a_message_is_in_the_history_under_its_number,
    the_same_message_twice_is_stored_once,
    parallel_messages_at_two_processes_have_no_gap_and_no_double,
    history_goes_by_page_and_by_message,
    a_conversation_of_another_is_not_found,
    messages_that_are_not_allowed_are_named,
    an_agent_may_write_while_it_waits,
);

async fn begin(client: &LoggedIn<'_>) -> String {
    let begun = client.post(route::CHAT_SESSIONS, &json!({})).await;
    route::with_id(
        route::CHAT_MESSAGES,
        begun.data()["customer_service_session_id"].as_i64().unwrap(),
    )
}

fn seqs(reply: &tests::Reply) -> Vec<i64> {
    reply.data()["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

async fn a_message_is_in_the_history_under_its_number(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let path = begin(&ana).await;
    let message =
        json!({ "content": "在吗？", "temp_message_id": "t-1", "metadata": { "draft": false } });
    let sent = ana.post(&path, &message).await;
    assert_eq!(sent.status, 201);
    assert_json_snapshot!("sent", sent.data());
    assert_json_snapshot!("history", ana.get(&path).await.data());
}

async fn the_same_message_twice_is_stored_once(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let path = begin(&ana).await;
    let message = json!({ "content": "hi", "temp_message_id": "t-1" });
    let first = ana.post(&path, &message).await;
    let again = ana.post(&path, &message).await;
    assert_eq!(first.data(), again.data());
    ana.post(&path, &json!({ "content": "other", "temp_message_id": "t-1" }))
        .await
        .refused(409, "CONFLICT");
    // Ids are told apart by case, on both databases.
    ana.post(&path, &json!({ "content": "hi", "temp_message_id": "T-1" })).await.ok();
    assert_eq!(seqs(&ana.get(&path).await), [2, 1]);
}

async fn parallel_messages_at_two_processes_have_no_gap_and_no_double(app: TestApp) {
    let other = app.second_process().await;
    let ana = app.user("ana").await;
    let here = ana.log_in(Device::phone("phone-1")).await;
    let there = ana.log_in_at(&other, Device::phone("phone-1")).await;
    let path = begin(&here).await;
    // Every message is sent twice at once, at one process and at the other.
    let bodies: Vec<Value> = (0..25)
        .map(|n| json!({ "content": format!("m{n}"), "temp_message_id": format!("t{n}") }))
        .collect();
    let sends = bodies.iter().flat_map(|body| [here.post(&path, body), there.post(&path, body)]);
    let sent = join_all(sends).await;
    for pair in sent.chunks(2) {
        assert_eq!(pair[0].data(), pair[1].data());
    }
    let history = here.get(&format!("{path}?limit=100")).await;
    assert_eq!(seqs(&history), (1..=25).rev().collect::<Vec<_>>());
}

async fn history_goes_by_page_and_by_message(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let path = begin(&ana).await;
    let mut ids = Vec::new();
    for n in 1..=7 {
        let sent = ana.post(&path, &json!({ "content": format!("m{n}") })).await;
        ids.push(sent.data()["chat_message_id"].as_i64().unwrap());
    }
    let of = async |query: String| seqs(&ana.get(&format!("{path}?{query}")).await);
    assert_eq!(of("limit=3".into()).await, [7, 6, 5]);
    assert_eq!(of("limit=3&page=3".into()).await, [1]);
    assert_eq!(of("limit=3&page=4".into()).await, [0_i64; 0]);
    assert_eq!(of(format!("before={}&limit=2", ids[4])).await, [4, 3]);
    assert_eq!(of(format!("after={}&limit=2", ids[4])).await, [6, 7]);
    let reply = ana.get(&format!("{path}?limit=3&page=3")).await;
    assert_eq!(
        reply.data()["pagination"],
        json!({ "total": 7, "page": 3, "limit": 3, "total_pages": 3 })
    );
    ana.get(&format!("{path}?before=999999")).await.refused_field("before");
    ana.get(&format!("{path}?before={}&after={}", ids[0], ids[1])).await.refused_field("after");
    ana.get(&format!("{path}?after=undefined")).await.refused_field("after");
}

async fn a_conversation_of_another_is_not_found(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let bob = bob.log_in(Device::phone("phone-2")).await;
    let path = begin(&ana).await;
    bob.get(&path).await.refused(404, "NOT_FOUND");
    bob.post(&path, &json!({ "content": "hi" })).await.refused(404, "NOT_FOUND");
    bob.get(&route::with_id(route::CHAT_MESSAGES, 4242)).await.refused(404, "NOT_FOUND");
    for id in ["undefined", "0", "-1", "1.5", "99999999999999999999", "%00"] {
        let path = route::CHAT_MESSAGES.replace("{customer_service_session_id}", id);
        bob.get(&path).await.refused_field("customer_service_session_id");
    }
}

async fn messages_that_are_not_allowed_are_named(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let path = begin(&ana).await;
    let cases = [
        (json!({}), "content"),
        (json!({ "content": "" }), "content"),
        (json!({ "content": 7 }), "content"),
        (json!({ "content": "好".repeat(4001) }), "content"),
        (json!({ "content": "http://img.example.com/a", "message_type": "image" }), "content"),
        (json!({ "content": "x", "message_type": "system" }), "message_type"),
        (json!({ "content": "x", "message_type": "video" }), "message_type"),
        (json!({ "content": "x", "temp_message_id": "" }), "temp_message_id"),
        (json!({ "content": "x", "reply_to_id": 4242 }), "reply_to_id"),
        (json!({ "content": "x", "metadata": [1] }), "metadata"),
        (json!({ "content": "x", "metadata": { "deep": nested(40) } }), "metadata"),
    ];
    for (body, field) in cases {
        ana.post(&path, &body).await.refused_field(field);
    }
    assert_eq!(seqs(&ana.get(&path).await), [0_i64; 0], "nothing was half written");
    ana.post(&path, &json!({ "content": "x", "metadata": { "deep": nested(15) } })).await.ok();
    ana.post(
        &path,
        &json!({ "content": "https://img.example.com/a.png", "message_type": "image" }),
    )
    .await
    .ok();
    ana.post(&path, &json!({ "content": "好".repeat(4000) })).await.ok();
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

async fn an_agent_may_write_while_it_waits(app: TestApp) {
    let (ana, agent) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let agent = agent.log_in(Device::browser("desk")).await;
    let path = begin(&ana).await;
    agent.post(&path, &json!({ "content": "您好" })).await.ok();
    let list = ana.get(route::CHAT_SESSIONS).await;
    assert_eq!(list.data()["sessions"][0]["unread_count"], 1);
    assert_eq!(list.data()["sessions"][0]["last_message"]["sender_type"], "admin");
    assert_eq!(ana.get(&path).await.data()["messages"][0]["sender"]["nickname"], "wang");
}
