//! What a socket missed while its client was away.

use std::time::Duration;

use serde_json::{json, value::RawValue};
use shared::{
    chat::{
        event::{AckFrame, AckOutcome, MAX_REPLAYED, Position, Resume, ServerEvent},
        news::{MessageHead, RoomConversation},
    },
    error::ErrorCode,
    internal::{Accepted, MAX_BATCH, ReplayAnswer, ReplayQuestion},
};
use worker::{Delay, Result};

use super::{
    admit::head,
    audience::{new_frame, sent_frame},
    outgoing::is_key,
    room::Room,
    sockets::Socket,
};
use crate::clock;

/// While so much waits for a reader, no more of the past is sent, in bytes.
const MAX_AHEAD: u32 = 256 * 1024;
/// How often that is looked at, and how many times before the reader is given up.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: usize = 1_500;
/// How often the origin is asked before the client is told to come back, and the pause between.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// What became of one conversation.
pub(super) enum Replayed {
    /// The socket has all up to this `seq`.
    UpTo(i64),
    /// More is missing than a socket is sent.
    Truncated(i64),
    /// There is no such conversation for this reader.
    Refused,
}

impl Room {
    /// Sends what is missing in each conversation, and says so when it is done.
    pub(super) async fn resume(&self, socket: &Socket, resume: Resume, ack: Option<u64>) {
        if !self.may_act(socket) {
            return socket.refuse(ErrorCode::RateLimited, ack);
        }
        let socket_id = &socket.owner.socket_id;
        if !self.resuming.borrow_mut().insert(socket_id.clone()) {
            return socket.refuse(ErrorCode::RateLimited, ack);
        }
        self.resume_all(socket, resume, ack).await;
        self.resuming.borrow_mut().remove(socket_id);
    }

    async fn resume_all(&self, socket: &Socket, resume: Resume, ack: Option<u64>) {
        if resume.conversations.iter().any(|position| {
            !is_key(position.customer_service_session_id) || !(0..1 << 53).contains(&position.seq)
        }) {
            return socket.refuse(ErrorCode::ValidationFailed, ack);
        }
        let failures = self.store().and_then(|store| store.failures(socket.owner.user_id));
        for failure in Self::logged("failures cannot be read", failures).unwrap_or_default() {
            socket.send_text(&failure);
        }
        let mut reached = Vec::with_capacity(resume.conversations.len());
        for position in resume.conversations {
            if !socket.is_open() {
                return;
            }
            let id = position.customer_service_session_id;
            let seq = match self.replay(socket, position, Some(socket.accepts_now())).await {
                Replayed::UpTo(seq) | Replayed::Truncated(seq) => seq,
                Replayed::Refused => continue,
            };
            reached.push(Position { customer_service_session_id: id, seq });
        }
        let resumed = Resume { conversations: reached };
        if let Some(ack) = ack {
            let outcome = AckOutcome::Data(json!({ "conversations": resumed.conversations }));
            socket.send(&AckFrame { ack, outcome });
        }
        socket.send(&ServerEvent::Resumed(resumed));
    }

    /// Sends a socket what was written after a position. Live messages of that conversation are held
    /// back meanwhile: it gets them in their place.
    pub(super) async fn replay(
        &self,
        socket: &Socket,
        position: Position,
        reader: Option<Accepted>,
    ) -> Replayed {
        let id = position.customer_service_session_id;
        let hold = (socket.owner.socket_id.clone(), id);
        if !self.held.borrow_mut().insert(hold) {
            // It is being done.
            return Replayed::UpTo(position.seq);
        }
        self.replay_and_release(socket, position, reader).await
    }

