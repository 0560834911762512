use axum::extract::State;
use shared::{error::ErrorCode, route, user::Role};

use super::{
    cookie::WithCookie,
    forms::{DeviceForm, NewAccount, normal_email},
    view::LoggedIn,
};
use crate::{
    error::ApiError,
    extract::{
        context::CallContext,
        input::{Both, Json},
    },
    http::Envelope,
    password::{About, check_new},
    sessions::{
        attempts::{self, Attempt, Guess},
        open::{LogIn, Opened, open_in},
    },
    state::App,
    store::{
        self, Tx,
        audit::{AuditKind, NewEvent},
        db::is_unique_violation,
        users::NewUser,
    },
};

/// Makes an account and logs it in; 409 where the mobile or e-mail has one already.
#[utoipa::path(post, path = route::REGISTER, responses((status = 201, description = "The account is made, and its first session.")))]
pub async fn register(
    State(app): State<App>,
    call: CallContext,
    Json(Both(new, device)): Json<Both<NewAccount, DeviceForm>>,
) -> Result<WithCookie<LoggedIn>, ApiError> {
    let email = normal_email(new.email);
    let about = About {
        mobile: new.mobile.as_deref(),
        email: email.as_deref(),
        nickname: new.nickname.trim(),
    };
    check_new(&new.password, &about)
        .map_err(|weak| ApiError::invalid("password", weak.to_string()))?;
    let attempt = Attempt { guess: Guess::Registration, user_id: None, call: &call };
    // Counted whatever comes of it: each is an account more, or tells whether there is one.
    attempts::spent(attempts::admit(&app, &attempt).await?).await?;
    let hash = app.passwords.hash(new.password, &app.ambient).await?;
    let user = NewUser {
        user_id: None,
        mobile: new.mobile.as_deref(),
        email: email.as_deref(),
        nickname: new.nickname.trim(),
        password_hash: Some(&hash),
        role: Role::User,
    };
    let opened = app.db.retrying(|| register_in(&app, &user, &device, &call)).await?;
    let (answer, cookie) = LoggedIn::new(opened);
    Ok(WithCookie(Envelope::created(answer), cookie))
}

/// Account and session together: a client whose account were made alone would be told CONFLICT when
/// it tries again.
async fn register_in(
    app: &App,
    user: &NewUser<'_>,
    device: &DeviceForm,
    call: &CallContext,
) -> Result<Opened, ApiError> {
    let now = app.ambient.now();
    let mut tx = app.db.begin().await?;
    let user_id = match store::users::insert(tx.conn(), user, now).await {
        Err(error) if is_unique_violation(&error) => return Err(ErrorCode::Conflict.into()),
        inserted => inserted?,
    };
    let opened = first_log_in(app, &mut tx, user_id, device, call, None).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Notes that an account was made, and logs it in, within the transaction that makes it.
pub async fn first_log_in(
    app: &App,
    tx: &mut Tx,
    user_id: i64,
    device: &DeviceForm,
    call: &CallContext,
    detail: Option<serde_json::Value>,
) -> Result<Opened, ApiError> {
    let event = NewEvent {
        kind: AuditKind::Registered,
        user_id: Some(user_id),
        authentication_session_id: None,
        actor_user_id: None,
        client_ip: Some(&call.client_ip.to_string()),
        request_id: Some(&call.request_id),
        detail,
    };
    store::audit::insert(tx.conn(), &event, app.ambient.now()).await?;
    let log_in = LogIn {
        user_id,
        client_type: device.client_type,
        device: device.device(call),
        device_token: None,
        earlier: None,
        password: None,
        call,
    };
    open_in(app, tx, &log_in).await
}
