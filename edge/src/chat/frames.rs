//! What a client's frames lead to.

use shared::{
    chat::event::{
        AckFrame, AckOutcome, ClientEvent, ClientFrame, FrameRefused, PING, PONG, ServerEvent,
    },
    error::ErrorCode,
};
use worker::{Result, WebSocket, WebSocketIncomingMessage};

use super::{meter::Meter, room::Room, sockets::Socket};
use crate::clock;

impl Room {
    /// Reads a frame. Frames begin in the order in which they came, but one does not wait for the
    /// one before it to end: what depends on the order is decided before anything is waited for.
    pub async fn read(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        let Some(socket) = Socket::restore(socket) else { return Ok(()) };
        let WebSocketIncomingMessage::String(text) = message else {
            self.refuse(&socket, &FrameRefused { code: ErrorCode::BadRequest, ack: None });
            return Ok(());
        };
        if text == PING {
            socket.send_text(PONG);
            return Ok(());
        }
        match ClientFrame::parse(&text) {
            Ok(ClientFrame { event: ClientEvent::SendMessage(send), ack }) => {
                self.send(socket, send, ack).await;
            }
            Err(refused) => self.refuse(&socket, &refused),
        }
        Ok(())
    }

    /// Whether the socket may have a frame acted on now.
    pub(super) fn may_act(&self, socket: &Socket) -> bool {
        self.metered(socket, |meter| meter.take(clock::now()))
    }

    fn refuse(&self, socket: &Socket, refused: &FrameRefused) {
        let refusal = socket.refusal(refused.code);
        match refused.ack {
            Some(ack) => socket.send(&AckFrame { ack, outcome: AckOutcome::Error(refusal) }),
            None => socket.send(&ServerEvent::Error(refusal)),
        }
        if self.metered(socket, Meter::refuse) {
            socket.end(ErrorCode::BadRequest, ServerEvent::Error);
        }
    }

    fn metered<T>(&self, socket: &Socket, measure: impl FnOnce(&mut Meter) -> T) -> T {
        let mut meters = self.meters.borrow_mut();
        let id = socket.owner.socket_id.clone();
        measure(meters.entry(id).or_insert_with(|| Meter::new(clock::now())))
    }
}
