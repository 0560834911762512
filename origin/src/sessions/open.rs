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
    device::DeviceToken,
    end::{AllOf, end, end_all},
    policy::{Admission, Arrival, admit},
    risk::{self, History},
    tokens::{self, AccessToken, RefreshToken},
};
use crate::{
    error::ApiError,
    extract::context::CallContext,
    password::Checked,
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
    /// The password that held, where it was one that did.
    pub password: Option<Held<'a>>,
    /// The call.
    pub call: &'a CallContext,
}

/// A password that held.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    /// The password.
    pub password: &'a str,
    /// The stored hash that it held against.
    pub hash: &'a str,
}

/// A session that was opened or renewed, and what its client gets.
pub struct Opened {
    /// Whose it is.
    pub user: PublicUser,
    /// The session.
    pub session: Session,
    /// Its access token.
    pub access_token: AccessToken,
    /// What that is renewed with.
    pub refresh_token: RefreshToken,
    /// Proof of the device for the next log-in.
    pub device_token: String,
}

/// Opens or renews a session, under the lock of its user's row.
///
/// # Errors
/// `USER_INACTIVE` where the account may not be used, `SESSION_LIMIT` where the policy has no room; the
/// database's.
pub async fn open(app: &App, log_in: &LogIn<'_>) -> Result<Opened, ApiError> {
    let opened = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let opened = open_in(app, &mut tx, log_in).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(opened)
        })
        .await;
    app.outbox_bell.ring_for_ends();
    opened
}

/// The same within a transaction that is more than this.
///
/// # Errors
/// `USER_INACTIVE` where the account may not be used, `SESSION_LIMIT` where the policy has no room; the
/// database's.
pub async fn open_in(app: &App, tx: &mut Tx, log_in: &LogIn<'_>) -> Result<Opened, ApiError> {
    let now = app.ambient.now();
    // Read after the lock: what was read before it may have changed since.
    let locked = store::users::lock(tx.conn(), log_in.user_id)
        .await?
        .ok_or(ErrorCode::InvalidCredentials)?;
    log_in.holds_still(app, locked.password_hash).await?;
    let user = locked.public;
    if user.status != UserStatus::Active {
        return Err(ErrorCode::UserInactive.into());
    }
    let user_type = user.role.user_type();
    let open = store::sessions::open_of(tx.conn(), user.user_id, None).await?;
    let unread = unread(&open);
    let (live, over): (Vec<_>, Vec<_>) = open
        .into_iter()
        .filter(|one| one.client_type == log_in.client_type || one.user_type != user_type)
        .map(|session| (judge(&session.facts, app.policy.session_idle_limit, now), session))
        .partition(|(judged, session)| judged.is_ok() && session.user_type == user_type);
    for (judged, session) in &over {
        // Its time was over before this log-in came, or it is of a role that its user no longer has
        // (`users::change` ends those itself): that is what its client is told.
        let reason = judged.err().unwrap_or(EndReason::Deactivated);
        let ended = End { reason, by_session_id: None, by_user_id: None };
        end(app, tx, session, ended, Some(log_in.call), None).await?;
    }
    let live: Vec<Session> = live.into_iter().map(|(_, session)| session).collect();
    let proven_device = log_in.proven_device(app);
    let arrival = Arrival {
        proven_device: proven_device.as_deref(),
        proven_session: log_in
            .earlier
            .filter(|claims| claims.user_id == user.user_id)
            .map(|claims| claims.session_token.as_str())
            // The token of one that is over proves nothing, and contradicts nothing.
            .filter(|token| live.iter().any(|session| session.session_token == *token)),
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
    let limit = app.policy.session_limits.of(user_type, log_in.client_type);
    let (session_id, kind) = match admit(&live, &arrival, limit) {
        Admission::Refuse => return Err(ErrorCode::SessionLimit.into()),
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
        Admission::Open { out, claimed } => {
            let session_token = app.ambient.secret_name();
            let new = NewSession {
                authentication_session_id: None,
                session_token: &session_token,
                user_type,
                user_id: user.user_id,
                client_type: log_in.client_type,
                expires_at,
                device: &device,
                risk: &risk,
                current_jti: Some(&jti),
            };
            let takes = Takes { out, claimed, unread, history: &history };
            (open_another(app, tx, log_in, &new, takes).await?, AuditKind::LoggedIn)
        }
    };
    audit(tx, kind, session_id, log_in, &risk, now).await?;
    let session = store::sessions::lock(tx.conn(), session_id).await?.ok_or_else(|| {
        anyhow::anyhow!("session {session_id} is gone within its own transaction")
    })?;
    issue(app, tx, user, session, jti, now).await
}

/// What a new session finds, and what it takes the place of.
struct Takes<'a> {
    /// The sessions whose place it takes.
    out: Vec<&'a Session>,
    /// A session whose device the newcomer claimed to be, without proof.
    claimed: Option<&'a Session>,
    /// Below which key there are more that no look has read.
    unread: Option<i64>,
    /// What the log-in was compared with.
    history: &'a History,
}

