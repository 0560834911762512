//! Conversations with customer service, mini-program side.

mod history;
mod list;
mod open;
mod send;

use axum::{
    Router,
    routing::{get, post},
};
use shared::{error::ErrorCode, route};

use crate::{
    error::ApiError,
    extract::caller::Reader,
    state::App,
    store::{
        self, Conn,
        conversations::{Conversation, Which},
    },
};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::CHAT_SESSIONS, post(open::open).get(list::list))
        .route(route::CHAT_MESSAGES, get(history::history).post(send::send))
}

/// A conversation that the caller may see; what they may not see is not found.
async fn visible(conn: Conn<'_>, reader: &Reader, id: i64) -> Result<Conversation, ApiError> {
    let found =
        store::conversations::find(conn, Which::Id(id)).await?.ok_or(ErrorCode::NotFound)?;
    reader.participant().may_see(&found.facts)?;
    Ok(found)
}
