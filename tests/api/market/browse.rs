use insta::assert_json_snapshot;
use origin::store::listing_counts::install;
use serde_json::json;
use shared::route;
use tests::{Device, LoggedIn, TestApp, both_databases};

use super::{add, keys, listings};

both_databases!(
    only_what_can_be_bought_is_shown,
    each_filter_and_all_of_them_narrow,
    each_order_is_total,
    cursors_go_through_each_order_while_others_sell,
    what_is_rare_is_found_by_the_cursor,
    what_does_not_exist_is_refused,
);

const ITEM: &str =
    "listing_kind, offer_item_rarity, offer_item_category_code, price_asset_code, price_amount";
const ASSET: &str = "listing_kind, offer_asset_code, price_asset_code, price_amount";

async fn ana(app: &TestApp) -> LoggedIn<'_> {
    app.user("ana").await.log_in(Device::phone("phone-1")).await
}

async fn shelves(app: &TestApp) {
    for (n, (status, columns, values)) in [
        ("on_sale", ITEM, "'item_instance', 'epic', 'weapon', 'DIAMOND', 30"),
        ("on_sale", ITEM, "'item_instance', 'common', 'weapon', 'DIAMOND', 10"),
        ("on_sale", ITEM, "'item_instance', 'epic', 'shield', 'STAR', 20"),
        ("on_sale", ASSET, "'fungible_asset', 'STAR', 'DIAMOND', 10"),
        ("on_sale", ASSET, "'fungible_asset', 'GOLD', 'DIAMOND', 30"),
        ("locked", ITEM, "'item_instance', 'epic', 'weapon', 'DIAMOND', 30"),
        ("sold", ITEM, "'item_instance', 'epic', 'weapon', 'DIAMOND', 30"),
        ("withdrawn", ASSET, "'fungible_asset', 'STAR', 'DIAMOND', 10"),
        ("admin_withdrawn", ASSET, "'fungible_asset', 'STAR', 'DIAMOND', 10"),
    ]
    .into_iter()
    .enumerate()
    {
        // Two and two were made at the same time.
        add(app, 90, status, i64::try_from(n / 2).unwrap(), columns, values).await;
    }
}

async fn only_what_can_be_bought_is_shown(app: TestApp) {
    shelves(&app).await;
    let ana = ana(&app).await;
    let data = ana.get(route::MARKET_LISTINGS).await.data().clone();
    assert_json_snapshot!(
        "browse",
        json!({ "pagination": data["pagination"], "first": data["listings"][0] })
    );
    assert_eq!(keys(&listings(&data)), [5, 4, 3, 2, 1]);
    // What is kept says the same as what is counted.
    install(&app.app.db, app.app.ambient.now()).await.unwrap();
    assert_eq!(*ana.get(route::MARKET_LISTINGS).await.data(), data);
}

async fn each_filter_and_all_of_them_narrow(app: TestApp) {
    shelves(&app).await;
    let ana = ana(&app).await;
    for (query, expected) in [
        ("listing_kind=item_instance", &[3, 2, 1][..]),
        ("listing_kind=fungible_asset", &[5, 4]),
        ("rarity=epic", &[3, 1]),
        ("category=weapon", &[2, 1]),
        ("asset=STAR", &[4]),
        ("price_asset=DIAMOND", &[5, 4, 2, 1]),
        ("min_price=20", &[5, 3, 1]),
        ("max_price=20", &[4, 3, 2]),
        ("min_price=20&max_price=20", &[3]),
        ("min_price=11&max_price=19", &[]),
        (
            "rarity=epic&category=weapon&listing_kind=item_instance&price_asset=DIAMOND&min_price=1&max_price=99",
            &[1],
        ),
        ("rarity=epic&asset=STAR", &[]),
        ("min_price=20&sort=price_asc", &[3, 1, 5]),
        ("rarity=epic&sort=price_desc", &[1, 3]),
        // Words of ours are compared as they are.
        ("rarity=EPIC", &[]),
        ("rarity=%25", &[]),
        ("rarity='%20OR%20'1'='1", &[]),
    ] {
        let reply = ana.get(&format!("{}?{query}", route::MARKET_LISTINGS)).await;
        let data = reply.data();
        assert_eq!(keys(&listings(data)), expected, "{query}");
        assert_eq!(data["pagination"]["total"], expected.len(), "{query}");
        assert!(data["pagination"]["total_is_at_least"].is_null(), "{query}");
    }
}

async fn each_order_is_total(app: TestApp) {
    shelves(&app).await;
    let ana = ana(&app).await;
    for (sort, expected) in [
        ("newest", [5, 4, 3, 2, 1]),
        ("oldest", [1, 2, 3, 4, 5]),
        ("price_asc", [2, 4, 3, 1, 5]),
        ("price_desc", [5, 1, 3, 4, 2]),
    ] {
        for limit in 1..=5 {
            let path = format!("{}?sort={sort}&limit={limit}", route::MARKET_LISTINGS);
            assert_eq!(keys(&ana.by_cursor(&path, "listings").await), expected, "{path}");
            let mut by_page = Vec::new();
            for page in 1..=5 {
                by_page
                    .extend(keys(&listings(ana.get(&format!("{path}&page={page}")).await.data())));
            }
            assert_eq!(by_page, expected, "{path}");
        }
    }
}

