//! What rooms hand on, as the origin stores it.

use std::time::Duration;

use futures_util::future::join_all;
use origin::store;
use serde_json::{Value, json};
use shared::{
    route,
    session::SessionHash,
    user::{Role, UserStatus},
};
use tests::{Device, TestApp, both_databases};

use super::{begin, from_socket, hand_on, outcomes, told};
use crate::internal::{call, session_token};

both_databases!(
    a_session_is_judged_as_of_the_sending,
    a_sender_who_was_banned_since_is_refused,
    what_was_stored_stays_stored_when_it_comes_again,
    a_batch_that_comes_again_is_answered_the_same,
    the_same_message_by_many_ways_at_once_is_stored_once,
    many_senders_by_sockets_and_rest_leave_no_gap,
    a_fault_of_ours_decides_nothing,
    an_agent_who_writes_takes_what_waits,
);

async fn a_session_is_judged_as_of_the_sending(app: TestApp) {
    let ana = app.user("ana").await;
    let old = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&old).await;
    let token = session_token(&app, &old);
    let before = app.app.ambient.now();
    app.clock.step(Duration::from_secs(5));
    // Replaces the session, five seconds after.
    let new = ana.log_in(Device::phone("phone-2")).await;
    app.clock.step(Duration::from_secs(5));
    let at = |second| before.plus(Duration::from_secs(second));
    let batch = json!({ "messages": [
        from_socket(&token, at(0), id, &json!({ "content": "before", "temp_message_id": "a" })),
        from_socket(&token, at(4), id, &json!({ "content": "just before", "temp_message_id": "b" })),
        from_socket(&token, at(5), id, &json!({ "content": "at its end", "temp_message_id": "c" })),
        from_socket(&token, at(6), id, &json!({ "content": "after", "temp_message_id": "d" })),
        from_socket(&session_token(&app, &new), at(6), id, &json!({ "content": "new", "temp_message_id": "a" })),
        from_socket("nobody's", at(6), id, &json!({ "content": "x" })),
    ]});
    let outcomes = outcomes(&call(&app, route::INTERNAL_MESSAGES, &batch).await);
    assert_eq!(
        outcomes.iter().map(told).collect::<Vec<_>>(),
        ["seq 1", "seq 2", "SESSION_REPLACED", "SESSION_REPLACED", "CONFLICT", "SESSION_NOT_FOUND"],
        "an id is the user's, whatever the session"
    );
    assert_eq!(
        outcomes[0]["stored"]["sender_session"],
        json!(SessionHash::of(&token)),
        "the sender's own sockets are told by it"
    );
    // One whose time was over when it was sent.
    let late = session_token(&app, &new);
    app.clock.step(Duration::from_hours(30 * 24));
    let now = app.app.ambient.now();
    let batch = json!({ "messages": [
        from_socket(&late, now, id, &json!({ "content": "late", "temp_message_id": "e" })),
        from_socket(&late, at(60), id, &json!({ "content": "in time", "temp_message_id": "f" })),
    ]});
    let outcomes = super::outcomes(&call(&app, route::INTERNAL_MESSAGES, &batch).await);
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), ["SESSION_EXPIRED", "seq 3"]);
}

async fn a_sender_who_was_banned_since_is_refused(app: TestApp) {
    let ana = app.user("ana").await;
    let phone = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&phone).await;
    let message = json!({ "content": "x", "temp_message_id": "a" });
    assert_eq!(told(&hand_on(&app, &phone, id, &[message]).await[0]), "seq 1");
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    store::users::set_status(handle.conn(), ana.user_id, UserStatus::Banned, now).await.unwrap();
    let again = ["a", "b"].map(|id| json!({ "content": "x", "temp_message_id": id }));
    let outcomes = hand_on(&app, &phone, id, &again).await;
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), ["seq 1", "USER_INACTIVE"]);
}

