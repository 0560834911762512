//! A log-in that has proved who it is: it renews its device's session, or opens one in place of the
//! others of its kind.

use serde_json::json;
use shared::{
    error::ErrorCode,
    session::{EndReason, judge},
    time::Timestamp,
    token::Claims,
    user::{ClientType, PublicUser, UserStatus},
};

use super::{
    alert::{self, LetIn},
    device::{self, DeviceToken},
    end::end,
    policy::{Admission, Arrival, admit},
    risk::{self, History},
};
use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self, Tx,
        audit::{AuditKind, NewEvent},
        sessions::{Device, End, NewSession, Risk, Session},
    },
};

/// A log-in whose password holds.
pub struct LogIn<'a> {
    /// Who.
    pub user_id: i64,
    /// The kind of client that they come by.
    pub client_type: ClientType,
    /// What the client says of itself, and where it calls from.
    pub device: Device,
    /// A device token, as it was sent.
    pub device_token: Option<&'a str>,
    /// What a token of an earlier session says, where one was sent that we signed.
    pub earlier: Option<&'a Claims>,
    /// The call.
    pub call: &'a CallContext,
}

/// A session that was opened or renewed, and what its client gets.
pub struct Opened {
    /// Whose it is.
    pub user: PublicUser,
    /// The session.
    pub session: Session,
    /// Its token.
    pub access_token: String,
    /// Seconds from its issue to its end.
    pub expires_in: u64,
    /// Proof of the device for the next log-in.
    pub device_token: String,
}

/// Opens or renews a session, under the lock of its user's row.
///
/// # Errors
/// `USER_INACTIVE` where the account may not be used; the database's.
pub async fn open(app: &App, log_in: &LogIn<'_>) -> Result<Opened, ApiError> {
    let opened = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let opened = open_in(app, &mut tx, log_in).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(opened)
        })
        .await?;
    app.outbox_rung.notify_one();
    Ok(opened)
}

/// The same within a transaction that is more than this.
///
/// # Errors
/// `USER_INACTIVE` where the account may not be used; the database's.
pub async fn open_in(app: &App, tx: &mut Tx, log_in: &LogIn<'_>) -> Result<Opened, ApiError> {
    let now = app.ambient.now();
    // Read after the lock: what was read before it may have changed since.
    let user = store::users::lock(tx.conn(), log_in.user_id)
        .await?
        .ok_or(ErrorCode::InvalidCredentials)?
        .public;
    if user.status != UserStatus::Active {
        return Err(ErrorCode::UserInactive.into());
    }
    let open = store::sessions::open_of(tx.conn(), user.user_id, Some(log_in.client_type)).await?;
    let (live, over): (Vec<_>, Vec<_>) = open
        .into_iter()
        .map(|session| (judge(&session.facts, app.policy.session_idle_limit, now), session))
        .partition(|(judged, _)| judged.is_ok());
    for (judged, session) in &over {
        // Its time was over before this log-in came: that is what its client is told.
        if let Err(reason) = *judged {
            let ended = End { reason, by_session_id: None, by_user_id: None };
            end(app, tx, session, ended, Some(log_in.call), None).await?;
        }
    }
    let live: Vec<Session> = live.into_iter().map(|(_, session)| session).collect();
    let proven_device = log_in.proven_device(app);
    let arrival = Arrival {
        proven_device: proven_device.as_deref(),
        proven_session: log_in
            .earlier
            .filter(|claims| claims.user_id == user.user_id)
            .map(|claims| claims.session_token.as_str()),
        device: &log_in.device,
    };
    let history = History::read(app, tx, user.user_id, &live).await?;
    let risk = risk::assess(&arrival, &history, now);
    let jti = app.ambient.unique_name();
    let expires_at = now.plus(app.policy.session_lifetime);
    // A device that has no key is given one, so that it can prove itself next time. What it says of
    // itself does not become a proof.
    let device = Device {
        device_key: proven_device.clone().or_else(|| Some(app.ambient.unique_name())),
        ..log_in.device.clone()
    };
    let (session_id, kind) = match admit(&live, &arrival) {
        Admission::Renew(session) => {
            let id = session.authentication_session_id;
            store::sessions::renew(tx.conn(), id, &device, &risk, &jti, expires_at, now).await?;
            let let_in = LetIn {
                authentication_session_id: id,
                session_token: &session.session_token,
                user_type: session.user_type,
                risk: &risk,
                claimed: false,
                history: &history,
            };
            alert::raise_for_log_in(app, tx, log_in, &let_in).await?;
            (id, AuditKind::SessionRenewed)
        }
        Admission::Replace { claimed } => {
            let session_token = app.ambient.secret_name();
            let new = NewSession {
                authentication_session_id: None,
                session_token: &session_token,
                user_type: user.role.user_type(),
                user_id: user.user_id,
                client_type: log_in.client_type,
                expires_at,
                device: &device,
                risk: &risk,
                current_jti: Some(&jti),
            };
            let id = store::sessions::insert(tx.conn(), &new, now).await?;
            let let_in = LetIn {
                authentication_session_id: id,
                session_token: &session_token,
                user_type: new.user_type,
                risk: &risk,
                claimed: claimed.is_some(),
                history: &history,
            };
            // Before the ends, so that those who are replaced hear of it.
            alert::raise_for_log_in(app, tx, log_in, &let_in).await?;
            for session in &live {
                let ended = End {
                    reason: EndReason::Replaced,
                    by_session_id: Some(id),
                    by_user_id: Some(user.user_id),
                };
                end(app, tx, session, ended, Some(log_in.call), None).await?;
            }
            if let Some(claimed) = claimed {
                let (kind, id) = (AuditKind::DeviceClaimRefused, claimed.authentication_session_id);
                audit(tx, kind, id, log_in, &risk, now).await?;
            }
            (id, AuditKind::LoggedIn)
        }
    };
    audit(tx, kind, session_id, log_in, &risk, now).await?;
    let session = store::sessions::lock(tx.conn(), session_id).await?.ok_or_else(|| {
        anyhow::anyhow!("session {session_id} is gone within its own transaction")
    })?;
    issue(app, user, session, jti, now)
}

