//! What only the edge may ask.

mod liveness;
mod marks;
mod messages;
mod queue;
mod replay;

use axum::{Router, routing::post};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::INTERNAL_LIVENESS, post(liveness::liveness))
        .route(route::INTERNAL_MESSAGES, post(messages::messages))
        .route(route::INTERNAL_REPLAY, post(replay::replay))
        .route(route::INTERNAL_MARKS, post(marks::marks))
        .route(route::INTERNAL_QUEUE, post(queue::queue))
}
