//! Who a room has let in, and when: their session is judged as it was then.

use std::time::Duration;

use shared::{
    error::ErrorCode,
    internal::Accepted,
    session::{EndReason, SessionFacts, judge},
    time::Timestamp,
};

use crate::{
    error::ApiError,
    state::App,
    store::{self, Conn, sessions::Session},
};

/// A session, and when it ended, if it has.
pub(super) struct Known {
    pub session: Session,
    ended_at: Option<Timestamp>,
}

impl Known {
    /// Looks a session up; `None` where there is none.
    pub(super) async fn find(
        mut conn: Conn<'_>,
        session_token: &str,
    ) -> sqlx::Result<Option<Self>> {
        let Some(session) = store::sessions::find_by_token(conn.reborrow(), session_token).await?
        else {
            return Ok(None);
        };
        let ended_at = if session.facts.is_active && session.facts.end_reason.is_none() {
            None
        } else {
            store::sessions::ended_at(conn, session.authentication_session_id).await?
        };
        Ok(Some(Self { session, ended_at }))
    }

    /// Whether what a room accepted at `at` was under a live session.
    pub(super) fn judge(
        &self,
        idle_limit: Duration,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), EndReason> {
        // A room's clock may be ahead of ours, and an end may be newer than what it claims to know.
        judge(&as_of(self.session.facts, self.ended_at, at.min(now)), idle_limit, at.min(now))
            .map(|_| ())
    }
}

/// The session as it was at `at`; its user as they are now.
fn as_of(facts: SessionFacts, ended_at: Option<Timestamp>, at: Timestamp) -> SessionFacts {
    match ended_at {
        Some(ended_at) if ended_at > at => {
            SessionFacts { is_active: true, end_reason: None, ..facts }
        }
        _ => facts,
    }
}

/// The session of someone whom a room has let in, where it was live then and its user is active now.
///
/// # Errors
/// The session's code, where it was not; the database's.
pub async fn accepted(app: &App, accepted: &Accepted) -> Result<Session, ApiError> {
    let mut handle = app.db.acquire().await?;
    let known = Known::find(handle.conn(), &accepted.session_token)
        .await?
        .ok_or(ErrorCode::SessionNotFound)?;
    let now = app.ambient.now();
    known.judge(app.policy.session_idle_limit, accepted.at, now)?;
    app.activity.note(&accepted.session_token, accepted.at.min(now));
    Ok(known.session)
}

#[cfg(test)]
mod tests {
    use shared::user::UserStatus;

    use super::*;

    #[test]
    fn an_end_counts_from_when_it_was() {
        let at = |second: i64| Timestamp::from_millis(second * 1000).unwrap();
        let ended = SessionFacts {
            is_active: false,
            end_reason: Some(EndReason::Replaced),
            expires_at: at(100),
            last_activity: at(50),
            updated_at: at(60),
            user_status: UserStatus::Active,
        };
        let legacy = SessionFacts { end_reason: None, ..ended };
        let banned = SessionFacts { user_status: UserStatus::Banned, ..ended };
        let told = |facts, second| {
            judge(&as_of(facts, Some(at(60)), at(second)), Duration::from_hours(1), at(second))
                .map(|_| ())
        };
        assert_eq!(told(ended, 59), Ok(()));
        assert_eq!(told(ended, 60), Err(EndReason::Replaced));
        assert_eq!(told(ended, 61), Err(EndReason::Replaced));
        assert_eq!(told(legacy, 59), Ok(()));
        assert_eq!(told(legacy, 61), Err(EndReason::Replaced));
        assert_eq!(told(banned, 59), Err(EndReason::UserInactive));
        let swept = SessionFacts { end_reason: Some(EndReason::Expired), ..ended };
        let told = |second| {
            judge(&as_of(swept, Some(at(160)), at(second)), Duration::from_hours(1), at(second))
                .map(|_| ())
        };
        assert_eq!(told(99), Ok(()));
        assert_eq!(told(100), Err(EndReason::Expired));
    }
}
