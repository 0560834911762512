//! A refresh: a new pair of tokens of the same session.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    error::ErrorCode,
    session::{EndReason, judge},
    time::Timestamp,
    user::ClientType,
};

use super::{
    alert::{self, Alert},
    device,
    end::end,
    refresh_keys::{Descent, MAX_TOKEN_BYTES, hash},
    tokens::{self, AccessToken, RefreshToken},
};
use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self, Tx,
        audit::{AuditKind, NewEvent},
        refresh_tokens::{NewRefreshToken, RefreshToken as Row},
        sessions::{End, Session},
    },
};

/// For how long after its use a token still gets the successor that it got: an answer was lost, or
/// several of a client's calls refreshed at once.
const GRACE: Duration = Duration::from_secs(30);
/// Rotations of one family in a minute; a client that wants more is broken, and would fill the table.
const MAX_ROTATIONS_A_MINUTE: i64 = 60;

/// What a refresh gives.
pub struct Refreshed {
    /// The kind of client, which decides how the refresh token travels.
    pub client_type: ClientType,
    /// The new access token.
    pub access_token: AccessToken,
    /// The successor of the token that was sent.
    pub refresh_token: RefreshToken,
}

/// What a token of a family may still be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is the newest: it is traded for its successor.
    Head,
    /// It was the newest a moment ago: it gets the successor that it got.
    JustUsed,
    /// Whoever sends it now is not who it was given to, or its successor went to someone else.
    Stolen,
}

fn standing(sent: &Row, head: &Row, now: Timestamp) -> Standing {
    if sent.generation == head.generation {
        return Standing::Head;
    }
    let is_before_head = sent.generation + 1 == head.generation;
    let is_recent = sent.used_at.is_some_and(|used_at| now.since(used_at) <= GRACE);
    if is_before_head && is_recent { Standing::JustUsed } else { Standing::Stolen }
}

/// A refresh token that a client sent, and the session that it renews: which one that is never
/// changes, so that it may be asked before the transaction that locks it.
pub struct Presented<'a> {
    token: &'a str,
    /// The session.
    pub authentication_session_id: i64,
    /// Whose it is.
    pub user_id: i64,
}

impl<'a> Presented<'a> {
    /// Looks a token up.
    ///
    /// # Errors
    /// `TOKEN_INVALID` where there is none; the database's.
    pub async fn find(app: &App, token: &'a str) -> Result<Self, ApiError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(ErrorCode::TokenInvalid.into());
        }
        let mut handle = app.db.acquire().await?;
        let found = store::refresh_tokens::find(handle.conn(), &hash(token)).await?;
        let Row { authentication_session_id, user_id, .. } =
            found.ok_or(ErrorCode::TokenInvalid)?;
        Ok(Self { token, authentication_session_id, user_id })
    }
}

/// A refresh token whose session is live, under the lock of that session's row.
pub struct Held {
    session: Session,
    sent: Row,
    head: Row,
    standing: Standing,
}

/// Locks a refresh token's session, then sees what the token is still good for.
///
/// # Errors
/// The reason why the session has ended; `TOKEN_INVALID` where a log-in has begun another family,
/// `TOKEN_EXPIRED` past the token's end; the database's.
pub async fn hold(app: &App, tx: &mut Tx, presented: &Presented<'_>) -> Result<Held, ApiError> {
    let now = app.ambient.now();
    let session = store::sessions::lock(tx.conn(), presented.authentication_session_id).await?;
    let session = session.ok_or(ErrorCode::SessionNotFound)?;
    judge(&session.facts, app.policy.session_idle_limit, now)?;
    let sent = store::refresh_tokens::find(tx.conn(), &hash(presented.token)).await?;
    let sent = sent.filter(|sent| sent.retired_at.is_none()).ok_or(ErrorCode::TokenInvalid)?;
    if now >= sent.expires_at {
        return Err(ErrorCode::TokenExpired.into());
    }
    let head = store::refresh_tokens::head(tx.conn(), &sent.family).await?;
    let head = head.ok_or(ErrorCode::TokenInvalid)?;
    let standing = standing(&sent, &head, now);
    Ok(Held { session, sent, head, standing })
}

impl Held {
    /// Whether the token, or its successor, is in the hands of someone whom it was not given to.
    #[must_use]
    pub fn is_stolen(&self) -> bool {
        self.standing == Standing::Stolen
    }

    /// Ends the session of a stolen token.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_as_stolen(
        &self,
        app: &App,
        tx: &mut Tx,
        call: &CallContext,
    ) -> Result<(), ApiError> {
        let reuse = End { reason: EndReason::ReuseDetected, by_session_id: None, by_user_id: None };
        // Before the end, so that the sockets that it closes hear of it.
        let device = device::of_call(call);
        alert::raise(app, tx, &Alert::of_reuse(&self.session, &device, call)).await?;
        let note = format!("generation {} of {}", self.sent.generation, self.head.generation);
        end(app, tx, &self.session, reuse, Some(call), Some(&note)).await?;
        Ok(())
    }
}

/// Trades a refresh token for a new pair of the same session. Asked twice, it gives the same
/// refresh token; asked with one that was traded long ago, it ends the session.
///
/// # Errors
/// `TOKEN_INVALID`, `TOKEN_EXPIRED`, the reason why the session has ended, `REUSE_DETECTED` where
/// this call has just ended it, `RATE_LIMITED`; the database's.
pub async fn refresh(app: &App, token: &str, call: &CallContext) -> Result<Refreshed, ApiError> {
    let presented = Presented::find(app, token).await?;
    let refreshed = app.db.retrying(|| refresh_in(app, &presented, call)).await?;
    refreshed.ok_or_else(|| {
        app.outbox_bell.ring_for_ends();
        ErrorCode::ReuseDetected.into()
    })
}

