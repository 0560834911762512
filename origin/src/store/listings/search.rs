//! Lists of listings of all sellers. A list that nothing narrows beyond its index is read in the order of that index.
//! What narrows it further is judged entry by entry, and so a look judges [`REACH`] entries at most: a page that ends
//! there may be short, and the next one goes on where it ended.

use std::cmp::Ordering;

use chrono::NaiveDateTime;
use shared::{
    listing::{Listing, ListingKind, ListingSort, ListingStatus},
    time::Timestamp,
};
use sqlx::FromRow;

use super::ListingRow;
use crate::store::{
    counted::{Counted, MOST_COUNTED},
    db::{Conn, DbZone},
    slice::{Position, Slice},
    statement::{Statement, Value},
};

/// The most entries of an index that one look judges.
pub const REACH: u32 = 20_000;

/// Which listings.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// With this key.
    pub market_listing_id: Option<i64>,
    /// Of this seller.
    pub seller_user_id: Option<i64>,
    /// Of this status.
    pub status: Option<ListingStatus>,
    /// Of this kind.
    pub listing_kind: Option<ListingKind>,
    /// With an item of this rarity.
    pub rarity: Option<String>,
    /// With an item of this category.
    pub category: Option<String>,
    /// With this asset.
    pub asset: Option<String>,
    /// For this asset.
    pub price_asset: Option<String>,
    /// For this price or more.
    pub min_price: Option<i64>,
    /// For this price or less.
    pub max_price: Option<i64>,
    /// With a display name that contains this, or, where it is a number, of this instance or template.
    pub text: Option<String>,
    /// In this order, ties broken by key.
    pub sort: ListingSort,
}

/// A page of a list, and where the next look has to begin if this one did not see the list's end.
#[derive(Debug)]
pub struct Found {
    /// The listings.
    pub listings: Vec<Listing>,
    /// The last place that was looked at.
    pub reached: Option<Position>,
}

/// The texts that an order needs; `at` is what it is by.
struct Words {
    after: &'static str,
    until: &'static str,
    order: &'static str,
}

const fn words(sort: ListingSort) -> Words {
    // The first of the conditions on a place says nothing new, but it is what an index can seek.
    match sort {
        ListingSort::Newest => Words {
            after: " AND k.created_at <= ? AND (k.created_at < ? OR k.market_listing_id < ?)",
            until: " AND k.created_at >= ? AND (k.created_at > ? OR k.market_listing_id >= ?)",
            order: " ORDER BY k.created_at DESC, k.market_listing_id DESC",
        },
        ListingSort::Oldest => Words {
            after: " AND k.created_at >= ? AND (k.created_at > ? OR k.market_listing_id > ?)",
            until: " AND k.created_at <= ? AND (k.created_at < ? OR k.market_listing_id <= ?)",
            order: " ORDER BY k.created_at, k.market_listing_id",
        },
        ListingSort::PriceAsc => Words {
            after: " AND k.price_amount >= ? AND (k.price_amount > ? OR k.market_listing_id > ?)",
            until: " AND k.price_amount <= ? AND (k.price_amount < ? OR k.market_listing_id <= ?)",
            order: " ORDER BY k.price_amount, k.market_listing_id",
        },
        ListingSort::PriceDesc => Words {
            after: " AND k.price_amount <= ? AND (k.price_amount < ? OR k.market_listing_id < ?)",
            until: " AND k.price_amount >= ? AND (k.price_amount > ? OR k.market_listing_id >= ?)",
            order: " ORDER BY k.price_amount DESC, k.market_listing_id DESC",
        },
    }
}

/// A place as its columns hold it.
fn values(sort: ListingSort, place: Position, zone: DbZone) -> [Value; 3] {
    let by: Value = if sort.is_by_price() {
        place.by.into()
    } else {
        zone.write(Timestamp::from_millis(place.by).unwrap_or(Timestamp::EPOCH)).into()
    };
    [by.clone(), by, place.key.into()]
}

