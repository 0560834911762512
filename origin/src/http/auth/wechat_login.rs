use axum::{extract::State, http::HeaderMap};
use serde_json::json;
use shared::{error::ErrorCode, route};

use super::{
    cookie::WithCookie,
    forms::{DeviceForm, WechatCredentials},
    login::earlier,
    register::first_log_in,
    view::LoggedIn,
};
use crate::{
    error::ApiError,
    extract::{
        context::CallContext,
        input::{Both, Json},
    },
    http::Envelope,
    sessions::{
        attempts::{self, Attempt, Guess},
        open::{LogIn, Opened, open},
    },
    state::App,
    store::{self, db::is_unique_violation, users::Account},
    wechat::code::{Caller, Outcome, outcome},
};

/// What a newcomer is called until they say.
const NICKNAME: &str = "微信用户";

/// Logs in with a code of the mini-program, and makes an account where WeChat names somebody new.
/// 404 where log-in by WeChat is off.
#[utoipa::path(post, path = route::WECHAT_LOGIN)]
pub async fn wechat_login(
    State(app): State<App>,
    call: CallContext,
    headers: HeaderMap,
    Json(Both(credentials, device)): Json<Both<WechatCredentials, DeviceForm>>,
) -> Result<WithCookie<LoggedIn>, ApiError> {
    if app.wechat.is_none() {
        return Err(ErrorCode::NotFound.into());
    }
    let proof = device.proof(&app);
    let proven = proof.as_ref().map(|proof| (proof.user_id, proof.device_key.as_str()));
    let attempt = Attempt { guess: Guess::WechatCode { proven }, user_id: None, call: &call };
    let admitted = attempts::admit(&app, &attempt).await?;
    let caller = Caller {
        proven,
        device_id: device.device_id.as_deref(),
        user_agent: call.user_agent.as_deref(),
        ip: call.client_ip,
    };
    let openid = match outcome(&app, &credentials.code, &caller).await {
        Ok(Outcome::Openid(openid)) => openid,
        Ok(Outcome::Refused(code)) => {
            let why = match code {
                ErrorCode::WechatBlocked => "wechat_blocked",
                _ => "wechat_code_invalid",
            };
            attempts::failed(admitted, &attempt, why).await?;
            return Err(code.into());
        }
        Ok(Outcome::Spent) => {
            attempts::given_back(admitted).await?;
            return Err(ErrorCode::WechatCodeInvalid.into());
        }
        Err(error) => {
            attempts::given_back(admitted).await?;
            return Err(error);
        }
    };
    attempts::succeeded(admitted).await?;
    match enter(&app, &openid, &device, &headers, &call).await {
        Ok(session) => {
            let (answer, cookie) = LoggedIn::new(session);
            Ok(WithCookie(Envelope::ok(answer), cookie))
        }
        Err(error) => {
            attempts::note_refusal(&app, &attempt, &error).await?;
            Err(error)
        }
    }
}

async fn enter(
    app: &App,
    openid: &str,
    device: &DeviceForm,
    headers: &HeaderMap,
    call: &CallContext,
) -> Result<Opened, ApiError> {
    let account = Account::WechatOpenid(openid);
    let find =
        || async { store::users::find_by_account(app.db.acquire().await?.conn(), account).await };
    let known = if let Some(user) = find().await? {
        user
    } else {
        let made = app.db.retrying(|| make_in(app, openid, device, call)).await?;
        if let Some(opened) = made {
            return Ok(opened);
        }
        // Another call of theirs was first.
        find().await?.ok_or_else(|| anyhow::anyhow!("an openid is taken by nobody"))?
    };
    let earlier = earlier(app, headers);
    let log_in = LogIn {
        user_id: known.public.user_id,
        client_type: device.client_type,
        device: device.device(call),
        device_token: device.device_token.as_deref(),
        earlier: earlier.as_ref(),
        password: None,
        call,
    };
    open(app, &log_in).await
}

/// Account and session together; `None` where the account has been made since.
async fn make_in(
    app: &App,
    openid: &str,
    device: &DeviceForm,
    call: &CallContext,
) -> Result<Option<Opened>, ApiError> {
    let now = app.ambient.now();
    let mut tx = app.db.begin().await?;
    let made = store::users::insert_from_wechat(tx.conn(), openid, NICKNAME, now).await;
    let user_id = match made {
        Err(error) if is_unique_violation(&error) => return Ok(None),
        inserted => inserted?,
    };
    let by = Some(json!({ "by": "wechat" }));
    let session = first_log_in(app, &mut tx, user_id, device, call, by).await?;
    tx.commit().await?;
    Ok(Some(session))
}
