use axum::extract::State;
use shared::{
    error::ErrorCode,
    route,
    user::{PublicUser, UserStatus},
};

use crate::{
    extract::caller::Reader,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// The caller, without anything secret; 404 where they are gone. The row is read anyhow, so a ban is told
/// at once, whatever the call's check rests on.
#[utoipa::path(get, path = route::ME)]
pub async fn me(State(app): State<App>, reader: Reader) -> Answer<PublicUser> {
    let user = store::users::find(app.db.acquire().await?.conn(), reader.claims.user_id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    if user.public.status != UserStatus::Active {
        return Err(ErrorCode::UserInactive.into());
    }
    Ok(Envelope::ok(user.public))
}
