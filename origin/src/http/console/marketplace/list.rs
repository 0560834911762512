use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::{
    listing::{ListingKind, ListingSort, ListingStatus},
    route,
};
use utoipa::IntoParams;

use crate::{
    error::ApiError,
    extract::{
        guard::Admin,
        input::Query,
        page::{Page, page_limit, page_number},
    },
    http::{
        Answer, Envelope,
        market::browse::{Listings, prices},
    },
    listings,
    state::App,
    store::listings::search::Search,
};

/// Which listings.
#[derive(Deserialize, Validate, IntoParams)]
pub struct ListingsQuery {
    #[garde(inner(range(min = 1)))]
    #[param(minimum = 1)]
    seller_user_id: Option<i64>,
    #[garde(skip)]
    #[param(inline)]
    status: Option<ListingStatus>,
    /// A key, or a part of a display name.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[param(min_length = 1, max_length = 100)]
    search: Option<String>,
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

/// Listings of any seller and any status. A number that is searched for and is the key of a listing that fits means
/// that one; any other text is looked for in display names, 20,000 listings a page, and the cursor leads on.
#[utoipa::path(get, path = route::CONSOLE_LISTINGS)]
pub async fn list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<ListingsQuery>,
) -> Answer<Listings> {
    prices(query.min_price, query.max_price)?;
    let sort = query.sort.unwrap_or_default();
    // No index has the prices of one seller in order, nor those of all statuses.
    if sort.is_by_price() && (query.seller_user_id.is_some() || query.status.is_none()) {
        return Err(ApiError::invalid("sort", "by price needs a status, and no seller_user_id"));
    }
    let mut wanted = Search {
        market_listing_id: None,
        seller_user_id: query.seller_user_id,
        status: query.status,
        listing_kind: query.listing_kind,
        rarity: query.rarity,
        category: query.category,
        asset: query.asset,
        price_asset: query.price_asset,
        min_price: query.min_price,
        max_price: query.max_price,
        text: None,
        sort,
    };
    let page = Page::of_long_list(sort.as_str(), query.page, query.limit, query.cursor.as_deref())?;
    let text = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let key = text.and_then(|text| text.parse().ok());
    if let Some(key) = key.filter(|_| page.after.is_none()) {
        let exact = Search { market_listing_id: Some(key), ..wanted.clone() };
        let (listings, pagination) = listings::list(&app, &exact, page).await?;
        if pagination.total > 0 {
            return Ok(Envelope::ok(Listings { listings, pagination }));
        }
    }
    wanted.text = text.map(str::to_owned);
    let (listings, pagination) = listings::list(&app, &wanted, page).await?;
    Ok(Envelope::ok(Listings { listings, pagination }))
}