impl Search {
    /// Whether entries must be judged that do not match.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        let by_words = self.rarity.is_some()
            || self.category.is_some()
            || self.asset.is_some()
            || self.price_asset.is_some()
            || self.text.is_some();
        let by_price = self.min_price.is_some() || self.max_price.is_some();
        by_words || self.listing_kind.is_some() || (by_price && !self.sort.is_by_price())
    }

    /// Whether it is all listings of a seller, of a status, of both or of none: what counts know of.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let by_price = self.min_price.is_some() || self.max_price.is_some();
        !self.is_narrowed() && !by_price && self.market_listing_id.is_none()
    }

    /// Goes on from `SELECT …` with the entries of one index, none of them judged yet.
    fn push_entries(&self, statement: &mut Statement) {
        // By name, since servers with little to go by would rather sort the whole table.
        statement.push(
            match (self.seller_user_id, self.status, self.sort.is_by_price()) {
                _ if self.market_listing_id.is_some() => " FROM market_listings k WHERE 1 = 1",
                (Some(_), Some(_), _) => {
                    " FROM market_listings k /*! FORCE INDEX (idx_market_listings_seller_status) */ WHERE 1 = 1"
                }
                (Some(_), None, _) => {
                    " FROM market_listings k /*! FORCE INDEX (idx_market_listings_seller) */ WHERE 1 = 1"
                }
                (None, Some(_), true) => {
                    " FROM market_listings k /*! FORCE INDEX (idx_market_listings_price) */ WHERE 1 = 1"
                }
                (None, Some(_), false) => {
                    " FROM market_listings k /*! FORCE INDEX (idx_market_listings_status) */ WHERE 1 = 1"
                }
                (None, None, _) => {
                    " FROM market_listings k /*! FORCE INDEX (idx_market_listings_created) */ WHERE 1 = 1"
                }
            },
            [],
        );
        statement.push_some(" AND k.market_listing_id = ?", self.market_listing_id);
        statement.push_some(" AND k.seller_user_id = ?", self.seller_user_id);
        statement.push_some(" AND k.status = ?", self.status.map(ListingStatus::as_str));
        if self.sort.is_by_price() {
            statement.push_some(" AND k.price_amount >= ?", self.min_price);
            statement.push_some(" AND k.price_amount <= ?", self.max_price);
        }
    }

    /// Goes on with what each entry is judged by.
    fn push_judged(&self, statement: &mut Statement) {
        statement.push_some(" AND k.listing_kind = ?", self.listing_kind.map(ListingKind::as_str));
        statement.push_some(" AND k.offer_item_rarity = ?", self.rarity.as_deref());
        statement.push_some(" AND k.offer_item_category_code = ?", self.category.as_deref());
        statement.push_some(" AND k.offer_asset_code = ?", self.asset.as_deref());
        statement.push_some(" AND k.price_asset_code = ?", self.price_asset.as_deref());
        if !self.sort.is_by_price() {
            // As sums, which no index has: SQLite would leave the order for the range, and sort what it finds.
            statement.push_some(" AND k.price_amount + 0 >= ?", self.min_price);
            statement.push_some(" AND k.price_amount + 0 <= ?", self.max_price);
        }
        let Some(text) = &self.text else { return };
        statement.push(
            " AND (INSTR(k.offer_item_display_name, ?) > 0 OR INSTR(k.offer_asset_display_name, ?) > 0",
            [text.as_str().into(), text.as_str().into()],
        );
        if let Ok(key) = text.parse::<i64>() {
            statement.push(
                " OR k.offer_item_instance_id = ? OR k.offer_item_template_id = ?",
                [key.into(), key.into()],
            );
        }
        statement.push(")", []);
    }

    fn position(&self, listing: &Listing) -> Position {
        let by = if self.sort.is_by_price() {
            listing.price_amount
        } else {
            listing.created_at.as_millis()
        };
        Position { by, key: listing.market_listing_id }
    }

    fn compare(&self, one: &Listing, other: &Listing) -> Ordering {
        let place = |listing| {
            let Position { by, key } = self.position(listing);
            (by, key)
        };
        let ascending = place(one).cmp(&place(other));
        match self.sort {
            ListingSort::Oldest | ListingSort::PriceAsc => ascending,
            ListingSort::Newest | ListingSort::PriceDesc => ascending.reverse(),
        }
    }

    /// Where a listing stands in this list.
    pub fn place(&self) -> impl Fn(&Listing) -> Position {
        |listing| self.position(listing)
    }
}

#[derive(FromRow)]
struct TimeEdge {
    at: NaiveDateTime,
    id: i64,
}

#[derive(FromRow)]
struct PriceEdge {
    at: i64,
    id: i64,
}

