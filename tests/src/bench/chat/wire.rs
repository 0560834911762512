//! One socket, whatever is spoken on it.

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::AUTHORIZATION;
use serde_json::json;
use shared::route;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::chat::frame;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    /// Our own frames, to the edge.
    Edge,
    /// Socket.IO 4.
    SocketIo,
    /// Our frames, to an object that acknowledges what it has inserted.
    Kept,
    /// Our frames, to an object that hands on what comes.
    Loop,
}

/// What comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The frame with this number is acknowledged.
    Acked(u64),
    /// A message of another with this number.
    Message(u64),
    /// Anything else.
    Other,
}

/// A socket that is open and greeted.
pub struct Socket {
    wire: Wire,
    stream: WebSocketStream<TcpStream>,
}

impl Socket {
    /// Opens one; `room` names the object, where there is a choice.
    ///
    /// # Errors
    /// It is refused.
    pub async fn open(wire: Wire, base: &str, token: &str, room: &str) -> Result<Self> {
        let host = base.strip_prefix("http://").context("no http:// address")?;
        let path = match wire {
            Wire::Edge => route::CHAT_SOCKET.to_owned(),
            Wire::SocketIo => "/socket.io/?EIO=4&transport=websocket".to_owned(),
            Wire::Kept => format!("/?kind=kept&room={room}"),
            Wire::Loop => format!("/?kind=loop&room={room}"),
        };
        let mut request = format!("ws://{host}{path}").into_client_request()?;
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
        let tcp = TcpStream::connect(host).await?;
        tcp.set_nodelay(true)?;
        let (stream, _) = client_async(request, tcp).await.context("no socket")?;
        let mut socket = Self { wire, stream };
        if wire == Wire::SocketIo {
            socket.write(format!("40{}", json!({ "token": token }))).await?;
        }
        while !socket.text().await?.contains("connection_established") {}
        Ok(socket)
    }

    /// Sends message `number` into a conversation.
    ///
    /// # Errors
    /// The socket is gone.
    pub async fn send(&mut self, conversation: i64, number: u64) -> Result<()> {
        let content = format!("message-{number}.");
        let ours = || frame::send_message(conversation, &content, &content, number);
        let text = match self.wire {
            Wire::SocketIo => {
                let data = json!({
                    "customer_service_session_id": conversation, "content": content,
                    "message_type": "text", "temp_message_id": content,
                });
                format!("42{number}{}", json!(["send_message", data]))
            }
            Wire::Edge | Wire::Kept | Wire::Loop => ours(),
        };
        self.write(text).await
    }

    /// What comes next.
    ///
    /// # Errors
    /// The socket is gone, or a message was refused.
    pub async fn next(&mut self) -> Result<Heard> {
        let text = self.text().await?;
        if self.wire == Wire::SocketIo && text == "2" {
            self.write("3".to_owned()).await?;
            return Ok(Heard::Other);
        }
        heard(&text)
    }

    async fn write(&mut self, text: String) -> Result<()> {
        Ok(self.stream.send(Message::text(text)).await?)
    }

    async fn text(&mut self) -> Result<String> {
        loop {
            match self.stream.next().await.context("the socket is gone")?? {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(frame) => bail!("the socket was closed: {frame:?}"),
                _ => {}
            }
        }
    }
}

/// What a frame is, read as far as need be: the client is not what is measured.
fn heard(text: &str) -> Result<Heard> {
    let number = |text: &str| {
        let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse::<u64>().ok()
    };
    if text.contains("\"error\"") || text.contains("message_failed") {
        bail!("a message was refused: {text}");
    }
    let ack = text.strip_prefix("{\"ack\":").or_else(|| text.strip_prefix("43")).and_then(number);
    if let Some(ack) = ack {
        return Ok(Heard::Acked(ack));
    }
    if text.contains("\"new_message\"")
        && let Some((_, rest)) = text.split_once("\"content\":\"message-")
        && let Some(number) = number(rest)
    {
        return Ok(Heard::Message(number));
    }
    Ok(Heard::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_wires_are_told_apart() {
        let read = |text| heard(text).unwrap();
        assert_eq!(read(r#"{"ack":17,"data":{"status":"sending"}}"#), Heard::Acked(17));
        assert_eq!(read(r#"4317[{"data":{}}]"#), Heard::Acked(17));
        let new = r#"{"event":"new_message","data":{"seq":1,"content":"message-250."}}"#;
        assert_eq!(read(new), Heard::Message(250));
        let new = r#"42["new_message",{"content":"message-3."}]"#;
        assert_eq!(read(new), Heard::Message(3));
        let own = r#"{"event":"message_sent","data":{"content":"message-3."}}"#;
        assert_eq!(read(own), Heard::Other);
        assert!(heard(r#"{"ack":1,"error":{"code":"RATE_LIMITED","message":"m"}}"#).is_err());
    }
}
