//! The console: what admins do to sessions of others.

mod deactivate;
mod inspect_token;

use axum::{Router, routing::post};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::DEACTIVATE_SESSION, post(deactivate::deactivate))
        .route(route::INSPECT_TOKEN, post(inspect_token::inspect_token))
}
