//! How far messages have come.

use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

use super::{begin, hand_on};
use crate::internal::{call, session_token};

both_databases!(
    marks_go_forward_and_never_back,
    each_side_has_its_own_unread,
    more_than_one_row_of_news_tells_is_marked_in_several,
    a_mark_is_judged_like_a_message,
);

async fn statuses(client: &LoggedIn<'_>, id: i64) -> Vec<String> {
    let history =
        client.get(&format!("{}?limit=100", route::with_id(route::CHAT_MESSAGES, id))).await;
    let mut statuses: Vec<_> = history.data()["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["status"].as_str().unwrap().to_owned())
        .collect();
    statuses.reverse();
    statuses
}

fn delivered(id: i64, by: &str, seq: i64) -> Value {
    json!({ "delivered": { "customer_service_session_id": id, "by": by, "seq": seq } })
}

async fn mark(app: &TestApp, marks: Vec<Value>) -> Vec<Value> {
    let reply = call(app, route::INTERNAL_MARKS, &json!({ "marks": marks })).await;
    reply.data()["outcomes"].as_array().unwrap().clone()
}

/// Four messages of the user; their keys.
async fn four(app: &TestApp, client: &LoggedIn<'_>, id: i64) -> Vec<i64> {
    let messages: Vec<_> = (0..4).map(|n| json!({ "content": format!("m{n}") })).collect();
    hand_on(app, client, id, &messages)
        .await
        .iter()
        .map(|outcome| outcome["stored"]["message"]["chat_message_id"].as_i64().unwrap())
        .collect()
}

async fn marks_go_forward_and_never_back(app: TestApp) {
    let (ana, wang) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    let ids = four(&app, &ana, id).await;
    assert_eq!(mark(&app, vec![delivered(id, "admin", 3)]).await, [json!("done")]);
    assert_eq!(statuses(&ana, id).await, ["delivered", "delivered", "delivered", "sent"]);
    let read = route::with_id(route::DESK_READ, id);
    let so_far = wang.post(&read, &json!({ "chat_message_id": ids[1] })).await;
    assert_eq!(
        so_far.data(),
        &json!({ "customer_service_session_id": id, "chat_message_id": ids[1], "seq": 2, "unread_count": 2 })
    );
    assert_eq!(statuses(&ana, id).await, ["read", "read", "delivered", "sent"]);
    // Late and less far: nothing goes back, and nobody is told of nothing.
    let told = app.outbox("messages_marked").await;
    assert_eq!(told, 2);
    mark(
        &app,
        vec![delivered(id, "admin", 2), delivered(id, "admin", 3), delivered(id, "user", 4)],
    )
    .await;
    let again = wang.post(&read, &json!({ "chat_message_id": ids[0] })).await;
    assert_eq!(again.data()["unread_count"], 2);
    assert_eq!(statuses(&ana, id).await, ["read", "read", "delivered", "sent"]);
    assert_eq!(app.outbox("messages_marked").await, told);
    // Beyond the end is to the end.
    mark(&app, vec![delivered(id, "admin", 99)]).await;
    assert_eq!(statuses(&ana, id).await, ["read", "read", "delivered", "delivered"]);
    let news = app
        .database
        .texts("SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE kind = 'messages_marked' ORDER BY edge_outbox_id")
        .await;
    let news: Vec<Value> = news.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    let news: Vec<&Value> = news.iter().map(|row| &row["news"]["marked"]).collect();
    let named = |n: usize| (&news[n]["status"], &news[n]["chat_message_ids"], &news[n]["seq"]);
    assert_eq!(named(0), (&json!("delivered"), &json!(ids[..3]), &json!(3)));
    assert_eq!(named(1), (&json!("read"), &json!(ids[..2]), &json!(2)));
    assert_eq!(named(2), (&json!("delivered"), &json!(ids[3..]), &json!(4)));
    assert_eq!(
        (&news[1]["by"], &news[1]["reader_id"], &news[1]["sender_ids"]),
        (&json!("admin"), &json!(wang.user_id), &json!([ana.user_id]))
    );
}

async fn each_side_has_its_own_unread(app: TestApp) {
    let (ana, wang) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    let ids = four(&app, &ana, id).await;
    let answers = hand_on(&app, &wang, id, &vec![json!({ "content": "您好" }); 3]).await;
    let answer = |n: usize| answers[n]["stored"]["message"]["chat_message_id"].as_i64().unwrap();
    let unread = async || {
        let user = ana.get(route::CHAT_SESSIONS).await;
        let desk = wang.get(route::DESK_SESSIONS).await;
        [user, desk].map(|list| list.data()["sessions"][0]["unread_count"].as_i64().unwrap())
    };
    assert_eq!(unread().await, [3, 4]);
    let of_user = route::with_id(route::CHAT_READ, id);
    ana.post(&of_user, &json!({ "chat_message_id": answer(1) })).await.ok();
    assert_eq!(unread().await, [1, 4]);
    // One's own message says how far, too.
    ana.post(&of_user, &json!({ "chat_message_id": ids[0] })).await.ok();
    assert_eq!(unread().await, [1, 4]);
    wang.post(&route::with_id(route::DESK_READ, id), &json!({ "chat_message_id": answer(2) }))
        .await
        .ok();
    assert_eq!(unread().await, [1, 0]);
    ana.post(&of_user, &json!({ "chat_message_id": 424_242 }))
        .await
        .refused_field("chat_message_id");
    ana.post(&of_user, &json!({ "chat_message_id": 0 })).await.refused_field("chat_message_id");
    ana.post(&of_user, &json!({})).await.refused_field("chat_message_id");
}

async fn more_than_one_row_of_news_tells_is_marked_in_several(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    for _ in 0..6 {
        hand_on(&app, &ana, id, &vec![json!({ "content": "x" }); 100]).await;
    }
    mark(&app, vec![delivered(id, "admin", 550)]).await;
    let behind =
        app.database.texts("SELECT CAST(seq AS CHAR) FROM chat_messages WHERE status = 'sent'");
    assert_eq!(behind.await.len(), 50);
    assert_eq!(app.outbox("messages_marked").await, 2, "500 and 50");
}

async fn a_mark_is_judged_like_a_message(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let old = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&old).await;
    let ids = four(&app, &old, id).await;
    let dead = session_token(&app, &old);
    app.clock.step(std::time::Duration::from_secs(1));
    ana.log_in(Device::phone("phone-2")).await;
    let bob = bob.log_in(Device::phone("phone-3")).await;
    let now = app.app.ambient.now();
    let read = |token: &str, id: i64, message: i64| {
        json!({ "read": {
            "reader": { "session_token": token, "at": now },
            "customer_service_session_id": id, "chat_message_id": message,
        } })
    };
    let bob = session_token(&app, &bob);
    let outcomes = mark(
        &app,
        vec![
            read(&dead, id, ids[0]),
            read(&bob, id, ids[0]),
            read(&bob, 4242, ids[0]),
            delivered(4242, "user", 1),
            delivered(id, "user", 4),
        ],
    )
    .await;
    let failed = |code| json!({ "failed": code });
    assert_eq!(
        outcomes,
        [
            failed("SESSION_REPLACED"),
            failed("NOT_FOUND"),
            failed("NOT_FOUND"),
            failed("NOT_FOUND"),
            json!("done")
        ]
    );
    let many = vec![delivered(id, "user", 1); 101];
    call(&app, route::INTERNAL_MARKS, &json!({ "marks": many })).await.refused_field("marks");
}
