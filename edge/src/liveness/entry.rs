//! What is remembered of a session, and for how long it counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::{error::ErrorCode, time::Timestamp};

/// The oldest word of the origin that a read may rest on. KV's own cache may serve an entry for
/// longer than the entry was to live, so the age is looked at here.
pub const MAX_AGE: Duration = Duration::from_mins(1);

/// A session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// What the client is told.
    pub code: ErrorCode,
    /// When the last token that names the session has ended.
    pub remember_until: Timestamp,
}

/// A session that an origin has called live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEntry {
    /// The session's absolute end.
    pub until: Timestamp,
    /// When an origin said so.
    pub checked_at: Timestamp,
}

impl LiveEntry {
    /// Whether a read at `now` may rest on it.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        now < self.until && now.since(self.checked_at) <= MAX_AGE
    }
}

impl Tombstone {
    /// How long KV keeps it, in seconds; KV takes nothing under a minute.
    pub fn ttl(&self, now: Timestamp) -> u64 {
        self.remember_until.since(now).as_secs().max(60)
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
    fn a_word_counts_for_a_minute_and_never_past_the_sessions_end() {
        let live = LiveEntry { until: at(100), checked_at: at(10) };
        assert!(live.is_usable(at(10)));
        assert!(live.is_usable(at(70)));
        assert!(!live.is_usable(at(71)));
        let short = LiveEntry { until: at(20), checked_at: at(10) };
        assert!(short.is_usable(at(19)));
        assert!(!short.is_usable(at(20)));
    }

    #[test]
    fn a_tombstone_stays_a_minute_at_least() {
        let tombstone = Tombstone { code: ErrorCode::SessionReplaced, remember_until: at(1000) };
        assert_eq!(tombstone.ttl(at(100)), 900);
        assert_eq!(tombstone.ttl(at(990)), 60);
        assert_eq!(tombstone.ttl(at(2000)), 60);
    }

    #[test]
    fn what_kv_gives_back_is_what_was_put() {
        let live = LiveEntry { until: at(100), checked_at: at(10) };
        assert_eq!(
            serde_json::from_str::<LiveEntry>(&serde_json::to_string(&live).unwrap()).unwrap(),
            live
        );
        let text =
            r#"{"code":"SESSION_REPLACED","remember_until":"2026-02-19T08:56:52.000+08:00"}"#;
        assert_eq!(
            serde_json::from_str::<Tombstone>(text).unwrap().code,
            ErrorCode::SessionReplaced
        );
    }
}
