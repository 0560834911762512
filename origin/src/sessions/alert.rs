//! Tells users what is suspicious about their account: audit and outbox, together.

use serde_json::json;
use shared::{
    chat::event::SecurityAlert,
    risk::Cause,
    session::{SessionHash, judge},
    user::{ClientType, UserType},
};

use super::{
    open::LogIn,
    risk::{ALARMING, History},
};
use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self, Tx,
        audit::{AuditKind, NewEvent},
        outbox,
        sessions::{Device, Risk, Session},
    },
};

/// Something suspicious.
pub struct Alert<'a> {
    /// Whose account it is.
    pub user_id: i64,
    /// The side of the system that the session belongs to.
    pub user_type: UserType,
    /// The session that was opened or renewed, or whose token was misused.
    pub authentication_session_id: i64,
    /// The kind of client that it is of.
    pub client_type: ClientType,
    /// Why.
    pub causes: Vec<Cause>,
    /// 0 to 100.
    pub risk_score: u8,
    /// Where it came from.
    pub device: &'a Device,
    /// The newcomer's session, which is not told.
    pub except_session: Option<SessionHash>,
    /// The call that did it.
    pub call: &'a CallContext,
}

impl<'a> Alert<'a> {
    /// A refresh token of a session was presented a second time; `device` is that of whoever did
    /// ([`of_call`](super::device::of_call)).
    #[must_use]
    pub fn of_reuse(session: &Session, device: &'a Device, call: &'a CallContext) -> Self {
        Self {
            user_id: session.user_id,
            user_type: session.user_type,
            authentication_session_id: session.authentication_session_id,
            client_type: session.client_type,
            causes: vec![Cause::TokenReused],
            risk_score: 100,
            device,
            except_session: None,
            call,
        }
    }
}

/// A log-in that was let in.
pub struct LetIn<'a> {
    /// Its session.
    pub authentication_session_id: i64,
    /// Names the session in tokens.
    pub session_token: &'a str,
    /// The side of the system that the session belongs to.
    pub user_type: UserType,
    /// How suspicious it is.
    pub risk: &'a Risk,
    /// Whether it gave the id of a live session's device without proof.
    pub claimed: bool,
    /// What it was compared with.
    pub history: &'a History,
}

/// Tells the user of a log-in, where that is worth it.
///
/// # Errors
/// The database's.
pub async fn raise_for_log_in(
    app: &App,
    tx: &mut Tx,
    log_in: &LogIn<'_>,
    let_in: &LetIn<'_>,
) -> Result<(), ApiError> {
    let (id, now) = (let_in.authentication_session_id, app.ambient.now());
    let others_live = let_in.history.sessions.iter().any(|session| {
        session.authentication_session_id != id
            && judge(&session.facts, app.policy.session_idle_limit, now).is_ok()
    });
    let causes = causes_of_log_in(let_in.risk, let_in.claimed, others_live);
    if causes.is_empty() {
        return Ok(());
    }
    let alert = Alert {
        user_id: log_in.user_id,
        user_type: let_in.user_type,
        authentication_session_id: id,
        client_type: log_in.client_type,
        causes,
        risk_score: let_in.risk.score,
        device: &log_in.device,
        except_session: Some(SessionHash::of(let_in.session_token)),
        call: log_in.call,
    };
    raise(app, tx, &alert).await
}

/// What the user is told of a log-in: its causes, or nothing where it is not worth it. `claimed` says
/// that it gave the id of a live session's device without proof, `others_live` that the user has
/// live sessions besides.
fn causes_of_log_in(risk: &Risk, claimed: bool, others_live: bool) -> Vec<Cause> {
    let is_news = risk.causes.iter().any(|cause| {
        matches!(cause, Cause::NewDevice | Cause::NewCountry | Cause::ImpossibleTravel)
    });
    if !(claimed || risk.score >= ALARMING || (others_live && is_news)) {
        return Vec::new();
    }
    let claim = claimed.then_some(Cause::DeviceClaimed);
    claim.into_iter().chain(risk.causes.iter().copied()).collect()
}

/// Records an alert in a transaction: the audit log has it, and the edge will be told once the
/// transaction has committed. Where the same transaction ends sessions, raise it before that, so
/// that their sockets hear of it before they are closed.
///
/// Ring `app.outbox_bell` for ends after the commit.
///
/// # Errors
/// The database's.
pub async fn raise(app: &App, tx: &mut Tx, alert: &Alert<'_>) -> Result<(), ApiError> {
    let now = app.ambient.now();
    let id = alert.authentication_session_id;
    let event = NewEvent {
        kind: AuditKind::SecurityAlert,
        user_id: Some(alert.user_id),
        authentication_session_id: Some(id),
        actor_user_id: None,
        client_ip: Some(&alert.call.client_ip.to_string()),
        request_id: Some(&alert.call.request_id),
        detail: Some(json!({ "causes": alert.causes, "risk_score": alert.risk_score })),
    };
    store::audit::insert(tx.conn(), &event, now).await?;
    let shown = SecurityAlert {
        causes: alert.causes.clone(),
        risk_score: alert.risk_score,
        authentication_session_id: id,
        client_type: alert.client_type,
        device_name: alert.device.device_name.clone(),
        device_type: alert.device.device_type.clone(),
        browser: alert.device.browser.clone(),
        os: alert.device.os.clone(),
        login_ip: alert.device.login_ip.clone(),
        country: alert.device.country.clone(),
        city: alert.device.city.clone(),
        occurred_at: now,
    };
    let told = json!({
        "user_id": alert.user_id,
        "user_type": alert.user_type,
        "occurred_at": now,
        "except_session": alert.except_session,
        "alert": shown,
    });
    outbox::insert(tx.conn(), outbox::Kind::SecurityAlert, &told, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_told_of_what_is_worth_it() {
        use Cause::{Automation, DeviceClaimed, FailureBurst, NewCountry, NewDevice, NewNetwork};
        for (score, causes, claimed, others_live, told) in [
            (0, vec![], false, true, vec![]),
            (0, vec![], true, true, vec![DeviceClaimed]),
            (10, vec![NewNetwork], false, true, vec![]),
            (20, vec![NewDevice], false, false, vec![]),
            (20, vec![NewDevice], false, true, vec![NewDevice]),
            (20, vec![NewDevice], true, true, vec![DeviceClaimed, NewDevice]),
            (25, vec![NewCountry], false, false, vec![]),
            (25, vec![NewCountry], false, true, vec![NewCountry]),
            (49, vec![Automation, FailureBurst], false, true, vec![]),
            (50, vec![Automation, FailureBurst], false, false, vec![Automation, FailureBurst]),
        ] {
            let risk = Risk { score, causes };
            assert_eq!(causes_of_log_in(&risk, claimed, others_live), told, "{risk:?}");
        }
    }
}
