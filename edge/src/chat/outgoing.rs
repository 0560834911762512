//! Messages on their way to the origin: accepted, kept, and handed over until the origin has decided.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{json, value::RawValue};
use shared::{
    chat::{
        event::{AckFrame, AckOutcome, MessageFailed, SendMessage, ServerEvent, name},
        news::{RawNews, StoredMessage},
        room::{Room as Name, RoomCall},
    },
    envelope::FieldError,
    error::ErrorCode,
    internal::{MAX_BATCH, SocketMessage, StoreOutcome},
    session::SessionHash,
    time::Timestamp,
};
use worker::{Delay, Result};

use super::{
    accepting::{Collecting, Sent, TOGETHER},
    admit::{RawMessage, head, send_text_to},
    alarm::retry_at,
    audience::{frame, sent_frame},
    crowd::Crowd,
    room::Room,
    rooms,
    sockets::{self, Socket},
    store::outgoing::{Enqueued, Outgoing},
};
use crate::{
    clock, env, log,
    origin::{self, RawOutcome},
    random,
    refused::Refused,
    sorted,
};

/// How long a batch may be on its way before it is taken for lost; the origin's limit is shorter.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// When the alarm looks after messages that are on their way.
const CHECK_AFTER: Duration = Duration::from_secs(5);

/// How the outbox is being emptied.
#[derive(Default)]
pub struct Sending {
    /// Since when a batch is on its way: one at a time, so that order is kept.
    since: Option<Timestamp>,
    /// When to try again, where the origin did not answer.
    retry: Option<Retry>,
    /// Conversations whose messages the origin cannot take now.
    postponed: sorted::Map<i64, Retry>,
}

#[derive(Clone, Copy)]
struct Retry {
    failures: u32,
    at: Timestamp,
}

impl Retry {
    fn after(before: Option<Self>, now: Timestamp) -> Self {
        let failures = before.map_or(0, |retry| retry.failures.saturating_add(1));
        Self { failures, at: retry_at(now, failures) }
    }
}

impl Room {
    /// Accepts a message, or refuses it. What is accepted is stored once, or durably refused.
    pub(super) async fn send(&self, socket: &Socket, wanted: SendMessage, ack: Option<u64>) {
        let SendMessage { customer_service_session_id: conversation, mut message } = wanted;
        if !self.may_act(socket) {
            let failure = failure(socket, message.temp_message_id, ErrorCode::RateLimited);
            return tell_refused(socket, failure, ack);
        }
        let mut problems = message.own_problems();
        if !is_key(conversation) {
            let problem = FieldError::new("customer_service_session_id", "must be a key");
            problems.push(problem);
        }
        if !problems.is_empty() {
            let mut failure = failure(socket, message.temp_message_id, ErrorCode::ValidationFailed);
            failure.fields = problems;
            return tell_refused(socket, failure, ack);
        }
        // What is handed over twice is known by it.
        message.temp_message_id.get_or_insert_with(random::id);
        let message = SocketMessage {
            sender: socket.accepts_now(),
            customer_service_session_id: conversation,
            message,
            language: socket.owner.language,
        };
        let sent = Sent { socket: socket.clone(), message, ack };
        let Some(collecting) = self.accepting.borrow_mut().add(sent, clock::now()) else {
            // Who collects takes it along.
            return;
        };
        if collecting == Collecting::ForAWhile {
            Delay::from(TOGETHER).await;
        }
        let sent = self.accepting.borrow_mut().take(clock::now());
        // Written without a pause in between, they are one transaction.
        let are_kept = sent.into_iter().map(|one| self.keep(one)).fold(false, |any, one| any | one);
        if are_kept {
            self.arm_by(clock::now().plus(CHECK_AFTER)).await;
            self.flush().await;
        }
    }

