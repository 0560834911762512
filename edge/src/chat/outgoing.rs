//! Messages on their way to the origin, each socket's in the order in which they were sent.

use serde_json::json;
use shared::{
    chat::event::{AckFrame, AckOutcome, MessageEvent, MessageFailed, SendMessage, ServerEvent},
    error::ErrorCode,
    internal::{MAX_BATCH, SocketMessage, StoreOutcome},
    session::SessionHash,
};

use super::{room::Room, sockets::Socket};
use crate::{env, log, origin, random, refused::Refused};

/// A message that waits for its turn.
pub struct Waiting {
    message: SocketMessage,
    /// The answer that its sender wants.
    ack: Option<u64>,
}

impl Room {
    /// Hands a message to the origin and answers its sender. While a socket's messages are on their
    /// way, those that come after wait for their answer, and then go together.
    pub(super) async fn send(&self, socket: Socket, send: SendMessage, ack: Option<u64>) {
        if !self.may_act(&socket) {
            let failure = failure(&socket, send.message.temp_message_id, ErrorCode::RateLimited);
            return self.tell_failed(&socket, failure, ack);
        }
        let message = SocketMessage {
            session_token: socket.owner.session_token.clone(),
            socket_id: socket.owner.socket_id.clone(),
            customer_service_session_id: send.customer_service_session_id,
            message: send.message,
            language: socket.owner.language,
        };
        // What a socket may send bounds the length of its line.
        let socket_id = &socket.owner.socket_id;
        if self.lines.borrow_mut().join(socket_id, Waiting { message, ack }) {
            while let Some(batch) = self.next_batch(socket_id) {
                self.hand_over(&socket, batch).await;
            }
        }
    }

    fn next_batch(&self, socket_id: &str) -> Option<Vec<Waiting>> {
        self.lines.borrow_mut().next_batch(socket_id, MAX_BATCH)
    }

    async fn hand_over(&self, socket: &Socket, batch: Vec<Waiting>) {
        let temp_ids = batch.iter().map(|waiting| waiting.message.message.temp_message_id.clone());
        let asked: Vec<_> = temp_ids.zip(batch.iter().map(|waiting| waiting.ack)).collect();
        match self.store(batch.into_iter().map(|waiting| waiting.message).collect()).await {
            Ok(outcomes) => {
                for (outcome, (_, ack)) in outcomes.into_iter().zip(asked) {
                    match outcome {
                        StoreOutcome::Stored(message) => tell_sent(socket, message, ack),
                        StoreOutcome::Failed(failure) => self.tell_failed(socket, failure, ack),
                    }
                }
            }
            Err(code) => {
                for (temp_message_id, ack) in asked {
                    self.tell_failed(socket, failure(socket, temp_message_id, code), ack);
                }
            }
        }
    }

    /// An outcome for each message, in their order.
    async fn store(&self, messages: Vec<SocketMessage>) -> Result<Vec<StoreOutcome>, ErrorCode> {
        let (request_id, count) = (random::id(), messages.len());
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
        stored.await.map_err(|refused| {
            log::warn(&request_id, &format!("{count} messages were not stored: {refused:?}"));
            refused.code()
        })
    }

    fn tell_failed(&self, socket: &Socket, failure: MessageFailed, ack: Option<u64>) {
        let code = failure.code;
        socket.send(&ServerEvent::MessageFailed(failure));
        if let Some(ack) = ack {
            socket.send(&AckFrame { ack, outcome: AckOutcome::Error(socket.refusal(code)) });
        }
        // Judged when it was used: the push that tells of it may still be on its way.
        if ends_the_session(code) {
            self.close_session(&SessionHash::of(&socket.owner.session_token), code);
        }
    }
}

fn tell_sent(socket: &Socket, message: MessageEvent, ack: Option<u64>) {
    let acked = ack.map(|ack| AckFrame {
        ack,
        outcome: AckOutcome::Data(json!({
            "status": "sent",
            "chat_message_id": message.chat_message_id,
            "customer_service_session_id": message.customer_service_session_id,
            "temp_message_id": message.temp_message_id,
            "seq": message.seq,
            "created_at": message.created_at,
        })),
    });
    socket.send(&ServerEvent::MessageSent(message));
    if let Some(acked) = acked {
        socket.send(&acked);
    }
}

fn failure(socket: &Socket, temp_message_id: Option<String>, code: ErrorCode) -> MessageFailed {
    let message = socket.refusal(code).message;
    MessageFailed { temp_message_id, code, message, fields: Vec::new() }
}

const fn ends_the_session(code: ErrorCode) -> bool {
    code.is_session_end()
        || matches!(
            code,
            ErrorCode::TokenMissing
                | ErrorCode::TokenMalformed
                | ErrorCode::TokenInvalid
                | ErrorCode::TokenExpired
        )
}
