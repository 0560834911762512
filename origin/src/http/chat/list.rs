use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{chat::ConversationSummary, page::Pagination};

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
#[derive(Deserialize, Validate)]
pub struct ListQuery {
    #[garde(custom(page_number))]
    page: Option<u32>,
    #[garde(custom(page_limit))]
    limit: Option<u32>,
}

/// A page of the caller's conversations.
#[derive(Serialize)]
pub struct Conversations {
    sessions: Vec<ConversationSummary>,
    pagination: Pagination,
}

/// The caller's conversations, the latest changed first.
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
