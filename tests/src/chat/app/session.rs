//! A client while it has a socket.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, MissedTickBehavior, interval},
};

use super::{Notice, Order, Run};
use crate::chat::{
    Heard, Letter, LetterState, Line, Witness,
    frame::{self, Frame},
};

/// How often the client looks whether something is to be done.
const TICK: Duration = Duration::from_millis(50);
/// Messages that it sends at once, and how long it saves for one more: a little under what is allowed.
const BURST: u32 = 18;
const REFILL: Duration = Duration::from_millis(230);
/// After this long without an ack a message is sent again.
const ACK_PATIENCE: Duration = Duration::from_secs(8);
/// After this long a socket that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often it sends its heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// After this long it asks again for what was refused in passing.
pub const ANOTHER_TRY: Duration = Duration::from_millis(700);

/// How a socket ended.
pub enum End {
    /// The connection is gone; the client comes back.
    Lost(String),
    /// The client must not come back, for this code.
    Final(String),
    /// The client was told to end.
    Quit,
}

enum Asked {
    Letter(String, Instant),
    Resume,
}

/// Whether what was missed is there.
pub enum Caught {
    /// It is to be asked for, then.
    Ask(Instant),
    /// It was asked for, then, for these conversations.
    Asked(Instant, BTreeSet<i64>),
    Up,
}

pub struct Session<'a> {
    pub(super) run: &'a mut Run,
    line: Line,
    pub(super) witness: Witness,
    asked: BTreeMap<u64, Asked>,
    last_ack: u64,
    is_greeted: bool,
    pub(super) caught: Caught,
    /// Conversations of which this socket was not sent everything.
    pub(super) truncated: BTreeSet<i64>,
    tokens: u32,
    refilled_at: Instant,
    heard_at: Instant,
    pinged_at: Instant,
    deaf_until: Option<Instant>,
    wait_until: Instant,
    pub(super) loaded: (UnboundedSender<Loaded>, UnboundedReceiver<Loaded>),
    pub(super) loading: BTreeSet<i64>,
}

type Loaded = (i64, Option<Vec<Value>>);

impl<'a> Session<'a> {
    pub fn new(run: &'a mut Run, line: Line) -> Self {
        let now = Instant::now();
        run.with(|state| state.sockets.push(Vec::new()));
        Self {
            run,
            line,
            witness: Witness::default(),
            asked: BTreeMap::new(),
            last_ack: 0,
            is_greeted: false,
            caught: Caught::Ask(now),
            truncated: BTreeSet::new(),
            tokens: BURST,
            refilled_at: now,
            heard_at: now,
            pinged_at: now,
            deaf_until: None,
            wait_until: now,
            loaded: unbounded_channel(),
            loading: BTreeSet::new(),
        }
    }

