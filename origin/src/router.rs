//! All routes, and what goes around them.

use axum::{Router, middleware, response::IntoResponse as _};
use shared::error::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{document::api::Api, error::ApiError, extract::context, http, state::App};

/// All that the document describes.
pub(crate) fn api() -> Api {
    http::auth::routes()
        .merge(http::market::routes())
        .merge(http::chat::routes())
        .merge(http::console::routes())
        .merge(http::operations::routes())
        .merge(http::document::routes())
        .merge(http::metrics::routes())
}

/// The whole API of the origin.
pub fn router(app: App) -> Router {
    api()
        .router()
        // Between edge and origin alone.
        .merge(http::internal::router())
        .merge(http::console_page::router())
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
