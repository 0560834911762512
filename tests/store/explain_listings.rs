//! Every list of listings is read by an index in its order, whatever it is narrowed by; its filters are judged in the
//! index, and counts are seeks.

use origin::store::{
    DbZone,
    listing_counts::{COUNT_ALL, COUNT_SELLER, FOLD_KEYS, OF_ALL, OF_SELLER, install},
    listings::{
        self, BY_ID,
        search::{Search, count_statement, edge_statement, page_statement},
    },
    slice::{Position, Slice},
    statement::Statement,
};
use shared::listing::{ListingKind, ListingSort, ListingStatus};
use tests::{
    TestApp, both_databases,
    plan::{Plan, Planner},
};

use crate::explain_search::{explain, plan};

both_databases!(lists_are_read_by_indexes, a_sellers_own_are_read_by_indexes, counts_are_sought,);

/// Enough rows that a scan would cost more than a seek.
const ROWS: i64 = 3000;
const PAGE: u32 = 5;

async fn fill(app: &TestApp) {
    let mut rows = Vec::new();
    for n in 1..=ROWS {
        let kind = if n % 3 == 0 {
            "'fungible_asset', NULL, NULL, 'STAR'"
        } else {
            "'item_instance', 'epic', 'weapon', NULL"
        };
        let status = ListingStatus::ALL[usize::try_from(n % 5).unwrap()];
        let at = format!("'2026-02-{:02} {:02}:{:02}:00.000'", n / 1440 + 1, n / 60 % 24, n % 60);
        rows.push(format!("({kind}, {}, {}, '{status}', {at}, {at})", n % 40 + 1, n * 7 % 900));
    }
    let statement = format!(
        "INSERT INTO market_listings (listing_kind, offer_item_rarity, offer_item_category_code, offer_asset_code,
             seller_user_id, price_amount, status, created_at, updated_at) VALUES {}",
        rows.join(", ")
    );
    app.database.execute(&statement).await;
}

/// What it is narrowed by, each alone and all at once.
fn narrowed() -> Vec<Search> {
    let none = Search::default;
    let text = |text: &str| Some(text.to_owned());
    let mut all = vec![
        Search { listing_kind: Some(ListingKind::ItemInstance), ..none() },
        Search { rarity: text("epic"), ..none() },
        Search { category: text("weapon"), ..none() },
        Search { asset: text("STAR"), ..none() },
        Search { price_asset: text("DIAMOND"), ..none() },
        Search { min_price: Some(100), ..none() },
        Search { min_price: Some(100), max_price: Some(200), ..none() },
    ];
    let whole = Search {
        listing_kind: Some(ListingKind::ItemInstance),
        rarity: text("epic"),
        category: text("weapon"),
        asset: text("STAR"),
        price_asset: text("DIAMOND"),
        min_price: Some(100),
        max_price: Some(200),
        ..none()
    };
    all.extend([none(), whole]);
    all
}

/// By `k` the index that is walked, by its key what is shown.
#[track_caller]
fn judged(plan: &Plan, search: &Search, index: &str, covered: bool) {
    assert_eq!(plan.index_of("k"), format!("idx_market_listings_{index}"), "{search:?}: {plan:?}");
    assert!(plan.in_order, "{search:?}: {plan:?}");
    if covered {
        assert!(plan.covered.iter().any(|table| table == "k"), "{search:?}: {plan:?}");
    }
    if plan.tables.iter().any(|(table, _)| table == "m") {
        assert_eq!(plan.index_of("m"), "PRIMARY", "{search:?}: {plan:?}");
    }
}

