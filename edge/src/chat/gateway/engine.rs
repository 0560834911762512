//! Links at a gateway: how they are opened, polled and moved to a WebSocket, what they bring, how they
//! end. What their messages mean is in [`socket_io`](super::socket_io).

use std::{rc::Rc, time::Duration};

use shared::{
    chat::gateway::{NEWCOMER_HEADER, TOKEN_HEADER},
    error::{ErrorCode, Language},
    socket_io::{
        Malformed,
        engine::{Kind, Packet, Version},
        payload,
    },
};
use worker::{
    Delay, Request, Response, Result, WebSocket, WebSocketIncomingMessage, WebSocketPair,
};

use super::{
    Gateway, MAX_NEWCOMERS, MAX_SOCKETS,
    link::{Known, Link, Polling, Stage, attach},
    record,
};
use crate::{
    chat::sockets::is_open,
    clock, env,
    socket_io::{Problem, refusal},
};

/// How long a poll is held while its link moves: the word that it has may be on its way.
const MOVING: Duration = Duration::from_millis(40);

/// How a link ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its client has ended it.
    ByClient,
    /// We have, and what waits is still to be read.
    ByUs,
    /// It cannot go on.
    Broken,
}

impl Gateway {
    /// Opens a link: over a WebSocket where that is asked for, else by polling.
    pub(super) async fn open_link(&self, request: &Request) -> Result<Response> {
        let header = |name| request.headers().get(name).ok().flatten();
        let sid = header(NEWCOMER_HEADER).ok_or("a link without a name")?;
        let (sockets, links) = (self.state.get_websockets().len(), self.links.len());
        if record::newcomers(&self.state)? >= MAX_NEWCOMERS || sockets + links >= MAX_SOCKETS {
            return super::super::room::refuse(ErrorCode::TooManySockets);
        }
        let now = clock::now();
        let language = Language::preferred(header("accept-language").as_deref());
        let known = Known::new(sid.clone(), language, header(TOKEN_HEADER), now);
        #[cfg(feature = "echo")]
        let known = super::echo::marked(known, request.headers())?;
        record::wait(&self.state, &sid, now.plus(super::AUTH_LIMIT))?;
        #[cfg(feature = "echo")]
        if known.is_plain {
            record::forget(&self.state, &sid)?;
        }
        let due = known.beat_due(self.rhythm());
        self.next_beat.set(Some(self.next_beat.get().map_or(due, |next| next.min(due))));

        let (link, response) = if header("upgrade").is_some() {
            let pair = WebSocketPair::new()?;
            self.answer_heartbeats(&sid);
            Link::accept(&self.state, &pair.server, &known);
            (Link::Socket(pair.server), Some(Response::from_websocket(pair.client)?))
        } else {
            (Link::Polling(self.links.open(known.clone())), None)
        };
        let rhythm = self.rhythm();
        let upgrades = if response.is_some() { "" } else { "\"websocket\"" };
        let open = format!(
            r#"{{"sid":"{sid}","upgrades":[{upgrades}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            rhythm.interval.as_millis(),
            rhythm.timeout.as_millis(),
            self.max_payload(),
        );
        link.send(&Packet::Text(Kind::Open, &open));
        let response = match (response, &link) {
            (None, Link::Polling(polling)) => Response::ok(polling.body(polling.take())),
            (response, _) => response.ok_or_else(|| "a link without a transport".into()),
        };
        #[cfg(feature = "echo")]
        if known.is_plain {
            return response;
        }
        if known.version() == Version::Three {
            self.enter_main(&link, known).await;
        }
        response
    }

    /// Lets a WebSocket try to take a link over. Where it has moved already, or another is at it, the
    /// socket closes at once.
    pub(super) fn try_socket(&self, sid: &str) -> Result<Response> {
        let Some(link) = self.link(sid) else { return refusal(Problem::UnknownSid) };
        let pair = WebSocketPair::new()?;
        let tried = self.state.get_websockets_with_tag(sid);
        match link {
            Link::Polling(polling) if !tried.iter().any(is_open) => {
                self.answer_heartbeats(sid);
                let known = polling.known.borrow().clone();
                let (opened_at, members) = (clock::now(), Vec::new());
                let probe = Known { is_probe: true, pinged_at: opened_at, members, ..known };
                Link::accept(&self.state, &pair.server, &probe);
            }
            _ => {
                pair.server.accept()?;
                pair.server.close(Some(1000), Some(""))?;
            }
        }
        Response::from_websocket(pair.client)
    }

