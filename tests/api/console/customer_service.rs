//! Conversations as the staff have them.

use std::time::Duration;

use insta::assert_json_snapshot;
use origin::{
    chat::{self, By},
    error::ApiError,
    seed::{self, DemoPasswords},
    store,
};
use serde_json::{Value, json};
use shared::{
    route,
    user::{Role, UserStatus},
};
use tests::{Device, LoggedIn, TestApp, both_databases, user::PASSWORD};

use crate::{
    chat::{begin, hand_on},
    internal::{call, session_token},
};

both_databases!(
    of_two_who_accept_at_once_one_has_it,
    accepting_is_done_once_and_tells_who_was_first,
    a_conversation_is_handed_on,
    what_the_desk_lists,
    the_desk_is_searched,
    who_waits_is_queued_by_urgency_and_time,
    what_the_staff_do_is_on_record,
    notices_are_no_answer,
);

fn to(path: &str, id: i64) -> String {
    route::with_id(path, id)
}

async fn of_two_who_accept_at_once_one_has_it(app: TestApp) {
    // SQLite has one writer at a time: what is to be shown there is shown by fewer.
    let trials: i64 = if app.database.url.starts_with("sqlite") { 200 } else { 1_000 };
    let other = app.second_process().await;
    let (wang, li) = (app.staff("wang", Role::Agent).await, app.staff("li", Role::Agent).await);
    let names = [(wang.user_id, "wang"), (li.user_id, "li")];
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let li = li.log_in(Device::browser("desk-2")).await;
    let sessions = [
        chat::accepted(&app.app, &accepted(&app, &wang)).await.unwrap(),
        chat::accepted(&app.app, &accepted(&app, &li)).await.unwrap(),
    ];
    let now = app.app.ambient.now();
    let mut tx = app.app.db.begin().await.unwrap();
    for n in 1..=trials {
        let new = store::conversations::NewConversation {
            customer_service_session_id: Some(n),
            user_id: 1_000_000 + n,
            source: "mobile",
        };
        store::conversations::insert(tx.conn(), &new, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let [by_wang, by_li] = sessions.each_ref().map(|session| By { session, call: None });
    let mut wins = [0, 0];
    for id in 1..=trials {
        // Two processes of the origin, and neither always the first to be asked.
        let (of_wang, of_li) = if id % 2 == 0 {
            tokio::join!(chat::accept(&app.app, id, by_wang), chat::accept(&other.app, id, by_li))
        } else {
            let (of_li, of_wang) = tokio::join!(
                chat::accept(&other.app, id, by_li),
                chat::accept(&app.app, id, by_wang)
            );
            (of_wang, of_li)
        };
        let (winner, lost) = match (of_wang, of_li) {
            (Ok(_), Err(lost)) => (0, lost),
            (Err(lost), Ok(_)) => (1, lost),
            both => panic!("{id}: {} {}", both.0.is_ok(), both.1.is_ok()),
        };
        wins[winner] += 1;
        let (user_id, nickname) = names[winner];
        match lost {
            ApiError::Conflict(details) => assert_eq!(
                details,
                json!({ "status": "assigned", "admin": { "user_id": user_id, "nickname": nickname } })
            ),
            other => panic!("{other:?}"),
        }
    }
    eprintln!("of {trials}, wang has {}, li {}", wins[0], wins[1]);
    let accepted = "SELECT event FROM audit_events WHERE event = 'conversation_accepted'";
    let trials = usize::try_from(trials).unwrap();
    assert_eq!(app.database.texts(accepted).await.len(), trials);
    assert_eq!(app.outbox("conversation_updated").await, trials);
}

fn accepted(app: &TestApp, client: &LoggedIn<'_>) -> shared::internal::Accepted {
    shared::internal::Accepted {
        session_token: session_token(app, client),
        at: app.app.ambient.now(),
    }
}

async fn accepting_is_done_once_and_tells_who_was_first(app: TestApp) {
    let (ana, wang, li) = (
        app.user("ana").await,
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let li = li.log_in(Device::browser("desk-2")).await;
    let id = begin(&ana).await;
    app.clock.step(Duration::from_secs(90));
    let path = to(route::DESK_ACCEPT, id);
    let first = wang.post(&path, &json!({})).await;
    assert_json_snapshot!("accepted", first.data(), { ".admin.user_id" => "[user]" });
    app.clock.step(Duration::from_secs(1));
    assert_eq!(wang.post(&path, &json!({})).await.data(), first.data());
    let second = li.post(&path, &json!({})).await;
    second.refused(409, "CONFLICT");
    assert_json_snapshot!("lost", second.json["details"], { ".admin.user_id" => "[user]" });
    li.post(&to(route::DESK_ACCEPT, 4242), &json!({})).await.refused(404, "NOT_FOUND");
    ana.post(&to(route::CHAT_CLOSE, id), &json!({})).await.ok();
    let late = wang.post(&path, &json!({})).await;
    late.refused(409, "CONFLICT");
    assert_eq!(late.json["details"]["status"], "closed");
}

async fn a_conversation_is_handed_on(app: TestApp) {
    let (ana, bob, wang, li, zhao) = (
        app.user("ana").await,
        app.user("bob").await,
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
        app.staff("zhao", Role::Admin).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let li_desk = li.log_in(Device::browser("desk-2")).await;
    let zhao_desk = zhao.log_in(Device::browser("desk-3")).await;
    let id = begin(&ana).await;
    let path = to(route::DESK_TRANSFER, id);
    let whom = |user_id: i64| json!({ "admin_id": user_id });
    // What nobody has, an admin gives to someone.
    wang_desk.post(&path, &whom(li.user_id)).await.refused(409, "CONFLICT");
    let given = zhao_desk.post(&path, &whom(wang.user_id)).await;
    assert_eq!(
        (&given.data()["admin"]["nickname"], &given.data()["version"]),
        (&json!("wang"), &json!(2))
    );
    wang_desk.post(&to(route::DESK_SEND, id), &json!({ "content": "您好" })).await.ok();
    let handed = wang_desk.post(&path, &whom(li.user_id)).await;
    assert_json_snapshot!("transferred", handed.data(), { ".admin.user_id" => "[user]" });
    wang_desk.get(&to(route::DESK_MESSAGES, id)).await.refused(404, "NOT_FOUND");
    let again = zhao_desk.post(&path, &whom(li.user_id)).await;
    assert_eq!(again.data(), handed.data());
    // Its first answer stays the first.
    li_desk.post(&to(route::DESK_SEND, id), &json!({ "content": "我来" })).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let now = app.app.ambient.now();
    for user in [bob.user_id, 4242] {
        li_desk.post(&path, &whom(user)).await.refused_field("admin_id");
    }
    store::users::set_status(handle.conn(), wang.user_id, UserStatus::Inactive, now).await.unwrap();
    li_desk.post(&path, &whom(wang.user_id)).await.refused_field("admin_id");
    let news = app
        .database
        .texts("SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE kind = 'conversation_updated' ORDER BY edge_outbox_id")
        .await;
    let news: Vec<Value> = news.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    let told: Vec<_> = news
        .iter()
        .map(|news| {
            let update = &news["news"]["conversation"]["update"];
            format!(
                "{} {} {}",
                update["change"].as_str().unwrap(),
                update["status"].as_str().unwrap(),
                update["admin"]["nickname"].as_str().unwrap_or("nobody")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "waiting waiting nobody",
            "transferred assigned wang",
            "accepted active wang",
            "transferred assigned li",
            "accepted active li"
        ]
    );
    assert_eq!(news[3]["news"]["conversation"]["previous_admin_id"], wang.user_id);
    assert_eq!(news[4]["news"]["conversation"]["previous_admin_id"], Value::Null);
}

/// The keys of a page, in its order.
fn listed(list: &tests::Reply) -> Vec<i64> {
    let sessions = list.data()["sessions"].as_array().unwrap();
    sessions.iter().map(|one| one["customer_service_session_id"].as_i64().unwrap()).collect()
}

/// Three users with a conversation each, a minute apart, of whom wang has the first.
async fn three(app: &TestApp, wang: &LoggedIn<'_>) -> [i64; 3] {
    let mut ids = [0; 3];
    for (n, name) in ["小明", "小红", "老王"].into_iter().enumerate() {
        let user = app.user(name).await;
        let user = user.log_in(Device::phone(&format!("phone-{n}"))).await;
        ids[n] = begin(&user).await;
        app.clock.step(Duration::from_mins(1));
    }
    wang.post(&to(route::DESK_ACCEPT, ids[0]), &json!({})).await.ok();
    ids
}

async fn what_the_desk_lists(app: TestApp) {
    let (wang, li, zhao) = (
        app.staff("wang", Role::Agent).await,
        app.staff("li", Role::Agent).await,
        app.staff("zhao", Role::Admin).await,
    );
    let wang_id = wang.user_id;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let li = li.log_in(Device::browser("desk-2")).await;
    let zhao = zhao.log_in(Device::browser("desk-3")).await;
    let [a, b, c] = three(&app, &wang).await;
    let of = async |client: &LoggedIn<'_>, query: &str| {
        listed(&client.get(&format!("{}{query}", route::DESK_SESSIONS)).await)
    };
    // The latest changed first: a was taken last.
    assert_eq!(of(&zhao, "").await, [a, c, b]);
    assert_eq!(of(&wang, "").await, [a, c, b]);
    assert_eq!(of(&li, "").await, [c, b]);
    assert_eq!(of(&wang, "?sort=waiting").await, [a, b, c]);
    assert_eq!(of(&wang, "?sort=waiting&status=waiting").await, [b, c]);
    assert_eq!(of(&wang, "?status=assigned").await, [a]);
    assert_eq!(of(&zhao, &format!("?admin_id={wang_id}")).await, [a]);
    assert_eq!(of(&li, &format!("?admin_id={wang_id}")).await, [0_i64; 0], "not theirs to see");
    assert_eq!(of(&wang, "?limit=1&page=2").await, [c]);
    assert_eq!(of(&wang, "?limit=2&page=2").await, [b]);
    assert_eq!(of(&wang, "?limit=2&page=3").await, [0_i64; 0]);
    let page = wang.get(&format!("{}?limit=2&page=2", route::DESK_SESSIONS)).await;
    assert_eq!(
        page.data()["pagination"],
        json!({ "total": 3, "page": 2, "limit": 2, "total_pages": 2 })
    );
    assert_json_snapshot!("listed", page.data()["sessions"][0], {
        ".user.mobile" => "[mobile]", ".user.user_id" => "[user]",
    });
    for (query, field) in [
        ("?status=open", "status"),
        ("?sort=best", "sort"),
        ("?admin_id=0", "admin_id"),
        ("?search=", "search"),
        ("?limit=101", "limit"),
        ("?page=0", "page"),
    ] {
        wang.get(&format!("{}{query}", route::DESK_SESSIONS)).await.refused_field(field);
    }
}

async fn the_desk_is_searched(app: TestApp) {
    let (wang, zhao) = (app.staff("wang", Role::Agent).await, app.staff("zhao", Role::Admin).await);
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let zhao = zhao.log_in(Device::browser("desk-3")).await;
    let [a, b, c] = three(&app, &wang).await;
    let of = async |client: &LoggedIn<'_>, text: &str| {
        let text: Vec<_> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let text = text.concat();
        listed(&client.get(&format!("{}?sort=waiting&search={text}", route::DESK_SESSIONS)).await)
    };
    assert_eq!(of(&zhao, "小").await, [a, b]);
    assert_eq!(of(&zhao, "小红").await, [b]);
    assert_eq!(of(&zhao, "红").await, [0_i64; 0], "names are found by how they begin");
    assert_eq!(of(&zhao, "%").await, [0_i64; 0]);
    assert_eq!(of(&zhao, "'; --").await, [0_i64; 0]);
    let first = zhao.get(&format!("{}?sort=waiting", route::DESK_SESSIONS)).await;
    let user = &first.data()["sessions"][2]["user"];
    let mobile = user["mobile"].as_str().unwrap();
    assert_eq!(of(&zhao, mobile).await, [c]);
    assert_eq!(of(&zhao, &mobile[..3]).await, [a, b, c]);
    assert!(of(&zhao, &user["user_id"].to_string()).await.contains(&c));
    assert!(of(&zhao, &b.to_string()).await.contains(&b));
    // What an agent may not see, no search finds.
    let li = app.staff("li", Role::Agent).await;
    let li = li.log_in(Device::browser("desk-2")).await;
    assert_eq!(of(&li, "小").await, [b]);
    let page = li.get(&format!("{}?search={}", route::DESK_SESSIONS, &mobile[..3])).await;
    assert_eq!(page.data()["pagination"]["total"], 2);
}

async fn who_waits_is_queued_by_urgency_and_time(app: TestApp) {
    let wang = app.staff("wang", Role::Agent).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let [_, b, c] = three(&app, &wang).await;
    let queue = async || wang.get(route::DESK_QUEUE).await.data().clone();
    let ids = |queue: &Value| -> Vec<i64> {
        let waiting = queue["waiting"].as_array().unwrap();
        waiting.iter().map(|one| one["customer_service_session_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&queue().await), [b, c]);
    let urgent = format!(
        "UPDATE customer_service_sessions SET priority = 9 WHERE customer_service_session_id = {c}"
    );
    app.database.execute(&urgent).await;
    let urgent = queue().await;
    assert_eq!((ids(&urgent), &urgent["total"]), (vec![c, b], &json!(2)));
    assert_json_snapshot!("queue", urgent, {
        ".waiting[].user.mobile" => "[mobile]", ".waiting[].user.user_id" => "[user]",
    });
    // Rooms are told the same.
    assert_eq!(call(&app, route::INTERNAL_QUEUE, &json!({})).await.data(), &urgent);
}

async fn what_the_staff_do_is_on_record(app: TestApp) {
    let (ana, wang, zhao) = (
        app.user("ana").await,
        app.staff("wang", Role::Agent).await,
        app.staff("zhao", Role::Admin).await,
    );
    let ana = ana.log_in(Device::phone("phone-1")).await;
    let wang_desk = wang.log_in(Device::browser("desk-1")).await;
    let zhao_desk = zhao.log_in(Device::browser("desk-3")).await;
    let id = begin(&ana).await;
    wang_desk.post(&to(route::DESK_ACCEPT, id), &json!({})).await.ok();
    let whom = json!({ "admin_id": zhao.user_id });
    wang_desk.post(&to(route::DESK_TRANSFER, id), &whom).await.ok();
    zhao_desk.post(&to(route::DESK_CLOSE, id), &json!({ "reason": "已解决" })).await.ok();
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = store::audit::of_user(handle.conn(), ana.user_id, 3).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|one| {
            let detail = one.detail.clone().unwrap();
            (one.event.as_str(), one.actor_user_id.unwrap(), detail["admin_id"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("conversation_accepted", wang.user_id, wang.user_id),
            ("conversation_transferred", wang.user_id, zhao.user_id),
            ("conversation_closed", zhao.user_id, zhao.user_id),
        ]
    );
    assert_eq!(events[2].detail.clone().unwrap()["close_reason"], "已解决");
}

async fn notices_are_no_answer(app: TestApp) {
    let passwords = DemoPasswords {
        demo_user_password: PASSWORD.into(),
        demo_agent_password: PASSWORD.into(),
        demo_admin_password: PASSWORD.into(),
    };
    seed::demo(&app.app.db, &app.app.ambient, &passwords).await.unwrap();
    let wang = app.staff("wang", Role::Agent).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let first_response = async || {
        let sql = "SELECT COALESCE(CAST(first_response_at AS CHAR), 'none') FROM customer_service_sessions WHERE customer_service_session_id = 1882";
        app.database.texts(sql).await.remove(0)
    };
    let history = wang.get(&format!("{}?limit=2", to(route::DESK_MESSAGES, 1882))).await;
    let senders: Vec<_> = history.data()["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["sender"].clone())
        .collect();
    assert_eq!(senders[0], json!({ "user_id": null, "nickname": "系统" }));
    assert_eq!(first_response().await, "none");
    let list = wang.get(&format!("{}?search=1882", route::DESK_SESSIONS)).await;
    assert_eq!(list.data()["sessions"][0]["unread_count"], 7, "what the user wrote");
    hand_on(&app, &wang, 1882, &[json!({ "content": "您好" })]).await;
    assert!(first_response().await.starts_with("2026-02-28 16:00:00"));
}
