//! Two origin processes on one database, raced as clients race them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    system::{Client, Door, System},
};

both_databases!(run by tests::system::run:
    refreshes_at_two_processes_have_one_successor,
    log_ins_at_two_processes_leave_one_session
);

const ROUNDS: usize = 20;
const AT_ONCE: usize = 50;

async fn refreshes_at_two_processes_have_one_successor(system: System) {
    let (_second, other) = system.second_origin();
    let phone = system.user("mini_program", "phone-1").await;
    let mut token = phone.refresh_token.clone();
    for round in 0..ROUNDS {
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

async fn log_ins_at_two_processes_leave_one_session(system: System) {
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
