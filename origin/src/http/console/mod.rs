//! The console: what admins see and change of users and their sessions, and customer service and the marketplace. Nobody
//! comes in but the staff ([`staff_alone`]); what is for admins alone says so in its handler's signature.

mod audit;
mod customer_service;
mod deactivate;
mod deactivate_user;
mod inspect_token;
mod marketplace;
mod search;
mod timeline;
mod users;

use axum::{
    Router,
    extract::{FromRequestParts as _, Request, State},
    middleware::Next,
    response::Response,
    routing::{get, post},
};
use shared::route;

use crate::{error::ApiError, extract::guard::Agent, state::App};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::DEACTIVATE_SESSION, post(deactivate::deactivate))
        .route(route::DEACTIVATE_USER_SESSIONS, post(deactivate_user::deactivate_user))
        .route(route::CONSOLE_SESSIONS, get(search::search))
        .route(route::TIMELINE, get(timeline::timeline))
        .route(route::AUDIT, get(audit::audit))
        .route(route::INSPECT_TOKEN, post(inspect_token::inspect_token))
        .merge(customer_service::router())
        .merge(marketplace::router())
        .merge(users::router())
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
