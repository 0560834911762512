use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{audit::AuditKind, page::Pagination};

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
#[derive(Deserialize, Validate)]
pub struct AuditQuery {
    #[garde(inner(range(min = 1)))]
    user_id: Option<i64>,
    #[garde(skip)]
    event: Option<AuditKind>,
    #[garde(skip)]
    from: Option<Moment>,
    #[garde(skip)]
    to: Option<Moment>,
    #[garde(custom(page_number))]
    page: Option<u32>,
    #[garde(custom(page_limit))]
    limit: Option<u32>,
    #[garde(skip)]
    cursor: Option<String>,
}

/// A page of the audit log.
#[derive(Serialize)]
pub struct Audit {
    events: Vec<Recorded>,
    pagination: Pagination,
}

/// The audit log, newest first.
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
