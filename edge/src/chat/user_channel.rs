use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, durable_object, wasm_bindgen,
};

use super::room::Room;

/// All sockets of one user, whatever the device.
#[durable_object(websocket)]
pub struct UserChannel(Room);

impl DurableObject for UserChannel {
    fn new(state: State, env: Env) -> Self {
        Self(Room::new(state, env))
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.0.answer(request).await
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        self.0.read(socket, message).await
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        self.0.closed(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, error: Error) -> Result<()> {
        self.0.broken(&socket, &error);
        Ok(())
    }
}
