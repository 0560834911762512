//! Market listings.

pub mod browse;
mod listing;
mod my_listings;
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
        .route(route::MY_LISTINGS, get(my_listings::my_listings))
        .route(route::MARKET_LISTINGS, get(browse::browse))
        .route(route::MARKET_LISTING, get(listing::listing))
        .route(route::WITHDRAW_LISTING, post(withdraw::withdraw))
}
