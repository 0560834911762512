use std::net::IpAddr;

use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    page::Pagination,
    route,
    session::EndReason,
    user::{ClientType, UserType},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{
        guard::Admin,
        input::Query,
        page::{Page, page_limit, page_number},
        period::{Moment, Period},
    },
    http::{Answer, Envelope},
    state::App,
    store::{
        sessions::search::{self, Found, Search},
        slice::Position,
    },
};

/// What cursors of this list are marked with.
const ORDER: &str = "newest";

/// Which sessions.
#[derive(Deserialize, Validate, IntoParams)]
pub struct SessionsQuery {
    #[garde(inner(range(min = 1)))]
    #[param(minimum = 1)]
    user_id: Option<i64>,
    #[garde(skip)]
    #[param(inline)]
    user_type: Option<UserType>,
    #[garde(skip)]
    #[param(inline)]
    client_type: Option<ClientType>,
    #[garde(skip)]
    #[param(inline, value_type = Option<search::State>)]
    state: Option<StateWord>,
    #[garde(skip)]
    #[param(value_type = Option<String>, format = "ip")]
    login_ip: Option<IpAddr>,
    /// First moment.
    #[garde(skip)]
    #[param(inline)]
    from: Option<Moment>,
    /// The moment after the last.
    #[garde(skip)]
    #[param(inline)]
    to: Option<Moment>,
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

/// `live`, or the reason of an end, in either case.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct StateWord(search::State);

impl TryFrom<String> for StateWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("live") {
            return Ok(Self(search::State::Live));
        }
        text.to_ascii_uppercase()
            .parse::<EndReason>()
            .map(|reason| Self(search::State::Ended(reason)))
            .map_err(|unknown| format!("must be live, or one of {}", unknown.words))
    }
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<Found>,
    pagination: Pagination,
}

/// Sessions of anyone, newest first; `from` and `to` are about when they were opened.
#[utoipa::path(get, path = route::CONSOLE_SESSIONS)]
pub async fn search(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<SessionsQuery>,
) -> Answer<Sessions> {
    let Period { from, to } = Period::new(query.from, query.to)?;
    let wanted = Search {
        user_id: query.user_id,
        user_type: query.user_type,
        client_type: query.client_type,
        state: query.state.map(|word| word.0),
        login_ip: query.login_ip.map(|ip| ip.to_string()),
        from,
        to,
    };
    let at = app.judging();
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let (total, mut sessions) = app
        .db
        .read(async |mut handle| {
            let total = search::count(handle.conn(), &wanted, at).await?;
            let sessions = search::page(handle.conn(), &wanted, at, page.slice()).await?;
            Ok::<_, ApiError>((total, sessions))
        })
        .await?;
    let pagination = page.finish(ORDER, total, &mut sessions, |session| Position {
        by: session.created_at.as_millis(),
        key: session.authentication_session_id,
    });
    Ok(Envelope::ok(Sessions { sessions, pagination }))
}
