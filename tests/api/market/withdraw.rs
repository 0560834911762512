use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_json_snapshot;
use serde_json::json;
use shared::{audit::AuditKind, listing::ListingStatus, route, user::Role};
use tests::{Device, TestApp, both_databases};

use super::add;

both_databases!(
    what_is_on_sale_is_taken_back_once,
    what_is_not_on_sale_says_where_it_stands,
    strangers_and_staff_take_nothing_back,
    of_many_at_once_one_changes_it,
);

const COLUMNS: &str = "listing_kind, offer_asset_code, offer_amount, price_amount";
const OFFER: &str = "'fungible_asset', 'STAR', 7, 20";

async fn events(app: &TestApp, user_id: i64) -> Vec<serde_json::Value> {
    let mut handle = app.app.db.acquire().await.unwrap();
    let events = origin::store::audit::of_user(handle.conn(), user_id, 100).await.unwrap();
    events
        .into_iter()
        .filter(|event| event.event == AuditKind::ListingWithdrawn.as_str())
        .map(|event| json!({ "actor": event.actor_user_id, "detail": event.detail }))
        .collect()
}

async fn what_is_on_sale_is_taken_back_once(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    add(&app, ana.user_id, "on_sale", 0, COLUMNS, OFFER).await;
    let path = route::with_id(route::WITHDRAW_LISTING, 1);
    let reply = ana.post(&path, &json!({})).await;
    assert_json_snapshot!("withdrawn", reply.data(), { ".seller_user_id" => "[ana]" });
    // Whose answer was lost asks again.
    app.clock.step(Duration::from_mins(1));
    assert_eq!(ana.post(&path, &json!({})).await.data(), reply.data());
    let done =
        json!({ "market_listing_id": 1, "from": "on_sale", "to": "withdrawn", "reason": null });
    assert_eq!(events(&app, ana.user_id).await, [json!({ "actor": null, "detail": done })]);
    let counts = ana.get(route::MY_LISTINGS).await.data()["status_counts"].clone();
    assert_eq!((&counts["on_sale"], &counts["withdrawn"]), (&json!(0), &json!(1)));
}

async fn what_is_not_on_sale_says_where_it_stands(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let ends = [ListingStatus::Locked, ListingStatus::Sold, ListingStatus::AdminWithdrawn];
    for (key, status) in (1..).zip(ends) {
        add(&app, ana.user_id, status.as_str(), 0, COLUMNS, OFFER).await;
        let reply = ana.post(&route::with_id(route::WITHDRAW_LISTING, key), &json!({})).await;
        reply.refused(409, "CONFLICT");
        let stands = json!({ "status": status, "status_display": status.display() });
        assert_eq!(reply.json["details"], stands);
        let path = route::with_id(route::MARKET_LISTING, key);
        assert_eq!(ana.get(&path).await.data()["status"], status.as_str());
    }
    assert!(events(&app, ana.user_id).await.is_empty());
}

async fn strangers_and_staff_take_nothing_back(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let bob = app.user("bob").await.log_in(Device::phone("phone-2")).await;
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    add(&app, ana.user_id, "on_sale", 0, COLUMNS, OFFER).await;
    add(&app, boss.user_id, "on_sale", 0, COLUMNS, OFFER).await;
    let path = route::with_id(route::WITHDRAW_LISTING, 1);
    bob.post(&path, &json!({})).await.refused(404, "NOT_FOUND");
    boss.post(&path, &json!({})).await.refused(403, "FORBIDDEN");
    // Nor does someone of the staff sell.
    let own = route::with_id(route::WITHDRAW_LISTING, 2);
    boss.post(&own, &json!({})).await.refused(403, "FORBIDDEN");
    ana.post(&route::with_id(route::WITHDRAW_LISTING, 3), &json!({}))
        .await
        .refused(404, "NOT_FOUND");
    for key in ["0", "x", "9223372036854775808"] {
        let path = route::WITHDRAW_LISTING.replace("{market_listing_id}", key);
        ana.post(&path, &json!({})).await.refused_field("market_listing_id");
    }
    ana.get(&path).await.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(ana.get(route::MY_LISTINGS).await.data()["status_counts"]["on_sale"], 1);
    ana.clone()
        .with_token("x".into())
        .post(&path, &json!({}))
        .await
        .refused(401, "TOKEN_MALFORMED");
}

async fn of_many_at_once_one_changes_it(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    add(&app, ana.user_id, "on_sale", 0, COLUMNS, OFFER).await;
    let (own, by_admin) = (
        route::with_id(route::WITHDRAW_LISTING, 1),
        route::with_id(route::CONSOLE_WITHDRAW_LISTING, 1),
    );
    let (nothing, reason) = (json!({}), json!({ "reason": "forbidden goods" }));
    let replies = join_all((0..8).map(|n| {
        if n % 2 == 0 { ana.post(&own, &nothing) } else { boss.post(&by_admin, &reason) }
    }))
    .await;
    // Four of a kind: those who were first hear that it is done, the others where it stands.
    let ok: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    let first = usize::from(ok[0] != 200);
    for (n, reply) in replies.iter().enumerate() {
        if n % 2 == first { reply.ok() } else { reply.refused(409, "CONFLICT") }
    }
    let of_both = "SELECT event FROM audit_events WHERE event LIKE 'listing%'";
    assert_eq!(app.database.texts(of_both).await.len(), 1);
}
