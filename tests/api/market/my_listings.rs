use insta::assert_json_snapshot;
use origin::{
    clock::Ambient,
    seed::{self, DemoPasswords},
};
use serde_json::{Value, json};
use shared::route;
use tests::{Device, TestApp, both_databases, user};

use super::{add, keys, listings};

both_databases!(
    the_demo_user_has_265_listings_with_every_count,
    pages_and_filters_that_do_not_exist_are_refused,
    every_column_has_its_own_name,
    a_page_of_one_status_is_sorted_and_whole,
    a_cursor_goes_on_while_listings_come,
    someone_without_listings_has_zeroes,
);

async fn demo(app: &TestApp) -> user::LoggedIn<'_> {
    let passwords = DemoPasswords {
        demo_user_password: user::PASSWORD.into(),
        demo_agent_password: user::PASSWORD.into(),
        demo_admin_password: user::PASSWORD.into(),
    };
    let ambient = Ambient::new(app.clock.clone(), origin::clock::SystemEntropy);
    seed::demo(&app.app.db, &ambient, &passwords).await.unwrap();
    // A second time changes nothing.
    seed::demo(&app.app.db, &ambient, &passwords).await.unwrap();
    user::TestUser::known(app, 31, "13612227930").log_in(Device::phone("phone-1")).await
}

async fn the_demo_user_has_265_listings_with_every_count(app: TestApp) {
    let user = demo(&app).await;
    let counts =
        json!({ "on_sale": 3, "locked": 9, "sold": 16, "withdrawn": 237, "admin_withdrawn": 0 });
    for (query, total) in [
        ("", 265),
        ("?status=withdrawn", 237),
        ("?status=admin_withdrawn", 0),
        ("?status=on_sale&limit=1", 3),
    ] {
        let reply = user.get(&format!("{}{query}", route::MY_LISTINGS)).await;
        assert_eq!(reply.data()["pagination"]["total"], total, "{query}");
        assert_eq!(reply.data()["status_counts"], counts, "{query}");
    }
    let page = user.get(&format!("{}?page=14", route::MY_LISTINGS)).await;
    assert_eq!(
        page.data()["pagination"],
        json!({ "total": 265, "page": 14, "limit": 20, "total_pages": 14 })
    );
    assert_eq!(page.data()["listings"].as_array().unwrap().len(), 5);
    // What is kept says the same as what is counted.
    let counted = user.get(route::MY_LISTINGS).await;
    origin::store::listing_counts::install(&app.app.db, app.app.ambient.now()).await.unwrap();
    assert_eq!(user.get(route::MY_LISTINGS).await.data(), counted.data());
}

async fn pages_and_filters_that_do_not_exist_are_refused(app: TestApp) {
    let user = app.user("ana").await;
    let user = user.log_in(Device::phone("phone-1")).await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=99999999999", "page"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=10000", "limit"),
        ("status=gone", "status"),
        ("status=", "status"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
    ] {
        user.get(&format!("{}?{query}", route::MY_LISTINGS)).await.refused_field(field);
    }
    user.get(&format!("{}?page=4294967295&limit=100", route::MY_LISTINGS)).await.ok();
}

async fn every_column_has_its_own_name(app: TestApp) {
    let user = demo(&app).await;
    let reply = user.get(&format!("{}?status=on_sale", route::MY_LISTINGS)).await;
    assert_json_snapshot!("on_sale", reply.data()["listings"]);
}

async fn a_page_of_one_status_is_sorted_and_whole(app: TestApp) {
    let user = demo(&app).await;
    let mut seen: Vec<(String, i64)> = Vec::new();
    for page in 1..=3 {
        let reply = user
            .get(&format!("{}?status=withdrawn&limit=100&page={page}", route::MY_LISTINGS))
            .await;
        let listings = reply.data()["listings"].as_array().unwrap().clone();
        assert!(
            listings
                .iter()
                .all(|listing| listing["status"] == "withdrawn" && listing["seller_user_id"] == 31)
        );
        let key = |listing: &Value| {
            (
                listing["created_at"].as_str().unwrap().to_owned(),
                listing["market_listing_id"].as_i64().unwrap(),
            )
        };
        seen.extend(listings.iter().map(key));
    }
    assert_eq!(seen.len(), 237);
    assert!(seen.is_sorted_by(|one, next| one > next), "newest first, none twice");
}

async fn a_cursor_goes_on_while_listings_come(app: TestApp) {
    let user = demo(&app).await;
    let columns = "listing_kind, price_amount";
    for filter in ["", "&status=withdrawn"] {
        let path = format!("{}?limit=100{filter}", route::MY_LISTINGS);
        let mut whole = Vec::new();
        for page in 1..=3 {
            let reply = user.get(&format!("{path}&page={page}")).await;
            whole.extend(keys(&listings(reply.data())));
        }
        let path = format!("{}?limit=60{filter}", route::MY_LISTINGS);
        let (mut seen, mut page) = (Vec::new(), user.get(&path).await);
        for number in 2.. {
            seen.extend(keys(&listings(page.data())));
            let Some(cursor) = page.data()["pagination"]["next_cursor"].as_str() else { break };
            // By page number, each would push one onto the next page.
            for status in ["withdrawn", "on_sale"] {
                add(&app, 31, status, 0, columns, "'fungible_asset', 5").await;
            }
            page = user.get(&format!("{path}&cursor={cursor}")).await;
            assert_eq!(page.data()["pagination"]["page"], number);
        }
        assert_eq!(seen, whole, "{filter}");
    }
}

async fn someone_without_listings_has_zeroes(app: TestApp) {
    let user = app.user("ana").await;
    let user = user.log_in(Device::phone("phone-1")).await;
    assert_json_snapshot!("none", user.get(route::MY_LISTINGS).await.data());
}
