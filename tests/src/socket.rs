//! A chat client over a raw WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::HeaderName;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::reply::Reply;

/// How long an event may take on a busy machine before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open chat socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

impl Socket {
    /// Opens a socket.
    ///
    /// # Errors
    /// What was answered instead of an upgrade.
    pub async fn open(url: &str, headers: &[(HeaderName, String)]) -> Result<Self, Reply> {
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in headers {
            request.headers_mut().append(name, value.parse().expect("a header"));
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
            Ok((stream, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.and_then(|value| value.to_str().ok()).map(str::to_owned);
                Ok(Self { stream, protocol })
            }
            Err(Error::Http(_)) => Err(refusal(url, headers).await),
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a text frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.expect("an open socket");
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.stream.send(Message::binary(bytes)).await.expect("an open socket");
    }

    /// The next text frame, as it is.
    pub async fn next_text(&mut self) -> String {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("instead of a text frame: {other:?}"),
            }
        }
    }

    /// The next frame, as JSON.
    pub async fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await).expect("JSON")
    }

    /// The data of the next frame, which is this event.
    pub async fn expect(&mut self, event: &str) -> Value {
        let mut frame = self.next().await;
        assert_eq!(frame["event"], event, "{frame}");
        frame["data"].take()
    }

    /// The same, with alerts passed over that come before it.
    pub async fn expect_after_alerts(&mut self, event: &str) -> Value {
        self.expect_past(&["security_alert"], event).await
    }

    /// The same, with these events passed over that come before it.
    pub async fn expect_past(&mut self, others: &[&str], event: &str) -> Value {
        loop {
            let mut frame = self.next().await;
            if !others.iter().any(|other| frame["event"] == *other) {
                assert_eq!(frame["event"], event, "{frame}");
                return frame["data"].take();
            }
        }
    }

    /// The answer to the frame with this number, with these events passed over that come before it.
    pub async fn acked_past(&mut self, others: &[&str], ack: u64) -> Value {
        loop {
            let frame = self.next().await;
            if !others.iter().any(|other| frame["event"] == *other) {
                assert_eq!(frame["ack"], ack, "{frame}");
                return frame;
            }
        }
    }

    /// Reads the greeting.
    pub async fn greeted(mut self) -> Self {
        let greeting = self.expect("connection_established").await;
        assert_eq!(self.expect("connected").await, greeting);
        self
    }

    /// Reads what comes, with this patience for each frame, until the server closes; the code that
    /// it closes with, or none where the connection breaks.
    pub async fn drained(mut self, patience: Duration) -> Option<u16> {
        loop {
            match timeout(patience, self.stream.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The code and reason that the server closes with.
    pub async fn closed(&mut self) -> (u16, String) {
        match timeout(PATIENCE, self.stream.next()).await.expect("a close in time") {
            Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("instead of a close: {other:?}"),
        }
    }

    /// Asserts that nothing but these events comes for a while.
    pub async fn silent_past(&mut self, others: &[&str]) {
        let until = tokio::time::Instant::now() + Duration::from_millis(900);
        while let Ok(next) = tokio::time::timeout_at(until, self.stream.next()).await {
            let Some(Ok(Message::Text(text))) = next else {
                panic!("instead of silence: {next:?}")
            };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            let is_beside = others.iter().any(|other| frame["event"] == *other);
            assert!(is_beside, "instead of silence: {frame}");
        }
    }
}

/// The answer to a handshake, read to its end: the WebSocket client keeps only what came with the
/// headers, so the same handshake is made once more over plain HTTP.
async fn refusal(url: &str, headers: &[(HeaderName, String)]) -> Reply {
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let mut request = client
        .get(url.replacen("ws", "http", 1))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Reply::fetch(request).await
}
