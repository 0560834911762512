//! Who is told what: two devices of a user, the agent, another agent.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{
    route,
    user::{ClientType, Role},
};
use tests::{
    both_databases,
    chat::{Cut, Probe},
    system::{Client, Door, System},
};
use tokio::time::Instant;

both_databases!(run by tests::system::run:
    everyone_is_told_what_concerns_them,
    what_rest_stores_comes_in_its_place
);

/// Two devices of a user, and two agents.
struct Cast {
    user: Client,
    agents: [Client; 2],
    phone: Probe,
    browser: Probe,
    desk: Probe,
    other_desk: Probe,
}

impl Cast {
    async fn enter(system: &System) -> Self {
        let user = system.person("小明", Role::User).await;
        let web = system.session(user.user_id, Role::User, ClientType::Web).await;
        let agents = [
            system.person("客服一", Role::Agent).await,
            system.person("客服二", Role::Agent).await,
        ];
        let open = async |client| Probe::open(&system.account(client)).await;
        let (phone, browser) = (open(&user).await, open(&web).await);
        let (desk, other_desk) = (open(&agents[0]).await, open(&agents[1]).await);
        Self { user, agents, phone, browser, desk, other_desk }
    }

    fn all(&mut self) -> [(&'static str, &mut Probe); 4] {
        [
            ("phone", &mut self.phone),
            ("browser", &mut self.browser),
            ("desk", &mut self.desk),
            ("other desk", &mut self.other_desk),
        ]
    }

    async fn console(&self, system: &System, agent: usize, path: &str, id: i64, body: Value) {
        let path = route::with_id(path, id);
        system.post(&Door::Edge, &self.agents[agent], &path, &body).await.ok();
    }
}

async fn everyone_is_told_what_concerns_them(system: System) {
    let mut cast = Cast::enter(&system).await;
    let id = system.conversation(&cast.user).await;
    let in_queue = |queue: &Value| {
        queue["waiting"].as_array().is_some_and(|waiting| {
            waiting.iter().any(|one| one["customer_service_session_id"] == id)
        })
    };
    for (who, probe) in cast.all() {
        let told = probe.event("conversation_updated", |_| true).await;
        assert_eq!(
            (&told["change"], &told["status"]),
            (&json!("waiting"), &json!("waiting")),
            "{who}"
        );
    }
    cast.desk.event("queue_updated", in_queue).await;
    cast.other_desk.event("queue_updated", in_queue).await;

    cast.console(&system, 0, route::DESK_ACCEPT, id, json!({})).await;
    for (who, probe) in cast.all() {
        let told = probe.event("conversation_updated", |_| true).await;
        assert_eq!(
            (&told["change"], &told["status"]),
            (&json!("accepted"), &json!("assigned")),
            "{who}"
        );
        assert_eq!(told["admin"]["user_id"], cast_agent(&told), "{who}");
    }
    cast.other_desk.event("queue_updated", |queue| !in_queue(queue)).await;

    // A message: the sender's socket, the other device and the agent see it once each.
    let ack = cast.phone.say(id, "在吗？", "t-1");
    let answer = cast.phone.answer(ack).await.expect("it is taken");
    assert_eq!((&answer["status"], &answer["temp_message_id"]), (&json!("sending"), &json!("t-1")));
    let (event, sent) = cast.phone.message("在吗？").await;
    assert_eq!((event.as_str(), &sent["seq"]), ("message_sent", &json!(1)));
    for probe in [&cast.browser, &cast.desk] {
        assert_eq!(probe.message("在吗？").await, ("new_message".to_owned(), sent.clone()));
    }
    let key = sent["chat_message_id"].clone();
    let names = |status: &'static str| {
        let key = key.clone();
        move |data: &Value| {
            let keys = data["chat_message_ids"].as_array();
            data["status"] == status && keys.is_some_and(|keys| keys.contains(&key))
        }
    };
    cast.phone.event("message_status", names("delivered")).await;
    let read = json!({ "customer_service_session_id": id, "chat_message_id": key });
    let ack = cast.desk.emit("mark_read", &read);
    assert_eq!(cast.desk.answer(ack).await.expect("it is noted")["status"], "accepted");
    for probe in [&mut cast.phone, &mut cast.browser] {
        let told = probe.event("messages_read", |_| true).await;
        assert_eq!((&told["chat_message_id"], &told["seq"]), (&key, &json!(1)));
        probe.event("message_status", names("read")).await;
    }

    // The agent answers; the user reads it on the phone, and the browser knows.
    cast.desk.say(id, "您好", "a-1");
    let (event, answer) = cast.desk.message("您好").await;
    assert_eq!(event, "message_sent");
    for probe in [&cast.phone, &cast.browser] {
        assert_eq!(probe.message("您好").await.0, "new_message");
    }
    let read =
        json!({ "customer_service_session_id": id, "chat_message_id": answer["chat_message_id"] });
    cast.phone.emit("mark_read", &read);
    for probe in [&mut cast.desk, &mut cast.browser] {
        let told = probe.event("messages_read", |data| data["reader_type"] == "user").await;
        assert_eq!((&told["user_id"], &told["seq"]), (&json!(cast.user.user_id), &json!(2)));
    }