/// `None` where the token was stolen; its session has then ended.
async fn refresh_in(
    app: &App,
    presented: &Presented<'_>,
    call: &CallContext,
) -> Result<Option<Refreshed>, ApiError> {
    let (now, token) = (app.ambient.now(), presented.token);
    let mut tx = app.db.begin().await?;
    let held = hold(app, &mut tx, presented).await?;
    let jti = app.ambient.unique_name();
    let refresh_token = match held.standing {
        Standing::Stolen => {
            held.end_as_stolen(app, &mut tx, call).await?;
            tx.commit().await?;
            return Ok(None);
        }
        Standing::JustUsed => {
            audit(
                &mut tx,
                &held,
                call,
                json!({ "generation": held.head.generation, "repeated": true }),
                now,
            )
            .await?;
            again(app, token, &held, now)?
        }
        Standing::Head => {
            let rotated = rotate(app, &mut tx, token, &held, now).await?;
            store::sessions::note_refresh(
                tx.conn(),
                presented.authentication_session_id,
                &jti,
                now,
            )
            .await?;
            audit(&mut tx, &held, call, json!({ "generation": held.head.generation + 1 }), now)
                .await?;
            rotated
        }
    };
    let access_token = tokens::access_token(app, &held.session, jti, now)?;
    tx.commit().await?;
    Ok(Some(Refreshed { client_type: held.session.client_type, access_token, refresh_token }))
}

/// The successor that the token got before.
fn again(app: &App, token: &str, held: &Held, now: Timestamp) -> Result<RefreshToken, ApiError> {
    let Held { head, .. } = held;
    let descent = Descent { family: &head.family, generation: head.generation, nonce: &head.nonce };
    // Without its key, which an operator took away too early, the successor cannot be made again.
    let token =
        app.refresh_keys.successor(&head.kid, token, &descent).ok_or(ErrorCode::TokenInvalid)?;
    Ok(RefreshToken { token, expires_in: head.expires_at.since(now).as_secs() })
}

async fn rotate(
    app: &App,
    tx: &mut Tx,
    token: &str,
    held: &Held,
    now: Timestamp,
) -> Result<RefreshToken, ApiError> {
    let Held { session, head, .. } = held;
    let earlier = head.generation - MAX_ROTATIONS_A_MINUTE;
    let made_at = store::refresh_tokens::made_at(tx.conn(), &head.family, earlier).await?;
    let since = made_at.map(|made_at| now.since(made_at));
    if let Some(wait) = since.and_then(|since| Duration::from_mins(1).checked_sub(since)) {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(60);
        return Err(ApiError::Busy { retry_after: seconds + 1 });
    }
    let (generation, nonce) = (head.generation + 1, app.ambient.unique_name());
    let descent = Descent { family: &head.family, generation, nonce: &nonce };
    let kid = app.refresh_keys.current();
    let successor = app
        .refresh_keys
        .successor(kid, token, &descent)
        .ok_or_else(|| anyhow::anyhow!("there is no refresh key"))?;
    let expires_at = tokens::refresh_end(app, session, now);
    let new = NewRefreshToken {
        user_id: session.user_id,
        authentication_session_id: session.authentication_session_id,
        token_hash: &hash(&successor),
        family: &head.family,
        generation,
        nonce: &nonce,
        kid,
        expires_at,
    };
    store::refresh_tokens::insert(tx.conn(), &new, now).await?;
    store::refresh_tokens::mark_used(tx.conn(), head.refresh_token_id, now).await?;
    Ok(RefreshToken { token: successor, expires_in: expires_at.since(now).as_secs() })
}

async fn audit(
    tx: &mut Tx,
    held: &Held,
    call: &CallContext,
    detail: Value,
    now: Timestamp,
) -> Result<(), ApiError> {
    let event = NewEvent {
        kind: AuditKind::Refreshed,
        user_id: Some(held.session.user_id),
        authentication_session_id: Some(held.session.authentication_session_id),
        actor_user_id: None,
        client_ip: Some(&call.client_ip.to_string()),
        request_id: Some(&call.request_id),
        detail: Some(detail),
    };
    Ok(store::audit::insert(tx.conn(), &event, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(generation: i64, used_at: Option<i64>) -> Row {
        let at = |second: i64| Timestamp::from_millis(second * 1000).unwrap();
        Row {
            refresh_token_id: generation,
            user_id: 31,
            authentication_session_id: 1,
            family: "f".into(),
            generation,
            nonce: String::new(),
            kid: String::new(),
            expires_at: at(10_000),
            used_at: used_at.map(at),
            retired_at: None,
        }
    }

    #[test]
    fn the_head_rotates_the_one_before_it_repeats_and_all_else_is_theft() {
        let now = Timestamp::from_millis(100_000).unwrap();
        let head = row(5, None);
        let of = |sent: Row| standing(&sent, &head, now);
        assert_eq!(of(row(5, None)), Standing::Head);
        assert_eq!(of(row(4, Some(100))), Standing::JustUsed);
        assert_eq!(of(row(4, Some(70))), Standing::JustUsed);
        assert_eq!(of(row(4, Some(69))), Standing::Stolen);
        assert_eq!(of(row(3, Some(100))), Standing::Stolen);
        assert_eq!(of(row(0, Some(0))), Standing::Stolen);
    }
}
