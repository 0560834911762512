//! Conversations with customer service, mini-program side; the console's side has its own routes to some
//! of the same handlers.

pub(in crate::http) mod close;
pub(in crate::http) mod history;
mod list;
mod open;
mod party;
mod rating;
pub(in crate::http) mod read;
pub(in crate::http) mod send;
pub(in crate::http) mod state;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::{
    extract::caller::{Caller, Reader},
    state::App,
};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::CHAT_SESSIONS, post(open::open).get(list::list))
        .route(route::CHAT_MESSAGES, get(history::history::<Reader>).post(send::send::<Caller>))
        .route(route::CHAT_READ, post(read::read::<Caller>))
        .route(route::CHAT_CLOSE, post(close::close::<Caller>))
        .route(route::CHAT_RATING, post(rating::rating))
}
