//! SQL over `market_listings`.

use chrono::NaiveDateTime;
use shared::{
    listing::{Listing, ListingKind, ListingStatus},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};

use super::{
    db::{Conn, DbZone, DialectWords as _, on},
    slice::Slice,
    statement::Statement,
};

pub mod search;

/// Every column of a row.
macro_rules! columns {
    () => {
        "SELECT market_listing_id, listing_kind, seller_user_id, offer_item_instance_id, offer_item_template_id,
                offer_item_category_code, offer_item_rarity, offer_item_display_name, offer_asset_group_code,
                offer_asset_code, offer_asset_display_name, offer_amount, price_asset_code, price_amount, status,
                created_at, updated_at
         FROM market_listings"
    };
}

#[derive(FromRow)]
struct ListingRow {
    market_listing_id: i64,
    #[sqlx(try_from = "String")]
    listing_kind: ListingKind,
    seller_user_id: i64,
    offer_item_instance_id: Option<i64>,
    offer_item_template_id: Option<i64>,
    offer_item_category_code: Option<String>,
    offer_item_rarity: Option<String>,
    offer_item_display_name: Option<String>,
    offer_asset_group_code: Option<String>,
    offer_asset_code: Option<String>,
    offer_asset_display_name: Option<String>,
    offer_amount: Option<i64>,
    price_asset_code: String,
    price_amount: i64,
    #[sqlx(try_from = "String")]
    status: ListingStatus,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl ListingRow {
    fn into_listing(self, zone: DbZone) -> Listing {
        Listing {
            market_listing_id: self.market_listing_id,
            listing_kind: self.listing_kind,
            seller_user_id: self.seller_user_id,
            offer_item_instance_id: self.offer_item_instance_id,
            offer_item_template_id: self.offer_item_template_id,
            offer_item_category_code: self.offer_item_category_code,
            offer_item_rarity: self.offer_item_rarity,
            offer_item_display_name: self.offer_item_display_name,
            offer_asset_group_code: self.offer_asset_group_code,
            offer_asset_code: self.offer_asset_code,
            offer_asset_display_name: self.offer_asset_display_name,
            offer_amount: self.offer_amount,
            price_asset_code: self.price_asset_code,
            price_amount: self.price_amount,
            status: self.status,
            status_display: self.status.display().to_owned(),
            status_color: self.status.color().to_owned(),
            created_at: zone.read(self.created_at),
            updated_at: zone.read(self.updated_at),
        }
    }
}

/// What a listing offers.
#[derive(Clone, Copy, Debug)]
pub enum Offer<'a> {
    /// One item that exists once.
    Item {
        /// The item.
        instance_id: i64,
        /// Its template.
        template_id: i64,
        /// Its category.
        category_code: &'a str,
        /// Its rarity.
        rarity: &'a str,
        /// Its display name.
        display_name: &'a str,
    },
    /// An amount of an asset.
    Asset {
        /// Its group.
        group_code: &'a str,
        /// The asset.
        code: &'a str,
        /// Its display name.
        display_name: &'a str,
        /// How much of it.
        amount: i64,
    },
}

/// A listing to be.
pub struct NewListing<'a> {
    /// Who sells.
    pub seller_user_id: i64,
    /// What is offered.
    pub offer: Offer<'a>,
    /// The price in diamonds.
    pub price_amount: i64,
    /// Where it stands.
    pub status: ListingStatus,
}