async fn cursors_go_through_each_order_while_others_sell(app: TestApp) {
    for n in 1..=20 {
        add(
            &app,
            90,
            "on_sale",
            n / 3,
            ITEM,
            &format!("'item_instance', 'epic', 'weapon', 'DIAMOND', {}", n % 7),
        )
        .await;
    }
    let ana = ana(&app).await;
    for sort in ["newest", "oldest", "price_asc", "price_desc"] {
        for filter in ["", "&rarity=epic"] {
            let path = format!("{}?sort={sort}{filter}", route::MARKET_LISTINGS);
            let whole: Vec<i64> =
                keys(&listings(ana.get(&format!("{path}&limit=100")).await.data()));
            let (mut seen, mut page) = (Vec::new(), ana.get(&format!("{path}&limit=6")).await);
            for n in 0.. {
                seen.extend(keys(&listings(page.data())));
                let Some(cursor) = page.data()["pagination"]["next_cursor"].as_str() else { break };
                // One comes, everywhere in the list.
                let offer = format!("'item_instance', 'epic', 'weapon', 'DIAMOND', {}", n % 7);
                add(&app, 91, "on_sale", n * 3, ITEM, &offer).await;
                page = ana.get(&format!("{path}&limit=6&cursor={cursor}")).await;
            }
            let mut once = seen.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), seen.len(), "{path}: none twice");
            seen.retain(|key| whole.contains(key));
            assert_eq!(seen, whole, "{path}: what was there is there, in order");
        }
    }
}

async fn what_is_rare_is_found_by_the_cursor(app: TestApp) {
    // Two of a rarity that nothing else has, at either end of more than one look reaches.
    let offer = |rarity: &str| format!("'item_instance', '{rarity}', 'weapon', 'DIAMOND', 5");
    add(&app, 90, "on_sale", 0, ITEM, &offer("unique")).await;
    let row = "(90, 'on_sale', '2026-02-11 00:00:00', '2026-02-11 00:00:00', 'item_instance', 'common', 'weapon', 'DIAMOND', 5)";
    for _ in 0..21 {
        let rows = vec![row; 1000].join(", ");
        app.database
            .execute(&format!(
                "INSERT INTO market_listings (seller_user_id, status, created_at, updated_at, {ITEM}) VALUES {rows}"
            ))
            .await;
    }
    add(&app, 90, "on_sale", 5000, ITEM, &offer("unique")).await;
    let ana = ana(&app).await;
    for sort in ["newest", "oldest", "price_asc", "price_desc"] {
        let path = format!("{}?rarity=unique&sort={sort}", route::MARKET_LISTINGS);
        let first = ana.get(&path).await;
        let pagination = &first.data()["pagination"];
        assert_eq!(listings(first.data()).len(), 1, "{sort}");
        assert_eq!(
            (&pagination["total"], &pagination["total_is_at_least"]),
            (&json!(1), &json!(true)),
            "{sort}"
        );
        let all = keys(&ana.by_cursor(&path, "listings").await);
        let expected =
            if ["newest", "price_desc"].contains(&sort) { [21_002, 1] } else { [1, 21_002] };
        assert_eq!(all, expected, "{sort}");
    }
    // Nothing narrows it, and nothing counts: as far as counting goes, and exact where counts are kept.
    let total = async |query: &str| {
        let reply = ana.get(&format!("{}?{query}", route::MARKET_LISTINGS)).await;
        let pagination = reply.data()["pagination"].clone();
        (pagination["total"].as_i64().unwrap(), pagination["total_is_at_least"] == true)
    };
    assert_eq!(total("").await, (10_000, true));
    assert_eq!(total("sort=price_asc&min_price=5").await, (10_000, true));
    assert_eq!(total("sort=price_asc&min_price=6").await, (0, false));
    assert_eq!(total("rarity=common").await, (10_000, true));
    install(&app.app.db, app.app.ambient.now()).await.unwrap();
    assert_eq!(total("").await, (21_002, false));
    assert_eq!(total("sort=price_desc").await, (21_002, false));
}

async fn what_does_not_exist_is_refused(app: TestApp) {
    shelves(&app).await;
    let ana = ana(&app).await;
    let long = "x".repeat(51);
    let newest = ana.get(&format!("{}?limit=1", route::MARKET_LISTINGS)).await;
    let newest = newest.data()["pagination"]["next_cursor"].as_str().unwrap().to_owned();
    for (query, field) in [
        ("listing_kind=thing", "listing_kind"),
        ("listing_kind=", "listing_kind"),
        ("sort=random", "sort"),
        ("sort=NEWEST", "sort"),
        ("rarity=", "rarity"),
        (&format!("rarity={long}"), "rarity"),
        (&format!("category={long}"), "category"),
        (&format!("asset={long}"), "asset"),
        (&format!("price_asset={long}"), "price_asset"),
        ("min_price=-1", "min_price"),
        ("min_price=x", "min_price"),
        ("max_price=9223372036854775808", "max_price"),
        ("min_price=9&max_price=8", "max_price"),
        ("page=0", "page"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        (&format!("cursor={newest}&page=2"), "cursor"),
        // Of another order.
        (&format!("cursor={newest}&sort=price_asc"), "cursor"),
    ] {
        ana.get(&format!("{}?{query}", route::MARKET_LISTINGS)).await.refused_field(field);
    }
    ana.get(&format!("{}?page=4294967295&limit=100&rarity=epic", route::MARKET_LISTINGS))
        .await
        .ok();
    ana.with_token(String::new()).get(route::MARKET_LISTINGS).await.refused(401, "TOKEN_MALFORMED");
}
