use axum::{extract::State, http::HeaderMap};
use shared::{
    error::ErrorCode,
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
    sessions::open::{LogIn, open},
    state::App,
    store::{
        self,
        audit::{AuditKind, NewEvent},
    },
};

/// Logs in with a password: renews the device's session, or opens one in place of others of its kind.
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
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    if !app.passwords.verify(credentials.password, hash).await? {
        note_failure(&app, user.map(|user| user.public.user_id), &call).await?;
        return Err(ErrorCode::InvalidCredentials.into());
    }
    let user_id = user.ok_or(ErrorCode::InvalidCredentials)?.public.user_id;
    let opened = open(
        &app,
        &LogIn {
            user_id,
            client_type: device.client_type,
            device: device.device(&call),
            device_token: device.device_token.as_deref(),
            earlier: earlier(&app, &headers).as_ref(),
            call: &call,
        },
    )
    .await?;
    let (answer, cookie) = LoggedIn::new(opened);
    Ok(WithCookie(Envelope::ok(answer), cookie))
}

/// What the client's token of before says. One that does not hold, or none, is no reason to refuse
/// a log-in: it is only no proof.
fn earlier(app: &App, headers: &HeaderMap) -> Option<Claims> {
    let token = bearer(headers).ok()?;
    token::verify_at_any_age(token, app.keys.verification(), &app.expectations, app.ambient.now())
        .ok()
}

async fn note_failure(app: &App, user_id: Option<i64>, call: &CallContext) -> Result<(), ApiError> {
    let event = NewEvent {
        kind: AuditKind::LoginFailed,
        user_id,
        authentication_session_id: None,
        actor_user_id: None,
        client_ip: Some(&call.client_ip.to_string()),
        request_id: Some(&call.request_id),
        detail: None,
    };
    let now = app.ambient.now();
    let event = &event;
    app.db
        .retrying(|| async move {
            store::audit::insert(app.db.acquire().await?.conn(), event, now).await
        })
        .await?;
    Ok(())
}