    /// What a link has for its client, once it has something.
    pub(super) async fn poll(&self, sid: &str) -> Result<Response> {
        let polling = match self.polling(sid) {
            Ok(polling) => polling,
            Err(problem) => return refusal(problem),
        };
        if !polling.begin_poll() {
            // Of two polls nobody knows which is to bring what.
            self.close_link(&Link::Polling(polling), Ending::Broken);
            return refusal(Problem::BadRequest);
        }
        if polling.stage.get() == Stage::Closed && polling.say_last(Kind::Close) {
            self.links.remove(sid);
        }
        if polling.stage.get() == Stage::Tried {
            Delay::from(MOVING).await;
            polling.end_poll();
        }
        let packets = polling.polled().await;
        // It has moved: a client that moves ends its polls first.
        if packets.is_empty() {
            return refusal(Problem::BadRequest);
        }
        #[cfg(feature = "echo")]
        if let Some(response) = super::echo::as_bytes(&polling.known.borrow(), &packets) {
            return response;
        }
        Response::ok(polling.body(packets))
    }

    /// Takes what a client has posted; an empty body ends the link.
    pub(super) async fn push(&self, sid: &str, mut request: Request) -> Result<Response> {
        let polling = match self.polling(sid) {
            Ok(polling) if polling.stage.get() != Stage::Closed => polling,
            Ok(_) => return refusal(Problem::UnknownSid),
            Err(problem) => return refusal(problem),
        };
        let version = polling.known.borrow().version();
        let is_binary = request.headers().get("content-type")?.is_some_and(|it| it == BYTES);
        let body = request.bytes().await?;
        let link = Link::Polling(polling);
        if self.take_all(&link, &body, version, is_binary).await.is_err() {
            self.close_link(&link, Ending::Broken);
            return refusal(Problem::BadRequest);
        }
        Response::ok("ok")
    }

    async fn take_all(
        &self,
        link: &Link,
        body: &[u8],
        version: Version,
        is_binary: bool,
    ) -> Result<(), Malformed> {
        let packets = if is_binary && version == Version::Three {
            payload::parse_bytes(body)?
        } else {
            payload::parse(std::str::from_utf8(body).map_err(|_| Malformed)?, version)?
        };
        link.change(|known| known.heard_at = clock::now());
        for packet in packets {
            // As it is by then: the one before may have ended it.
            let known = link.known().ok_or(Malformed)?;
            self.take(link, known, packet).await?;
        }
        Ok(())
    }

    /// Reads what came over a WebSocket.
    pub(super) async fn read_socket(
        &self,
        socket: WebSocket,
        known: Known,
        message: WebSocketIncomingMessage,
    ) {
        if known.is_probe {
            return self.probe(&socket, &known, &message);
        }
        if !is_open(&socket) {
            return;
        }
        let (link, version) = (Link::Socket(socket), known.version());
        let packet = match &message {
            WebSocketIncomingMessage::String(text) if text.len() <= self.max_payload() => {
                Packet::parse(text, version)
            }
            WebSocketIncomingMessage::Binary(bytes) if bytes.len() <= self.max_payload() => {
                Packet::parse_bytes(bytes, version)
            }
            _ => Err(Malformed),
        };
        let taken = match packet {
            Ok(packet) => self.take(&link, known, packet).await,
            Err(malformed) => Err(malformed),
        };
        if taken.is_err() {
            self.close_link(&link, Ending::Broken);
        }
        if self.is_sooner.get() {
            self.arm().await;
        }
    }

    /// A WebSocket is closed, or lost.
    pub(super) async fn socket_closed(&self, socket: &WebSocket, known: &Known) {
        if !known.is_probe {
            self.close_link(&Link::Socket(socket.clone()), Ending::ByClient);
            self.arm().await;
        } else if let Ok(polling) = self.polling(&known.sid)
            && polling.stage.get() == Stage::Tried
        {
            polling.stage.set(Stage::Open);
        }
    }

