//! Whether a session may be used, and why not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    digest::sha256_hex, error::ErrorCode, time::Timestamp, user::UserStatus, wire_enum::wire_enum,
};

wire_enum! {
    /// Why a session stopped being live (`authentication_sessions.end_reason`).
    EndReason {
        /// Its absolute end passed.
        Expired = "EXPIRED",
        /// Nothing was done for longer than the idle limit.
        Idle = "IDLE",
        /// A new log-in took its place.
        Replaced = "REPLACED",
        /// An admin ended it.
        Deactivated = "DEACTIVATED",
        /// The user ended it from another device.
        Revoked = "REVOKED",
        /// It was logged out.
        LoggedOut = "LOGGED_OUT",
        /// The password was changed.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A refresh token was presented a second time.
        ReuseDetected = "REUSE_DETECTED",
        /// The account was banned or made inactive.
        UserInactive = "USER_INACTIVE",
    }
}

impl EndReason {
    /// What a client that still uses the session is told.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Expired => ErrorCode::SessionExpired,
            Self::Idle => ErrorCode::SessionIdle,
            Self::Replaced => ErrorCode::SessionReplaced,
            Self::Deactivated => ErrorCode::SessionDeactivated,
            Self::Revoked => ErrorCode::SessionRevoked,
            Self::LoggedOut => ErrorCode::SessionLoggedOut,
            Self::PasswordChanged => ErrorCode::PasswordChanged,
            Self::ReuseDetected => ErrorCode::ReuseDetected,
            Self::UserInactive => ErrorCode::UserInactive,
        }
    }
}

/// What the rule needs to know of a session and its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// `is_active` of the row; the old back end clears it and leaves no reason.
    pub is_active: bool,
    /// Why it ended, where that was recorded.
    pub end_reason: Option<EndReason>,
    /// Absolute end.
    pub expires_at: Timestamp,
    /// The last time that it was used.
    pub last_activity: Timestamp,
    /// The last change of the row; of a row that the old back end ended, the time of that.
    pub updated_at: Timestamp,
    /// State of the user's account.
    pub user_status: UserStatus,
}

/// A session that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its absolute end.
    pub until: Timestamp,
}

/// Whether a session may be used at `now`.
///
/// A recorded end beats the clock: a client that was replaced yesterday must learn that, not
/// that time has passed since.
///
/// # Errors
/// The reason why it may not be used.
pub fn judge(
    session: &SessionFacts,
    idle_limit: Duration,
    now: Timestamp,
) -> Result<Live, EndReason> {
    if let Some(reason) = session.end_reason {
        return Err(reason);
    }
    if !session.is_active {
        let expired_by_then = session.expires_at <= session.updated_at;
        return Err(if expired_by_then { EndReason::Expired } else { EndReason::Replaced });
    }
    if session.user_status != UserStatus::Active {
        return Err(EndReason::UserInactive);
    }
    if now >= session.expires_at {
        return Err(EndReason::Expired);
    }
    if now >= session.last_activity.plus(idle_limit) {
        return Err(EndReason::Idle);
    }
    Ok(Live { until: session.expires_at })
}

/// What stands for a session token wherever it leaves the origin: its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionHash(String);

/// A text that is no [`SessionHash`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session's hash is 64 hexadecimal digits in lower case")]
pub struct NotASessionHash;

impl TryFrom<String> for SessionHash {
    type Error = NotASessionHash;

    /// It becomes part of keys and tags that have limits, so it is looked at when it is read.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hash =
            text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash { Ok(Self(text)) } else { Err(NotASessionHash) }
    }
}

impl SessionHash {
    /// The hash of a session token.
    #[must_use]
    pub fn of(session_token: &str) -> Self {
        Self(sha256_hex(session_token))
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_mins(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    fn facts() -> SessionFacts {
        SessionFacts {
            is_active: true,
            end_reason: None,
            expires_at: at(100),
            last_activity: at(50),
            updated_at: at(50),
            user_status: UserStatus::Active,
        }
    }

    #[test]
    fn the_table_of_the_contract() {
        type Change = fn(&mut SessionFacts);
        let cases: [(&str, Change, i64, Result<(), EndReason>); 12] = [
            ("live", |_| (), 60, Ok(())),
            ("the last millisecond before its end", |_| (), 99, Ok(())),
            ("at its end", |_| (), 100, Err(EndReason::Expired)),
            ("idle", |s| s.expires_at = at(1000), 110, Err(EndReason::Idle)),
            ("expired beats idle", |_| (), 500, Err(EndReason::Expired)),
            (
                "a recorded end beats time",
                |s| s.end_reason = Some(EndReason::Replaced),
                500,
                Err(EndReason::Replaced),
            ),
            (
                "a recorded end beats a flag left active",
                |s| s.end_reason = Some(EndReason::LoggedOut),
                60,
                Err(EndReason::LoggedOut),
            ),
            (
                "a recorded end beats a ban",
                |s| {
                    s.end_reason = Some(EndReason::Revoked);
                    s.user_status = UserStatus::Banned;
                },
                60,
                Err(EndReason::Revoked),
            ),
            ("banned", |s| s.user_status = UserStatus::Banned, 60, Err(EndReason::UserInactive)),
            (
                "inactive user",
                |s| s.user_status = UserStatus::Inactive,
                60,
                Err(EndReason::UserInactive),
            ),
            (
                "legacy row, ended before its time",
                |s| s.is_active = false,
                500,
                Err(EndReason::Replaced),
            ),
            (
                "legacy row, ended after its time",
                |s| {
                    s.is_active = false;
                    s.updated_at = at(100);
                },
                500,
                Err(EndReason::Expired),
            ),
        ];
        for (name, change, now, expected) in cases {
            let mut session = facts();
            change(&mut session);
            assert_eq!(judge(&session, IDLE, at(now)).map(|_| ()), expected, "{name}");
        }
    }

    #[test]
    fn the_hash_is_sha_256_in_hexadecimal() {
        assert_eq!(
            SessionHash::of("abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn only_a_hash_is_read_as_one() {
        let hash = SessionHash::of("abc");
        assert_eq!(SessionHash::try_from(hash.to_string()), Ok(hash));
        for wrong in
            [String::new(), "a".repeat(63), "a".repeat(65), "A".repeat(64), "好".repeat(64)]
        {
            assert_eq!(SessionHash::try_from(wrong), Err(NotASessionHash));
        }
    }
}
