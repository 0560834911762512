//! Two origin processes on one database, raced as clients race them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    metrics::Metrics,
    system::{Client, Door, System},
};

both_databases!(run by tests::system::run:
    refreshes_at_two_processes_have_one_successor,
    log_ins_at_two_processes_leave_one_session,
    what_two_processes_race_for_holds_beside_a_read_replica
);

const ROUNDS: usize = 20;
const AT_ONCE: usize = 50;

async fn refreshes_at_two_processes_have_one_successor(system: System) {
    refresh_at_two_processes(&system, ROUNDS).await;
}

async fn log_ins_at_two_processes_leave_one_session(system: System) {
    log_in_at_two_processes(&system).await;
}

/// Reads that decide about sessions do not go to it, so that nothing of the race changes.
async fn what_two_processes_race_for_holds_beside_a_read_replica(mut system: System) {
    let url = system.database_url().to_owned();
    system.restart_origin_with(&[("DATABASE_READ_URL", &url)]);
    assert_eq!(Metrics::at(&system, &Door::Origin).await.count("db_replica_used"), 1);
    refresh_at_two_processes(&system, 3).await;
    log_in_at_two_processes(&system).await;
}

async fn refresh_at_two_processes(system: &System, rounds: usize) {
    let (_second, other) = system.second_origin();
    let phone = system.user("mini_program", "phone-1").await;
    let mut token = phone.refresh_token.clone();
    for round in 0..rounds {
        let doors = [&Door::Origin, &other, &Door::Edge];
        let refreshes = (0..AT_ONCE).map(|n| system.refresh(doors[n % 3], &token));
        let replies = join_all(refreshes).await;
        let successors: BTreeSet<_> =
            replies.iter().map(|reply| reply.refresh_token().expect("a successor")).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let access = replies[round].data()["access_token"].as_str().unwrap().to_owned();
        let renewed = Client { token: access, ..phone.clone() };
        system.get(&other, &renewed, route::VERIFY).await.ok();
        token = successors.into_iter().next().unwrap();
    }
    system.get(&Door::Edge, &phone, route::VERIFY).await.ok();
}

async fn log_in_at_two_processes(system: &System) {
    let (_second, other) = system.second_origin();
    let password = system.user_password();
    let log_ins = (0..24).map(|n| {
        let body = json!({
            "mobile": xtask::secrets::DEMO_USER_MOBILE, "password": password,
            "client_type": "mini_program", "device_id": format!("phone-{n}"),
        });
        let door = if n % 2 == 0 { &Door::Origin } else { &other };
        system.send(system.request(door, "POST", route::LOGIN).json(&body))
    });
    let mut live = 0;
    for reply in join_all(log_ins).await {
        let token = reply.data()["access_token"].as_str().unwrap().to_owned();
        let verify = system.request(&Door::Origin, "GET", route::VERIFY).bearer_auth(token);
        let verified = system.send(verify).await;
        if verified.status.is_success() {
            live += 1;
        } else {
            verified.refused(401, "SESSION_REPLACED");
        }
    }
    assert_eq!(live, 1);
}
