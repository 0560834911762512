use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    listing::{Listing, ListingStatus, StatusCounts},
    page::Pagination,
    route,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ApiError,
    extract::{
        caller::Reader,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    state::App,
    store::{self, slice::Position},
};

/// What cursors of this list are marked with.
const ORDER: &str = "newest";

/// Which of the caller's listings.
#[derive(Deserialize, Validate, IntoParams)]
pub struct MyListingsQuery {
    #[garde(skip)]
    #[param(inline)]
    status: Option<ListingStatus>,
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

/// A page of the caller's listings.
#[derive(Serialize, ToSchema)]
pub struct MyListings {
    listings: Vec<Listing>,
    pagination: Pagination,
    /// Counts of all of the caller's listings, whatever the page's filter.
    status_counts: StatusCounts,
}

/// The caller's own listings, newest first.
#[utoipa::path(get, path = route::MY_LISTINGS)]
pub async fn my_listings(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<MyListingsQuery>,
) -> Answer<MyListings> {
    let seller = reader.claims.user_id;
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let (status_counts, mut listings) = app
        .db
        .read(async |mut handle| {
            let counts = store::listing_counts::of_seller(handle.conn(), seller).await?;
            let slice = page.slice();
            let listings =
                store::listings::page_of_seller(handle.conn(), seller, query.status, slice).await?;
            handle.done();
            Ok::<_, ApiError>((counts, listings))
        })
        .await?;
    // The counts hold every total there is; a third query would only be able to disagree.
    let total = query.status.map_or(status_counts.total(), |status| status_counts.of(status));
    let pagination = page.finish(ORDER, total, &mut listings, |listing| Position {
        by: listing.created_at.as_millis(),
        key: listing.market_listing_id,
    });
    Ok(Envelope::ok(MyListings { listings, pagination, status_counts }))
}
