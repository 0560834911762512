//! A socket's life at a gateway: it says whose it is, is let into its room, is heard there, and leaves.

use serde_json::json;
use shared::{
    chat::{
        event::{AckFrame, AckOutcome, Credentials, FrameRefused, Refusal, ServerEvent},
        gateway::ClientFrames,
        room::{Room, RoomCall},
    },
    error::ErrorCode,
};
use worker::WebSocketIncomingMessage;

use super::{
    Gateway,
    line::Joined,
    member::Member,
    raw::{self, Said},
    record,
};
use crate::{
    auth,
    call::{Background, Work},
    chat::rooms,
    clock, env, log, random,
    refused::Refused,
    socket,
};

impl Gateway {
    /// Reads what a client has sent.
    pub(super) async fn read(&self, mut member: Member, message: WebSocketIncomingMessage) {
        match raw::read(message, member.kept.has_asked) {
            Ok(Said::Heartbeat(answer)) => {
                member.send(answer);
            }
            Ok(Said::Authenticate(credentials, ack)) => {
                self.authenticate(member, credentials, ack).await;
            }
            Ok(Said::Frame(frame)) => {
                let joined = self.lines.borrow_mut().join(member.id(), frame);
                match joined {
                    Joined::Begins => self.forward(&member).await,
                    Joined::Waits => {}
                    Joined::Full => self.end(member.id(), ErrorCode::RateLimited).await,
                }
            }
            Err(FrameRefused { code, ack }) => {
                if !member.refuse(code, ack) {
                    self.end(member.id(), ErrorCode::BadRequest).await;
                }
            }
        }
    }

    /// Lets a socket into its room, if its token and session hold as a handshake's must. What its client
    /// sends meanwhile waits.
    pub(super) async fn authenticate(
        &self,
        mut member: Member,
        credentials: Credentials,
        ack: Option<u64>,
    ) {
        member.kept.has_asked = true;
        member.keep();
        self.lines.borrow_mut().begin(member.id());
        self.or_log(record::token_came(&self.state, member.id()));
        let id = random::id();
        match self.subscribe(&mut member, &credentials.token, ack, &id).await {
            Ok(true) => self.forward(&member).await,
            // It left while it was let in.
            Ok(false) => {
                self.lines.borrow_mut().forget(member.id());
                if let Some(room) = Room::named(&member.kept.room) {
                    self.unsubscribe(member.id(), room).await;
                }
            }
            Err(refused) => {
                // Whoever asked is done: should the room have it, it is to be told at once.
                self.or_log(record::is_in(&self.state, member.id()));
                self.end(member.id(), refused.logged(&id)).await;
            }
        }
    }

    /// Whether the socket is in its room now, and still here.
    async fn subscribe(
        &self,
        member: &mut Member,
        token: &str,
        ack: Option<u64>,
        request_id: &str,
    ) -> Result<bool, Refused> {
        let work = Work {
            env: &self.env,
            config: env::config(&self.env)?,
            id: request_id,
            now: clock::now(),
            background: Background::Object(&self.state),
        };
        let claims = socket::admit(token, work).await?;
        let owner = socket::owner(&claims, member.id().to_owned(), member.kept.language);
        let room = Room::of(claims.user_id, claims.user_type, work.config.desk_shards);
        if !record::joins(&self.state, member.id(), room)? {
            return Ok(false);
        }
        member.kept.room = room.name();
        member.keep();
        rooms::ask(&self.env, room, &RoomCall::Subscribe(owner)).await?;
        if let Some(link) = member.link() {
            member.welcome();
            let known = link.known();
            self.or_log(known.map_or(Ok(()), |known| record::forget(&self.state, &known.sid)));
        }
        if let Some(ack) = ack {
            let data = json!({ "expires_at": auth::ends_at(&claims) });
            member.tell(&AckFrame { ack, outcome: AckOutcome::Data(data) });
        }
        Ok(record::is_in(&self.state, member.id())?)
    }

    /// Hands a client's frames to its room, in their order, until none waits.
    async fn forward(&self, member: &Member) {
        let Some(room) = Room::named(&member.kept.room) else { return };
        while let Some(frames) = self.next_batch(member.id()) {
            let sent = RoomCall::ClientFrames(ClientFrames(member.id().to_owned(), frames));
            if let Err(refused) = rooms::tell(&self.env, room, &sent).await {
                // Whether they were read is not known: the client is to come again, and to send again
                // what it has no answer to.
                log::warn("", &format!("{} was not reached: {refused:?}", room.name()));
                self.end(member.id(), ErrorCode::Internal).await;
            }
        }
    }

    fn next_batch(&self, socket_id: &str) -> Option<Vec<String>> {
        self.lines.borrow_mut().next_batch(socket_id)
    }

    /// Says to a client why its socket ends, and ends it.
    pub(super) async fn end(&self, socket_id: &str, code: ErrorCode) {
        if let Some(member) = self.member(socket_id) {
            // Who is not let in hears it from what is said instead.
            if member.kept.is_open {
                member.tell(&ending(code)(member.refusal(code)));
            }
            self.close(&member, code);
        }
        self.left(socket_id).await;
    }

    /// Closes a socket, or a namespace.
    pub(super) fn close(&self, member: &Member, code: ErrorCode) {
        match member.link() {
            Some(link) => self.close_namespace(member, link, code),
            None => member.close(code),
        }
    }

    /// A socket is not here any more: its room is told, now or later.
    pub(super) async fn left(&self, socket_id: &str) {
        self.lines.borrow_mut().forget(socket_id);
        let room = record::leave(&self.state, socket_id, clock::now());
        match self.or_log(room).flatten() {
            Some(room) => self.unsubscribe(socket_id, room).await,
            None => self.arm().await,
        }
    }

    /// Tells a room that a socket has left, as often as it takes.
    pub(super) async fn unsubscribe(&self, socket_id: &str, room: Room) {
        let told = rooms::tell(&self.env, room, &RoomCall::Unsubscribe(socket_id.to_owned())).await;
        let done = match told {
            Ok(()) => record::forget(&self.state, socket_id),
            Err(refused) => {
                log::warn("", &format!("{} was not told: {refused:?}", room.name()));
                record::tell_later(&self.state, socket_id)
            }
        };
        self.or_log(done);
        self.arm().await;
    }
}

/// The event that tells of an end: of the session or its token, or of the socket alone.
const fn ending(code: ErrorCode) -> fn(Refusal) -> ServerEvent {
    match code {
        ErrorCode::TokenMalformed | ErrorCode::TokenInvalid | ErrorCode::TokenExpired => {
            ServerEvent::SessionInvalidated
        }
        code if code.is_session_end() => ServerEvent::SessionInvalidated,
        _ => ServerEvent::Error,
    }
}

#[cfg(test)]
mod tests {
    use shared::error::Language;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_end_of_the_session_is_told_apart_from_one_of_the_socket() {
        for code in ErrorCode::ALL {
            let event = ending(code)(Refusal::new(code, Language::English));
            let is_told = matches!(event, ServerEvent::SessionInvalidated(_));
            let is_token =
                matches!(code.as_str(), "TOKEN_MALFORMED" | "TOKEN_INVALID" | "TOKEN_EXPIRED");
            assert_eq!(is_told, code.is_session_end() || is_token, "{code}");
        }
    }
}