    /// Puts a message into the outbox, or refuses it; whether it is there.
    fn keep(&self, sent: Sent) -> bool {
        let Sent { socket, message, ack } = sent;
        let owner = &socket.owner;
        let session = SessionHash::of(&owner.session_token);
        let enqueued = self
            .store()
            .and_then(|store| store.enqueue(owner.user_id, &session, &owner.socket_id, &message));
        let temp_message_id = message.message.temp_message_id;
        let code = match Self::logged("a message was not accepted", enqueued) {
            Some(Enqueued::Waits) => {
                if let Some(ack) = ack {
                    // It waits for what was just written: what is acked is kept.
                    let data = json!({
                        "status": "sending",
                        "customer_service_session_id": message.customer_service_session_id,
                        "temp_message_id": temp_message_id,
                    });
                    socket.send(&AckFrame { ack, outcome: AckOutcome::Data(data) });
                }
                return true;
            }
            Some(Enqueued::Differs) => ErrorCode::Conflict,
            Some(Enqueued::Full) => ErrorCode::RateLimited,
            None => ErrorCode::Internal,
        };
        tell_refused(&socket, failure(&socket, temp_message_id, code), ack);
        false
    }

    /// Hands over what waits, batch by batch, unless that is being done.
    pub(super) async fn flush(&self) {
        let now = clock::now();
        {
            let mut sending = self.sending.borrow_mut();
            let is_busy = sending.since.is_some_and(|since| now < since.plus(LOST_AFTER));
            if is_busy || sending.retry.is_some_and(|retry| now < retry.at) {
                return;
            }
            sending.since = Some(now);
        }
        while let Some(batch) = self.next_batch() {
            if !self.hand_over(batch).await {
                break;
            }
            self.sending.borrow_mut().since = Some(clock::now());
        }
        self.sending.borrow_mut().since = None;
        if let Some(due) = self.outgoing_due(clock::now()) {
            self.arm_by(due).await;
        }
    }

    /// When the outbox is to be looked after.
    pub(super) fn outgoing_due(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = self.store().and_then(super::store::Store::has_outgoing);
        if !Self::logged("the outbox cannot be read", waits)? {
            return None;
        }
        let sending = self.sending.borrow();
        if let Some(since) = sending.since {
            return Some(since.plus(LOST_AFTER).min(now.plus(CHECK_AFTER)));
        }
        let retry = sending.retry.map(|retry| retry.at);
        retry.or_else(|| sending.postponed.values().map(|retry| retry.at).min()).or(Some(now))
    }

    fn next_batch(&self) -> Option<Vec<Outgoing>> {
        let now = clock::now();
        let postponed: Vec<i64> = {
            let sending = self.sending.borrow();
            let waits = sending.postponed.iter().filter(|(_, retry)| now < retry.at);
            waits.map(|(conversation, _)| *conversation).collect()
        };
        let batch = self.store().and_then(|store| store.next_outgoing(MAX_BATCH, &postponed));
        Self::logged("the outbox cannot be read", batch).filter(|batch| !batch.is_empty())
    }

    /// Whether the origin has answered.
    async fn hand_over(&self, batch: Vec<Outgoing>) -> bool {
        let (request_id, count) = (random::id(), batch.len());
        let messages = batch.iter().map(|waiting| waiting.message.clone()).collect();
        let stored = async {
            let caller =
                origin::Caller { config: env::config(&self.env)?, request_id: &request_id };
            let outcomes = origin::store_messages(caller, messages).await?;
            if outcomes.len() != count {
                let told = outcomes.len();
                return Err(Refused::Fault(format!("{told} outcomes of {count} messages")));
            }
            Ok(outcomes)
        };
        let outcomes = match stored.await {
            Ok(outcomes) => outcomes,
            Err(refused) => {
                let text = format!("{count} messages wait for the origin: {refused:?}");
                log::warn(&request_id, &text);
                let mut sending = self.sending.borrow_mut();
                sending.retry = Some(Retry::after(sending.retry, clock::now()));
                return false;
            }
        };
        self.sending.borrow_mut().retry = None;
        let settled = self.settle(batch, outcomes).await;
        let is_settled = Self::logged("a batch was not settled", settled).is_some();
        if !is_settled {
            let mut sending = self.sending.borrow_mut();
            sending.retry = Some(Retry::after(sending.retry, clock::now()));
        }
        is_settled
    }

