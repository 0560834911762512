//! What is true of a token, check by check: of itself, of its session's row, of its user, and of what the
//! edge remembers. Nothing is changed by looking.

use std::sync::Arc;

use serde::Serialize;
use shared::{
    error::ErrorCode,
    internal::{SessionView, SessionViewQuestion},
    route,
    session::judge,
    token::{Check, Claims, Expectations, Finding, FirstFailure, Inspected, KeySet, inspect},
    user::UserStatus,
};
use utoipa::ToSchema;

use crate::{
    clock::Ambient,
    edge_client::EdgeClient,
    error::ApiError,
    state::App,
    store::{self, Db, sessions::Session},
};

/// The longest text that is inspected as a token, in bytes: some more than a token may have, so that one
/// that is too long is told so.
pub const MAX_INPUT_BYTES: usize = 16 * 1024;

/// What an inspection asks.
#[derive(Clone)]
pub struct Inspector<'a> {
    /// The database.
    pub db: &'a Db,
    /// Time.
    pub ambient: &'a Ambient,
    /// Keys that tokens are verified with.
    pub keys: Arc<KeySet>,
    /// Who makes tokens, and for whom.
    pub expectations: &'a Expectations,
    /// End of a session after its last use.
    pub session_idle_limit: std::time::Duration,
    /// The edge, where one may be asked.
    pub edge: Option<&'a EdgeClient>,
}

/// The account that an inspection gives.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    /// A finding for each check, in their order.
    pub checks: Vec<Finding>,
    /// The first that failed.
    pub first_failure: Option<FirstFailure>,
}

impl<'a> Inspector<'a> {
    /// As the application asks.
    #[must_use]
    pub fn of(app: &'a App) -> Self {
        Self {
            db: &app.db,
            ambient: &app.ambient,
            keys: app.keys.verification(),
            expectations: &app.expectations,
            session_idle_limit: app.policy.session_idle_limit,
            edge: Some(&app.edge),
        }
    }

    /// Inspects a token.
    ///
    /// # Errors
    /// The database's.
    pub async fn account(&self, token: &str) -> Result<Account, ApiError> {
        let now = self.ambient.now();
        let Inspected { findings, first_failure, claims } =
            inspect(token, &self.keys, self.expectations, now);
        let mut account = Account { checks: findings, first_failure };
        if let Some(claims) = claims {
            let mut handle = self.db.acquire().await?;
            let session =
                store::sessions::find_by_token(handle.conn(), &claims.session_token).await?;
            account.add(Check::Session, self.session(session.as_ref(), &claims));
            let user = store::users::find(handle.conn(), claims.user_id).await?;
            drop(handle);
            account.add(Check::User, user_outcome(user.as_ref(), &claims));
            account.add(Check::Edge, self.edge(&claims).await);
        } else {
            for check in [Check::Session, Check::User, Check::Edge] {
                account.add(check, Outcome::unknown("what the token says is not to be believed"));
            }
        }
        Ok(account)
    }

    /// As a call that needs a live session judges it.
    fn session(&self, session: Option<&Session>, claims: &Claims) -> Outcome {
        let Some(session) = session else {
            return Outcome::failed(ErrorCode::SessionNotFound, "no row has its session token");
        };
        let facts = &session.facts;
        let row = format!(
            "session {} of user {} by {}, opened {}, last used {}, absolute end {}",
            session.authentication_session_id,
            session.user_id,
            session.client_type,
            session.created_at,
            facts.last_activity,
            facts.expires_at,
        );
        match judge(facts, self.session_idle_limit, self.ambient.now()) {
            Err(reason) if facts.is_active => Outcome::failed(reason.code(), row),
            Err(reason) => {
                Outcome::failed(reason.code(), format!("{row}; ended {}", facts.updated_at))
            }
            Ok(_) if session.user_id != claims.user_id => {
                Outcome::failed(ErrorCode::TokenInvalid, format!("{row}: not the token's user"))
            }
            Ok(_) => Outcome::passed(row),
        }
    }

    async fn edge(&self, claims: &Claims) -> Outcome {
        let Some(edge) = self.edge else {
            return Outcome::unknown("EDGE_URL and ORIGIN_TO_EDGE_KEY are not set");
        };
        let question = SessionViewQuestion { session: claims.session_hash() };
        let asked: Result<SessionView, _> =
            edge.post(route::INTERNAL_SESSION_VIEW, &question, self.ambient.now()).await;
        match asked {
            Ok(view) => edge_outcome(&view),
            Err(error) => {
                // The reason names addresses within, which are for the log and not for who asks.
                tracing::warn!(%error, "the edge could not be asked about a session");
                Outcome::unknown("the edge could not be asked")
            }
        }
    }
}

/// What came of a check.
struct Outcome {
    code: Option<ErrorCode>,
    ok: Option<bool>,
    detail: String,
}

impl Outcome {
    fn passed(detail: impl Into<String>) -> Self {
        Self { code: None, ok: Some(true), detail: detail.into() }
    }

    fn failed(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code: Some(code), ok: Some(false), detail: format!("{code}: {}", detail.into()) }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self { code: None, ok: None, detail: why.into() }
    }
}

impl Account {
    fn add(&mut self, check: Check, outcome: Outcome) {
        if let Some(code) = outcome.code {
            self.first_failure.get_or_insert(FirstFailure { check, code });
        }
        self.checks.push(Finding { check, ok: outcome.ok, detail: outcome.detail });
    }
}

fn user_outcome(user: Option<&store::users::User>, claims: &Claims) -> Outcome {
    let Some(user) = user.map(|user| &user.public) else {
        // Without it the session's row counts as none.
        let gone = format!("user {} is gone", claims.user_id);
        return Outcome::failed(ErrorCode::SessionNotFound, gone);
    };
    let mut detail = format!("user {} is {}, role {}", user.user_id, user.status, user.role);
    if user.role != claims.role {
        detail = format!("{detail}; the token says {}, and the row is what counts", claims.role);
    }
    if user.status == UserStatus::Active {
        Outcome::passed(detail)
    } else {
        Outcome::failed(ErrorCode::UserInactive, detail)
    }
}

fn edge_outcome(view: &SessionView) -> Outcome {
    let location = view.location.as_deref().filter(|name| !name.is_empty()).unwrap_or("unknown");
    let told = |place: &str, seen: shared::internal::Remembered| {
        let live = seen.live_at.map(|at| format!("live, heard {at}"));
        let dead = seen.dead.map(|code| format!("dead, {code}"));
        let seen = dead.or(live).unwrap_or_else(|| "nothing".to_owned());
        format!("{place}: {seen}")
    };
    let detail = format!(
        "{}; {} (the view of one location, {location}: others may be up to a minute behind)",
        told("KV", view.kv),
        told("memory", view.memory),
    );
    match view.memory.dead.or(view.kv.dead) {
        Some(code) => Outcome::failed(code, detail),
        None => Outcome::passed(detail),
    }
}
