use axum::extract::State;
use shared::{error::ErrorCode, user::PublicUser};

use crate::{
    extract::caller::Reader,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// The caller, without anything secret; 404 where they are gone.
pub async fn me(State(app): State<App>, reader: Reader) -> Answer<PublicUser> {
    let user = store::users::find(app.db.acquire().await?.conn(), reader.claims.user_id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    Ok(Envelope::ok(user.public))
}