async fn audit(
    tx: &mut Tx,
    kind: AuditKind,
    session_id: i64,
    log_in: &LogIn<'_>,
    risk: &Risk,
    now: Timestamp,
) -> sqlx::Result<()> {
    let event = NewEvent {
        kind,
        user_id: Some(log_in.user_id),
        authentication_session_id: Some(session_id),
        actor_user_id: None,
        client_ip: Some(&log_in.call.client_ip.to_string()),
        request_id: Some(&log_in.call.request_id),
        detail: Some(json!({
            "client_type": log_in.client_type,
            "risk_score": risk.score,
            "risk_causes": risk.causes,
        })),
    };
    store::audit::insert(tx.conn(), &event, now).await
}

impl LogIn<'_> {
    /// The device key that the device token names, where we signed it for this user.
    fn proven_device(&self, app: &App) -> Option<String> {
        let token = DeviceToken::open(self.device_token?, &app.device_tokens).ok()?;
        (token.user_id == self.user_id).then_some(token.device_key)
    }
}

fn issue(
    app: &App,
    user: PublicUser,
    session: Session,
    jti: String,
    now: Timestamp,
) -> Result<Opened, ApiError> {
    let token_expires_at = now.plus(app.policy.access_token_lifetime).min(session.facts.expires_at);
    let id = session.authentication_session_id;
    let device_key = session
        .device
        .device_key
        .clone()
        .ok_or_else(|| anyhow::anyhow!("session {id} was given no device key"))?;
    let claims = Claims {
        sub: user.user_id.to_string(),
        user_id: user.user_id,
        user_type: session.user_type,
        client_type: session.client_type,
        session_token: session.session_token.clone(),
        device: session.device.device_id.as_deref().map(device::hash),
        role: user.role,
        scopes: Vec::new(),
        jti,
        iat: now.as_seconds(),
        exp: token_expires_at.as_seconds(),
        nbf: None,
        iss: app.expectations.issuer.clone(),
        aud: app.expectations.audience.as_str().into(),
    };
    let device_token = DeviceToken { user_id: user.user_id, device_key, issued_at: now };
    Ok(Opened {
        access_token: app.keys.sign(&claims)?,
        expires_in: token_expires_at.since(now).as_secs(),
        device_token: device_token.seal(&app.device_tokens).map_err(anyhow::Error::from)?,
        user,
        session,
    })
}
