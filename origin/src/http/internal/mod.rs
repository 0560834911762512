//! What only the edge may ask.

mod liveness;
mod messages;

use axum::{Router, routing::post};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::INTERNAL_LIVENESS, post(liveness::liveness))
        .route(route::INTERNAL_MESSAGES, post(messages::messages))
}
