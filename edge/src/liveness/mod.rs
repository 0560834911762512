//! May this session be used? Asked of the isolate's memory, then of KV, then of the origin.
//!
//! Two entries a session: its tombstone, written only when the origin pushes the end, and what an
//! origin last said of it alive. Dead wins, so a late fill never revives a session. A read may rest
//! on a word of the origin that is at most [`entry::MAX_AGE`] old, plus [`memory::LIVE_TTL`] here.

mod entry;
mod kv;
mod memory;

use futures_util::future::join;
use shared::{
    assertion::CheckedSession,
    error::ErrorCode,
    internal::{Liveness, Remembered, SessionEvent},
    session::SessionHash,
    time::Timestamp,
    token::Claims,
};

use crate::{
    call::{Call, Work},
    origin,
    refused::Refused,
};
use entry::{LiveEntry, Tombstone};
use kv::Sessions;

pub use memory::{LIVE_TTL, RENEWED_BEFORE};

/// What this isolate itself says of a session to [`check_read`]: live or dead, or `None`, and others
/// must be asked.
pub fn remembered(session: &SessionHash, now: Timestamp) -> Option<Result<(), ErrorCode>> {
    match memory::dead(session, now) {
        Some(code) => Some(Err(code)),
        None => memory::is_live(session, now).then_some(Ok(())),
    }
}

/// The full check: a read may rest on what is remembered.
pub async fn check_read(work: Work<'_>, claims: &Claims) -> Result<CheckedSession, Refused> {
    let session = claims.session_hash();
    if let Some(code) = memory::dead(&session, work.now) {
        return Err(code.into());
    }
    if let Some(live) = memory::live_or_renewed(&session, work.now) {
        return Ok(checked(session, live));
    }
    let kv = Sessions::of(work)?;
    let (tombstone, live) = join(kv.tombstone(&session), kv.live(&session)).await;
    if let Some(tombstone) = tombstone {
        return Err(buried(session, tombstone));
    }
    if let Some(live) = live.filter(|live| live.is_usable(work.now)) {
        memory::remember_live(session.clone(), live, work.now);
        return Ok(checked(session, live));
    }
    match ask(work, claims).await {
        Ok(live) => Ok(checked(session, live)),
        // The origin cannot say it; the session's own end can.
        Err(refused)
            if is_unavailable(&refused) && live.is_some_and(|live| live.until <= work.now) =>
        {
            Err(ErrorCode::SessionExpired.into())
        }
        Err(refused) => Err(refused),
    }
}

/// The half of the check that is ours before a write: the origin judges by its own row, but need
/// not see what is known to be dead.
pub async fn check_write(work: Work<'_>, claims: &Claims) -> Result<(), Refused> {
    let session = claims.session_hash();
    if let Some(code) = memory::dead(&session, work.now) {
        return Err(code.into());
    }
    match Sessions::of(work)?.tombstone(&session).await {
        Some(tombstone) => Err(buried(session, tombstone)),
        None => Ok(()),
    }
}

/// The check of a handshake. A socket lives on, so it never rests on what is remembered, unless
/// there is nobody to ask.
pub async fn check_socket(work: Work<'_>, claims: &Claims) -> Result<(), Refused> {
    check_write(work, claims).await?;
    let Err(refused) = ask(work, claims).await else { return Ok(()) };
    if is_unavailable(&refused)
        && let Some(live) = Sessions::of(work)?.live(&claims.session_hash()).await
        && live.is_usable(work.now)
    {
        return Ok(());
    }
    Err(refused)
}

/// Remembers the end of a session in this isolate, from now on.
pub fn bury(event: &SessionEvent) {
    memory::remember_dead(event.session.clone(), event.reason.code(), event.remember_until);
}

/// Remembers the end of a session everywhere; `false` where the event must be sent again.
pub async fn bury_everywhere(call: &Call<'_>, event: &SessionEvent) -> Result<bool, Refused> {
    let tombstone = Tombstone { code: event.reason.code(), remember_until: event.remember_until };
    Ok(Sessions::of(call.work())?.bury(&event.session, tombstone, call.now).await)
}

/// What is remembered of a session in this isolate, and in KV as it is seen from here.
pub async fn view(
    call: &Call<'_>,
    session: &SessionHash,
) -> Result<(Remembered, Remembered), Refused> {
    let memory = Remembered {
        dead: memory::dead(session, call.now),
        live_at: memory::live(session, call.now).map(|live| live.checked_at),
    };
    let kv = Sessions::of(call.work())?;
    let (tombstone, live) = join(kv.tombstone(session), kv.live(session)).await;
    let kv = Remembered {
        dead: tombstone.map(|tombstone| tombstone.code),
        live_at: live.filter(|live| live.is_usable(call.now)).map(|live| live.checked_at),
    };
    Ok((memory, kv))
}

/// Asks the origin, and remembers what it says.
async fn ask(work: Work<'_>, claims: &Claims) -> Result<LiveEntry, Refused> {
    let session = claims.session_hash();
    let caller = origin::Caller { config: work.config, request_id: work.id };
    match origin::liveness(caller, &claims.session_token).await? {
        Liveness::Live { user_id, user_type, .. }
            if (user_id, user_type) != (claims.user_id, claims.user_type) =>
        {
            Err(ErrorCode::TokenInvalid.into())
        }
        // `now` is from before the question: the answer is no newer than that.
        Liveness::Live { until, .. } if until > work.now => {
            let live = LiveEntry { until, checked_at: work.now };
            memory::remember_live(session.clone(), live, work.now);
            Sessions::of(work)?.fill(work.background, session, live);
            Ok(live)
        }
        Liveness::Live { .. } => Err(ErrorCode::SessionExpired.into()),
        Liveness::Dead { code } => {
            // Briefly, so that a client that does not give up costs nothing; the push tells for how long.
            memory::remember_dead(session, code, work.now.plus(memory::LIVE_TTL));
            Err(code.into())
        }
    }
}

fn buried(session: SessionHash, tombstone: Tombstone) -> Refused {
    memory::remember_dead(session, tombstone.code, tombstone.remember_until);
    tombstone.code.into()
}

fn checked(session: SessionHash, live: LiveEntry) -> CheckedSession {
    CheckedSession { session, checked_at: live.checked_at }
}

fn is_unavailable(refused: &Refused) -> bool {
    refused.code() == ErrorCode::OriginUnavailable
}
