use axum::extract::State;
use serde::Serialize;
use shared::{listing::StatusCounts, route};
use utoipa::ToSchema;

use crate::{
    extract::guard::Admin,
    http::{Answer, Envelope},
    state::App,
    store::listing_counts,
};

/// How many listings there are.
#[derive(Serialize, ToSchema)]
pub struct ListingStats {
    /// Of every status.
    total: i64,
    /// Of each.
    status_counts: StatusCounts,
}

/// How many listings there are, of all sellers.
#[utoipa::path(get, path = route::CONSOLE_LISTING_STATS)]
pub async fn stats(State(app): State<App>, _: Admin) -> Answer<ListingStats> {
    let status_counts =
        app.db.read(async |mut handle| listing_counts::of_all_counted(handle.conn()).await).await?;
    Ok(Envelope::ok(ListingStats { total: status_counts.total(), status_counts }))
}
