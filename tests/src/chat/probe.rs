//! A socket that does nothing by itself: a test says what it sends, and looks at all that it got.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedSender, unbounded_channel},
    },
    time::timeout,
};

use super::{
    Account, Cut, Heard, Line, NotOpen,
    frame::{self, Frame},
};

/// How long something may take on a busy machine before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A socket whose frames are all kept.
pub struct Probe {
    orders: UnboundedSender<Order>,
    shared: Arc<Shared>,
    last_ack: u64,
}

enum Order {
    Text(String),
    Binary(Vec<u8>),
    Cut(Cut),
}

#[derive(Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Notify,
}

#[derive(Default)]
struct Kept {
    events: Vec<(String, Value)>,
    /// How many of each name a test has looked at, one by one.
    looked_at: BTreeMap<String, usize>,
    answers: BTreeMap<u64, Result<Value, String>>,
    pongs: usize,
    end: Option<Heard>,
}

impl Probe {
    /// Opens a socket and reads its greeting.
    ///
    /// # Panics
    /// Where there is no socket.
    pub async fn open(account: &Account) -> Self {
        Self::try_open(account).await.expect("a socket")
    }

    /// The same, where it may be refused.
    ///
    /// # Errors
    /// [`NotOpen`].
    pub async fn try_open(account: &Account) -> Result<Self, NotOpen> {
        let mut probe = Self::over(Line::open(account).await?);
        probe.event("connection_established", |_| true).await;
        Ok(probe)
    }

