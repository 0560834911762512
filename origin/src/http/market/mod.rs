//! Market listings.

mod my_listings;

use axum::{Router, routing::get};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route(route::MY_LISTINGS, get(my_listings::my_listings))
}