    /// Takes a packet.
    async fn take(&self, link: &Link, known: Known, packet: Packet<'_>) -> Result<(), Malformed> {
        let version = known.version();
        match packet {
            Packet::Text(Kind::Ping, said) if version == Version::Three => {
                link.change(|known| known.heard_at = clock::now());
                self.say(link, &Packet::Text(Kind::Pong, said));
            }
            // Most wake nobody.
            Packet::Text(Kind::Pong, _) if version == Version::Four => {
                link.change(|known| known.heard_at = clock::now());
            }
            Packet::Text(Kind::Message, text) => return self.read_text(link, known, text).await,
            #[cfg(not(feature = "echo"))]
            Packet::Binary(_) => return super::socket_io::pass_over(link, &known),
            #[cfg(feature = "echo")]
            Packet::Binary(bytes) => return self.read_bytes(link, &known, &bytes),
            Packet::Text(Kind::Close, _) => self.close_link(link, Ending::ByClient),
            Packet::Text(Kind::Noop | Kind::Upgrade, _) => {}
            Packet::Text(..) => return Err(Malformed),
        }
        Ok(())
    }

    /// A WebSocket is tried, and then its link moves there.
    fn probe(&self, socket: &WebSocket, known: &Known, message: &WebSocketIncomingMessage) {
        let polling = self.polling(&known.sid).ok();
        let polling = polling.filter(|polling| polling.stage.get() != Stage::Closed);
        let (Some(polling), WebSocketIncomingMessage::String(text)) = (polling, message) else {
            let _ = socket.close(Some(1000), Some(""));
            return;
        };
        match Packet::parse(text, known.version()) {
            Ok(Packet::Text(Kind::Ping, said)) => {
                let _ = socket.send_with_str(Packet::Text(Kind::Pong, said).to_text(Version::Four));
                polling.stage.set(Stage::Tried);
                // The client moves when its poll has ended.
                self.state.wait_until(async move {
                    Delay::from(MOVING).await;
                    if polling.stage.get() == Stage::Tried {
                        polling.end_poll();
                    }
                });
            }
            Ok(Packet::Text(Kind::Upgrade, _)) if polling.stage.get() == Stage::Tried => {
                attach(socket, &polling.known.borrow());
                polling.move_to(socket);
                self.links.remove(&known.sid);
            }
            _ => drop(socket.close(Some(1000), Some(""))),
        }
    }

    /// Sends a packet; a reader that is too slow for it loses its link.
    pub(super) fn say(&self, link: &Link, packet: &Packet<'_>) -> bool {
        let is_sent = link.send(packet);
        if !is_sent {
            self.close_link(link, Ending::Broken);
        }
        is_sent
    }

    /// The open link of this name.
    pub(super) fn link(&self, sid: &str) -> Option<Link> {
        match self.links.get(sid) {
            Some(polling) if polling.stage.get() == Stage::Closed => None,
            Some(polling) => Some(Link::Polling(polling)),
            None => self.state.get_websockets_with_tag(sid).into_iter().find_map(Link::over),
        }
    }

    /// The link of this name by polling, if only for its last words.
    fn polling(&self, sid: &str) -> Result<Rc<Polling>, Problem> {
        let Some(polling) = self.links.get(sid) else {
            let is_elsewhere = self.link(sid).is_some();
            return Err(if is_elsewhere { Problem::BadRequest } else { Problem::UnknownSid });
        };
        // The alarm may be late.
        if polling.known.borrow().is_gone(clock::now(), self.rhythm()) {
            self.close_link(&Link::Polling(polling), Ending::Broken);
            return Err(Problem::UnknownSid);
        }
        Ok(polling)
    }

    /// Ends a link: its namespaces are left, and the alarm tells their rooms.
    pub(super) fn close_link(&self, link: &Link, ending: Ending) {
        let link = link.now();
        let Some(known) = link.known() else { return };
        for kept in &known.members {
            self.lines.borrow_mut().forget(&kept.socket_id);
            self.or_log(record::leave(&self.state, &kept.socket_id, clock::now()));
        }
        self.is_sooner.set(true);
        self.or_log(record::forget(&self.state, &known.sid));
        link.change(|known| known.members.clear());
        match link {
            Link::Socket(socket) => drop(socket.close(Some(1000), Some(""))),
            Link::Polling(polling) => {
                let last = if ending == Ending::ByClient { Kind::Noop } else { Kind::Close };
                if !polling.close(last, ending == Ending::ByUs) {
                    self.links.remove(&known.sid);
                }
            }
        }
    }

    fn max_payload(&self) -> usize {
        env::config(&self.env).map_or(0, |config| config.max_payload)
    }
}

/// The content type of a body of bytes.
pub const BYTES: &str = "application/octet-stream";