async fn what_was_stored_stays_stored_when_it_comes_again(app: TestApp) {
    let (ana, wang, li) = (
        app.user("ana").await,
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    let message = vec![json!({ "content": "您好", "temp_message_id": "w" })];
    let first = hand_on(&app, &wang, id, &message).await;
    let to = json!({ "admin_id": li.user_id });
    wang.post(&route::with_id(route::DESK_TRANSFER, id), &to).await.ok();
    // Its sender may not even see the conversation any more, and what they wrote is there.
    let again = hand_on(&app, &wang, id, &message).await;
    assert_eq!(again[0]["stored"]["message"], first[0]["stored"]["message"]);
    let other = hand_on(&app, &wang, id, &[json!({ "content": "再见" })]).await;
    assert_eq!(told(&other[0]), "NOT_FOUND");
    ana.post(&route::with_id(route::CHAT_CLOSE, id), &json!({})).await.ok();
    let late = hand_on(&app, &ana, id, &[json!({ "content": "late" })]).await;
    assert_eq!(told(&late[0]), "CONFLICT");
}

async fn a_batch_that_comes_again_is_answered_the_same(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    let batch: Vec<Value> = (0..100)
        .map(|n| json!({ "content": format!("m{}", n % 90), "temp_message_id": format!("t{}", n % 90) }))
        .collect();
    let first = hand_on(&app, &ana, id, &batch).await;
    let again = hand_on(&app, &ana, id, &batch).await;
    let messages = |outcomes: &[Value]| -> Vec<Value> {
        outcomes.iter().map(|outcome| outcome["stored"]["message"].clone()).collect()
    };
    assert_eq!(messages(&first), messages(&again));
    let seqs: Vec<_> = first.iter().map(told).collect();
    let expected: Vec<_> = (0..100).map(|n| format!("seq {}", n % 90 + 1)).collect();
    assert_eq!(seqs, expected);
    // News of each, once, in order; beside those of the beginning.
    assert_eq!(
        (app.outbox("chat_message").await, app.outbox("conversation_updated").await),
        (90, 1)
    );
}

async fn the_same_message_by_many_ways_at_once_is_stored_once(app: TestApp) {
    let other = app.second_process().await;
    let ana = app.user("ana").await;
    let here = ana.log_in(Device::phone("phone-1")).await;
    let there = ana.log_in_at(&other, Device::phone("phone-1")).await;
    let id = begin(&here).await;
    let path = route::with_id(route::CHAT_MESSAGES, id);
    for round in 0..10 {
        let message = json!({ "content": "once", "temp_message_id": format!("r{round}") });
        let sockets =
            [&app, &other].map(|app| hand_on(app, &here, id, std::slice::from_ref(&message)));
        let rest = [&here, &there].map(|client| client.post(&path, &message));
        let (sockets, rest) = tokio::join!(join_all(sockets), join_all(rest));
        let expected = json!(round + 1);
        for outcome in sockets {
            assert_eq!(outcome[0]["stored"]["message"]["seq"], expected, "{outcome:?}");
        }
        for reply in rest {
            assert_eq!(reply.data()["seq"], expected);
        }
    }
}

async fn many_senders_by_sockets_and_rest_leave_no_gap(app: TestApp) {
    let other = app.second_process().await;
    let (ana, wang) = (app.user("ana").await, app.staff("wang", Role::Agent).await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let id = begin(&ana).await;
    let path = route::with_id(route::CHAT_MESSAGES, id);
    let send = async |sender: usize| {
        let message = |n| json!({ "content": format!("{sender}-{n}"), "temp_message_id": format!("{sender}-{n}") });
        let client = if sender.is_multiple_of(2) { &ana } else { &wang };
        if sender % 4 < 2 {
            let app = if sender % 8 < 4 { &app } else { &other };
            let outcomes = hand_on(app, client, id, &(0..5).map(message).collect::<Vec<_>>()).await;
            outcomes
                .iter()
                .map(|outcome| outcome["stored"]["message"]["seq"].as_i64().expect("stored"))
                .collect::<Vec<_>>()
        } else {
            let mut seqs = Vec::new();
            for n in 0..5 {
                let reply = client.post(&path, &message(n)).await;
                seqs.push(reply.data()["seq"].as_i64().unwrap());
            }
            seqs
        }
    };
    let seqs = join_all((0..20).map(send)).await;
    for (sender, own) in seqs.iter().enumerate() {
        assert!(own.is_sorted(), "{sender}'s own order: {own:?}");
        if sender % 4 < 2 {
            assert_eq!(own[4] - own[0], 4, "a batch is one transaction: {own:?}");
        }
    }
    let mut all = seqs.concat();
    all.sort_unstable();
    assert_eq!(all, (1..=100).collect::<Vec<_>>());
    let list = ana.get(route::CHAT_SESSIONS).await;
    assert_eq!(list.data()["sessions"][0]["unread_count"], 50);
}

async fn a_fault_of_ours_decides_nothing(app: TestApp) {
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let bob = bob.log_in(Device::phone("phone-2")).await;
    let (of_ana, of_bob) = (begin(&ana).await, begin(&bob).await);
    // The outbox has no room for what is said in one of the conversations.
    app.database.execute("ALTER TABLE edge_outbox RENAME TO edge_outbox_away").await;
    let now = app.app.ambient.now();
    let (a, b) = (session_token(&app, &ana), session_token(&app, &bob));
    let batch = json!({ "messages": [
        from_socket(&a, now, of_ana, &json!({ "content": "1", "temp_message_id": "1" })),
        from_socket(&a, now, of_ana, &json!({ "content": "2", "temp_message_id": "2" })),
        from_socket(&b, now, of_bob, &json!({ "content": "", "temp_message_id": "3" })),
    ]});
    let reply = call(&app, route::INTERNAL_MESSAGES, &batch).await;
    let during: Vec<_> = outcomes(&reply).iter().map(told).collect();
    assert_eq!(during, ["later INTERNAL", "later INTERNAL", "VALIDATION_FAILED"]);
    app.database.execute("ALTER TABLE edge_outbox_away RENAME TO edge_outbox").await;
    let reply = call(&app, route::INTERNAL_MESSAGES, &batch).await;
    let after: Vec<_> = outcomes(&reply).iter().map(told).collect();
    assert_eq!(after, ["seq 1", "seq 2", "VALIDATION_FAILED"]);
}

async fn an_agent_who_writes_takes_what_waits(app: TestApp) {
    let (ana, wang, li) = (
        app.user("ana").await,
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let li_desk = li.log_in(Device::browser("desk-2")).await;
    let id = begin(&ana).await;
    let now = app.app.ambient.now();
    let (w, l) = (session_token(&app, &wang_desk), session_token(&app, &li_desk));
    let batch = json!({ "messages": [
        from_socket(&w, now, id, &json!({ "content": "您好", "temp_message_id": "1" })),
        from_socket(&l, now, id, &json!({ "content": "我来", "temp_message_id": "1" })),
        from_socket(&w, now, id, &json!({ "content": "请讲", "temp_message_id": "2" })),
    ]});
    let all = outcomes(&call(&app, route::INTERNAL_MESSAGES, &batch).await);
    assert_eq!(all.iter().map(told).collect::<Vec<_>>(), ["seq 1", "NOT_FOUND", "seq 2"]);
    let conversation = &all[0]["stored"]["conversation"];
    assert_eq!(
        (&conversation["admin_id"], &conversation["status"], &conversation["version"]),
        (&json!(wang.user_id), &json!("active"), &json!(2))
    );
    assert_eq!(app.outbox("conversation_updated").await, 2, "it began, and was taken");
    let audit =
        app.database.texts("SELECT event FROM audit_events WHERE event LIKE 'conversation%'");
    assert_eq!(audit.await, ["conversation_accepted"]);
}
