//! A client as a good app has one. It keeps what it writes until that is confirmed, sends it again under
//! the same id, comes back with jitter, asks for what it has missed and applies by `seq`. It tolerates
//! nothing that a server must not do: that is noted, and a test looks at it.

mod catch_up;
mod session;

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep_until},
};

use self::session::{End, Session};
use super::{Account, Book, Cut, Letter, Line, NotOpen};
use crate::dice::Dice;

/// How a client behaves.
#[derive(Clone)]
pub struct Manner {
    /// Decides its jitter.
    pub seed: u64,
    /// How long it waits before it comes back, in milliseconds, at random.
    pub jitter_millis: std::ops::Range<u64>,
    /// Whether it sends what it has before it has what it missed.
    pub is_eager: bool,
    /// Whether it is an agent's or admin's.
    pub is_staff: bool,
    /// Where it tells what happens.
    pub notices: Option<UnboundedSender<Notice>>,
}

impl Manner {
    /// A patient user's client.
    #[must_use]
    pub fn user(seed: u64) -> Self {
        Self { seed, jitter_millis: 50..500, is_eager: false, is_staff: false, notices: None }
    }

    /// An agent's.
    #[must_use]
    pub fn staff(seed: u64) -> Self {
        Self { is_staff: true, ..Self::user(seed) }
    }
}

/// What happens at a client.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It has a socket and has what it missed.
    Online,
    /// It has none; why.
    Offline(String),
    /// A letter has come further.
    Letter(Letter),
    /// A message is there that was not.
    Message(Value),
    /// The server told something else: event and data.
    Event(String, Value),
    /// It is over: nothing that the client can do brings it back.
    Ended(String),
}

/// What a client can be told to do.
enum Order {
    Write { conversation: i64, temp_id: String, content: String },
    Join(i64),
    Again { temp_id: String, times: u32 },
    Frame(String),
    Cut(Cut),
    Deaf(Duration),
    Quit,
}

/// What is known of a client, whoever asks.
#[derive(Default)]
pub struct State {
    /// What it has written and read.
    pub book: Book,
    /// What each of its sockets got, as it came.
    pub sockets: Vec<Vec<String>>,
    /// Whether it has a socket and what it missed.
    pub is_online: bool,
    /// The code that ended it for good.
    pub ended: Option<String>,
    /// How often it asked for what it had missed and was not answered in time.
    pub late_resumes: u32,
}

/// A running client; it ends when this is dropped.
pub struct App {
    /// What messages of a test call it.
    pub name: String,
    orders: UnboundedSender<Order>,
    state: Arc<Mutex<State>>,
}

impl App {
    /// Starts a client.
    #[must_use]
    pub fn start(name: &str, account: Account, manner: Manner) -> Self {
        let (orders, received) = unbounded_channel();
        let state = Arc::<Mutex<State>>::default();
        let dice = Dice::new(manner.seed);
        let run = Run { account, manner, dice, orders: received, state: Arc::clone(&state) };
        tokio::spawn(run.until_the_end());
        Self { name: name.to_owned(), orders, state }
    }

    fn order(&self, order: Order) {
        // One that has ended needs no orders.
        let _ = self.orders.send(order);
    }

    /// Takes part in a conversation, from its first message on.
    pub fn join(&self, conversation: i64) {
        self.order(Order::Join(conversation));
    }

    /// Writes a message.
    pub fn write(&self, conversation: i64, temp_id: &str, content: &str) {
        let (temp_id, content) = (temp_id.to_owned(), content.to_owned());
        self.order(Order::Write { conversation, temp_id, content });
    }

    /// Sends a message some more times under its id, whatever has become of it.
    pub fn again(&self, temp_id: &str, times: u32) {
        self.order(Order::Again { temp_id: temp_id.to_owned(), times });
    }

    /// Sends a frame as it is, where there is a socket.
    pub fn frame(&self, text: String) {
        self.order(Order::Frame(text));
    }

    /// Ends its connection; it comes back.
    pub fn cut(&self, how: Cut) {
        self.order(Order::Cut(how));
    }

    /// Reads nothing for a while.
    pub fn deafen(&self, time: Duration) {
        self.order(Order::Deaf(time));
    }

    /// Ends it.
    pub fn quit(&self) {
        self.order(Order::Quit);
    }

    /// What is known of it.
    ///
    /// # Panics
    /// Where the client has panicked.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a client that has not panicked")
    }
}

/// The inside of a client.
struct Run {
    account: Account,
    manner: Manner,
    dice: Dice,
    orders: UnboundedReceiver<Order>,
    state: Arc<Mutex<State>>,
}

impl Run {
    async fn until_the_end(mut self) {
        loop {
            let end = match Line::open(&self.account).await {
                Ok(line) => Session::new(&mut self, line).run().await,
                Err(NotOpen::Unreachable(why)) => End::Lost(why),
                // The origin is not there, or the edge is only coming up.
                Err(NotOpen::Refused(status, code)) if status >= 500 || status == 429 => {
                    End::Lost(format!("{status} {code}"))
                }
                Err(NotOpen::Refused(status, code)) => End::Final(format!("{status} {code}")),
            };
            self.with(|state| {
                state.is_online = false;
                state.book.send_again();
            });
            match end {
                End::Lost(why) => self.tell(Notice::Offline(why)),
                End::Final(code) => {
                    self.with(|state| state.ended = Some(code.clone()));
                    return self.tell(Notice::Ended(code));
                }
                End::Quit => return,
            }
            if !self.pause().await {
                return;
            }
        }
    }

    /// Waits its jitter, taking orders; false where it is to end.
    async fn pause(&mut self) -> bool {
        let until = Instant::now()
            + Duration::from_millis(self.dice.within(self.manner.jitter_millis.clone()));
        loop {
            tokio::select! {
                () = sleep_until(until) => return true,
                order = self.orders.recv() => match order {
                    None | Some(Order::Quit) => return false,
                    Some(order) => self.note(&order),
                },
            }
        }
    }

    /// What an order changes on the device itself.
    fn note(&self, order: &Order) {
        match order {
            Order::Write { conversation, temp_id, content } => {
                self.with(|state| state.book.write(*conversation, temp_id, content));
            }
            Order::Join(conversation) => self.with(|state| state.book.join(*conversation)),
            Order::Again { .. }
            | Order::Frame(_)
            | Order::Cut(_)
            | Order::Deaf(_)
            | Order::Quit => {}
        }
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.state.lock().expect("a test that has not panicked with it"))
    }

    fn tell(&self, notice: Notice) {
        if let Some(notices) = &self.manner.notices {
            let _ = notices.send(notice);
        }
    }
}
