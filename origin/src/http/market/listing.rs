use axum::extract::State;
use shared::{
    error::ErrorCode,
    listing::{Listing, ListingStatus},
    route,
};

use crate::{
    extract::{caller::Reader, input::Id},
    http::{Answer, Envelope},
    state::App,
    store,
};

/// A listing: anybody's that can be bought, and the caller's own, wherever it stands.
#[utoipa::path(get, path = route::MARKET_LISTING)]
pub async fn listing(State(app): State<App>, reader: Reader, Id(id): Id) -> Answer<Listing> {
    let mut handle = app.db.acquire().await?;
    let listing = store::listings::find(handle.conn(), id)
        .await?
        .filter(|listing| {
            listing.status == ListingStatus::OnSale
                || listing.seller_user_id == reader.claims.user_id
        })
        .ok_or(ErrorCode::NotFound)?;
    Ok(Envelope::ok(listing))
}
