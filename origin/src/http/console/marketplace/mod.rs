//! The marketplace, as admins see it.

mod list;
mod stats;
mod withdraw;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::CONSOLE_LISTINGS, get(list::list))
        .route(route::CONSOLE_LISTING_STATS, get(stats::stats))
        .route(route::CONSOLE_WITHDRAW_LISTING, post(withdraw::withdraw))
}