    /// The same where the live messages are held back already.
    pub(super) async fn replay_and_release(
        &self,
        socket: &Socket,
        position: Position,
        reader: Option<Accepted>,
    ) -> Replayed {
        let id = position.customer_service_session_id;
        let hold = (socket.owner.socket_id.clone(), id);
        let replayed = self.replay_held(socket, position, reader).await;
        self.held.borrow_mut().remove(&hold);
        if let Replayed::Truncated(seq) = replayed {
            let position = Position { customer_service_session_id: id, seq };
            socket.send(&ServerEvent::ResumeTruncated(position));
        }
        // Who wrote it is told that it was delivered.
        if let Some(due) = self.marks_due(clock::now()) {
            self.arm_by(due).await;
        }
        replayed
    }

    async fn replay_held(
        &self,
        socket: &Socket,
        from: Position,
        reader: Option<Accepted>,
    ) -> Replayed {
        let id = from.customer_service_session_id;
        let (mut seq, mut failures, mut was_empty) = (from.seq, 0, false);
        loop {
            let question = ReplayQuestion {
                reader: reader.clone(),
                customer_service_session_id: id,
                after_seq: seq,
                limit: u32::try_from(MAX_BATCH).unwrap_or_default(),
            };
            let Some(answer) = Self::logged("a replay waits", self.ask_replay(&question).await)
            else {
                failures += 1;
                if failures >= TRIES || !socket.is_open() {
                    return Replayed::Truncated(seq);
                }
                Delay::from(PAUSE).await;
                continue;
            };
            let ReplayAnswer::Replay { conversation, messages } = answer else {
                return Replayed::Refused;
            };
            for message in &messages {
                let Some(head) = Self::logged("a replay cannot be read", head(message)) else {
                    return Replayed::Truncated(seq);
                };
                self.send_past(socket, id, &head, message);
                seq = head.seq;
            }
            let is_empty = messages.is_empty();
            // What is new to the room is new to its other sockets, too.
            let taken = self.take_in_past(&conversation, messages);
            Self::logged("a replay is not taken in", taken);
            let is_all = is_empty || conversation.last_seq <= seq;
            if is_all && self.last_seq(&conversation).is_none_or(|last_seq| last_seq <= seq) {
                return Replayed::UpTo(seq);
            }
            // The room has more than the origin, which was restored from an older day.
            if is_empty && was_empty {
                return Replayed::Truncated(seq);
            }
            was_empty = is_empty;
            if seq - from.seq >= MAX_REPLAYED || !is_ready(socket).await {
                return Replayed::Truncated(seq);
            }
        }
    }

    fn last_seq(&self, conversation: &RoomConversation) -> Option<i64> {
        Some(Self::logged("a conversation cannot be read", self.known(conversation))??.last_seq)
    }

    fn send_past(&self, socket: &Socket, id: i64, head: &MessageHead, message: &RawValue) {
        let is_own = head.sender_type == self.side;
        let is_senders = is_own && head.sender_id == Some(socket.owner.user_id);
        let text = if is_senders { sent_frame(message) } else { new_frame(message) };
        socket.send_text(&text);
        if !is_own {
            self.note_delivered(id, head.seq);
        } else if let (true, Some(temp_id)) = (is_senders, &head.temp_message_id) {
            // The origin's answer may still be on its way: its sender need not be told again.
            let told =
                self.store().and_then(|store| store.replayed(id, &socket.owner.socket_id, temp_id));
            Self::logged("a message is not noted as told", told);
        }
    }

    fn note_delivered(&self, id: i64, seq: i64) {
        let noted = self.store().and_then(|store| -> Result<()> {
            if let Some(mut known) = store.conversation(id)?
                && known.delivered_seq < seq
            {
                known.delivered_seq = seq;
                store.save_conversation(&known)?;
            }
            Ok(())
        });
        Self::logged("a delivery is not noted", noted);
    }
}

/// Waits until a reader has caught up; whether it has.
async fn is_ready(socket: &Socket) -> bool {
    for _ in 0..LOOKS {
        if !socket.is_open() {
            return false;
        }
        if socket.buffered() <= MAX_AHEAD {
            return true;
        }
        Delay::from(LOOK_EVERY).await;
    }
    false
}
