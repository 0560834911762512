//! A client of a library from npm, in a process of Node: a test says what it does, and looks at all that it saw.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    sync::{
        Notify,
        mpsc::{UnboundedSender, unbounded_channel},
    },
    time::timeout,
};
use xtask::{node, socketio_tests};

/// How long something may take on a busy machine before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A library that clients are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// `socket.io-client` 4: Engine.IO 4.
    Newest,
    /// `socket.io-client` 2: Engine.IO 3.
    Old,
    /// `weapp.socket.io` 3, of mini-programs: Engine.IO 4 over `wx.connectSocket`.
    Weapp,
    /// `weapp.socket.io` 2: Engine.IO 3 over the same.
    OldWeapp,
}

impl Library {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Old, Self::Weapp, Self::OldWeapp];

    const fn package(self) -> &'static str {
        match self {
            Self::Newest => "socket.io-client",
            Self::Old => "socket.io-client-2",
            Self::Weapp => "weapp.socket.io",
            Self::OldWeapp => "weapp.socket.io-2",
        }
    }

    /// Whether it speaks the third version of Engine.IO.
    #[must_use]
    pub const fn is_old(self) -> bool {
        matches!(self, Self::Old | Self::OldWeapp)
    }
}

/// Where the libraries are installed.
///
/// # Panics
/// Where they are not.
#[must_use]
pub fn packages() -> PathBuf {
    let folder = socketio_tests();
    assert!(
        folder.join("node_modules/socket.io-client").exists(),
        "the packages of tests/socketio are missing: run `cargo xtask test`, which installs them"
    );
    folder
}

/// A client of a library, with a connection of its own. It ends when this is dropped.
pub struct Foreign {
    /// What messages of a test call it.
    pub name: String,
    orders: UnboundedSender<Value>,
    shared: Arc<Shared>,
    last_ack: u64,
    _process: Child,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Notify,
}

/// What a client has seen, in order, and how far a test has looked at it.
#[derive(Default)]
struct Seen {
    all: Vec<Value>,
    looked_at: usize,
}

impl Foreign {
    /// Starts a client that has yet to connect.
    ///
    /// # Panics
    /// Where the process does not start.
    #[must_use]
    pub fn start(name: &str, library: Library) -> Self {
        let mut process = Command::new(node())
            .args(["client.mjs", library.package()])
            .current_dir(packages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let mut input = process.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let (orders, mut received) = unbounded_channel::<Value>();
        tokio::spawn(async move {
            while let Some(order) = received.recv().await {
                if input.write_all(format!("{order}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let shared = Arc::<Shared>::default();
        let held = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let saw = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "saw": line }));
                held.seen.lock().expect("nobody panics with it").all.push(saw);
                held.changed.notify_one();
            }
        });
        Self { name: name.to_owned(), orders, shared, last_ack: 0, _process: process }
    }

    fn order(&self, order: Value) {
        let _ = self.orders.send(order);
    }

    /// Connects as a client writes it: `io(url, options)`.
    pub fn open(&self, url: &str, options: &Value) {
        self.order(json!({ "do": "open", "client": "a", "url": url, "options": options }));
    }

    /// Connects again, after it was disconnected.
    pub fn connect(&self) {
        self.order(json!({ "do": "connect", "client": "a" }));
    }

    /// Leaves.
    pub fn disconnect(&self) {
        self.order(json!({ "do": "disconnect", "client": "a" }));
    }

    /// Sends an event; the number of its answer.
    pub fn emit(&mut self, event: &str, data: &Value) -> u64 {
        self.last_ack += 1;
        self.order(json!({
            "do": "emit", "client": "a", "event": event, "args": [data], "ack": self.last_ack }));
        self.last_ack
    }

    /// Sends a message; the number of its answer.
    pub fn say(&mut self, conversation: i64, content: &str, temp_id: &str) -> u64 {
        let data = json!({
            "customer_service_session_id": conversation, "content": content, "message_type": "text",
            "temp_message_id": temp_id,
        });
        self.emit("send_message", &data)
    }

