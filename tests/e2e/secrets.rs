//! The secrets of edge and origin are replaced while both serve.

use shared::route;
use tests::{
    Backend,
    system::{Door, System, run, settled},
};

const TO_ORIGIN: &str = "EDGE_TO_ORIGIN_KEY";
const TO_EDGE: &str = "ORIGIN_TO_EDGE_KEY";

/// Calls pass the edge, and an end reaches it.
async fn both_believe_each_other(system: &System, step: &str) {
    let first = system.user("mini_program", &format!("{step}-1")).await;
    system.get(&Door::Edge, &first, route::MY_LISTINGS).await.ok();
    let mut socket = system.socket(&Door::Edge, &first).await.expect("a socket").greeted().await;
    let second = system.user("mini_program", &format!("{step}-2")).await;
    settled(system).await;
    let told = socket.expect_after_alerts("session_invalidated").await;
    assert_eq!(told["code"], "SESSION_REPLACED", "{step}");
    system.get(&Door::Edge, &second, route::MY_LISTINGS).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_replaced_and_nobody_is_refused() {
    run(Backend::Sqlite, async |mut system: System| {
        let fresh = xtask::secrets::Values::random().expect("randomness");
        let (to_origin, to_edge) = (fresh.edge_to_origin_key, fresh.origin_to_edge_key);
        let before = system.secrets().clone();
        let both = |new: &str, old: &str| format!("{new},{old}");

        // Who opens knows both before anybody seals with the new one.
        system.restart_origin_with(&[(TO_ORIGIN, &both(&to_origin, &before.edge_to_origin_key))]);
        system.restart_edge_with(&[(TO_EDGE, &both(&to_edge, &before.origin_to_edge_key))]);
        both_believe_each_other(&system, "opens").await;

        system.restart_edge_with(&[(TO_ORIGIN, &to_origin)]);
        system.restart_origin_with(&[(TO_EDGE, &to_edge)]);
        both_believe_each_other(&system, "seals").await;

        system.restart_origin_with(&[(TO_ORIGIN, &to_origin)]);
        system.restart_edge_with(&[(TO_EDGE, &to_edge)]);
        both_believe_each_other(&system, "alone").await;
    })
    .await;
}
