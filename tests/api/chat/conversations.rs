use futures_util::future::join_all;
use insta::assert_json_snapshot;
use serde_json::json;
use shared::route;
use tests::{Device, TestApp, both_databases};

both_databases!(
    a_conversation_has_a_number_and_is_begun_once,
    parallel_beginnings_at_two_processes_are_one_conversation,
    a_closed_conversation_makes_way_for_another,
    what_the_list_shows,
    a_source_that_is_not_allowed_is_named,
);

async fn a_conversation_has_a_number_and_is_begun_once(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let first = ana.post(route::CHAT_SESSIONS, &json!({})).await;
    let id = first.data()["customer_service_session_id"].as_i64().expect("a number");
    assert_eq!((first.status.as_u16(), &first.data()["is_new"]), (201, &json!(true)));
    assert_eq!(first.data()["session_id"], id, "for clients already out there");
    assert_eq!(
        (&first.data()["status"], &first.data()["source"]),
        (&json!("waiting"), &json!("mobile"))
    );
    let again = ana.post(route::CHAT_SESSIONS, &json!({ "source": "help" })).await;
    assert_eq!((again.status.as_u16(), &again.data()["is_new"]), (200, &json!(false)));
    assert_eq!(again.data()["customer_service_session_id"], id);
}

async fn parallel_beginnings_at_two_processes_are_one_conversation(app: TestApp) {
    let other = app.second_process().await;
    let ana = app.user("ana").await;
    let here = ana.log_in(Device::phone("phone-1")).await;
    let there = ana.log_in_at(&other, Device::phone("phone-1")).await;
    let body = json!({});
    let begun = join_all(
        (0..30)
            .map(|n| if n % 2 == 0 { &here } else { &there })
            .map(|client| client.post(route::CHAT_SESSIONS, &body)),
    )
    .await;
    let ids: std::collections::HashSet<_> = begun
        .iter()
        .map(|reply| reply.data()["customer_service_session_id"].as_i64().unwrap())
        .collect();
    let new = begun.iter().filter(|reply| reply.data()["is_new"] == true).count();
    assert_eq!((ids.len(), new), (1, 1));
}

async fn a_closed_conversation_makes_way_for_another(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = |reply: tests::Reply| reply.data()["customer_service_session_id"].as_i64().unwrap();
    let first = id(ana.post(route::CHAT_SESSIONS, &json!({})).await);
    ana.post(&route::with_id(route::CHAT_CLOSE, first), &json!({})).await.ok();
    let second = id(ana.post(route::CHAT_SESSIONS, &json!({})).await);
    assert_ne!(first, second);
    let path = route::with_id(route::CHAT_MESSAGES, first);
    ana.post(&path, &json!({ "content": "too late" })).await.refused(409, "CONFLICT");
    ana.get(&path).await.ok();
}

async fn what_the_list_shows(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let begun = ana.post(route::CHAT_SESSIONS, &json!({})).await;
    let path = route::with_id(
        route::CHAT_MESSAGES,
        begun.data()["customer_service_session_id"].as_i64().unwrap(),
    );
    ana.post(&path, &json!({ "content": "在吗？" })).await.ok();
    let bob = app.user("bob").await;
    let bob = bob.log_in(Device::phone("phone-2")).await;
    bob.post(route::CHAT_SESSIONS, &json!({})).await.ok();
    assert_json_snapshot!("list", ana.get(route::CHAT_SESSIONS).await.data(), { ".sessions[].user.mobile" => "[mobile]" });
}

async fn a_source_that_is_not_allowed_is_named(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    ana.post(route::CHAT_SESSIONS, &json!({ "source": "x".repeat(33) }))
        .await
        .refused_field("source");
    ana.post(route::CHAT_SESSIONS, &json!({ "source": "" })).await.refused_field("source");
}