    typing(&mut cast, id).await;
    coming_and_going(&system, &mut cast, id).await;
    handing_over(&system, &mut cast, id).await;
}

/// The agent that an update names, as a number.
fn cast_agent(told: &Value) -> i64 {
    told["admin"]["user_id"].as_i64().expect("an agent")
}

async fn typing(cast: &mut Cast, id: i64) {
    let began = Instant::now();
    let data = json!({ "customer_service_session_id": id, "is_typing": true });
    let acks: Vec<_> = (0..5).map(|_| cast.phone.emit("typing", &data)).collect();
    for ack in acks {
        cast.phone.answer(ack).await.expect("it is taken");
    }
    let told = cast.desk.event("typing", |_| true).await;
    assert_eq!((&told["user_id"], &told["is_typing"]), (&json!(cast.user.user_id), &json!(true)));
    cast.phone.say(id, "after typing", "t-2");
    cast.desk.message("after typing").await;
    let most = 1 + usize::try_from(began.elapsed().as_secs()).expect("a few");
    assert!(cast.desk.seen("typing").len() <= most, "at most once a second");
    cast.desk.emit("typing", &data);
    for probe in [&mut cast.phone, &mut cast.browser] {
        let told = probe.event("typing", |_| true).await;
        assert_eq!(told["user_id"], cast.agents[0].user_id);
    }
    assert!(cast.other_desk.seen("typing").is_empty(), "it is none of theirs");
}

async fn coming_and_going(system: &System, cast: &mut Cast, id: i64) {
    let user_id = cast.user.user_id;
    let is = |online: bool| {
        move |data: &Value| data["user_id"] == user_id && data["is_online"] == online
    };
    cast.phone.cut(Cut::Fin);
    cast.browser.cut(Cut::Fin);
    cast.desk.event("presence", is(false)).await;
    cast.phone = Probe::open(&system.account(&cast.user)).await;
    cast.desk.event("presence", is(true)).await;
    // What the phone has seen so far it says; nothing more was written.
    let resumed = cast.phone.resume(&[(id, 3)]).await;
    assert_eq!(resumed["conversations"][0]["seq"], 3);
    assert!(cast.phone.messages().is_empty());
}

async fn handing_over(system: &System, cast: &mut Cast, id: i64) {
    let to = json!({ "admin_id": cast.agents[1].user_id });
    cast.console(system, 0, route::DESK_TRANSFER, id, to).await;
    for probe in [&mut cast.phone, &mut cast.desk, &mut cast.other_desk] {
        let told =
            probe.event("conversation_updated", |data| data["change"] == "transferred").await;
        assert_eq!(cast_agent(&told), cast.agents[1].user_id);
    }
    cast.phone.say(id, "to the new one", "t-3");
    cast.other_desk.message("to the new one").await;
    cast.console(system, 1, route::DESK_CLOSE, id, json!({ "close_reason": "done" })).await;
    for probe in [&mut cast.phone, &mut cast.other_desk] {
        let told = probe.event("conversation_updated", |data| data["change"] == "closed").await;
        assert_eq!(told["status"], "closed");
    }
    let had = |probe: &Probe| probe.messages().into_iter().map(|(_, seq)| seq).collect::<Vec<_>>();
    assert_eq!(had(&cast.desk), [1, 2, 3], "what is another's is not told");
    assert_eq!(had(&cast.phone), [4]);
    let theirs = had(&cast.other_desk);
    let once: BTreeSet<_> = theirs.iter().copied().collect();
    assert_eq!(once.len(), theirs.len(), "each once: {theirs:?}");
    assert_eq!(theirs.last(), Some(&4));
}

async fn what_rest_stores_comes_in_its_place(system: System) {
    let mut cast = Cast::enter(&system).await;
    let id = system.conversation(&cast.user).await;
    cast.console(&system, 0, route::DESK_ACCEPT, id, json!({})).await;
    let path = route::with_id(route::CHAT_MESSAGES, id);
    for n in 0..8 {
        cast.phone.say(id, &format!("socket {n}"), &format!("s-{n}"));
        let body = json!({ "content": format!("rest {n}"), "temp_message_id": format!("r-{n}") });
        system.post(&Door::Edge, &cast.user, &path, &body).await.ok();
        cast.console(&system, 0, route::DESK_SEND, id, json!({ "content": format!("agent {n}") }))
            .await;
    }
    for (who, probe) in [("phone", &cast.phone), ("browser", &cast.browser), ("desk", &cast.desk)] {
        for n in 0..8 {
            for text in ["socket", "rest", "agent"] {
                probe.message(&format!("{text} {n}")).await;
            }
        }
        let seqs: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
        assert!(seqs.iter().copied().eq(1..=24), "{who}: {seqs:?}");
    }
}