    /// Looks at a line that is open.
    #[must_use]
    pub fn over(mut line: Line) -> Self {
        let shared = Arc::<Shared>::default();
        let (orders, mut received) = unbounded_channel();
        let held = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    order = received.recv() => match order {
                        Some(Order::Text(text)) => _ = line.send(text).await,
                        Some(Order::Binary(bytes)) => _ = line.send_binary(bytes).await,
                        Some(Order::Cut(how)) => return line.cut(how).await,
                        None => return,
                    },
                    heard = line.next() => {
                        let is_end = !matches!(heard, Heard::Text(_));
                        held.keep(heard);
                        if is_end {
                            return;
                        }
                    }
                }
            }
        });
        Self { orders, shared, last_ack: 0 }
    }

    /// Sends text as it is.
    pub fn text(&self, text: impl Into<String>) {
        let _ = self.orders.send(Order::Text(text.into()));
    }

    /// Sends bytes as they are.
    pub fn binary(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(Order::Binary(bytes));
    }

    /// Ends the connection.
    pub fn cut(&self, how: Cut) {
        let _ = self.orders.send(Order::Cut(how));
    }

    /// Sends an event; the number of its answer.
    pub fn emit(&mut self, event: &str, data: &Value) -> u64 {
        self.last_ack += 1;
        self.text(frame::event(event, data, Some(self.last_ack)));
        self.last_ack
    }

    /// Sends a message; the number of its answer.
    pub fn say(&mut self, conversation: i64, content: &str, temp_id: &str) -> u64 {
        self.last_ack += 1;
        self.text(frame::send_message(conversation, content, temp_id, self.last_ack));
        self.last_ack
    }

    /// Asks for what was missed, and waits until it is told: data of `resumed`.
    pub async fn resume(&mut self, positions: &[(i64, i64)]) -> Value {
        self.last_ack += 1;
        self.text(frame::resume(positions, self.last_ack));
        self.event("resumed", |_| true).await
    }

    /// The answer to a frame: its data, or the code of its refusal.
    ///
    /// # Errors
    /// The code.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn answer(&self, ack: u64) -> Result<Value, String> {
        self.until(&format!("the answer to {ack}"), |kept| kept.answers.get(&ack).cloned()).await
    }

    /// Waits until a frame is answered, or the connection is over: whether it was answered.
    pub async fn answered_or_over(&self, ack: u64) -> bool {
        self.until("an answer or an end", |kept| {
            if kept.answers.contains_key(&ack) {
                Some(true)
            } else {
                kept.end.is_some().then_some(false)
            }
        })
        .await
    }

    /// The next event of this name that is as wanted; those before it are passed over, and not
    /// found again.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn event(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until(name, |kept| {
            let from = kept.looked_at.get(name).copied().unwrap_or_default();
            let of_name = kept.events.iter().filter(|(event, _)| event == name).skip(from);
            let (at, found) = of_name.enumerate().find(|(_, (_, data))| wanted(data))?;
            let found = found.1.clone();
            kept.looked_at.insert(name.to_owned(), from + at + 1);
            Some(found)
        })
        .await
    }

    /// A message with this text, under whatever name: the event's name and its data.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn message(&self, content: &str) -> (String, Value) {
        self.until(content, |kept| {
            let mut events = kept.events.iter();
            events.find(|(name, data)| is_message(name) && data["content"] == content).cloned()
        })
        .await
    }

    /// Every event of this name so far.
    #[must_use]
    pub fn seen(&self, name: &str) -> Vec<Value> {
        let kept = self.kept();
        let of_name = kept.events.iter().filter(|(event, _)| event == name);
        of_name.map(|(_, data)| data.clone()).collect()
    }

    /// Every message so far, under whatever name, in the order in which they came: conversation and `seq`.
    #[must_use]
    pub fn messages(&self) -> Vec<(i64, i64)> {
        let kept = self.kept();
        let messages = kept.events.iter().filter(|(name, _)| is_message(name));
        let number = |data: &Value, field: &str| data[field].as_i64().expect("a number");
        messages
            .map(|(_, data)| (number(data, "customer_service_session_id"), number(data, "seq")))
            .collect()
    }

    /// Sends a heartbeat and waits for its answer.
    pub async fn ping(&self) {
        let before = self.kept().pongs;
        self.text("ping");
        self.until("pong", |kept| (kept.pongs > before).then_some(())).await;
    }

    /// How the server ends it: the code and reason that it closes with.
    ///
    /// # Panics
    /// Where it does not, or without a word.
    pub async fn closed(&self) -> (u16, String) {
        match self.until("a close", |kept| kept.end.clone()).await {
            Heard::Closed(code, reason) => (code, reason),
            other => panic!("instead of a close: {other:?}"),
        }
    }

    /// Whether the connection has ended, in whatever way.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.kept().end.is_some()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.shared.kept.lock().expect("nobody panics with it")
    }

    async fn until<T>(&self, what: &str, mut look: impl FnMut(&mut Kept) -> Option<T>) -> T {
        let found = async {
            loop {
                let changed = self.shared.changed.notified();
                if let Some(found) = look(&mut self.kept()) {
                    return found;
                }
                changed.await;
            }
        };
        if let Ok(found) = timeout(PATIENCE, found).await {
            return found;
        }
        let kept = self.kept();
        let events: Vec<_> = kept.events.iter().rev().take(20).collect();
        panic!("no {what}; answers {:?}, end {:?}, last events {events:?}", kept.answers, kept.end)
    }
}

fn is_message(event: &str) -> bool {
    matches!(event, "new_message" | "message_sent")
}

impl Shared {
    fn keep(&self, heard: Heard) {
        let mut kept = self.kept.lock().expect("nobody panics with it");
        match heard {
            Heard::Text(text) if text == "pong" => kept.pongs += 1,
            Heard::Text(text) => match Frame::read(&text).expect("a frame of the protocol") {
                Frame::Event(name, data) => kept.events.push((name, data)),
                Frame::Done(ack, data) => _ = kept.answers.insert(ack, Ok(data)),
                Frame::NotDone(ack, code) => _ = kept.answers.insert(ack, Err(code)),
            },
            end => kept.end = Some(end),
        }
        drop(kept);
        // One test looks at it; a permit is kept for it where it is not waiting just now.
        self.changed.notify_one();
    }
}
