use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{audit::AuditKind, page::Pagination, route};
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
        self,
        audit::{Recorded, Search},
        slice::Position,
    },
};

/// What cursors of this list are marked with.
const ORDER: &str = "newest";

/// Which events.
#[derive(Deserialize, Validate, IntoParams)]
pub struct AuditQuery {
    #[garde(inner(range(min = 1)))]
    #[param(minimum = 1)]
    user_id: Option<i64>,
    #[garde(skip)]
    #[param(inline)]
    event: Option<AuditKind>,
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

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub struct Audit {
    events: Vec<Recorded>,
    pagination: Pagination,
}

/// The audit log, newest first.
#[utoipa::path(get, path = route::AUDIT)]
pub async fn audit(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<AuditQuery>,
) -> Answer<Audit> {
    let Period { from, to } = Period::new(query.from, query.to)?;
    let wanted = Search { user_id: query.user_id, event: query.event, from, to };
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let (total, mut events) = app
        .db
        .read(async |mut handle| {
            let total = store::audit::count(handle.conn(), &wanted).await?;
            let events = store::audit::page(handle.conn(), &wanted, page.slice()).await?;
            Ok::<_, ApiError>((total, events))
        })
        .await?;
    let pagination = page.finish(ORDER, total, &mut events, |event| Position {
        by: event.created_at.as_millis(),
        key: event.audit_event_id,
    });
    Ok(Envelope::ok(Audit { events, pagination }))
}
