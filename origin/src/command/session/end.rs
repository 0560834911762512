use clap::Args;
use serde_json::json;
use shared::{error::ErrorCode, session::EndReason};

use super::find::reason;
use crate::{
    command::{Exit, Failure, answer::Out, app, failure::told},
    config::ServeArgs,
    error::ApiError,
    sessions::end::{EndedSession, end_by_key},
    store::sessions,
    users::{self, By},
};

/// Why, and what its client is told.
#[derive(Args)]
struct Why {
    /// What the audit log says of it: up to 500 characters
    #[arg(long, value_parser = note)]
    reason: String,
    /// The code that the client is told: `SESSION_DEACTIVATED` (an operator ended it), `SESSION_REVOKED` or
    /// `SESSION_LOGGED_OUT` (its user asked for it), or `REUSE_DETECTED` (someone else has its tokens)
    #[arg(long, default_value = "SESSION_DEACTIVATED", value_parser = code)]
    code: EndReason,
}

/// A session to be ended.
#[derive(Args)]
pub struct End {
    /// Key of the session
    authentication_session_id: i64,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    settings: ServeArgs,
}

/// A user whose sessions are to be ended.
#[derive(Args)]
pub struct EndAll {
    /// Key of the user
    user_id: i64,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    settings: ServeArgs,
}

/// The most characters of a reason.
const MAX_REASON: usize = 500;
/// The reasons that a person can have; the others are facts.
const CHOSEN: [EndReason; 4] =
    [EndReason::Deactivated, EndReason::Revoked, EndReason::LoggedOut, EndReason::ReuseDetected];

impl End {
    /// Ends it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let (id, reason) = (self.authentication_session_id, self.why.code);
        let app = app(self.settings).await?;
        let end = sessions::End { reason, by_session_id: None, by_user_id: None };
        let note = by_operator(&self.why.reason);
        let done = end_by_key(&app, id, end, None, Some(&note)).await;
        let EndedSession { user_id, end_reason, ended } = done.map_err(|error| match error {
            ApiError::Refused(ErrorCode::NotFound) => no_session(id).into(),
            error => told(error),
        })?;
        if end_reason != reason {
            let what = format!("session {id} had ended before: {}", end_reason.code());
            let cure = format!("See when, and by whom, with: origin session show {id}");
            return Err(Failure::new(Exit::Refused, what, cure).into());
        }
        out.members(&json!({
            "authentication_session_id": id,
            "user_id": user_id,
            "end_reason": end_reason,
            "ended": ended,
        }))
    }
}

impl EndAll {
    /// Ends them.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let (user_id, reason) = (self.user_id, self.why.code);
        let app = app(self.settings).await?;
        let note = by_operator(&self.why.reason);
        let by = By { note: Some(&note), ..By::default() };
        let ended = users::end_sessions_of(&app, user_id, reason, by).await;
        let ended = ended.map_err(|error| match error {
            ApiError::Refused(ErrorCode::NotFound) => {
                let cure = "Look for the key with: origin user list";
                Failure::not_found(format!("there is no user {user_id}"), cure).into()
            }
            error => told(error),
        })?;
        out.members(&json!({ "user_id": user_id, "end_reason": reason, "ended": ended }))
    }
}

/// Nobody's.
pub(super) fn no_session(id: i64) -> Failure {
    Failure::not_found(format!("there is no session {id}"), "Look for it with: origin session list")
}

/// What the audit log says of all that is done at the command line: there is no account behind it.
fn by_operator(reason: &str) -> String {
    format!("operator: {reason}")
}

fn note(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        1..=MAX_REASON => Ok(text.to_owned()),
        _ => Err(format!("must have 1 to {MAX_REASON} characters")),
    }
}

fn code(text: &str) -> Result<EndReason, String> {
    reason(text).filter(|reason| CHOSEN.contains(reason)).ok_or_else(|| {
        let codes = CHOSEN.map(|reason| reason.code().to_string());
        format!("must be one of {}", codes.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_ends_a_session_for_reasons_that_persons_have() {
        assert_eq!(code("SESSION_DEACTIVATED"), Ok(EndReason::Deactivated));
        assert_eq!(code("reuse_detected"), Ok(EndReason::ReuseDetected));
        for fact in ["SESSION_EXPIRED", "SESSION_REPLACED", "USER_INACTIVE", "nonsense"] {
            assert!(code(fact).unwrap_err().contains("SESSION_REVOKED"), "{fact}");
        }
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(note(" lost phone "), Ok("lost phone".to_owned()));
        assert!(note("  ").is_err());
        assert!(note(&"x".repeat(501)).is_err());
    }
}
