//! What the staff are told of a running system: whether its parts reach each other, and how fast ends arrive.

use serde_json::Value;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System, settled},
};

both_databases!(run by tests::system::run: the_parts_and_what_lies_between_them_are_seen);

async fn the_parts_and_what_lies_between_them_are_seen(mut system: System) {
    let admin = system.admin().await;
    let told = system.get(&Door::Origin, &admin, route::CONFIGURATION).await;
    let (edge, database) = (&told.data()["edge"], &told.data()["database"]);
    assert_eq!(edge["url"], system.url(&Door::Edge));
    assert_eq!(edge["public_url"], edge["url"], "where no other is set");
    assert_eq!((&edge["is_reachable"], &edge["problem"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(edge["reaches_origin"], true);
    assert_eq!(edge["version"], env!("CARGO_PKG_VERSION"));
    // One machine, one clock: no further apart than the question took, and what is finer than a millisecond.
    let milliseconds = edge["milliseconds"].as_i64().unwrap();
    let skew = edge["clock_skew_ms"].as_i64().unwrap();
    assert!(skew.abs() <= milliseconds / 2 + 2, "{skew} ms, asked for {milliseconds} ms");
    let milliseconds = database["milliseconds"].as_i64().unwrap();
    match database["clock_skew_ms"].as_i64() {
        Some(skew) => assert!(skew.abs() <= milliseconds / 2 + 2, "{database}"),
        None => assert_eq!(database["kind"], "sqlite"),
    }
    let origins: Vec<_> = told.data()["allowed_origins"].as_array().unwrap().iter().collect();
    assert!(origins.contains(&&Value::from(system.url(&Door::Origin))), "{origins:?}");

    // A session that is replaced, and what the edge is told of it.
    system.user("mini_program", "phone-1").await;
    system.user("mini_program", "phone-2").await;
    settled(&system).await;
    // By the edge, too: it is one of the routes that it forwards.
    let overview = system.get(&Door::Edge, &admin, &format!("{}?minutes=5", route::OVERVIEW)).await;
    let points = overview.data()["points"].as_array().unwrap();
    let sum = |name: &str| points.iter().filter_map(|point| point[name].as_i64()).sum::<i64>();
    assert!(sum("log_ins") >= 3, "{points:?}");
    assert!(sum("revocations") >= 1, "{points:?}");
    let delays = points.iter().filter_map(|point| point["revocation_delay_ms_p99"].as_i64());
    assert!(delays.clone().count() > 0, "{points:?}");
    assert!(delays.clone().all(|delay| delay >= 0), "{points:?}");

    system.kill_edge();
    let told = system.get(&Door::Origin, &admin, route::CONFIGURATION).await;
    let edge = &told.data()["edge"];
    assert_eq!(edge["is_reachable"], false);
    assert!(edge["problem"].as_str().unwrap().contains("does not answer"), "{edge}");
    assert_eq!(edge["clock_skew_ms"], Value::Null);
}
