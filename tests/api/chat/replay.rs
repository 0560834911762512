//! What rooms ask for again.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases};

use super::{begin, hand_on};
use crate::internal::{call, session_token};

both_databases!(a_room_reads_on_from_what_it_has, a_reader_is_shown_what_they_may_see);

fn seqs(answer: &Value) -> Vec<i64> {
    let messages = answer["replay"]["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

async fn a_room_reads_on_from_what_it_has(app: TestApp) {
    let ana = app.user("ana").await;
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let id = begin(&ana).await;
    let messages: Vec<_> = (0..7).map(|n| json!({ "content": format!("m{n}") })).collect();
    hand_on(&app, &ana, id, &messages).await;
    let ask = async |after_seq: i64, limit: u32| {
        let question = json!({
            "reader": null, "customer_service_session_id": id, "after_seq": after_seq, "limit": limit,
        });
        call(&app, route::INTERNAL_REPLAY, &question).await.data().clone()
    };
    assert_eq!(seqs(&ask(0, 3).await), [1, 2, 3]);
    assert_eq!(seqs(&ask(3, 100).await), [4, 5, 6, 7]);
    assert_eq!(seqs(&ask(-9, 1).await), [1]);
    assert_eq!(seqs(&ask(99, 100).await), [0_i64; 0]);
    let alone = ask(0, 0).await;
    assert_eq!((seqs(&alone).len(), &alone["replay"]["conversation"]["last_seq"]), (0, &json!(7)));
    assert_json_snapshot!("replay", ask(6, 1).await);
    let question =
        json!({ "reader": null, "customer_service_session_id": id, "after_seq": 0, "limit": 101 });
    call(&app, route::INTERNAL_REPLAY, &question).await.refused_field("limit");
}

async fn a_reader_is_shown_what_they_may_see(app: TestApp) {
    let (ana, bob, wang, li) = (
        app.user("ana").await,
        app.user("bob").await,
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let bob = bob.log_in(Device::phone("phone-2")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let li = li.log_in(Device::browser("desk-2")).await;
    let id = begin(&ana).await;
    wang.post(&route::with_id(route::DESK_ACCEPT, id), &json!({})).await.ok();
    let ask = async |token: String, id: i64| {
        let reader = json!({ "session_token": token, "at": app.app.ambient.now() });
        let question = json!({
            "reader": reader, "customer_service_session_id": id, "after_seq": 0, "limit": 10,
        });
        let answer = call(&app, route::INTERNAL_REPLAY, &question).await.data().clone();
        answer["refused"].as_str().unwrap_or("shown").to_owned()
    };
    for (client, expected) in
        [(&ana, "shown"), (&bob, "NOT_FOUND"), (&wang, "shown"), (&li, "NOT_FOUND")]
    {
        assert_eq!(ask(session_token(&app, client), id).await, expected);
    }
    assert_eq!(ask(session_token(&app, &ana), 4242).await, "NOT_FOUND");
    assert_eq!(ask("nobody's".into(), id).await, "SESSION_NOT_FOUND");
}