    /// The one argument of an answer.
    pub async fn answer(&self, ack: u64) -> Value {
        let is_it = |saw: &Value| saw["saw"] == "ack" && saw["ack"] == ack;
        let what = format!("answer to {ack}");
        let found = self.until(&what, |seen| seen.all.iter().find(|saw| is_it(saw)).cloned());
        let answer = found.await;
        let args = answer["args"].as_array().expect("a list");
        assert_eq!(args.len(), 1, "{}: {answer}", self.name);
        args[0].clone()
    }

    /// The next that it saw of this kind (`connect`, `disconnect`, `connect_error`, `upgrade`, `event`) and is as
    /// wanted; what came before it is passed over, and not found again.
    pub async fn saw(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until(kind, |seen| {
            let rest = seen.all.iter().enumerate().skip(seen.looked_at);
            let is_it = |saw: &Value| saw["saw"] == kind && wanted(saw);
            let (at, found) = rest.into_iter().find(|(_, saw)| is_it(saw))?;
            let found = found.clone();
            seen.looked_at = at + 1;
            Some(found)
        })
        .await
    }

    /// It has gone over from polling to a WebSocket, before or after whatever else it has seen.
    pub async fn until_upgraded(&self) {
        let is_it = |saw: &Value| saw["saw"] == "upgrade" && saw["transport"] == "websocket";
        self.until("upgrade", |seen| seen.all.iter().any(is_it).then_some(())).await;
    }

    /// The next event of this name that is as wanted: its one argument.
    pub async fn event(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let is_it = |saw: &Value| saw["event"] == name && wanted(&saw["args"][0]);
        let event = self.saw("event", is_it).await;
        assert_eq!(event["args"].as_array().map(Vec::len), Some(1), "{}: {event}", self.name);
        event["args"][0].clone()
    }

    /// A message with this text, under whatever name: the event's name and its data.
    pub async fn message(&self, content: &str) -> (String, Value) {
        let is_it = |saw: &Value| is_message(saw) && saw["args"][0]["content"] == content;
        let found = self.until(content, |seen| seen.all.iter().find(|saw| is_it(saw)).cloned());
        let found = found.await;
        (found["event"].as_str().expect("a name").to_owned(), found["args"][0].clone())
    }

    /// Every message so far, in the order in which they came: `seq` and text.
    #[must_use]
    pub fn messages(&self) -> Vec<(i64, String)> {
        let seen = self.seen();
        let messages = seen.all.iter().filter(|saw| is_message(saw)).map(|saw| &saw["args"][0]);
        messages
            .map(|data| {
                let content = data["content"].as_str().expect("a text").to_owned();
                (data["seq"].as_i64().expect("a number"), content)
            })
            .collect()
    }

    /// How often it has seen this so far.
    #[must_use]
    pub fn count(&self, kind: &str, event: Option<&str>) -> usize {
        let is_it =
            |saw: &&Value| saw["saw"] == kind && event.is_none_or(|name| saw["event"] == name);
        self.seen().all.iter().filter(is_it).count()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.shared.seen.lock().expect("nobody panics with it")
    }

    async fn until<T>(&self, what: &str, mut look: impl FnMut(&mut Seen) -> Option<T>) -> T {
        let found = async {
            loop {
                let changed = self.shared.changed.notified();
                if let Some(found) = look(&mut self.seen()) {
                    return found;
                }
                changed.await;
            }
        };
        if let Ok(found) = timeout(PATIENCE, found).await {
            return found;
        }
        let seen = self.seen();
        let last: Vec<_> = seen.all.iter().rev().take(20).map(Value::to_string).collect();
        panic!("{}: no {what}; it saw, the last first, {last:#?}", self.name)
    }
}

fn is_message(saw: &Value) -> bool {
    saw["saw"] == "event" && matches!(saw["event"].as_str(), Some("new_message" | "message_sent"))
}