    pub async fn run(mut self) -> End {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            let can_hear = self.deaf_until.is_none();
            let end = tokio::select! {
                order = self.run.orders.recv() => match order {
                    None | Some(Order::Quit) => Some(End::Quit),
                    Some(Order::Cut(how)) => {
                        self.finish();
                        self.line.cut(how).await;
                        return End::Lost("cut".to_owned());
                    }
                    Some(order) => self.follow(order).await,
                },
                heard = self.line.next(), if can_hear => self.hear(heard),
                Some((conversation, rows)) = self.loaded.1.recv() => {
                    self.load(conversation, rows.as_deref());
                    None
                }
                _ = ticks.tick() => self.act().await,
            };
            if let Some(end) = end {
                break end;
            }
        };
        self.finish();
        end
    }

    /// What this socket has shown is kept.
    fn finish(&mut self) {
        let seen = std::mem::take(&mut self.witness.violations);
        self.run.with(|state| {
            let socket = state.sockets.len();
            let seen = seen.into_iter().map(|one| format!("socket {socket}: {one}"));
            state.book.violations.extend(seen);
        });
    }

    pub(super) fn wrong(&mut self, what: String) {
        self.witness.violations.push(what);
    }

    async fn follow(&mut self, order: Order) -> Option<End> {
        self.run.note(&order);
        match order {
            Order::Again { temp_id, times } => {
                let letter = self.run.with(|state| state.book.letter(&temp_id).cloned())?;
                self.run.with(|state| state.book.sent_again(&temp_id, times));
                for _ in 0..times {
                    if !self.post(&letter).await {
                        return Some(End::Lost("cannot send".to_owned()));
                    }
                }
                None
            }
            Order::Frame(text) => self.say(text).await,
            Order::Deaf(time) => {
                self.deaf_until = Some(Instant::now() + time);
                None
            }
            Order::Join(_) => {
                // What it joins late it has missed so far.
                self.caught = Caught::Ask(Instant::now());
                None
            }
            Order::Write { .. } => self.act().await,
            Order::Cut(_) | Order::Quit => None,
        }
    }

    async fn say(&mut self, text: String) -> Option<End> {
        (!self.line.send(text).await).then(|| End::Lost("cannot send".to_owned()))
    }

    /// Does what is due.
    async fn act(&mut self) -> Option<End> {
        let now = Instant::now();
        if self.deaf_until.is_some_and(|until| until <= now) {
            self.deaf_until = None;
            self.heard_at = now;
        }
        while self.tokens < BURST && now - self.refilled_at >= REFILL {
            self.tokens += 1;
            self.refilled_at += REFILL;
        }
        if self.tokens == BURST {
            self.refilled_at = now;
        }
        if self.deaf_until.is_none() && now - self.heard_at > PATIENCE {
            return Some(End::Lost("nothing is heard any more".to_owned()));
        }
        if now - self.pinged_at > HEARTBEAT {
            self.pinged_at = now;
            if let Some(end) = self.say("ping".to_owned()).await {
                return Some(end);
            }
        }
        if !self.is_greeted {
            return None;
        }
        match &self.caught {
            Caught::Ask(at) if *at <= now => {
                if let Some(end) = self.ask().await {
                    return Some(end);
                }
            }
            Caught::Asked(at, _) if now - *at > PATIENCE => {
                self.run.with(|state| state.late_resumes += 1);
                return Some(End::Lost("what was missed is not told".to_owned()));
            }
            _ => {}
        }
        self.send_again_what_is_not_acked(now);
        let may_send = self.run.manner.is_eager || matches!(self.caught, Caught::Up);
        while may_send && self.tokens > 0 && self.wait_until <= now {
            let Some(letter) = self.run.with(|state| state.book.next_to_send()) else { break };
            if !self.post(&letter).await {
                return Some(End::Lost("cannot send".to_owned()));
            }
        }
        None
    }

    async fn ask(&mut self) -> Option<End> {
        let positions = self.run.with(|state| state.book.positions());
        if positions.is_empty() {
            self.caught_up();
            return None;
        }
        for (conversation, seq) in &positions {
            self.witness.asks(*conversation, *seq);
        }
        let ack = self.ack(Asked::Resume);
        let ids = positions.iter().map(|(id, _)| *id).collect();
        self.caught = Caught::Asked(Instant::now(), ids);
        self.say(frame::resume(&positions, ack)).await
    }

    pub(super) fn caught_up(&mut self) {
        self.caught = Caught::Up;
        self.run.with(|state| state.is_online = true);
        self.run.tell(Notice::Online);
    }

    fn send_again_what_is_not_acked(&mut self, now: Instant) {
        let late: Vec<_> = self
            .asked
            .iter()
            .filter(|(_, asked)| matches!(asked, Asked::Letter(_, at) if now - *at > ACK_PATIENCE))
            .map(|(ack, _)| *ack)
            .collect();
        for ack in late {
            if let Some(Asked::Letter(temp_id, at)) = self.asked.get_mut(&ack) {
                // It may still come: it is waited for, and the message goes again.
                *at = now;
                let temp_id = temp_id.clone();
                self.run.with(|state| state.book.requeue(&temp_id));
            }
        }
    }

    fn ack(&mut self, asked: Asked) -> u64 {
        self.last_ack += 1;
        self.asked.insert(self.last_ack, asked);
        self.last_ack
    }

    async fn post(&mut self, letter: &Letter) -> bool {
        self.tokens = self.tokens.saturating_sub(1);
        let ack = self.ack(Asked::Letter(letter.temp_id.clone(), Instant::now()));
        let Letter { conversation, content, temp_id, .. } = letter;
        self.line.send(frame::send_message(*conversation, content, temp_id, ack)).await
    }

    fn hear(&mut self, heard: Heard) -> Option<End> {
        self.heard_at = Instant::now();
        let text = match heard {
            Heard::Text(text) => text,
            Heard::Closed(code, reason) if is_final(code) => {
                return Some(End::Final(format!("{code} {reason}")));
            }
            Heard::Closed(code, reason) => return Some(End::Lost(format!("{code} {reason}"))),
            Heard::Lost => return Some(End::Lost("the connection was lost".to_owned())),
        };
        if text == "pong" {
            return None;
        }
        let read = Frame::read(&text);
        self.run.with(|state| state.sockets.last_mut().expect("its own").push(text.clone()));
        match read {
            Ok(Frame::Event(name, data)) => return self.take(&name, &data),
            Ok(Frame::Done(ack, data)) => match self.asked.remove(&ack) {
                Some(Asked::Letter(temp_id, _)) => self.letter_moves(&temp_id, |book| {
                    book.acked(&temp_id, &data);
                }),
                Some(Asked::Resume) => {}
                None => self.wrong(format!("an answer to nothing: {text}")),
            },
            Ok(Frame::NotDone(ack, code)) => match self.asked.remove(&ack) {
                Some(Asked::Letter(temp_id, _)) => self.refused(&temp_id, &code),
                Some(Asked::Resume) => self.caught = Caught::Ask(Instant::now() + ANOTHER_TRY),
                None => self.wrong(format!("an answer to nothing: {text}")),
            },
            Err(why) => self.wrong(format!("{why}: {text}")),
        }
        None
    }

    fn refused(&mut self, temp_id: &str, code: &str) {
        if code == "RATE_LIMITED" {
            self.tokens = 0;
        }
        self.wait_until = Instant::now() + ANOTHER_TRY;
        self.letter_moves(temp_id, |book| book.refused(temp_id, code));
    }

    fn letter_moves(&self, temp_id: &str, change: impl FnOnce(&mut crate::chat::Book)) {
        let moved = self.run.with(|state| {
            let before = state.book.letter(temp_id).map(|letter| letter.state.clone());
            change(&mut state.book);
            let letter = state.book.letter(temp_id).cloned();
            letter.filter(|letter| before.as_ref() != Some(&letter.state))
        });
        if let Some(letter) = moved {
            self.run.tell(Notice::Letter(letter));
        }
    }

    fn take(&mut self, name: &str, data: &Value) -> Option<End> {
        match name {
            "connection_established" => self.is_greeted = true,
            "message_sent" | "new_message" => self.message(name == "message_sent", data),
            "message_failed" => {
                let code = data["code"].as_str().unwrap_or_default().to_owned();
                match data["temp_message_id"].as_str() {
                    Some(temp_id) => self.refused(temp_id, &code),
                    None => self.wrong(format!("a failure of nothing: {data}")),
                }
            }
            "resumed" => self.resumed(data),
            "resume_truncated" => match data["customer_service_session_id"].as_i64() {
                Some(conversation) => {
                    self.witness.is_truncated(conversation);
                    self.truncated.insert(conversation);
                    self.fetch(conversation, Duration::ZERO);
                }
                None => self.wrong(format!("nothing is truncated: {data}")),
            },
            "session_invalidated" => {
                return Some(End::Final(data["code"].as_str().unwrap_or_default().to_owned()));
            }
            // Too many sockets, or a hundred frames that were refused: a good client has neither.
            "error" => self.wrong(format!("error: {data}")),
            _ => self.run.tell(Notice::Event(name.to_owned(), data.clone())),
        }
        None
    }

    fn message(&mut self, is_sent: bool, data: &Value) {
        let (applied, is_new, letter) = self.run.with(|state| {
            let count = |state: &super::State| {
                state.book.shelves.values().map(|shelf| shelf.pages.len()).sum::<usize>()
            };
            let before = count(state);
            let applied = state.book.apply(data);
            let temp_id = applied.as_ref().and_then(|(_, _, temp_id)| temp_id.clone());
            let letter = temp_id.and_then(|id| state.book.letter(&id).cloned());
            (applied, count(state) > before, letter)
        });
        if let Some((conversation, seq, temp_id)) = applied {
            let temp_id = temp_id.filter(|_| is_sent).unwrap_or_default();
            let may_repeat = self.run.with(|state| state.book.may_repeat(&temp_id));
            if self.witness.gets(conversation, seq, may_repeat) {
                self.run.with(|state| state.book.repeated(&temp_id));
            }
        }
        match letter.filter(|letter| matches!(letter.state, LetterState::Sent(_))) {
            Some(letter) => self.run.tell(Notice::Letter(letter)),
            None if is_new => self.run.tell(Notice::Message(data.clone())),
            None => {}
        }
    }
}

/// Whether a client that is closed with this code must not come back by itself.
fn is_final(code: u16) -> bool {
    matches!(code, 4400..=4404 | 4410..=4419 | 4431)
}