    async fn settle(&self, batch: Vec<Outgoing>, outcomes: Vec<RawOutcome>) -> Result<()> {
        let store = self.store()?;
        let mut stored = Vec::new();
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            let conversation = waiting.conversation;
            match outcome {
                StoreOutcome::Stored(told) => {
                    self.sending.borrow_mut().postponed.remove(&conversation);
                    stored.push((waiting, told));
                }
                StoreOutcome::Failed(failure) => {
                    self.sending.borrow_mut().postponed.remove(&conversation);
                    if store.dequeue(waiting.position)? {
                        let text = frame(name::MESSAGE_FAILED, &failure);
                        store.remember_failure(waiting.user_id, &waiting.temp_message_id, &text)?;
                        self.tell_failed(&waiting.session, &failure, &text);
                    }
                }
                StoreOutcome::Later(code) => {
                    log::warn("", &format!("messages of conversation {conversation} wait: {code}"));
                    self.put_off(conversation);
                }
            }
        }
        self.tell_other_side(stored.iter().map(|(_, told)| told));
        let news = stored.iter().map(|(waiting, told)| StoredMessage {
            sender_session: Some(waiting.session.clone()),
            ..told.clone()
        });
        let admitted = self.admit(news.collect()).await;
        Self::logged("what was stored is not delivered yet", admitted);
        for (waiting, told) in stored {
            let seq = head(&told.message)?.seq;
            let known = store.conversation(waiting.conversation)?;
            if known.is_none_or(|known| known.last_seq < seq) {
                // What lies before it cannot be had now. It is handed over again, which changes
                // nothing but this: until then it is known who sent it.
                self.put_off(waiting.conversation);
                continue;
            }
            // Delivered long ago, and sent again by one who missed the answer.
            if !store.is_told(waiting.position)? {
                let mut asking = sockets::of_session(&self.state, &waiting.session);
                let is_asking = |socket: &Socket| socket.owner.socket_id == waiting.socket_id;
                if asking.iter().any(is_asking) {
                    asking.retain(is_asking);
                }
                send_text_to(&asking, &sent_frame(&told.message));
            }
            store.dequeue(waiting.position)?;
        }
        Ok(())
    }

    /// Tells the rooms of the other side what was just stored. The origin tells them, too, and until they
    /// have it; this is the shorter way.
    fn tell_other_side<'a>(&self, stored: impl Iterator<Item = &'a RawMessage>) {
        let mut rooms: Vec<(Name, Vec<RawNews>)> = Vec::new();
        for told in stored {
            for room in self.other_side(&told.conversation) {
                let news = RawNews::Message(told.clone());
                match rooms.iter_mut().find(|(one, _)| *one == room) {
                    Some((_, of_it)) => of_it.push(news),
                    None => rooms.push((room, vec![news])),
                }
            }
        }
        for (room, news) in rooms {
            let Some(me) = self.me() else { return };
            self.state.wait_until(async move {
                if let Err(refused) = rooms::tell(&me.env, room, &RoomCall::Tell(news)).await {
                    log::warn(
                        "",
                        &format!("{} hears it from the origin: {refused:?}", room.name()),
                    );
                }
            });
        }
    }

    /// Hands over no more of a conversation for a while.
    fn put_off(&self, conversation: i64) {
        let now = clock::now();
        let mut sending = self.sending.borrow_mut();
        let before = sending.postponed.get(&conversation).copied();
        // All that wait in one batch are put off together.
        if before.is_none_or(|retry| retry.at <= now) {
            sending.postponed.insert(conversation, Retry::after(before, now));
        }
    }

    fn tell_failed(&self, session: &SessionHash, failure: &RawValue, text: &str) {
        #[derive(Deserialize)]
        struct Head {
            code: ErrorCode,
        }
        Crowd::of_session(&self.state, session).send(text);
        // Judged by its row: the push that tells of the end may still be on its way.
        if let Ok(Head { code }) = serde_json::from_slice(failure.get().as_bytes())
            && code.is_session_end()
        {
            self.close_session(session, code);
        }
    }
}

/// Refuses a message that was not accepted.
fn tell_refused(socket: &Socket, failure: MessageFailed, ack: Option<u64>) {
    let code = failure.code;
    socket.send(&ServerEvent::MessageFailed(failure));
    if let Some(ack) = ack {
        socket.send(&AckFrame { ack, outcome: AckOutcome::Error(socket.refusal(code)) });
    }
}

fn failure(socket: &Socket, temp_message_id: Option<String>, code: ErrorCode) -> MessageFailed {
    let message = socket.refusal(code).message;
    MessageFailed { temp_message_id, code, message, fields: Vec::new() }
}

/// Whether it can be the key of a row; the platform's numbers hold no others.
pub(super) const fn is_key(key: i64) -> bool {
    0 < key && key < 1 << 53
}