/// Adds a listing; Drawbridge itself does so only for seeds, listings are made by other services.
///
/// # Errors
/// The database's.
pub async fn insert(conn: Conn<'_>, new: &NewListing<'_>, at: Timestamp) -> sqlx::Result<()> {
    let at = conn.zone.write(at);
    let (item, asset) = match new.offer {
        Offer::Item { instance_id, template_id, category_code, rarity, display_name } => {
            (Some((instance_id, template_id, category_code, rarity, display_name)), None)
        }
        Offer::Asset { group_code, code, display_name, amount } => {
            (None, Some((group_code, code, display_name, amount)))
        }
    };
    let kind = if item.is_some() { ListingKind::ItemInstance } else { ListingKind::FungibleAsset };
    on!(conn, |c| {
        sqlx::query(
            "INSERT INTO market_listings
                 (listing_kind, seller_user_id, offer_item_instance_id, offer_item_template_id,
                  offer_item_category_code, offer_item_rarity, offer_item_display_name, offer_asset_group_code,
                  offer_asset_code, offer_asset_display_name, offer_amount, price_amount, status, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(kind.as_str())
        .bind(new.seller_user_id)
        .bind(item.map(|item| item.0))
        .bind(item.map(|item| item.1))
        .bind(item.map(|item| item.2))
        .bind(item.map(|item| item.3))
        .bind(item.map(|item| item.4))
        .bind(asset.map(|asset| asset.0))
        .bind(asset.map(|asset| asset.1))
        .bind(asset.map(|asset| asset.2))
        .bind(asset.map(|asset| asset.3))
        .bind(new.price_amount)
        .bind(new.status.as_str())
        .bind(at)
        .bind(at)
        .execute(c)
        .await
        .map(|_| ())
    })
}

/// A page of a seller's listings, newest first, ties broken by key.
///
/// # Errors
/// The database's.
pub async fn page_of_seller(
    conn: Conn<'_>,
    seller_user_id: i64,
    status: Option<ListingStatus>,
    slice: Slice,
) -> sqlx::Result<Vec<Listing>> {
    let zone = conn.zone;
    let statement = page_of_seller_statement(seller_user_id, status, zone, slice);
    let rows: Vec<ListingRow> = statement.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| row.into_listing(zone)).collect())
}

/// The query of [`page_of_seller`].
#[must_use]
pub fn page_of_seller_statement(
    seller_user_id: i64,
    status: Option<ListingStatus>,
    zone: DbZone,
    slice: Slice,
) -> Statement {
    let mut statement = Statement::new(columns!());
    // By name: MySQL would rather read the whole of a small seller and sort it.
    statement.push(
        match status {
            Some(_) => " /*! FORCE INDEX (idx_market_listings_seller_status) */",
            None => " /*! FORCE INDEX (idx_market_listings_seller) */",
        },
        [],
    );
    statement.push(" WHERE seller_user_id = ?", [seller_user_id.into()]);
    statement.push_some(" AND status = ?", status.map(ListingStatus::as_str));
    slice.newest_first(&mut statement, ["created_at", "market_listing_id"], zone);
    statement
}

/// A listing.
pub const BY_ID: &str = concat!(columns!(), " WHERE market_listing_id = ?");

/// A listing, by its key.
///
/// # Errors
/// The database's.
pub async fn find(conn: Conn<'_>, market_listing_id: i64) -> sqlx::Result<Option<Listing>> {
    let zone = conn.zone;
    let row: Option<ListingRow> =
        on!(conn, |c| sqlx::query_as(BY_ID).bind(market_listing_id).fetch_optional(c).await)?;
    Ok(row.map(|row| row.into_listing(zone)))
}

/// The same under its lock, held until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock(conn: Conn<'_>, market_listing_id: i64) -> sqlx::Result<Option<Listing>> {
    let zone = conn.zone;
    let row: Option<ListingRow> = on!(conn, |c: Dialect| {
        let mut query =
            QueryBuilder::<Dialect>::new(concat!(columns!(), " WHERE market_listing_id = "));
        query.push_bind(market_listing_id).push(Dialect::FOR_UPDATE);
        query.build_query_as().fetch_optional(c).await
    })?;
    Ok(row.map(|row| row.into_listing(zone)))
}

/// Sets where a listing stands; under its lock.
///
/// # Errors
/// The database's.
pub async fn set_status(
    conn: Conn<'_>,
    market_listing_id: i64,
    status: ListingStatus,
    now: Timestamp,
) -> sqlx::Result<()> {
    let now = conn.zone.write(now);
    on!(conn, |c| {
        sqlx::query(
            "UPDATE market_listings SET status = ?, updated_at = ? WHERE market_listing_id = ?",
        )
        .bind(status.as_str())
        .bind(now)
        .bind(market_listing_id)
        .execute(c)
        .await
        .map(|_| ())
    })
}
