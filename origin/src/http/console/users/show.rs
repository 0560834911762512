use axum::extract::State;
use shared::{error::ErrorCode, route, user::PublicUser};

use crate::{
    extract::{guard::Admin, input::Id},
    http::{Answer, Envelope},
    state::App,
    store,
};

/// A user, without anything secret.
#[utoipa::path(get, path = route::CONSOLE_USER)]
pub async fn show(State(app): State<App>, _: Admin, Id(user_id): Id) -> Answer<PublicUser> {
    let user = store::users::find(app.db.acquire().await?.conn(), user_id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    Ok(Envelope::ok(user.public))
}
