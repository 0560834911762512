use shared::{
    listing::{Listing, ListingStatus},
    page::Pagination,
};

use crate::{
    error::ApiError,
    extract::page::Page,
    state::App,
    store::{
        Conn,
        counted::Counted,
        listing_counts,
        listings::search::{self, Search},
    },
};

/// A page of a list, and where it stands. Where what is asked for is rare a page may be short, and its cursor still
/// lead on.
///
/// # Errors
/// The database's.
pub async fn list(
    app: &App,
    wanted: &Search,
    page: Page,
) -> Result<(Vec<Listing>, Pagination), ApiError> {
    let order = wanted.sort.as_str();
    let (total, mut found) = app
        .db
        .read(async |mut handle| {
            let total = total(handle.conn(), wanted).await?;
            let found = search::page(handle.conn(), wanted, page.slice()).await?;
            handle.done();
            Ok::<_, ApiError>((total, found))
        })
        .await?;
    let mut pagination = page.finish(order, total, &mut found.listings, wanted.place());
    if pagination.next_cursor.is_none() {
        pagination.next_cursor = found.reached.map(|last| page.cursor_of_next(order, last));
    }
    Ok((found.listings, pagination))
}

/// Exact where the counts know it, and otherwise as far as counting goes.
async fn total(mut conn: Conn<'_>, wanted: &Search) -> sqlx::Result<Counted> {
    if wanted.is_plain() {
        let counts = match wanted.seller_user_id {
            Some(seller) => Some(listing_counts::of_seller(conn.reborrow(), seller).await?),
            None => listing_counts::of_all(conn.reborrow()).await?,
        };
        if let Some(counts) = counts {
            let of = |status: ListingStatus| counts.of(status);
            let listings = wanted.status.map_or_else(|| counts.total(), of);
            return Ok(listings.into());
        }
    }
    search::count(conn, wanted).await
}
