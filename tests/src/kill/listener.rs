//! In the edge's place: takes all that it is told, and remembers what that was.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, routing::any};
use serde_json::Value;
use shared::{envelope::Success, internal::EventsTaken};

/// What it was told of.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// Sessions that have ended, by their hashes.
    pub ends: BTreeSet<String>,
    /// Messages that were stored.
    pub messages: BTreeSet<i64>,
}

impl Heard {
    /// Takes in an event, or the payload of its row.
    pub fn take(&mut self, event: &Value) {
        if let Some(session) = event["session"].as_str().filter(|_| event["reason"].is_string()) {
            self.ends.insert(session.to_owned());
        }
        self.messages.extend(key(&event["news"]["message"]));
    }
}

/// The key of a message, however deep it stands.
fn key(value: &Value) -> Option<i64> {
    let members = value.as_object()?;
    let own = members.get("chat_message_id").and_then(Value::as_i64);
    own.or_else(|| members.values().find_map(key))
}

pub(super) struct Listener {
    pub url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Listener {
    pub async fn open() -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let router = Router::new().fallback(any(take)).with_state(Arc::clone(&heard));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, heard }
    }

    pub fn heard(&self) -> Heard {
        self.heard.lock().expect("nobody panics with it").clone()
    }
}

async fn take(
    State(heard): State<Arc<Mutex<Heard>>>,
    body: Json<Value>,
) -> Json<Success<EventsTaken>> {
    let events = body["events"].as_array().cloned().unwrap_or_default();
    let mut heard = heard.lock().expect("nobody panics with it");
    for event in &events {
        heard.take(event);
    }
    let taken = events.iter().filter_map(|event| event["event_id"].as_i64()).collect();
    Json(Success::new(EventsTaken { taken }))
}
