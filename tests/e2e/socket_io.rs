//! Clients of Socket.IO that people already have, as their libraries are published: from the first connect to the
//! end of the session, with a raw socket on the other side of the conversation.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{
    Backend,
    chat::{Probe, Proxy},
    socket_io::{Foreign, Library, NAMESPACE},
    system::{Client, Door, System, run},
};
use tokio::time::sleep;

/// The libraries, as they are used: what they are told beside the token.
const KINDS: [(&str, Library, &str); 6] = [
    ("socket.io-client 4", Library::Newest, "{}"),
    ("socket.io-client 4, websocket", Library::Newest, r#"{"transports":["websocket"]}"#),
    ("socket.io-client 4, polling", Library::Newest, r#"{"transports":["polling"]}"#),
    ("socket.io-client 2", Library::Old, "{}"),
    ("weapp.socket.io 3", Library::Weapp, "{}"),
    ("weapp.socket.io 2", Library::OldWeapp, "{}"),
];

/// What a message has, on whatever wire.
const FIELDS: [&str; 11] = [
    "chat_message_id",
    "customer_service_session_id",
    "seq",
    "temp_message_id",
    "sender_id",
    "sender_type",
    "content",
    "message_type",
    "created_at",
    "sender_name",
    "timestamp",
];

/// A user with a client that is out there, in a conversation of its own.
struct Guest {
    client: Client,
    conversation: i64,
    foreign: Foreign,
    options: Value,
    /// Messages that were written in its conversation.
    written: u32,
}

impl Guest {
    async fn enter(
        system: &System,
        agent: &Client,
        (name, library, options): (&str, Library, &str),
    ) -> Self {
        let client = system.person(name, Role::User).await;
        let conversation = system.conversation(&client).await;
        system.accept(agent, conversation).await;
        let mut options: Value = serde_json::from_str(options).expect("JSON");
        // As each generation has it.
        let place = if library.is_old() { "query" } else { "auth" };
        options[place] = json!({ "token": client.token });
        Self { client, conversation, foreign: Foreign::start(name, library), options, written: 0 }
    }

    fn in_conversation(&self) -> impl Fn(&Value) -> bool + use<> {
        let conversation = self.conversation;
        move |data| data["customer_service_session_id"] == conversation
    }

    /// It is let in, and greeted under both names.
    async fn is_greeted(&self) -> Value {
        let connected = self.foreign.saw("connect", |_| true).await;
        for name in ["connection_established", "connected"] {
            let greeting = self.foreign.event(name, |_| true).await;
            assert_eq!(greeting["user_id"], self.client.user_id, "{}", self.foreign.name);
            assert_eq!(greeting["is_admin"], false, "{}", self.foreign.name);
            for field in ["socket_id", "server_time"] {
                let is_text = greeting[field].as_str().is_some_and(|text| !text.is_empty());
                assert!(is_text, "{}: {greeting}", self.foreign.name);
            }
        }
        connected
    }

    /// It writes; the agent gets the same as it is told itself.
    async fn writes(&mut self, desk: &Probe, content: &str) {
        let temp_id = self.next_temp_id();
        let ack = self.foreign.say(self.conversation, content, &temp_id);
        let accepted = json!({
            "status": "sending", "customer_service_session_id": self.conversation,
            "temp_message_id": temp_id });
        assert_eq!(self.foreign.answer(ack).await, accepted, "{}", self.foreign.name);
        let (event, sent) = self.foreign.message(content).await;
        assert_eq!(event, "message_sent", "{}", self.foreign.name);
        assert_eq!(desk.message(content).await, ("new_message".to_owned(), sent.clone()));
        self.is_message(&sent, content, "user");
        assert_eq!(sent["sender_id"], self.client.user_id, "{sent}");
        assert_eq!(sent["sender_name"], self.foreign.name, "{sent}");
        assert_eq!(sent["temp_message_id"], temp_id, "{sent}");
    }

    /// The agent writes; it gets the same as the agent is told.
    async fn is_written_to(&mut self, desk: &mut Probe, content: &str) {
        desk.say(self.conversation, content, &self.next_temp_id());
        let (event, sent) = desk.message(content).await;
        assert_eq!(event, "message_sent");
        let got = self.foreign.message(content).await;
        assert_eq!(got, ("new_message".to_owned(), sent.clone()), "{}", self.foreign.name);
        self.is_message(&sent, content, "admin");
    }

    fn next_temp_id(&mut self) -> String {
        self.written += 1;
        format!("{}-{}", self.conversation, self.written)
    }

    fn is_message(&self, data: &Value, content: &str, sender_type: &str) {
        for field in FIELDS {
            assert!(!data[field].is_null(), "{}: no {field} in {data}", self.foreign.name);
        }
        for number in ["chat_message_id", "customer_service_session_id", "seq", "sender_id"] {
            assert!(data[number].is_i64(), "{}: {number} in {data}", self.foreign.name);
        }
        assert_eq!(data["customer_service_session_id"], self.conversation);
        assert_eq!(data["content"], content);
        assert_eq!(data["message_type"], "text");
        assert_eq!(data["sender_type"], sender_type);
    }

    /// It asks for what it missed.
    async fn resumes_from(&mut self, seq: i64) {
        let positions = json!({ "conversations": [
            { "customer_service_session_id": self.conversation, "seq": seq }] });
        self.foreign.emit("resume", &positions);
        self.foreign.event("resumed", |_| true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_out_there_connect_unchanged() {
    run(Backend::Sqlite, a_life).await;
}

async fn a_life(mut system: System) {
    let edge = system.url(&Door::Edge);
    let proxy = Proxy::open(edge.strip_prefix("http://").expect("an address")).await;
    let url = format!("http://{}{NAMESPACE}", proxy.address());
    let agent = system.person("客服", Role::Agent).await;
    let mut desk = Probe::open(&system.account(&agent)).await;
    let mut guests = Vec::new();
    for kind in KINDS {
        guests.push(Guest::enter(&system, &agent, kind).await);
    }

    for guest in &guests {
        guest.foreign.open(&url, &guest.options);
    }
    for guest in &guests {
        comes_in(guest).await;
    }
    for guest in &mut guests {
        talks(guest, &mut desk).await;
        is_refused_what_makes_no_sense(guest).await;
    }

    // The network goes away; what is written meanwhile is there when it is back.
    proxy.cut();
    for guest in &mut guests {
        guest.foreign.saw("disconnect", |saw| saw["reason"] != "io server disconnect").await;
        let missed = format!("missed by {}", guest.foreign.name);
        desk.say(guest.conversation, &missed, &guest.next_temp_id());
        desk.message(&missed).await;
    }
    proxy.mend();
    for guest in &mut guests {
        guest.is_greeted().await;
        guest.resumes_from(2).await;
        let missed = format!("missed by {}", guest.foreign.name);
        assert_eq!(guest.foreign.message(&missed).await.0, "new_message");
        let seqs: Vec<_> = guest.foreign.messages().into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(seqs, [1, 2, 3], "{}: each once, in order", guest.foreign.name);
    }

    // The edge dies, and comes back.
    system.kill_edge();
    for guest in &guests {
        guest.foreign.saw("disconnect", |saw| saw["reason"] != "io server disconnect").await;
    }
    system.start_edge();
    let mut desk = Probe::open(&system.account(&agent)).await;
    for guest in &mut guests {
        guest.is_greeted().await;
        let name = guest.foreign.name.clone();
        guest.writes(&desk, &format!("after the edge was away, {name}")).await;
        guest.is_written_to(&mut desk, &format!("welcome back, {name}")).await;
    }

    let admin = system.admin().await;
    for guest in &guests {
        is_thrown_out(&system, &admin, guest).await;
    }
}

async fn comes_in(guest: &Guest) {
    let connected = guest.is_greeted().await;
    assert!(connected["id"].as_str().is_some_and(|id| !id.is_empty()), "{connected}");
    match guest.options["transports"][0].as_str() {
        Some(only) => assert_eq!(connected["transport"], only, "{}", guest.foreign.name),
        None if guest.foreign.name.starts_with("weapp") => {
            assert_eq!(connected["transport"], "websocket", "{}", guest.foreign.name);
        }
        // By default it begins with polling and goes over.
        None => {
            guest.foreign.until_upgraded().await;
        }
    }
}

async fn talks(guest: &mut Guest, desk: &mut Probe) {
    let name = guest.foreign.name.clone();
    guest.writes(desk, &format!("在吗？😀 {name}")).await;
    guest.is_written_to(desk, &format!("您好，{name}")).await;
    let seqs: Vec<_> = guest.foreign.messages().into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, [1, 2], "{name}");

    let typing = json!({ "customer_service_session_id": guest.conversation, "is_typing": true });
    let told = tokio::select! {
        told = guest.foreign.event("typing", guest.in_conversation()) => told,
        // One a second is passed on of all that a socket tells, to whomever: it is told until it is.
        () = async { loop {
            desk.emit("typing", &typing);
            sleep(Duration::from_millis(400)).await;
        } } => unreachable!("it is told for ever"),
    };
    assert_eq!(told["is_typing"], true, "{name}");
    let ack = guest.foreign.emit("typing", &typing);
    assert_eq!(guest.foreign.answer(ack).await, json!({ "status": "accepted" }), "{name}");
    let told = desk.event("typing", guest.in_conversation()).await;
    assert_eq!(told["user_id"], guest.client.user_id, "{name}");

    let key = guest.foreign.message(&format!("您好，{name}")).await.1["chat_message_id"].clone();
    let read = json!({ "customer_service_session_id": guest.conversation, "chat_message_id": key });
    let ack = guest.foreign.emit("mark_read", &read);
    assert_eq!(guest.foreign.answer(ack).await, json!({ "status": "accepted" }), "{name}");
    let told = desk.event("messages_read", guest.in_conversation()).await;
    assert_eq!((&told["chat_message_id"], &told["seq"]), (&key, &json!(2)), "{name}");
}

async fn is_refused_what_makes_no_sense(guest: &mut Guest) {
    let empty = json!({
        "customer_service_session_id": guest.conversation, "content": "", "temp_message_id": "e" });
    for (event, data) in [("send_message", &empty), ("drop_tables", &json!({}))] {
        let ack = guest.foreign.emit(event, data);
        let answer = guest.foreign.answer(ack).await;
        assert_eq!(
            answer["error"]["code"], "VALIDATION_FAILED",
            "{}: {answer}",
            guest.foreign.name
        );
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
}

/// Its session ends: it is told why, is disconnected by the server, and is told again when it comes back.
async fn is_thrown_out(system: &System, admin: &Client, guest: &Guest) {
    let (name, foreign) = (&guest.foreign.name, &guest.foreign);
    let path = route::with_id(route::DEACTIVATE_SESSION, guest.client.session_id);
    system.post(&Door::Edge, admin, &path, &json!({ "reason": "test" })).await.ok();
    let told = foreign.event("session_invalidated", |_| true).await;
    assert_eq!(told["code"], "SESSION_DEACTIVATED", "{name}");
    assert!(told["message"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {told}");
    let over = foreign.saw("disconnect", |_| true).await;
    assert_eq!(over["reason"], "io server disconnect", "{name}");

    foreign.connect();
    let refused = foreign.saw("connect_error", |_| true).await;
    assert_eq!(refused["data"]["code"], "SESSION_DEACTIVATED", "{name}: {refused}");
    assert_eq!(refused["data"]["message"], told["message"], "{name}");
    assert_eq!(refused["message"], told["message"], "{name}");
    assert_eq!(foreign.count("connect", None), 3, "{name}: it was let in thrice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_may_come_in_several_ways_and_an_agent_may_come_as_well() {
    run(Backend::MySql, async |system| {
        ways_in(&system).await;
        an_agent_by_socket_io(&system).await;
        pages_of_listed_origins_may_poll(&system).await;
    })
    .await;
}

async fn ways_in(system: &System) {
    let user = system.person("小明", Role::User).await;
    let token = &user.token;
    let bearer = json!({ "authorization": format!("Bearer {token}") });
    let foreign = Foreign::start("stranger", Library::Newest);
    let base = system.url(&Door::Edge);
    for (namespace, options) in [
        ("/im", json!({ "auth": { "token": token } })),
        ("/", json!({ "auth": { "token": token } })),
        ("/im", json!({ "query": { "token": token } })),
        ("/im", json!({ "query": { "token": token }, "transports": ["websocket"] })),
        ("/im", json!({ "extraHeaders": bearer })),
        ("/im", json!({ "extraHeaders": bearer, "transports": ["websocket"] })),
    ] {
        let mut options = options;
        options["forceNew"] = json!(true);
        foreign.open(&format!("{base}{namespace}"), &options);
        foreign.saw("connect", |_| true).await;
        let greeting = foreign.event("connected", |_| true).await;
        assert_eq!(greeting["user_id"], user.user_id, "{namespace} {options}");
        foreign.disconnect();
        let left = foreign.saw("disconnect", |_| true).await;
        assert_eq!(left["reason"], "io client disconnect");
    }
    for (namespace, auth, code) in [
        ("/im", json!({}), "TOKEN_MISSING"),
        ("/", json!({}), "TOKEN_MISSING"),
        ("/im", json!({ "token": "not a token" }), "TOKEN_MALFORMED"),
    ] {
        let options = json!({ "auth": auth, "forceNew": true, "transports": ["websocket"] });
        foreign.open(&format!("{base}{namespace}"), &options);
        let refused = foreign.saw("connect_error", |_| true).await;
        assert_eq!(refused["data"]["code"], code, "{namespace} {auth}: {refused}");
        assert_eq!(refused["data"]["message"], refused["message"], "{refused}");
        foreign.disconnect();
    }
    let options = json!({ "auth": { "token": token }, "forceNew": true });
    foreign.open(&format!("{base}/nowhere"), &options);
    let refused = foreign.saw("connect_error", |_| true).await;
    assert_eq!(refused["message"], "Invalid namespace");
}

/// The other way round: the user's socket is raw.
async fn an_agent_by_socket_io(system: &System) {
    let user = system.person("小红", Role::User).await;
    let agent = system.person("客服", Role::Agent).await;
    let mut phone = Probe::open(&system.account(&user)).await;
    let mut desk = Foreign::start("an agent's console", Library::Newest);
    let options = json!({ "auth": { "token": agent.token } });
    desk.open(&format!("{}{NAMESPACE}", system.url(&Door::Edge)), &options);
    let greeting = desk.event("connection_established", |_| true).await;
    assert_eq!(
        (&greeting["user_id"], &greeting["is_admin"]),
        (&json!(agent.user_id), &json!(true))
    );
    let conversation = system.conversation(&user).await;
    let waits = |queue: &Value| {
        let waiting = queue["waiting"].as_array().into_iter().flatten();
        waiting.into_iter().any(|one| one["customer_service_session_id"] == conversation)
    };
    desk.event("queue_updated", waits).await;
    system.accept(&agent, conversation).await;
    desk.event("conversation_updated", |told| told["change"] == "accepted").await;

    phone.say(conversation, "在吗？", "t-1");
    let (event, sent) = phone.message("在吗？").await;
    assert_eq!(event, "message_sent");
    assert_eq!(desk.message("在吗？").await, ("new_message".to_owned(), sent));
    let ack = desk.say(conversation, "在的", "t-2");
    assert_eq!(desk.answer(ack).await["status"], "sending");
    let (event, got) = phone.message("在的").await;
    assert_eq!(event, "new_message");
    assert_eq!(desk.message("在的").await, ("message_sent".to_owned(), got));
}

async fn pages_of_listed_origins_may_poll(system: &System) {
    for (origin, is_listed) in [("http://localhost:5173", true), ("https://evil.example", false)] {
        let path = "/socket.io/?EIO=4&transport=polling";
        let opened = system.request(&Door::Edge, "GET", path).header("origin", origin);
        let opened = opened.send().await.expect("an answer");
        let allowed = opened.headers().get("access-control-allow-origin");
        assert_eq!(allowed.is_some_and(|allowed| allowed == origin), is_listed, "{origin}");
        let asked = system
            .request(&Door::Edge, "OPTIONS", path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        let asked = asked.send().await.expect("an answer");
        let allowed = asked.headers().get("access-control-allow-origin");
        assert_eq!(allowed.is_some_and(|allowed| allowed == origin), is_listed, "{origin}");
    }
}
