use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    page::Pagination,
    route,
    user::{PublicUser, Role, UserStatus},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{
        guard::Admin,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    state::App,
    store::{
        slice::Position,
        users::search::{self, Search},
    },
};

/// What cursors of this list are marked with.
const ORDER: &str = "newest";

/// Which users.
#[derive(Deserialize, Validate, IntoParams)]
pub struct UsersQuery {
    /// The beginning of a nickname, mobile number or e-mail address, or a key.
    #[garde(inner(length(chars, min = 1, max = 254)))]
    #[param(min_length = 1, max_length = 254)]
    search: Option<String>,
    #[garde(skip)]
    #[param(inline)]
    status: Option<UserStatus>,
    #[garde(skip)]
    #[param(inline)]
    role: Option<Role>,
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

/// A page of users.
#[derive(Serialize, ToSchema)]
pub struct Users {
    users: Vec<PublicUser>,
    pagination: Pagination,
}

/// Users, the newest account first, without anything secret.
#[utoipa::path(get, path = route::CONSOLE_USERS)]
pub async fn list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<UsersQuery>,
) -> Answer<Users> {
    let wanted = Search { text: query.search, status: query.status, role: query.role };
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let mut handle = app.db.acquire().await?;
    let total = search::count(handle.conn(), &wanted).await?;
    let mut users: Vec<PublicUser> = search::page(handle.conn(), &wanted, page.slice())
        .await?
        .into_iter()
        .map(|user| user.public)
        .collect();
    let place = |user: &PublicUser| Position { by: user.user_id, key: user.user_id };
    let pagination = page.finish(ORDER, total, &mut users, place);
    Ok(Envelope::ok(Users { users, pagination }))
}
