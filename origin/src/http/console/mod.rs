//! The console: what admins see and change of users and their sessions, customer service, and the
//! marketplace. Nobody comes in but the staff ([`staff_alone`]); what is for admins alone says so in its
//! handler's signature.

mod audit;
mod configuration;
mod customer_service;
mod deactivate;
mod deactivate_user;
mod inspect_token;
mod marketplace;
mod overview;
mod search;
mod timeline;
mod users;

use axum::{
    extract::{FromRequestParts as _, Request, State},
    middleware::Next,
    response::Response,
};
use shared::{
    error::ErrorCode::{Conflict, NotFound},
    route,
};

use crate::{
    document::api::{Api, Tag},
    error::ApiError,
    extract::guard::Agent,
    handle,
    state::App,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Console,
        [
            handle!(deactivate::deactivate).refusing([Conflict, NotFound]),
            handle!(deactivate_user::deactivate_user).refusing([NotFound]),
            handle!(search::search),
            handle!(timeline::timeline).refusing([NotFound]),
            handle!(audit::audit),
            handle!(inspect_token::inspect_token),
            handle!(overview::overview),
            handle!(configuration::configuration),
        ],
    )
    .merge(customer_service::routes())
    .merge(marketplace::routes())
    .merge(users::routes())
}

/// The console's door, around every route there is: whatever stands under [`route::CONSOLE`] is for agents
/// and admins in a session of their side, whether or not its handler has a guard of its own. Handlers take
/// the caller that was judged here; the session's row is read once.
///
/// # Errors
/// Those of [`Agent`].
pub async fn staff_alone(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if !route::is_of_console(request.uri().path()) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let Agent(caller) = Agent::from_request_parts(&mut parts, &app).await?;
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}
