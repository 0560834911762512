//! One WebSocket over a TCP connection that can be treated as badly as the network treats it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, HeaderName};
use shared::{chat::event::PONG, error::ErrorCode, route};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use crate::socket_io::{Said, Speech, speech};

/// How long a handshake may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a client that is slow on purpose lets the system keep for it, in bytes.
const SMALL: u32 = 4 * 1024;

/// What is spoken over a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// Our frames, plainly.
    #[default]
    Raw,
    /// The same in packets of Socket.IO.
    SocketIo,
}

/// Where a client comes in, and as whom.
#[derive(Clone)]
pub struct Account {
    /// Base URL of the edge: `http://…`.
    pub base: String,
    /// Access token; never printed.
    pub token: String,
    /// Whose it is.
    pub user_id: i64,
    /// What its lines speak.
    pub wire: Wire,
}

impl Account {
    /// The same person with a client that speaks something else.
    #[must_use]
    pub fn over(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }
}

/// An open line.
pub struct Line {
    stream: WebSocketStream<TcpStream>,
    wire: Wire,
}

/// Why there is no line.
#[derive(Debug)]
pub enum NotOpen {
    /// Nobody listens, or the connection was lost: to be tried again.
    Unreachable(String),
    /// The handshake was refused with this status and code.
    Refused(u16, String),
}

/// What comes over a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A text frame.
    Text(String),
    /// The server closes, with this code and reason.
    Closed(u16, String),
    /// The connection is gone without a word.
    Lost,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// With the closing handshake's first half, as an app that goes to the background does.
    Polite,
    /// The connection ends in order, the WebSocket does not.
    Fin,
    /// The connection is reset: what was on its way is lost.
    Reset,
}

impl Line {
    /// Opens a line with the account's token, in the `Authorization` header or as Socket.IO has it.
    ///
    /// # Errors
    /// [`NotOpen`].
    pub async fn open(account: &Account) -> Result<Self, NotOpen> {
        if account.wire == Wire::SocketIo {
            let entered = timeout(PATIENCE, Self::enter(account)).await;
            return entered.unwrap_or_else(|late| Err(NotOpen::Unreachable(late.to_string())));
        }
        let bearer = [(AUTHORIZATION, format!("Bearer {}", account.token))];
        Self::dial(&account.base, route::CHAT_SOCKET, &bearer, None).await
    }

    /// Opens a line of Socket.IO's, and is let in by its CONNECT.
    async fn enter(account: &Account) -> Result<Self, NotOpen> {
        let lost = |what: String| NotOpen::Unreachable(what);
        let mut line = Self::dial(&account.base, speech::PATH, &[], None).await?;
        line.wire = Wire::SocketIo;
        let mut has_asked = false;
        loop {
            let packet = match line.hear().await {
                Heard::Text(packet) => packet,
                end => return Err(lost(format!("{end:?}"))),
            };
            match Speech::read(&packet).map_err(lost)? {
                Said::Open if !has_asked => {
                    has_asked = true;
                    line.put(Message::text(Speech::connect(&account.token))).await;
                }
                Said::Ping => _ = line.put(Message::text(Speech::PONG)).await,
                Said::Nothing => {}
                Said::Connected => return Ok(line),
                Said::Refused(code) => {
                    let known: Result<ErrorCode, _> = serde_json::from_value(code.clone().into());
                    let status = known.expect("a code of ours").status();
                    return Err(NotOpen::Refused(status, code));
                }
                other => return Err(lost(format!("{other:?} before we are let in"))),
            }
        }
    }

    /// The same with next to no room for what the client has not read.
    ///
    /// # Errors
    /// [`NotOpen`].
    pub async fn open_small(account: &Account) -> Result<Self, NotOpen> {
        let bearer = [(AUTHORIZATION, format!("Bearer {}", account.token))];
        Self::dial(&account.base, route::CHAT_SOCKET, &bearer, Some(SMALL)).await
    }

