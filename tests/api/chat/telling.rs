//! How the edge is told what happens in conversations, while it does not do as it should.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::any,
};
use origin::{
    background,
    store::outbox::{self, Kind},
};
use serde_json::{Value, json};
use shared::{
    envelope::Success,
    internal::EventsTaken,
    route,
    session::{EndReason, SessionHash},
};
use tests::{TestApp, both_databases};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

both_databases!(
    news_that_the_edge_leaves_out_is_told_again_for_as_long_as_it_takes,
    news_keeps_its_order_while_the_edge_is_away,
    news_waits_for_no_end,
);

/// How the edge answers a call with news; beyond what it was told, it takes all.
#[derive(Clone, Copy)]
enum Answer {
    TakesNone,
    Away,
}

#[derive(Clone)]
struct Edge {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    /// Keys of the news that it took, in order.
    taken: Arc<Mutex<Vec<i64>>>,
    /// Calls with ends so far; each is answered as soon as there is a permit.
    ends: Arc<Mutex<usize>>,
    end_may: Arc<Semaphore>,
    /// Set when a call with ends is given up before it is answered.
    gave_up: Arc<Mutex<bool>>,
}

/// Held by a call with ends until it is answered.
struct Unanswered(Arc<Mutex<bool>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = true;
    }
}

impl Edge {
    fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    fn taken(&self) -> Vec<i64> {
        self.taken.lock().unwrap().clone()
    }

    fn ends(&self) -> usize {
        *self.ends.lock().unwrap()
    }
}

async fn answer(State(edge): State<Edge>, uri: Uri, body: Json<Value>) -> Response {
    let events = body["events"].as_array().unwrap();
    let mut taken: Vec<_> =
        events.iter().map(|event| event["event_id"].as_i64().unwrap()).collect();
    if uri.path() == route::INTERNAL_SESSION_EVENTS {
        *edge.ends.lock().unwrap() += 1;
        let unanswered = Unanswered(Arc::clone(&edge.gave_up));
        edge.end_may.acquire().await.unwrap().forget();
        std::mem::forget(unanswered);
    } else {
        match edge.answers.lock().unwrap().pop_front() {
            Some(Answer::Away) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Answer::TakesNone) => taken.clear(),
            None => edge.taken.lock().unwrap().extend(&taken),
        }
    }
    Json(Success::new(EventsTaken { taken })).into_response()
}

/// A process that tells such an edge, until told to stop.
struct Sender {
    edge: Edge,
    process: TestApp,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Sender {
    async fn start(app: &TestApp, answers: impl IntoIterator<Item = Answer>) -> Self {
        let edge = Edge {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            taken: Arc::default(),
            ends: Arc::default(),
            end_may: Arc::new(Semaphore::new(0)),
            gave_up: Arc::default(),
        };
        let router = Router::new().fallback(any(answer)).with_state(edge.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let process = app.process_with(|config| config.edge_url = url).await;
        let stop = CancellationToken::new();
        let task = tokio::spawn(background::outbox::run(process.app.clone(), stop.clone()));
        Self { edge, process, stop, task }
    }

    async fn stop(self) -> Edge {
        self.stop.cancel();
        self.task.await.unwrap();
        self.edge
    }
}

/// Conversations of a user that have begun: a row of news each; the rows' keys.
async fn begun(app: &TestApp, client: i64, how_many: usize) -> Vec<i64> {
    for _ in 0..how_many {
        origin::chat::open_conversation(&app.app, client, "mobile").await.unwrap();
        let over = "UPDATE customer_service_sessions SET status = 'closed', is_active_session = 0";
        app.database.execute(over).await;
    }
    let keys = "SELECT CAST(edge_outbox_id AS CHAR) FROM edge_outbox
                WHERE kind = 'conversation_updated' ORDER BY edge_outbox_id";
    let keys = app.database.texts(keys).await;
    keys.iter().map(|key| key.parse().unwrap()).collect()
}

async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

async fn news_that_the_edge_leaves_out_is_told_again_for_as_long_as_it_takes(app: TestApp) {
    let ana = app.user("ana").await.user_id;
    let keys = begun(&app, ana, 1).await;
    let sender = Sender::start(&app, [Answer::TakesNone; 20]).await;
    while sender.edge.left() > 0 {
        assert_eq!(app.outbox("conversation_updated").await, 1, "it is not set aside");
        app.clock.step(Duration::from_secs(1));
        sender.process.app.outbox_bell.ring_for_news();
        a_moment().await;
    }
    while app.outbox("conversation_updated").await > 0 {
        app.clock.step(Duration::from_secs(1));
        a_moment().await;
    }
    assert_eq!(sender.stop().await.taken(), keys);
}

async fn news_keeps_its_order_while_the_edge_is_away(app: TestApp) {
    let ana = app.user("ana").await.user_id;
    // More than one batch.
    let keys = begun(&app, ana, 70).await;
    let sender = Sender::start(&app, [Answer::Away]).await;
    while app.outbox("conversation_updated").await > 0 {
        app.clock.step(Duration::from_millis(5));
        a_moment().await;
    }
    assert_eq!(sender.stop().await.taken(), keys);
}

async fn news_waits_for_no_end(app: TestApp) {
    let ana = app.user("ana").await.user_id;
    let sender = Sender::start(&app, []).await;
    let now = app.app.ambient.now();
    let end = json!({
        "session": SessionHash::of("of 31"), "user_id": 31, "user_type": "user",
        "reason": EndReason::Replaced, "remember_until": now.plus(Duration::from_hours(1)) });
    let mut handle = app.app.db.acquire().await.unwrap();
    outbox::insert(handle.conn(), Kind::SessionEnded, &end, now).await.unwrap();
    drop(handle);
    while sender.edge.ends() == 0 {
        a_moment().await;
    }
    let keys = begun(&app, ana, 1).await;
    while sender.edge.taken().is_empty() {
        let gave_up = *sender.edge.gave_up.lock().unwrap();
        assert!(!gave_up, "the news waited until the end was given up");
        a_moment().await;
    }
    sender.edge.end_may.add_permits(9);
    assert_eq!(sender.stop().await.taken(), keys);
}
