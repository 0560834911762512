//! Lists say how long they are, and do not count for ever to know it.

use origin::seed::synthetic::{Leave, Plan, Sizes, synthetic};
use serde_json::json;
use shared::{route, user::Role};
use tests::{Device, LoggedIn, TestApp, both_databases};

both_databases!(totals_are_exact_until_counting_stops);

/// More than are counted.
const ROWS: i64 = 10_050;

async fn total(boss: &LoggedIn<'_>, path: &str) -> (i64, bool) {
    let reply = boss.get(path).await;
    let pagination = &reply.data()["pagination"];
    (pagination["total"].as_i64().unwrap(), pagination["total_is_at_least"] == json!(true))
}

async fn totals_are_exact_until_counting_stops(app: TestApp) {
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let lists = [route::CONSOLE_SESSIONS, route::DESK_SESSIONS, route::CONSOLE_USERS, route::AUDIT];
    for path in lists {
        let (rows, at_least) = total(&boss, path).await;
        assert!((0..10).contains(&rows) && !at_least, "{path}: {rows}");
    }
    let plan = Plan {
        sizes: Sizes {
            users: ROWS,
            sellers: None,
            listings: 0,
            big_seller: None,
            big_seller_listings: 0,
            sessions: ROWS,
            conversations: ROWS,
            messages: 0,
        },
        seed: 1,
        until: app.app.ambient.now(),
    };
    let leave = Leave { resume: false, beside_other_data: true };
    synthetic(&app.app.db, &app.app.ambient, &plan, leave, |_, _, _| {}).await.unwrap();
    for _ in 0..14 {
        app.database
            .execute("INSERT INTO audit_events (event, created_at) SELECT event, created_at FROM audit_events")
            .await;
    }
    for path in lists {
        assert_eq!(total(&boss, path).await, (10_000, true), "{path}");
        // The end of the list is found all the same.
        let last = boss.get(&format!("{path}?limit=100&page=100")).await;
        assert!(last.data()["pagination"]["next_cursor"].is_string(), "{path}");
    }
    // What is narrowed to less is exact again.
    let waiting = total(&boss, &format!("{}?status=waiting", route::DESK_SESSIONS)).await;
    assert!(waiting.0 < 10_000 && !waiting.1, "{waiting:?}");
}
