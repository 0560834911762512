use std::rc::Rc;

use shared::chat::SenderType;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, durable_object, wasm_bindgen,
};

use super::room::Room;

/// All sockets of one user, whatever the device.
#[durable_object]
pub struct UserChannel(Rc<Room>);

impl DurableObject for UserChannel {
    fn new(state: State, env: Env) -> Self {
        Self(Room::new(state, env, SenderType::User))
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.0.answer(request).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.0.ring().await;
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        self.0.read(socket, message).await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        self.0.closed(&socket, code).await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        self.0.broken(&socket, &error).await;
        Ok(())
    }
}
