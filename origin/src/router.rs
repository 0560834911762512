//! All routes, and what goes around them.

use axum::{Router, middleware, response::IntoResponse as _};
use shared::error::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{error::ApiError, extract::context, http, state::App};

/// The whole API of the origin.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(http::auth::router())
        .merge(http::market::router())
        .merge(http::chat::router())
        .merge(http::console::router())
        .merge(http::internal::router())
        .merge(http::operations::router())
        .merge(http::metrics::router())
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || ApiError::from(ErrorCode::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(app.clone(), http::console::staff_alone))
        .layer(CatchPanicLayer::custom(|_panic: Box<dyn std::any::Any + Send>| {
            ApiError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(middleware::from_fn_with_state(app.clone(), context::around))
        .with_state(app)
}

/// The metrics alone, for an address of their own.
pub fn metrics_router(app: App) -> Router {
    Router::new()
        .merge(http::metrics::own_router())
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || ApiError::from(ErrorCode::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(app.clone(), context::around))
        .with_state(app)
}
