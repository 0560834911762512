//! How long sockets live: as long as their tokens, which may be renewed in place.

use std::{cell::Cell, time::Duration};

use serde_json::json;
use shared::{
    chat::event::{AckFrame, AckOutcome, Credentials, ServerEvent, TokenEnd},
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
};

use super::{
    room::Room,
    sockets::{self, Socket},
};
use crate::{
    auth,
    call::{Background, Work},
    clock, env, liveness, log, random,
    refused::Refused,
};

/// How long before the end of its token a client is told of it.
const WARNING: Duration = Duration::from_mins(1);

/// When a room has to look after its sockets' tokens next; nothing, until it has looked.
#[derive(Default)]
pub struct Life(Cell<Option<Timestamp>>);

impl Life {
    /// To be called when a socket has come.
    pub fn changed(&self) {
        self.0.set(None);
    }
}

/// What the clock brings a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Warn,
    End,
}

/// What is to be done about a token's end, as verification has it: no leeway.
fn step(expires_at: Timestamp, is_warned: bool, now: Timestamp) -> Step {
    if now >= expires_at {
        Step::End
    } else if !is_warned && now.plus(WARNING) >= expires_at {
        Step::Warn
    } else {
        Step::Nothing
    }
}

/// When something is to be done about a token's end.
fn due(expires_at: Timestamp, is_warned: bool) -> Timestamp {
    if is_warned { expires_at } else { expires_at.minus(WARNING) }
}

impl Room {
    /// When a client is to be told that its token ends, or a socket to end with its token. It may be
    /// early, never late.
    pub(super) fn life_due(&self) -> Option<Timestamp> {
        let never = Timestamp::EPOCH.plus(Duration::MAX);
        let next = self.life.0.get().unwrap_or_else(|| {
            let dues = sockets::all(&self.state);
            let dues = dues.iter().map(|open| due(open.owner.token_expires_at, open.is_warned));
            dues.min().unwrap_or(never)
        });
        self.life.0.set(Some(next));
        (next < never).then_some(next)
    }

    /// Does what [`life_due`](Self::life_due) said was due.
    pub(super) fn run_life(&self, now: Timestamp) {
        if self.life_due().is_none_or(|due| now < due) {
            return;
        }
        for socket in sockets::all(&self.state) {
            let expires_at = socket.owner.token_expires_at;
            match step(expires_at, socket.is_warned, now) {
                Step::Nothing => {}
                Step::Warn => match socket.warned() {
                    Ok(()) => socket.send(&ServerEvent::SessionExpiring(TokenEnd { expires_at })),
                    Err(error) => log::error("", &format!("no warning: {error}")),
                },
                Step::End => socket.end(ErrorCode::TokenExpired, ServerEvent::SessionInvalidated),
            }
        }
        self.life.changed();
    }

    /// Takes a newer token of the same session in place of the one that the socket came with.
    pub(super) async fn reauthenticate(
        &self,
        socket: &Socket,
        credentials: Credentials,
        ack: Option<u64>,
    ) {
        let expires_at = match self.newer_token(socket, &credentials.token).await {
            Ok(Some(expires_at)) => expires_at,
            Ok(None) => return,
            Err(code) if code.is_session_end() => {
                return self.close_session(&SessionHash::of(&socket.owner.session_token), code);
            }
            Err(code) => {
                return socket.refuse(code, ack);
            }
        };
        self.life.changed();
        socket.send(&ServerEvent::Reauthenticated(TokenEnd { expires_at }));
        if let Some(ack) = ack {
            let outcome = AckOutcome::Data(json!({ "expires_at": expires_at }));
            socket.send(&AckFrame { ack, outcome });
        }
        self.arm().await;
    }

    /// The end of the socket's token from now on; `None` where the socket has closed meanwhile. A code
    /// that ends a session is about the socket's own.
    async fn newer_token(
        &self,
        socket: &Socket,
        token: &str,
    ) -> Result<Option<Timestamp>, ErrorCode> {
        if !self.may_act(socket) {
            return Err(ErrorCode::RateLimited);
        }
        let id = random::id();
        let renewed = async {
            let work = Work {
                env: &self.env,
                config: env::config(&self.env)?,
                id: &id,
                now: clock::now(),
                background: Background::Object(&self.state),
            };
            let claims = auth::verify(token, work).await?;
            // Before its session is asked for: the fate of another's is nothing to tell here.
            let is_own = claims.session_token == socket.owner.session_token
                && claims.user_id == socket.owner.user_id
                && claims.user_type == socket.owner.user_type;
            if !is_own {
                return Err(ErrorCode::Forbidden.into());
            }
            liveness::check_socket(work, &claims).await?;
            if let Some(code) = self.store()?.end_of(&claims.session_hash())? {
                return Err(code.into());
            }
            Ok(socket.renew(auth::ends_at(&claims))?)
        };
        renewed.await.map_err(|refused: Refused| refused.logged(&id))
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn a_client_is_told_once_a_minute_before_and_closed_at_the_end() {
        let end = at(1000);
        assert_eq!(step(end, false, at(939)), Step::Nothing);
        assert_eq!(step(end, false, at(940)), Step::Warn);
        assert_eq!(step(end, true, at(940)), Step::Nothing);
        assert_eq!(step(end, true, at(999)), Step::Nothing);
        assert_eq!(step(end, false, at(1000)), Step::End);
        assert_eq!(step(end, true, at(1000)), Step::End);
    }

    #[test]
    fn something_is_to_be_done_whenever_it_is_due() {
        for is_warned in [false, true] {
            let due = due(at(1000), is_warned);
            assert_ne!(step(at(1000), is_warned, due), Step::Nothing);
            let before = Timestamp::from_millis(due.as_millis() - 1).unwrap();
            assert_eq!(step(at(1000), is_warned, before), Step::Nothing);
        }
    }
}
