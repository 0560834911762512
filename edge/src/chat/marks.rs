//! What was delivered and read, on its way to the origin.

use std::time::Duration;

use serde_json::{json, value::to_raw_value};
use shared::{
    chat::event::{AckFrame, AckOutcome, MarkRead, ServerEvent},
    error::ErrorCode,
    internal::{Mark, MarkOutcome},
    session::SessionHash,
    time::Timestamp,
};
use worker::Result;

use super::{
    outgoing::is_key,
    room::Room,
    sockets::{self, Socket},
    store::{conversation::Known, reading::Reading},
};
use crate::{clock, env, log, origin, random};

/// What was delivered is told together with what is delivered within this.
const TOGETHER: Duration = Duration::from_millis(500);
/// How long marks may be on their way before they are taken for lost.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);
/// Marks of one kind in a batch; both kinds together are at most what a call may hold.
const MARKS: i64 = 50;

impl Room {
    /// Notes that a person has read; the origin is told again and again until it knows.
    pub(super) async fn mark_read(&self, socket: &Socket, read: MarkRead, ack: Option<u64>) {
        let MarkRead { customer_service_session_id: conversation, chat_message_id } = read;
        if !self.may_act(socket) {
            return socket.refuse(ErrorCode::RateLimited, ack);
        }
        if !is_key(conversation) || !is_key(chat_message_id) {
            return socket.refuse(ErrorCode::ValidationFailed, ack);
        }
        let mark = Mark::Read {
            reader: socket.accepts_now(),
            customer_service_session_id: conversation,
            chat_message_id,
        };
        let user_id = socket.owner.user_id;
        let session = SessionHash::of(&socket.owner.session_token);
        let noted = self.store().and_then(|store| {
            let mark = to_raw_value(&mark)?;
            let reading = Reading { conversation, user_id, chat_message_id, session, mark };
            store.note_reading(&reading)
        });
        match Self::logged("a mark is not noted", noted) {
            Some(true) => {}
            Some(false) => return socket.refuse(ErrorCode::RateLimited, ack),
            None => return socket.refuse(ErrorCode::Internal, ack),
        }
        if let Some(ack) = ack {
            let outcome = AckOutcome::Data(json!({ "status": "accepted" }));
            socket.send(&AckFrame { ack, outcome });
        }
        self.flush_marks().await;
    }

    /// When marks are to be handed over.
    pub(super) fn marks_due(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(since) = self.marking.get() {
            return Some(since.plus(LOST_AFTER));
        }
        let (readings, delivered) = Self::logged("marks cannot be read", self.marks(1))?;
        match (readings.is_empty(), delivered.is_empty()) {
            (false, _) => Some(now.plus(PAUSE)),
            (true, false) => Some(now.plus(TOGETHER)),
            (true, true) => None,
        }
    }

    /// Hands over the marks that wait, unless that is being done.
    pub(super) async fn flush_marks(&self) {
        let now = clock::now();
        if self.marking.get().is_some_and(|since| now < since.plus(LOST_AFTER)) {
            return;
        }
        self.marking.set(Some(now));
        loop {
            let handed_over = self.hand_over_marks().await;
            if !Self::logged("marks wait", handed_over).unwrap_or_default() {
                break;
            }
        }
        self.marking.set(None);
        if let Some(due) = self.marks_due(clock::now()) {
            self.arm_by(due).await;
        }
    }

    fn marks(&self, limit: i64) -> Result<(Vec<Reading>, Vec<Known>)> {
        let store = self.store()?;
        Ok((store.readings(limit)?, store.unreported(limit)?))
    }

    /// Hands over a batch; whether there may be another that can be handed over now.
    async fn hand_over_marks(&self) -> Result<bool> {
        let (readings, delivered) = self.marks(MARKS)?;
        let mut marks: Vec<_> = readings.iter().map(|reading| reading.mark.clone()).collect();
        for known in &delivered {
            marks.push(to_raw_value(&Mark::Delivered {
                customer_service_session_id: known.facts.conversation.customer_service_session_id,
                by: self.side,
                seq: known.delivered_seq,
            })?);
        }
        let count = marks.len();
        if count == 0 {
            return Ok(false);
        }
        let request_id = random::id();
        let stored = async {
            let caller =
                origin::Caller { config: env::config(&self.env)?, request_id: &request_id };
            origin::store_marks(caller, marks).await
        };
        let outcomes = match stored.await {
            Ok(outcomes) if outcomes.len() == count => outcomes,
            Ok(outcomes) => {
                return Err(format!("{} outcomes of {count} marks", outcomes.len()).into());
            }
            Err(refused) => return Err(format!("no answer: {refused:?}").into()),
        };
        let mut is_later = false;
        let mut outcomes = outcomes.into_iter();
        for (reading, outcome) in readings.iter().zip(outcomes.by_ref()) {
            match outcome {
                MarkOutcome::Done => self.store()?.forget_reading(reading)?,
                MarkOutcome::Failed(code) => {
                    self.store()?.forget_reading(reading)?;
                    self.tell_unmarked(reading, code);
                }
                MarkOutcome::Later(_) => is_later = true,
            }
        }
        for (known, outcome) in delivered.iter().zip(outcomes) {
            let id = known.facts.conversation.customer_service_session_id;
            match outcome {
                MarkOutcome::Later(_) => is_later = true,
                // A conversation that is gone: nobody is waiting to know.
                MarkOutcome::Done | MarkOutcome::Failed(_) => {
                    self.store()?.report(id, known.delivered_seq)?;
                }
            }
        }
        if is_later {
            log::warn(&request_id, "marks wait for the origin");
        }
        Ok(!is_later && i64::try_from(count).is_ok_and(|count| count >= MARKS))
    }

    /// Tells a reader that what they read was not theirs to read.
    fn tell_unmarked(&self, reading: &Reading, code: ErrorCode) {
        for socket in sockets::of_session(&self.state, &reading.session) {
            socket.send(&ServerEvent::Error(socket.refusal(code)));
        }
        if code.is_session_end() {
            self.close_session(&reading.session, code);
        }
    }
}
