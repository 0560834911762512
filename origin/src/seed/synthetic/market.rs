//! Listings.

use shared::listing::{ListingKind, ListingStatus};

use super::plan::{Plan, key};
use crate::store::{
    DbZone,
    bulk::{
        Cell::{self, Int, Null, Time, Word},
        Table,
    },
};

pub const LISTINGS: Table = Table {
    name: "market_listings",
    columns: &[
        "market_listing_id",
        "listing_kind",
        "seller_user_id",
        "offer_item_instance_id",
        "offer_item_template_id",
        "offer_item_category_code",
        "offer_item_rarity",
        "offer_item_display_name",
        "offer_asset_group_code",
        "offer_asset_code",
        "offer_asset_display_name",
        "offer_amount",
        "price_asset_code",
        "price_amount",
        "status",
        "created_at",
        "updated_at",
    ],
};

const STATUSES: [(i64, ListingStatus); 5] = [
    (10, ListingStatus::OnSale),
    (2, ListingStatus::Locked),
    (40, ListingStatus::Sold),
    (46, ListingStatus::Withdrawn),
    (2, ListingStatus::AdminWithdrawn),
];
const RARITIES: [(i64, &str); 4] = [(60, "common"), (25, "rare"), (12, "epic"), (3, "legendary")];
const CATEGORIES: [(&str, &str); 5] = [
    ("weapon", "青铜剑"),
    ("armor", "锁子甲"),
    ("mount", "踏雪马"),
    ("ring", "玉戒指"),
    ("scroll", "传送卷轴"),
];
const ASSETS: [(&str, &str, &str); 3] =
    [("currency", "STAR", "星尘"), ("currency", "GOLD", "金币"), ("material", "IRON", "玄铁")];
/// People ask for round prices, and few different ones.
const PRICES: [i64; 8] = [8, 18, 50, 66, 88, 100, 168, 500];

pub fn count(plan: &Plan) -> i64 {
    plan.sizes.listings
}

/// Listings of the big seller lie evenly among the others'.
fn is_of_the_big_seller(plan: &Plan, n: i64) -> bool {
    let share = |n: i64| n * plan.sizes.big_seller_listings / plan.sizes.listings.max(1);
    share(n + 1) > share(n)
}

pub fn listing(plan: &Plan, zone: DbZone, n: i64, row: &mut Vec<Cell>) {
    let mut draw = plan.draw(LISTINGS.name, n);
    let seller = match plan.sizes.big_seller {
        Some(seller) if is_of_the_big_seller(plan, n) => seller,
        _ => key(draw.below(plan.sizes.sellers())),
    };
    let status = draw.weighted(&STATUSES);
    let made = plan.spread(n, plan.sizes.listings, 365);
    let changed = match status {
        ListingStatus::OnSale => made,
        _ => plan.later(made, draw.below(7 * 24 * 60 * 60)),
    };
    let price = draw.of(&PRICES) * draw.of(&[1, 1, 1, 2, 5, 10, 20, 100]);
    let is_item = draw.below(3) > 0;
    let kind = if is_item { ListingKind::ItemInstance } else { ListingKind::FungibleAsset };
    row.extend([Int(key(n)), Word(kind.as_str()), Int(seller)]);
    if is_item {
        let (category, name) = draw.of(&CATEGORIES);
        row.extend([Int(key(n)), Int(1 + draw.below(500)), Word(category)]);
        row.extend([Word(draw.weighted(&RARITIES)), Word(name)]);
        row.extend([Null, Null, Null, Null]);
    } else {
        let (group, code, name) = draw.of(&ASSETS);
        row.extend([Null, Null, Null, Null, Null, Word(group), Word(code), Word(name)]);
        row.push(Int(10 * (1 + draw.below(1_000))));
    }
    row.extend([Word("DIAMOND"), Int(price), Word(status.as_str())]);
    row.extend([Time(zone.write(made)), Time(zone.write(changed))]);
}