async fn lists_are_read_by_indexes(app: TestApp) {
    fill(&app).await;
    let mut planner = Planner::open(&app.database).await;
    let (seller, status) = (Some(7), Some(ListingStatus::OnSale));
    let time = |day: i64| Position { by: 1_769_900_000_000 + day * 86_400_000, key: 700 };
    for sort in ListingSort::ALL {
        let wholes: &[(Option<i64>, Option<ListingStatus>, &str)] = if sort.is_by_price() {
            &[(None, status, "price")]
        } else {
            &[
                (None, status, "status"),
                (None, None, "created"),
                (seller, None, "seller"),
                (seller, status, "seller_status"),
            ]
        };
        for (seller_user_id, status, index) in wholes {
            // The two indexes that browsing reads hold all that it can be narrowed by.
            let covers = matches!(*index, "price" | "status");
            let narrowed = narrowed();
            // Elsewhere one filter is as good as another: none, and all.
            for search in &narrowed[if covers { 0 } else { narrowed.len() - 2 }..] {
                let search = Search {
                    sort,
                    seller_user_id: *seller_user_id,
                    status: *status,
                    ..search.clone()
                };
                let (one, other) = if sort.is_by_price() {
                    (Position { by: 120, key: 700 }, Position { by: 150, key: 700 })
                } else {
                    (time(1), time(2))
                };
                let (after, until) = match sort {
                    ListingSort::Oldest | ListingSort::PriceAsc => (one, other),
                    ListingSort::Newest | ListingSort::PriceDesc => (other, one),
                };
                for (after, until) in [(None, None), (Some(after), Some(until))] {
                    let slice = Slice { after, ..Slice::first(PAGE) };
                    let page = page_statement(&search, DbZone::UTC, slice, until);
                    judged(&explain(&mut planner, page).await, &search, index, covers);
                }
                let edge = edge_statement(&search, DbZone::UTC, Some(after));
                judged(&explain(&mut planner, edge).await, &search, index, true);
                let count =
                    explain(&mut planner, count_statement(&search, DbZone::UTC, Some(until))).await;
                judged(&count, &search, index, covers);
            }
        }
    }
    // One by its key, and what an admin looks for by name.
    let by_key = Search { market_listing_id: Some(9), ..Search::default() };
    let page =
        explain(&mut planner, page_statement(&by_key, DbZone::UTC, Slice::first(PAGE), None)).await;
    assert!(
        page.index_of("k") == "PRIMARY" || !page.tables.iter().any(|(table, _)| table == "k"),
        "{page:?}"
    );
    let by_name = Search { text: Some("7".into()), ..Search::default() };
    let slice = Slice::first(PAGE);
    judged(
        &explain(&mut planner, page_statement(&by_name, DbZone::UTC, slice, Some(time(1)))).await,
        &by_name,
        "created",
        false,
    );
}

async fn a_sellers_own_are_read_by_indexes(app: TestApp) {
    fill(&app).await;
    let after = Some(Position { by: 1_770_000_000_000, key: 700 });
    for (status, index) in [
        (None, "idx_market_listings_seller"),
        (Some(ListingStatus::Sold), "idx_market_listings_seller_status"),
    ] {
        for after in [None, after] {
            let slice = Slice { after, ..Slice::first(PAGE) };
            let statement = listings::page_of_seller_statement(7, status, DbZone::UTC, slice);
            let plan = plan(&app, statement).await;
            assert_eq!(plan.index_of("market_listings"), index, "{plan:?}");
            assert!(plan.in_order, "{plan:?}");
        }
    }
    let mut by_id = Statement::new(BY_ID);
    by_id.values.push(7.into());
    assert_eq!(plan(&app, by_id).await.index_of("market_listings"), "PRIMARY");
}

async fn counts_are_sought(app: TestApp) {
    fill(&app).await;
    install(&app.app.db, app.app.ambient.now()).await.unwrap();
    // Many sellers have deltas that wait.
    app.database
        .execute("UPDATE market_listings SET status = 'withdrawn' WHERE status <> 'withdrawn'")
        .await;
    let of = |sql: &'static str, values: &[i64]| {
        let mut statement = Statement::new(sql);
        statement.values.extend(values.iter().map(|value| (*value).into()));
        statement
    };
    let deltas = "idx_market_listing_count_deltas_seller";
    let seller = plan(&app, of(OF_SELLER, &[7, 7])).await;
    assert_eq!(seller.index_of("market_listing_count_deltas"), deltas, "{seller:?}");
    assert!(!["none", deltas].contains(&seller.index_of("market_listing_counts")), "{seller:?}");
    assert!(
        !seller.walked.iter().any(|table| table.starts_with("market_listing_count")),
        "{seller:?}"
    );
    let all = plan(&app, of(OF_ALL, &[])).await;
    assert!(!["none", deltas].contains(&all.index_of("market_listing_counts")), "{all:?}");
    let fold = plan(&app, of(FOLD_KEYS, &[10])).await;
    assert!(fold.in_order, "{fold:?}");
    // Where nothing is kept, they are counted in an index alone.
    let counted = plan(&app, of(COUNT_SELLER, &[7])).await;
    assert_eq!(counted.index_of("market_listings"), "idx_market_listings_seller_status");
    assert_eq!(counted.covered, ["market_listings"]);
    let counted = plan(&app, of(COUNT_ALL, &[])).await;
    assert_eq!(counted.covered, ["market_listings"], "{counted:?}");
}
