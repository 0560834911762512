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
    store::{
        conversations::list::{count_of_user, page_of_user},
        slice::Position,
    },
};

/// What cursors of this list are marked with.
const ORDER: &str = "latest";

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
    /// `next_cursor` of the page before, in place of `page`.
    #[garde(skip)]
    cursor: Option<String>,
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
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let mut handle = app.db.acquire().await?;
    let total = count_of_user(handle.conn(), user_id).await?;
    let mut sessions = page_of_user(handle.conn(), user_id, page.slice()).await?;
    let pagination = page.finish(ORDER, total, &mut sessions, |one| Position {
        by: one.updated_at.as_millis(),
        key: one.customer_service_session_id,
    });
    Ok(Envelope::ok(Conversations { sessions, pagination }))
}
