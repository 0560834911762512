//! What this isolate remembers of sessions.

use std::{cell::RefCell, time::Duration};

use shared::{error::ErrorCode, session::SessionHash, time::Timestamp};

use super::entry::LiveEntry;
use crate::cache::Cache;

/// How long an isolate rests on a word that a session is live.
pub const LIVE_TTL: Duration = Duration::from_secs(5);

/// How long before the end of that time one call asks anew, while the others still rest on it: else all
/// that come at once would ask.
pub const RENEWED_BEFORE: Duration = Duration::from_secs(1);

/// Sessions that an isolate remembers, of either kind; some 200 bytes each.
const CAPACITY: usize = 5_000;

thread_local! {
    static DEAD: RefCell<Cache<SessionHash, ErrorCode>> = const { RefCell::new(Cache::new(CAPACITY)) };
    static LIVE: RefCell<Cache<SessionHash, LiveEntry>> = const { RefCell::new(Cache::new(CAPACITY)) };
}

/// Why the session has ended, where that is remembered. To be asked before [`live`].
pub fn dead(session: &SessionHash, now: Timestamp) -> Option<ErrorCode> {
    DEAD.with_borrow(|dead| dead.get(session, now))
}

/// What was last heard of the session alive, if that was just now.
pub fn live(session: &SessionHash, now: Timestamp) -> Option<LiveEntry> {
    LIVE.with_borrow(|live| live.get(session, now))
}

/// The same for a call that is to ask anew where it is told of nothing.
pub fn live_or_renewed(session: &SessionHash, now: Timestamp) -> Option<LiveEntry> {
    LIVE.with_borrow(|live| live.get_or_renew(session, now, RENEWED_BEFORE))
}

/// Whether [`live_or_renewed`] would say that the session is live.
pub fn is_live(session: &SessionHash, now: Timestamp) -> bool {
    LIVE.with_borrow(|live| live.get_unless_due(session, now, RENEWED_BEFORE).is_some())
}

/// Remembers that the session has ended, until `until`.
pub fn remember_dead(session: SessionHash, code: ErrorCode, until: Timestamp) {
    DEAD.with_borrow_mut(|dead| dead.put_longest(session, code, until));
}

/// Remembers for [`LIVE_TTL`] that the session is live, and never past its end.
pub fn remember_live(session: SessionHash, entry: LiveEntry, now: Timestamp) {
    let until = now.plus(LIVE_TTL).min(entry.until);
    LIVE.with_borrow_mut(|live| live.put(session, entry, until));
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn a_live_session_is_remembered_for_seconds_and_never_past_its_end() {
        let (long, short) = (SessionHash::of("long"), SessionHash::of("short"));
        let entry = |until| LiveEntry { until: at(until), checked_at: at(0) };
        remember_live(long.clone(), entry(100), at(0));
        remember_live(short.clone(), entry(2), at(0));
        assert_eq!(live(&long, at(4)), Some(entry(100)));
        assert_eq!(live(&long, at(5)), None);
        assert_eq!(live(&short, at(2)), None);
    }

    #[test]
    fn a_tombstone_outlasts_a_passing_word() {
        let session = SessionHash::of("dead");
        remember_dead(session.clone(), ErrorCode::SessionReplaced, at(100));
        remember_dead(session.clone(), ErrorCode::SessionNotFound, at(5));
        assert_eq!(dead(&session, at(50)), Some(ErrorCode::SessionReplaced));
        assert_eq!(dead(&session, at(100)), None);
    }
}
