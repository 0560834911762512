//! How customer service does, in numbers that were counted by hand.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases};

use crate::chat::begin;

both_databases!(
    what_the_numbers_are,
    an_even_number_has_its_middle_between_two,
    a_time_that_is_none_is_named,
);

fn to(path: &str, id: i64) -> String {
    route::with_id(path, id)
}

/// Conversations that are answered after so many seconds, and accepted in half the time.
async fn answered_after(app: &TestApp, seconds: &[u64]) -> Vec<i64> {
    let wang = app.staff("wang", Role::Agent).await;
    let wang = wang.log_in(Device::browser("desk-1")).await;
    let mut ids = Vec::new();
    for (n, wait) in seconds.iter().enumerate() {
        let user = app.user(&format!("u{n}")).await;
        let user = user.log_in(Device::phone(&format!("phone-{n}"))).await;
        let id = begin(&user).await;
        app.clock.step(Duration::from_millis(wait * 500));
        wang.post(&to(route::DESK_ACCEPT, id), &json!({})).await.ok();
        app.clock.step(Duration::from_millis(wait * 500));
        wang.post(&to(route::DESK_SEND, id), &json!({ "content": "您好" })).await.ok();
        ids.push(id);
        if n < 2 {
            user.post(&to(route::CHAT_CLOSE, id), &json!({})).await.ok();
            let score = json!({ "satisfaction_score": 4 + n });
            user.post(&to(route::CHAT_RATING, id), &score).await.ok();
        }
    }
    ids
}

async fn stats(app: &TestApp, query: &str) -> Value {
    let zhao = app.staff("zhao", Role::Admin).await;
    let zhao = zhao.log_in(Device::browser("desk-9")).await;
    zhao.get(&format!("{}{query}", route::DESK_STATS)).await.data().clone()
}

async fn what_the_numbers_are(app: TestApp) {
    let nothing = stats(&app, "").await;
    assert_eq!(nothing["median_first_response_seconds"], Value::Null);
    assert_eq!(nothing["satisfaction"], json!({ "average": null, "count": 0 }));
    answered_after(&app, &[10, 600, 31]).await;
    let waiting = app.user("late").await;
    begin(&waiting.log_in(Device::phone("phone-9")).await).await;
    app.clock.step(Duration::from_secs(1));
    let today = stats(&app, "").await;
    insta::assert_json_snapshot!("stats", today);
    // What is open is open now; what began and ended is asked of another day.
    app.clock.step(Duration::from_hours(25));
    let later = stats(&app, "").await;
    let of = |said: &Value| {
        ["waiting", "active", "began", "closed", "median_first_response_seconds"]
            .map(|field| said[field].clone())
    };
    assert_eq!(of(&later), [json!(1), json!(1), json!(0), json!(0), Value::Null]);
    let then = stats(&app, "?to=2026-03-01T01:00:00%2B08:00").await;
    assert_eq!(of(&then), of(&today));
}

async fn an_even_number_has_its_middle_between_two(app: TestApp) {
    answered_after(&app, &[10, 20, 41, 600]).await;
    let said = stats(&app, "").await;
    assert_eq!(said["median_first_response_seconds"], 30, "of 20 and 41");
    assert_eq!(said["median_waiting_seconds"], 15, "of 10 and 20.5");
}

async fn a_time_that_is_none_is_named(app: TestApp) {
    let zhao = app.staff("zhao", Role::Admin).await;
    let zhao = zhao.log_in(Device::browser("desk-9")).await;
    for (query, field) in [
        ("?from=yesterday", "from"),
        ("?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
        ("?from=2027-03-02T00:00:00Z", "from"),
        ("?from=2020-01-01T00:00:00Z", "from"),
        ("?from=2026-01-01T00:00:00Z&to=2026-04-04T00:00:00Z", "from"),
    ] {
        zhao.get(&format!("{}{query}", route::DESK_STATS)).await.refused_field(field);
    }
}
