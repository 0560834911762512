use insta::assert_json_snapshot;
use origin::store::listing_counts::install;
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

use crate::market::{add, keys, listings};

both_databases!(
    any_seller_and_any_status_is_found,
    a_text_is_a_key_or_part_of_a_name,
    cursors_equal_pages,
    what_no_index_serves_is_refused,
);

const ITEM: &str = "listing_kind, offer_item_instance_id, offer_item_template_id, offer_item_display_name, offer_item_rarity, offer_item_category_code, price_amount";
const ASSET: &str = "listing_kind, offer_asset_code, offer_asset_display_name, price_amount";

async fn boss(app: &TestApp) -> LoggedIn<'_> {
    app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await
}

async fn shelves(app: &TestApp) {
    for (minute, (seller, status, columns, values)) in (0..).zip([
        (7, "on_sale", ITEM, "'item_instance', 4, 50, '青铜剑', 'epic', 'weapon', 30"),
        (7, "sold", ITEM, "'item_instance', 5, 50, 'Bronze 100% sword', 'common', 'weapon', 10"),
        (8, "on_sale", ASSET, "'fungible_asset', 'STAR', '星尘', 20"),
        (8, "withdrawn", ASSET, "'fungible_asset', 'GOLD', 'gold_dust', 10"),
        (8, "on_sale", ITEM, "'item_instance', 77, 50, '青铜盾', 'epic', 'shield', 5"),
    ]) {
        add(app, seller, status, minute, columns, values).await;
    }
}

async fn any_seller_and_any_status_is_found(app: TestApp) {
    shelves(&app).await;
    let boss = boss(&app).await;
    let whole = boss.get(&format!("{}?limit=1", route::CONSOLE_LISTINGS)).await;
    assert_json_snapshot!("list", whole.data(), { ".pagination.next_cursor" => "[cursor]" });
    for is_kept in [false, true] {
        for (query, expected) in [
            ("", &[5, 4, 3, 2, 1][..]),
            ("sort=oldest", &[1, 2, 3, 4, 5]),
            ("seller_user_id=7", &[2, 1]),
            ("seller_user_id=7&status=sold", &[2]),
            ("seller_user_id=9", &[]),
            ("status=on_sale", &[5, 3, 1]),
            ("status=on_sale&sort=price_asc", &[5, 3, 1]),
            ("status=admin_withdrawn", &[]),
            ("rarity=epic", &[5, 1]),
            ("category=weapon&seller_user_id=7&sort=oldest", &[1, 2]),
            ("listing_kind=fungible_asset&status=withdrawn", &[4]),
            ("asset=STAR", &[3]),
            ("price_asset=DIAMOND&min_price=10&max_price=20", &[4, 3, 2]),
        ] {
            let reply = boss.get(&format!("{}?{query}", route::CONSOLE_LISTINGS)).await;
            assert_eq!(keys(&listings(reply.data())), expected, "{query}");
            assert_eq!(reply.data()["pagination"]["total"], expected.len(), "{query} {is_kept}");
        }
        install(&app.app.db, app.app.ambient.now()).await.unwrap();
    }
}

async fn a_text_is_a_key_or_part_of_a_name(app: TestApp) {
    shelves(&app).await;
    let boss = boss(&app).await;
    for (query, expected) in [
        // A listing with this key is meant, though an item has it, too.
        ("search=4", &[4][..]),
        ("search=%204%20", &[4]),
        ("search=4&status=withdrawn", &[4]),
        // That one does not fit: the item's instance is meant.
        ("search=4&status=on_sale", &[1]),
        ("search=77", &[5]),
        ("search=50", &[5, 2, 1]),
        ("search=50&seller_user_id=7", &[2, 1]),
        ("search=100", &[2]),
        ("search=%E9%9D%92%E9%93%9C", &[5, 1]),
        ("search=%E5%B0%98", &[3]),
        // What means anything to a database means itself.
        ("search=%25", &[2]),
        ("search=_", &[4]),
        ("search='", &[]),
        ("search=nothing", &[]),
        ("search=%20", &[5, 4, 3, 2, 1]),
        ("search=99999999999999999999999", &[]),
        ("search=-1", &[]),
    ] {
        let reply = boss.get(&format!("{}?{query}", route::CONSOLE_LISTINGS)).await;
        assert_eq!(keys(&listings(reply.data())), expected, "{query}");
        assert_eq!(reply.data()["pagination"]["total"], expected.len(), "{query}");
    }
}

async fn cursors_equal_pages(app: TestApp) {
    for _ in 0..3 {
        shelves(&app).await;
    }
    let boss = boss(&app).await;
    for query in [
        "sort=newest",
        "sort=oldest",
        "seller_user_id=8",
        "seller_user_id=8&status=on_sale&sort=oldest",
        "status=on_sale&sort=price_desc",
        "rarity=epic",
        "search=%E9%9D%92",
    ] {
        let path = format!("{}?{query}", route::CONSOLE_LISTINGS);
        let whole = listings(boss.get(&format!("{path}&limit=100")).await.data());
        assert!(whole.len() >= 6, "{query}");
        for limit in [1, 2, 4] {
            let by_cursor = boss.by_cursor(&format!("{path}&limit={limit}"), "listings").await;
            assert_eq!(by_cursor, whole, "{query}");
        }
    }
}

async fn what_no_index_serves_is_refused(app: TestApp) {
    let boss = boss(&app).await;
    let long = "x".repeat(101);
    for (query, field) in [
        ("sort=price_asc", "sort"),
        ("sort=price_desc&seller_user_id=7&status=sold", "sort"),
        ("sort=dearest", "sort"),
        ("status=gone", "status"),
        ("seller_user_id=0", "seller_user_id"),
        ("seller_user_id=x", "seller_user_id"),
        ("search=", "search"),
        (&format!("search={long}"), "search"),
        ("rarity=", "rarity"),
        ("min_price=-1", "min_price"),
        ("min_price=2&max_price=1", "max_price"),
        ("page=0", "page"),
        ("limit=1000", "limit"),
        ("cursor=x", "cursor"),
    ] {
        boss.get(&format!("{}?{query}", route::CONSOLE_LISTINGS)).await.refused_field(field);
    }
    let none = boss.get(route::CONSOLE_LISTINGS).await;
    assert_eq!(
        none.data()["pagination"],
        json!({ "total": 0, "page": 1, "limit": 20, "total_pages": 0 })
    );
}
