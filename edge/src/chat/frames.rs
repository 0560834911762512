//! What a client's frames lead to.

use shared::{
    chat::event::{
        AckFrame, AckOutcome, ClientEvent, ClientFrame, FrameRefused, PING, PONG, ServerEvent,
    },
    error::ErrorCode,
    internal::Accepted,
};
use worker::{WebSocket, WebSocketIncomingMessage};

use super::{meter::Meter, room::Room, sockets::Socket};
use crate::clock;

impl Room {
    /// Reads a frame. Frames begin in the order in which they came, but one does not wait for the
    /// one before it to end: what depends on the order is decided before anything is waited for.
    pub async fn read(&self, socket: WebSocket, message: WebSocketIncomingMessage) {
        if let Some(socket) = Socket::restore(socket) {
            self.read_from(&socket, message).await;
        }
    }

    /// The same of a socket, wherever it is.
    pub(super) async fn read_from(&self, socket: &Socket, message: WebSocketIncomingMessage) {
        // The alarm may be late.
        if socket.owner.token_expires_at <= clock::now() {
            return socket.end(ErrorCode::TokenExpired, ServerEvent::SessionInvalidated);
        }
        let WebSocketIncomingMessage::String(text) = message else {
            return self.refuse(socket, &FrameRefused { code: ErrorCode::BadRequest, ack: None });
        };
        if text == PING {
            return socket.send_text(PONG);
        }
        match ClientFrame::parse(&text) {
            Ok(frame) => self.act(socket, frame).await,
            Err(refused) => self.refuse(socket, &refused),
        }
    }

    async fn act(&self, socket: &Socket, frame: ClientFrame) {
        let ack = frame.ack;
        match frame.event {
            ClientEvent::SendMessage(send) => self.send(socket, send, ack).await,
            ClientEvent::MarkRead(read) => self.mark_read(socket, read, ack).await,
            ClientEvent::Typing(typing) => self.typing(socket, typing, ack).await,
            ClientEvent::Resume(resume) => self.resume(socket, resume, ack).await,
            ClientEvent::Reauthenticate(credentials) => {
                self.reauthenticate(socket, credentials, ack).await;
            }
            ClientEvent::Authenticate(_) => {
                let code = ErrorCode::ValidationFailed;
                self.refuse(socket, &FrameRefused { code, ack });
            }
        }
    }

    /// Whether the socket may have a frame acted on now.
    pub(super) fn may_act(&self, socket: &Socket) -> bool {
        self.metered(socket, |meter| meter.take(clock::now()))
    }

    fn refuse(&self, socket: &Socket, refused: &FrameRefused) {
        socket.refuse(refused.code, refused.ack);
        if self.metered(socket, Meter::refuse) {
            socket.end(ErrorCode::BadRequest, ServerEvent::Error);
        }
    }

    /// Measures what a socket sends.
    pub(super) fn metered<T>(&self, socket: &Socket, measure: impl FnOnce(&mut Meter) -> T) -> T {
        let mut meters = self.meters.borrow_mut();
        let id = socket.owner.socket_id.clone();
        measure(meters.get_or_insert_with(id, || Meter::new(clock::now())))
    }
}

impl Socket {
    /// Who does something on this socket, and when: now.
    pub(super) fn accepts_now(&self) -> Accepted {
        Accepted { session_token: self.owner.session_token.clone(), at: clock::now() }
    }

    /// Refuses a frame: in its answer where it asked for one.
    pub(super) fn refuse(&self, code: ErrorCode, ack: Option<u64>) {
        let refusal = self.refusal(code);
        match ack {
            Some(ack) => self.send(&AckFrame { ack, outcome: AckOutcome::Error(refusal) }),
            None => self.send(&ServerEvent::Error(refusal)),
        }
    }
}