/// The last entry that a look from `after` may judge; `None` where the list ends with it or before.
async fn edge(
    conn: Conn<'_>,
    search: &Search,
    after: Option<Position>,
) -> sqlx::Result<Option<Position>> {
    let zone = conn.zone;
    let statement = edge_statement(search, zone, after);
    let places: Vec<Position> = if search.sort.is_by_price() {
        let found: Vec<PriceEdge> = statement.fetch_all(conn).await?;
        found.iter().map(|edge| Position { by: edge.at, key: edge.id }).collect()
    } else {
        let found: Vec<TimeEdge> = statement.fetch_all(conn).await?;
        let place = |edge: &TimeEdge| Position { by: zone.read(edge.at).as_millis(), key: edge.id };
        found.iter().map(place).collect()
    };
    Ok(places.first().filter(|_| places.len() > 1).copied())
}

/// The query of the last entry that a look may judge, and the one after it: a walk through one index.
#[must_use]
pub fn edge_statement(search: &Search, zone: DbZone, after: Option<Position>) -> Statement {
    let mut statement = Statement::new(if search.sort.is_by_price() {
        "SELECT k.price_amount AS at, k.market_listing_id AS id"
    } else {
        "SELECT k.created_at AS at, k.market_listing_id AS id"
    });
    search.push_entries(&mut statement);
    let words = words(search.sort);
    if let Some(after) = after {
        statement.push(words.after, values(search.sort, after, zone));
    }
    statement.push(words.order, []);
    statement.push(" LIMIT 2 OFFSET ?", [i64::from(REACH - 1).into()]);
    statement
}

/// A page of a list.
///
/// # Errors
/// The database's.
pub async fn page(mut conn: Conn<'_>, search: &Search, slice: Slice) -> sqlx::Result<Found> {
    let zone = conn.zone;
    let reached =
        if search.is_narrowed() { edge(conn.reborrow(), search, slice.after).await? } else { None };
    let rows: Vec<ListingRow> =
        page_statement(search, zone, slice, reached).fetch_all(conn).await?;
    let mut listings: Vec<_> = rows.into_iter().map(|row| row.into_listing(zone)).collect();
    listings.sort_by(|one, other| search.compare(one, other));
    Ok(Found { listings, reached })
}

/// The query of [`page`], for rows in no order: first their keys, in an index alone, then what is shown of those.
#[must_use]
pub fn page_statement(
    search: &Search,
    zone: DbZone,
    slice: Slice,
    until: Option<Position>,
) -> Statement {
    let mut statement = Statement::new(
        "SELECT m.market_listing_id, m.listing_kind, m.seller_user_id, m.offer_item_instance_id,
                m.offer_item_template_id, m.offer_item_category_code, m.offer_item_rarity, m.offer_item_display_name,
                m.offer_asset_group_code, m.offer_asset_code, m.offer_asset_display_name, m.offer_amount,
                m.price_asset_code, m.price_amount, m.status, m.created_at, m.updated_at
         FROM (SELECT k.market_listing_id AS id",
    );
    push_looked_at(&mut statement, search, zone, slice.after, until);
    statement.push(words(search.sort).order, []);
    slice.limit(&mut statement);
    statement.push(") found JOIN market_listings m ON m.market_listing_id = found.id", []);
    statement
}

fn push_looked_at(
    statement: &mut Statement,
    search: &Search,
    zone: DbZone,
    after: Option<Position>,
    until: Option<Position>,
) {
    search.push_entries(statement);
    let words = words(search.sort);
    if let Some(after) = after {
        statement.push(words.after, values(search.sort, after, zone));
    }
    if let Some(until) = until {
        statement.push(words.until, values(search.sort, until, zone));
    }
    search.push_judged(statement);
}

/// How many listings the list has; counted as far as one look goes.
///
/// # Errors
/// The database's.
pub async fn count(mut conn: Conn<'_>, search: &Search) -> sqlx::Result<Counted> {
    let zone = conn.zone;
    let reached =
        if search.is_narrowed() { edge(conn.reborrow(), search, None).await? } else { None };
    let counted = count_statement(search, zone, reached).fetch_counted(conn, MOST_COUNTED).await?;
    Ok(Counted { at_least: counted.at_least || reached.is_some(), ..counted })
}

/// The query of [`count`].
#[must_use]
pub fn count_statement(search: &Search, zone: DbZone, until: Option<Position>) -> Statement {
    let mut statement = Statement::new("SELECT COUNT(*) FROM (SELECT k.market_listing_id");
    push_looked_at(&mut statement, search, zone, None, until);
    // Counting needs no order, but SQLite goes by the index for it, and not through the table.
    statement.push(words(search.sort).order, []);
    statement.count_up_to(MOST_COUNTED);
    statement
}