/// Adds a session and ends those whose place it takes; its key.
async fn open_another(
    app: &App,
    tx: &mut Tx,
    log_in: &LogIn<'_>,
    new: &NewSession<'_>,
    takes: Takes<'_>,
) -> Result<i64, ApiError> {
    let now = app.ambient.now();
    let id = store::sessions::insert(tx.conn(), new, now).await?;
    let let_in = LetIn {
        authentication_session_id: id,
        session_token: new.session_token,
        user_type: new.user_type,
        risk: new.risk,
        claimed: takes.claimed.is_some(),
        history: takes.history,
    };
    // Before the ends, so that those who are replaced hear of it.
    alert::raise_for_log_in(app, tx, log_in, &let_in).await?;
    let replaced =
        End { reason: EndReason::Replaced, by_session_id: Some(id), by_user_id: Some(new.user_id) };
    for session in takes.out {
        end(app, tx, session, replaced, Some(log_in.call), None).await?;
    }
    if let Some(before) = takes.unread {
        let rest =
            AllOf { client_type: Some(log_in.client_type), before, ..AllOf::user(new.user_id) };
        end_all(app, tx, rest, replaced, Some(log_in.call), None).await?;
    }
    if let Some(claimed) = takes.claimed {
        let (kind, id) = (AuditKind::DeviceClaimRefused, claimed.authentication_session_id);
        audit(tx, kind, id, log_in, new.risk, now).await?;
    }
    Ok(id)
}

/// Below which key there are more open sessions than one look reads. No limit lets a user have them:
/// an adopted database may.
fn unread(open: &[Session]) -> Option<i64> {
    let oldest = open.last().filter(|_| open.len() >= usize::from(store::sessions::MAX_OPEN));
    oldest.map(|session| session.authentication_session_id)
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
    /// Looks again where the password was changed, or hashed anew, since it was checked: a log-in that
    /// was under way with the old one must not survive the change.
    async fn holds_still(&self, app: &App, hash: Option<String>) -> Result<(), ApiError> {
        let Some(held) = self.password.filter(|held| hash.as_deref() != Some(held.hash)) else {
            return Ok(());
        };
        match app.passwords.verify(held.password.to_owned(), hash).await? {
            Checked::Holds { .. } => Ok(()),
            _ => Err(ErrorCode::InvalidCredentials.into()),
        }
    }

    /// The device key that the device token names, where we signed it for this user.
    fn proven_device(&self, app: &App) -> Option<String> {
        let token = DeviceToken::open(self.device_token?, &app.device_tokens).ok()?;
        (token.user_id == self.user_id).then_some(token.device_key)
    }
}

async fn issue(
    app: &App,
    tx: &mut Tx,
    user: PublicUser,
    session: Session,
    jti: String,
    now: Timestamp,
) -> Result<Opened, ApiError> {
    let id = session.authentication_session_id;
    let device_key = session
        .device
        .device_key
        .clone()
        .ok_or_else(|| anyhow::anyhow!("session {id} was given no device key"))?;
    let device_token = DeviceToken { user_id: user.user_id, device_key, issued_at: now };
    Ok(Opened {
        access_token: tokens::access_token(app, &session, jti, now)?,
        refresh_token: tokens::begin_family(app, tx, &session, now).await?,
        device_token: device_token.seal(&app.device_tokens).map_err(anyhow::Error::from)?,
        user,
        session,
    })
}
