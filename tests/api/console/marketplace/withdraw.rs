use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::json;
use shared::{listing::ListingStatus, route, user::Role};
use tests::{Device, TestApp, both_databases};

use crate::market::add;

both_databases!(
    what_may_be_is_taken_back_with_a_reason,
    a_reason_is_asked_for,
    nobody_but_admins_takes_back_what_is_not_theirs,
);

const COLUMNS: &str = "listing_kind, offer_asset_code, offer_amount, price_amount";
const OFFER: &str = "'fungible_asset', 'STAR', 7, 20";

async fn what_may_be_is_taken_back_with_a_reason(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    for (key, status) in (1..).zip(ListingStatus::ALL) {
        add(&app, ana.user_id, status.as_str(), 0, COLUMNS, OFFER).await;
        let path = route::with_id(route::CONSOLE_WITHDRAW_LISTING, key);
        let body = json!({ "reason": "forbidden goods" });
        let reply = boss.post(&path, &body).await;
        match status {
            ListingStatus::OnSale | ListingStatus::Locked => {
                assert_eq!(reply.data()["status"], "admin_withdrawn");
                // Whose answer was lost asks again.
                app.clock.step(Duration::from_mins(1));
                assert_eq!(boss.post(&path, &body).await.data(), reply.data());
            }
            ListingStatus::AdminWithdrawn => reply.ok(),
            ListingStatus::Sold | ListingStatus::Withdrawn => {
                reply.refused(409, "CONFLICT");
                let stands = json!({ "status": status, "status_display": status.display() });
                assert_eq!(reply.json["details"], stands);
            }
        }
    }
    let of = format!("{}?event=listing_admin_withdrawn", route::AUDIT);
    let events = boss.get(&of).await.data()["events"].clone();
    assert_json_snapshot!("audited", events, {
        "[].request_id" => "[request]",
        "[].user_id" => "[ana]",
        "[].actor_user_id" => "[boss]",
        "[].created_at" => "[time]",
    });
    for event in events.as_array().unwrap() {
        assert_eq!(
            (&event["user_id"], &event["actor_user_id"]),
            (&ana.user_id.into(), &boss.user_id.into())
        );
    }
    // Its seller sees what became of it, and can no longer change it.
    let path = route::with_id(route::WITHDRAW_LISTING, 1);
    ana.post(&path, &json!({})).await.refused(409, "CONFLICT");
}

async fn a_reason_is_asked_for(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    add(&app, 7, "on_sale", 0, COLUMNS, OFFER).await;
    let path = route::with_id(route::CONSOLE_WITHDRAW_LISTING, 1);
    for body in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": null }),
        json!({ "reason": 7 }),
        json!({ "reason": "x".repeat(501) }),
    ] {
        boss.post(&path, &body).await.refused_field("reason");
    }
    let reason = json!({ "reason": "好".repeat(500) });
    let missing = route::with_id(route::CONSOLE_WITHDRAW_LISTING, 2);
    boss.post(&missing, &reason).await.refused(404, "NOT_FOUND");
    let wrong = route::CONSOLE_WITHDRAW_LISTING.replace("{market_listing_id}", "x");
    boss.post(&wrong, &reason).await.refused_field("market_listing_id");
    let stats = boss.get(route::CONSOLE_LISTING_STATS).await;
    assert_eq!(stats.data()["status_counts"]["on_sale"], 1);
    boss.post(&path, &reason).await.ok();
}

async fn nobody_but_admins_takes_back_what_is_not_theirs(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let wang = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    add(&app, ana.user_id, "on_sale", 0, COLUMNS, OFFER).await;
    let path = route::with_id(route::CONSOLE_WITHDRAW_LISTING, 1);
    for caller in [&ana, &wang] {
        caller.post(&path, &json!({ "reason": "x" })).await.refused(403, "FORBIDDEN");
    }
    let path = route::with_id(route::MARKET_LISTING, 1);
    assert_eq!(ana.get(&path).await.data()["status"], "on_sale");
}
