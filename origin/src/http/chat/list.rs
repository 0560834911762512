use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{chat::ConversationSummary, page::Pagination, route};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{
        caller::Reader,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    state::App,
    store::conversations::list::{count_of_user, page_of_user},
};

/// Which page.
#[derive(Deserialize, Validate, IntoParams)]
pub struct ListQuery {
    /// Which page, from 1.
    #[garde(custom(page_number))]
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Rows of a page.
    #[garde(custom(page_limit))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// A page of the caller's conversations.
#[derive(Serialize, ToSchema)]
pub struct Conversations {
    sessions: Vec<ConversationSummary>,
    pagination: Pagination,
}

/// The caller's conversations, the latest changed first.
#[utoipa::path(get, path = route::CHAT_SESSIONS)]
pub async fn list(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Answer<Conversations> {
    let user_id = reader.claims.user_id;
    let page = Page::new(query.page, query.limit);
    let mut handle = app.db.acquire().await?;
    let total = count_of_user(handle.conn(), user_id).await?;
    let sessions = page_of_user(handle.conn(), user_id, page.limit, page.offset()).await?;
    Ok(Envelope::ok(Conversations {
        sessions,
        pagination: Pagination::new(total, page.number, page.limit),
    }))
}
