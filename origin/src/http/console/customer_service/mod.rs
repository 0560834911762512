//! Conversations with customer service, console side: for agents and admins.

mod accept;
mod list;
mod queue;
mod stats;
mod transfer;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::{
    extract::guard::Agent,
    http::chat::{close::close, history::history, read::read, send::send},
    state::App,
};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::DESK_SESSIONS, get(list::list))
        .route(route::DESK_MESSAGES, get(history::<Agent>))
        .route(route::DESK_SEND, post(send::<Agent>))
        .route(route::DESK_READ, post(read::<Agent>))
        .route(route::DESK_ACCEPT, post(accept::accept))
        .route(route::DESK_TRANSFER, post(transfer::transfer))
        .route(route::DESK_CLOSE, post(close::<Agent>))
        .route(route::DESK_QUEUE, get(queue::queue))
        .route(route::DESK_STATS, get(stats::stats))
}
