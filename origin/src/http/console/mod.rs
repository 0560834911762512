//! The console: what admins see and end of the sessions of others, customer
//! service, and the marketplace.

mod audit;
mod customer_service;
mod deactivate;
mod deactivate_user;
mod inspect_token;
mod marketplace;
mod search;
mod timeline;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::state::App;

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
}
