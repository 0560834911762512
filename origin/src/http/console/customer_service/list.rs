use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    chat::{ConversationStatus, ConversationSummary},
    page::Pagination,
    route,
    user::Role,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{
        guard::Agent,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    state::App,
    store::{
        conversations::list::{self, Order, Search, Visible},
        slice::Position,
    },
};

/// Which conversations.
#[derive(Deserialize, Validate, IntoParams)]
pub struct DeskQuery {
    #[garde(skip)]
    #[param(inline)]
    status: Option<ConversationStatus>,
    #[garde(inner(range(min = 1)))]
    #[param(minimum = 1)]
    admin_id: Option<i64>,
    /// The beginning of a nickname or mobile number, or a key of a user or conversation.
    #[garde(inner(length(chars, min = 1, max = 50)))]
    #[param(min_length = 1, max_length = 50)]
    search: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
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

/// In which order.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// The latest changed first.
    #[default]
    Latest,
    /// Who has waited longest first.
    Waiting,
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
pub struct DeskConversations {
    sessions: Vec<ConversationSummary>,
    pagination: Pagination,
}

/// The conversations that the caller may see: an agent their own and those that nobody has, an admin all.
#[utoipa::path(get, path = route::DESK_SESSIONS)]
pub async fn list(
    State(app): State<App>,
    Agent(agent): Agent,
    Query(query): Query<DeskQuery>,
) -> Answer<DeskConversations> {
    let (order, name) = match query.sort {
        Sort::Latest => (Order::Latest, "latest"),
        Sort::Waiting => (Order::Waiting, "waiting"),
    };
    let search = Search {
        visible: match agent.session.role {
            Role::Admin => Visible::All,
            Role::Agent | Role::User => Visible::To(agent.session.user_id),
        },
        status: query.status,
        admin_id: query.admin_id,
        text: query.search,
        order,
    };
    let page = Page::of_long_list(name, query.page, query.limit, query.cursor.as_deref())?;
    let (total, mut sessions) = app
        .db
        .read(async |mut handle| {
            let total = list::count(handle.conn(), &search).await?;
            let sessions = list::page(handle.conn(), &search, page.slice()).await?;
            Ok::<_, ApiError>((total, sessions))
        })
        .await?;
    let pagination = page.finish(name, total, &mut sessions, |one| Position {
        by: match order {
            Order::Latest => one.updated_at.as_millis(),
            Order::Waiting => one.created_at.as_millis(),
        },
        key: one.customer_service_session_id,
    });
    Ok(Envelope::ok(DeskConversations { sessions, pagination }))
}
