use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    listing::{Listing, ListingKind, ListingSort, ListingStatus},
    page::Pagination,
    route,
};
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::{
    error::ApiError,
    extract::{
        caller::Reader,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    listings::list,
    state::App,
    store::listings::search::Search,
};

/// Which of the listings that can be bought.
#[derive(Deserialize, Validate, IntoParams)]
pub struct BrowseQuery {
    #[garde(skip)]
    #[param(inline)]
    listing_kind: Option<ListingKind>,
    #[garde(inner(length(chars, min = 1, max = 50)))]
    #[param(min_length = 1, max_length = 50)]
    rarity: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 50)))]
    #[param(min_length = 1, max_length = 50)]
    category: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 50)))]
    #[param(min_length = 1, max_length = 50)]
    asset: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 50)))]
    #[param(min_length = 1, max_length = 50)]
    price_asset: Option<String>,
    #[garde(inner(range(min = 0)))]
    #[param(minimum = 0)]
    min_price: Option<i64>,
    #[garde(inner(range(min = 0)))]
    #[param(minimum = 0)]
    max_price: Option<i64>,
    #[garde(skip)]
    #[param(inline)]
    sort: Option<ListingSort>,
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

/// A page of listings.
#[derive(Serialize, ToSchema)]
pub struct Listings {
    /// The listings.
    pub listings: Vec<Listing>,
    /// Where the page stands.
    pub pagination: Pagination,
}

/// What can be bought, of every seller. A page of what is rare may be short: while there is a cursor, there may be
/// more.
#[utoipa::path(get, path = route::MARKET_LISTINGS)]
pub async fn browse(
    State(app): State<App>,
    _: Reader,
    Query(query): Query<BrowseQuery>,
) -> Answer<Listings> {
    prices(query.min_price, query.max_price)?;
    let wanted = Search {
        status: Some(ListingStatus::OnSale),
        listing_kind: query.listing_kind,
        rarity: query.rarity,
        category: query.category,
        asset: query.asset,
        price_asset: query.price_asset,
        min_price: query.min_price,
        max_price: query.max_price,
        sort: query.sort.unwrap_or_default(),
        ..Search::default()
    };
    let order = wanted.sort.as_str();
    let page = Page::of_long_list(order, query.page, query.limit, query.cursor.as_deref())?;
    let (listings, pagination) = list(&app, &wanted, page).await?;
    Ok(Envelope::ok(Listings { listings, pagination }))
}

/// Refuses a range of prices that ends before it begins.
pub fn prices(min: Option<i64>, max: Option<i64>) -> Result<(), ApiError> {
    match (min, max) {
        (Some(min), Some(max)) if max < min => {
            Err(ApiError::invalid("max_price", "must not be below min_price"))
        }
        _ => Ok(()),
    }
}
