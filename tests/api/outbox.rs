//! What the sender of the outbox tells the edge, and in which order.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::Uri, routing::any};
use origin::{
    background,
    store::outbox::{self, Kind},
};
use serde_json::{Value, json};
use shared::{
    envelope::Success,
    internal::EventsTaken,
    risk::Cause,
    route,
    session::{EndReason, SessionHash},
};
use tests::{TestApp, both_databases};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

both_databases!(
    an_end_comes_after_the_alert_that_another_process_tells,
    an_end_waits_for_no_alert_for_long,
);

/// An edge that takes all that it is told, and remembers which paths it was told by.
#[derive(Clone, Default)]
struct Edge(Arc<Mutex<Vec<String>>>);

impl Edge {
    async fn listen(&self) -> String {
        let router = Router::new().fallback(any(take)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn take(State(edge): State<Edge>, uri: Uri, body: Json<Value>) -> Json<Success<EventsTaken>> {
    edge.0.lock().unwrap().push(uri.path().to_owned());
    let events = body["events"].as_array().unwrap();
    let taken = events.iter().map(|event| event["event_id"].as_i64().unwrap()).collect();
    Json(Success::new(EventsTaken { taken }))
}

/// A process that sends, until told to stop.
struct Sender {
    edge: Edge,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Sender {
    async fn start(app: &TestApp, alert_head_start: Duration) -> Self {
        let edge = Edge::default();
        let url = edge.listen().await;
        let process = app
            .process_with(|config| {
                config.edge_url = url;
                config.policy.alert_head_start = alert_head_start;
            })
            .await;
        let stop = CancellationToken::new();
        let task = tokio::spawn(background::outbox::run(process.app, stop.clone()));
        Self { edge, stop, task }
    }

    async fn stop(self) -> Vec<String> {
        self.stop.cancel();
        self.task.await.unwrap();
        self.edge.heard()
    }
}

/// An alert and an end, as a log-in brings them, of which another process has taken the alert; its key.
async fn alert_elsewhere(app: &TestApp) -> i64 {
    let now = app.app.ambient.now();
    let alert = json!({
        "user_id": 31, "user_type": "user", "occurred_at": now, "except_session": null,
        "alert": { "causes": [Cause::NewDevice] } });
    let end = json!({
        "session": SessionHash::of("of 31"), "user_id": 31, "user_type": "user",
        "reason": EndReason::Replaced, "remember_until": now.plus(Duration::from_hours(1)) });
    let mut tx = app.app.db.begin().await.unwrap();
    let id = outbox::insert(tx.conn(), Kind::SecurityAlert, &alert, now).await.unwrap();
    outbox::insert(tx.conn(), Kind::SessionEnded, &end, now).await.unwrap();
    let lease = Duration::from_secs(30);
    let taken = outbox::take(tx.conn(), &[Kind::SecurityAlert], 9, lease, now).await.unwrap();
    assert_eq!(taken.len(), 1);
    tx.commit().await.unwrap();
    id
}

/// Waits until the sender has the end in its hands.
async fn end_is_taken(app: &TestApp) {
    let untaken = "SELECT kind FROM edge_outbox WHERE kind = 'session_ended' AND attempts = 0";
    while !app.database.texts(untaken).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn an_end_comes_after_the_alert_that_another_process_tells(app: TestApp) {
    let alert = alert_elsewhere(&app).await;
    let sender = Sender::start(&app, Duration::from_mins(1)).await;
    end_is_taken(&app).await;
    // Whoever does not wait has told it by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sender.edge.heard(), [""; 0], "the alert is still on its way");
    outbox::remove(app.app.db.acquire().await.unwrap().conn(), &[alert]).await.unwrap();
    while app.outbox("session_ended").await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(sender.stop().await, [route::INTERNAL_SESSION_EVENTS]);
}

async fn an_end_waits_for_no_alert_for_long(app: TestApp) {
    alert_elsewhere(&app).await;
    let sender = Sender::start(&app, Duration::from_millis(1)).await;
    while app.outbox("session_ended").await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(app.outbox("security_alert").await, 1, "it never came");
    assert_eq!(sender.stop().await, [route::INTERNAL_SESSION_EVENTS]);
}
