use insta::assert_json_snapshot;
use shared::{listing::ListingStatus, route};
use tests::{Device, TestApp, both_databases};

use super::add;

both_databases!(anybodys_that_can_be_bought_and_all_of_ones_own, keys_that_are_none_are_refused);

async fn anybodys_that_can_be_bought_and_all_of_ones_own(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let bob = app.user("bob").await.log_in(Device::phone("phone-2")).await;
    for (key, status) in (1..).zip(ListingStatus::ALL) {
        let offer = "'fungible_asset', 'STAR', '星尘', 7, 20";
        let columns =
            "listing_kind, offer_asset_code, offer_asset_display_name, offer_amount, price_amount";
        add(&app, ana.user_id, status.as_str(), 0, columns, offer).await;
        let path = route::with_id(route::MARKET_LISTING, key);
        let own = ana.get(&path).await;
        assert_eq!(own.data()["status"], status.as_str());
        let theirs = bob.get(&path).await;
        if status == ListingStatus::OnSale {
            assert_eq!(theirs.data(), own.data());
            assert_json_snapshot!("listing", own.data(), { ".seller_user_id" => "[ana]" });
        } else {
            theirs.refused(404, "NOT_FOUND");
        }
    }
}

async fn keys_that_are_none_are_refused(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    for key in ["0", "-1", "x", "1.0", "9223372036854775808", "%20"] {
        let path = route::MARKET_LISTING.replace("{market_listing_id}", key);
        ana.get(&path).await.refused_field("market_listing_id");
    }
    let path = route::with_id(route::MARKET_LISTING, i64::MAX);
    ana.get(&path).await.refused(404, "NOT_FOUND");
}
