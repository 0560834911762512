//! Keys that change while everything runs.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use serde_json::Value;
use shared::route;
use tests::{
    both_databases,
    system::{Client, Door, System},
};

both_databases!(run by tests::system::run:
    keys_are_rotated_by_command_while_everything_runs,
    a_burst_under_a_new_key_passes_at_an_edge_that_starts_with_the_old,
);

fn kid_of(client: &Client) -> String {
    let header = client.token.split('.').next().unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Waits until a client's token is refused at a door; it must not take longer than `bound`.
async fn refused_within(system: &System, door: &Door, client: &Client, bound: Duration) {
    let patience = 20;
    for _ in 0..patience {
        let reply = system.get(door, client, route::VERIFY).await;
        if !reply.status.is_success() {
            reply.refused(401, "TOKEN_INVALID");
            return;
        }
        tokio::time::sleep(bound / patience).await;
    }
    system.get(door, client, route::VERIFY).await.refused(401, "TOKEN_INVALID");
}

/// Logs in until the token is under this key: the origin looks at its file every other second.
async fn user_under(system: &System, kid: &str) -> Client {
    let mut user = system.user("web", "browser-1").await;
    for _ in 0..40 {
        if kid_of(&user) == kid {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        user = system.user("web", "browser-1").await;
    }
    assert_eq!(kid_of(&user), kid);
    user
}

async fn a_burst_under_a_new_key_passes_at_an_edge_that_starts_with_the_old(mut system: System) {
    let kid = system.keys(&["add", "--now"]).unwrap();
    let user = user_under(&system, &kid).await;
    system.restart_edge_with(&[]);
    let burst = (0..10).map(|_| system.get(&Door::Edge, &user, route::VERIFY));
    for reply in join_all(burst).await {
        reply.ok();
    }
}

async fn keys_are_rotated_by_command_while_everything_runs(mut system: System) {
    // With the default, five minutes, the test would take as long.
    system.restart_edge_with(&[("JWKS_MAX_AGE_SECONDS", "3"), ("JWKS_COOL_DOWN_SECONDS", "1")]);
    let old = system.user("mini_program", "phone-1").await;
    system.get(&Door::Edge, &old, route::VERIFY).await.ok();
    let old_kid = kid_of(&old);

    let mut last_kid = old_kid.clone();
    for algorithm in ["ed25519", "es256", "rs256"] {
        let new_kid = system.keys(&["add", "--now", "--algorithm", algorithm]).unwrap();
        let new = user_under(&system, &new_kid).await;
        system.get(&Door::Edge, &new, route::VERIFY).await.ok();
        system.get(&Door::Origin, &new, route::VERIFY).await.ok();
        system.socket(&Door::Edge, &new).await.expect("a socket").greeted().await;
        for door in [Door::Edge, Door::Origin] {
            system.get(&door, &old, route::VERIFY).await.ok();
        }
        last_kid = new_kid;
        // The cool-down: until then, no unknown key is asked for.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    let listed: Value = serde_json::from_str(&system.keys(&["list", "--json"]).unwrap()).unwrap();
    let states: Vec<_> =
        listed["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["verifies_only", "verifies_only", "verifies_only", "signs"]);
    let table = system.keys(&["list"]).unwrap();
    assert!(table.lines().any(|line| line.contains(&old_kid) && line.contains("verifies only")));

    let refused = system.keys(&["retire", &old_kid]).unwrap_err();
    assert!(refused.contains("may live until"), "{refused}");
    let refused = system.keys(&["retire", &last_kid]).unwrap_err();
    assert!(refused.contains("signs"), "{refused}");
    let new = system.user("web", "browser-1").await;
    system.keys(&["retire", "--force", &old_kid]).unwrap();
    let bound = Duration::from_secs(8);
    refused_within(&system, &Door::Origin, &old, bound).await;
    refused_within(&system, &Door::Edge, &old, bound).await;
    for door in [Door::Edge, Door::Origin] {
        system.get(&door, &new, route::VERIFY).await.ok();
    }
}