    async fn dial(
        base: &str,
        path: &str,
        headers: &[(HeaderName, String)],
        receive_buffer: Option<u32>,
    ) -> Result<Self, NotOpen> {
        let address = base.strip_prefix("http://").expect("a test's edge is near");
        let unreachable = |error: &dyn std::fmt::Display| NotOpen::Unreachable(error.to_string());
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a URL");
        for (name, value) in headers {
            request.headers_mut().append(name, value.parse().expect("a header"));
        }
        let connect = async {
            let address =
                tokio::net::lookup_host(address).await?.find(std::net::SocketAddr::is_ipv4);
            let address = address.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
            let socket = TcpSocket::new_v4()?;
            if let Some(bytes) = receive_buffer {
                socket.set_recv_buffer_size(bytes)?;
            }
            socket.connect(address).await
        };
        let open = async {
            let tcp = connect.await.map_err(|error| unreachable(&error))?;
            let _ = tcp.set_nodelay(true);
            // What is asked of the server is asked of the client: it reads no more than it is given.
            let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
            match client_async_with_config(request, tcp, Some(config)).await {
                Ok((stream, _)) => Ok(Self { stream, wire: Wire::Raw }),
                Err(Error::Http(answer)) => Err(refusal(&answer)),
                Err(error) => Err(unreachable(&error)),
            }
        };
        timeout(PATIENCE, open).await.unwrap_or_else(|late| Err(unreachable(&late)))
    }

    /// Opens a line of Engine.IO's at this path and says nothing: packets go and come as they are.
    ///
    /// # Errors
    /// [`NotOpen`].
    pub async fn open_bare(base: &str, path: &str) -> Result<Self, NotOpen> {
        Self::dial(base, path, &[], None).await
    }

    /// Sends a text frame, over Socket.IO as a packet; false where the line is gone.
    pub async fn send(&mut self, text: impl Into<String>) -> bool {
        let text = text.into();
        let packet = if self.wire == Wire::SocketIo { Speech::packet(&text) } else { Some(text) };
        match packet {
            Some(packet) => self.put(Message::text(packet)).await,
            None => true,
        }
    }

    /// Sends a binary frame; false where the line is gone.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> bool {
        self.put(Message::binary(bytes)).await
    }

    async fn put(&mut self, message: Message) -> bool {
        self.stream.send(message).await.is_ok()
    }

    /// What comes next, over Socket.IO as the raw line would have it. May be dropped while it waits: nothing is
    /// lost by that.
    pub async fn next(&mut self) -> Heard {
        loop {
            let heard = self.hear().await;
            let Heard::Text(packet) = &heard else { return heard };
            if self.wire == Wire::Raw {
                return heard;
            }
            match Speech::read(packet).unwrap_or_else(|why| panic!("{why}")) {
                Said::Frame(frame) => return Heard::Text(frame),
                Said::Ping => {
                    self.put(Message::text(Speech::PONG)).await;
                    // That the server is there is what a raw client hears by this.
                    return Heard::Text(PONG.to_owned());
                }
                // The close comes after it.
                Said::Disconnected | Said::Nothing => {}
                other => panic!("{other:?} on a line that is open"),
            }
        }
    }

    async fn hear(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text.to_string()),
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return Heard::Closed(code.into(), reason.to_string());
                }
                Some(Ok(Message::Binary(bytes))) => {
                    panic!("the server speaks text, not {} bytes", bytes.len())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Lost,
            }
        }
    }

    /// Ends it.
    pub async fn cut(mut self, how: Cut) {
        match how {
            Cut::Polite => {
                let _ = self.stream.send(Message::Close(None)).await;
            }
            Cut::Fin => {}
            Cut::Reset => {
                let _ = self.stream.get_ref().set_zero_linger();
            }
        }
    }
}

fn refusal(answer: &http::Response<Option<Vec<u8>>>) -> NotOpen {
    let body = answer.body().as_deref().unwrap_or_default();
    // Only what came with the headers is kept of the body: the code may not be in it.
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let code = json["code"].as_str().unwrap_or_default().to_owned();
    NotOpen::Refused(answer.status().as_u16(), code)
}
