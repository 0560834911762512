use axum::{extract::State, http::HeaderMap};
use shared::{
    error::ErrorCode,
    route,
    token::{self, Claims},
};

use super::{
    cookie::WithCookie,
    forms::{Credentials, DeviceForm, account, normal_email},
    view::LoggedIn,
};
use crate::{
    error::ApiError,
    extract::{
        caller::bearer,
        context::CallContext,
        input::{Both, Json},
    },
    http::Envelope,
    password::Checked,
    sessions::{
        attempts::{self, Attempt, Guess},
        open::{Held, LogIn, open},
    },
    state::App,
    store::{self, users::User},
};

/// Logs in with a password: renews the device's session, or opens one in place of others of its kind.
#[utoipa::path(post, path = route::LOGIN)]
pub async fn login(
    State(app): State<App>,
    call: CallContext,
    headers: HeaderMap,
    Json(Both(credentials, device)): Json<Both<Credentials, DeviceForm>>,
) -> Result<WithCookie<LoggedIn>, ApiError> {
    let email = normal_email(credentials.email);
    let account =
        account(credentials.mobile.as_ref(), email.as_ref()).ok_or(ErrorCode::BadRequest)?;
    let user = store::users::find_by_account(app.db.acquire().await?.conn(), account).await?;
    let user_id = user.as_ref().map(|user| user.public.user_id);
    // Somebody else's proof proves nothing.
    let proof = device.proof(&app).filter(|proof| Some(proof.user_id) == user_id);
    let guess = match &proof {
        Some(proof) => {
            Guess::PasswordOnDevice { user_id: proof.user_id, device_key: &proof.device_key }
        }
        None => Guess::Password(account),
    };
    let attempt = Attempt { guess, user_id, call: &call };
    let admitted = attempts::admit(&app, &attempt).await?;

    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let checked = app.passwords.verify(credentials.password.clone(), hash.clone()).await;
    let (user, stale) = match (checked, user) {
        (Ok(Checked::Holds { stale }), Some(user)) => (user, stale),
        (Ok(checked), user) => {
            let why = why(checked, user.as_ref());
            attempts::failed(admitted, &attempt, why).await?;
            return Err(ErrorCode::InvalidCredentials.into());
        }
        (Err(error), _) => {
            attempts::given_back(admitted).await?;
            return Err(error);
        }
    };
    attempts::succeeded(admitted).await?;
    let user_id = user.public.user_id;
    if let (true, Some(old)) = (stale, &hash)
        && let Err(error) = rehash(&app, user_id, credentials.password.clone(), old).await
    {
        // The next log-in does it; this one has done nothing wrong.
        error.log();
    }
    let earlier = earlier(&app, &headers);
    let log_in = LogIn {
        user_id,
        client_type: device.client_type,
        device: device.device(&call),
        device_token: device.device_token.as_deref(),
        earlier: earlier.as_ref(),
        password: hash.as_deref().map(|hash| Held { password: &credentials.password, hash }),
        call: &call,
    };
    match open(&app, &log_in).await {
        Ok(opened) => {
            let (answer, cookie) = LoggedIn::new(opened);
            Ok(WithCookie(Envelope::ok(answer), cookie))
        }
        Err(error) => {
            attempts::note_refusal(&app, &attempt, &error).await?;
            Err(error)
        }
    }
}

/// What the client's token of before says. One that does not hold, or none, is no reason to refuse
/// a log-in: it is only no proof.
pub fn earlier(app: &App, headers: &HeaderMap) -> Option<Claims> {
    let token = bearer(headers).ok()?;
    token::verify_at_any_age(token, app.keys.verification(), &app.expectations, app.ambient.now())
        .ok()
}

/// Why a password was refused: for the audit log, and never told outside.
fn why(checked: Checked, user: Option<&User>) -> &'static str {
    match (checked, user) {
        (_, None) => "unknown_account",
        (Checked::Unreadable, Some(user)) => {
            let user_id = user.public.user_id;
            tracing::error!(user_id, "a stored password hash cannot be read: set a new password");
            "unreadable_hash"
        }
        (_, Some(user)) if user.password_hash.is_none() => "no_password",
        _ => "wrong_password",
    }
}

/// Puts a hash as we make them in place of a weaker one of the same password, if that is still there.
async fn rehash(app: &App, user_id: i64, password: String, old: &str) -> Result<(), ApiError> {
    let new = &app.passwords.hash(password, &app.ambient).await?;
    let replaced = app
        .db
        .retrying(|| async move {
            let mut handle = app.db.acquire().await?;
            store::users::replace_password_hash(handle.conn(), user_id, old, new).await
        })
        .await?;
    tracing::info!(user_id, replaced, "a password was hashed anew");
    Ok(())
}
