//! What rests on KV, and what does not: KV held stale, slow, and refusing, on purpose.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    kv::{Manners, PlayedKv},
    system::{Client, Door, System, settled},
};

both_databases!(run by tests::system::run:
    stale_reads_pass_up_to_the_bound_and_no_write_or_handshake_ever_does,
    no_tombstone_is_overwritten_and_no_dead_session_keeps_a_socket
);

/// How long a read may pass after the session's end at a place that was not told: a word of the
/// origin counts for 60 s, and the isolate's memory for 5 s more.
const BOUND: Duration = Duration::from_secs(65);

#[expect(clippy::disallowed_methods, reason = "the bound is one of real time")]
fn now() -> Instant {
    Instant::now()
}

async fn deactivate(system: &System, admin: &Client, client: &Client) {
    let path = route::with_id(route::DEACTIVATE_SESSION, client.session_id);
    system.post(&Door::Edge, admin, &path, &json!({ "reason": "test" })).await.ok();
}

async fn stale_reads_pass_up_to_the_bound_and_no_write_or_handshake_ever_does(mut system: System) {
    // A place that has looked for the tombstone before it was there goes on seeing none.
    let stale = Duration::from_mins(10);
    let kv = PlayedKv::start(Manners { stale, slow: Duration::ZERO }).await;
    system.share_kv(&kv);
    let (_edge, elsewhere) = system.edge_elsewhere();
    let admin = system.admin().await;
    // Two, since a place that has asked the origin for one knows that one's end.
    let reader = system.user("mini_program", "phone-1").await;
    let writer = system.user("web", "browser-1").await;
    for client in [&reader, &writer] {
        system.get(&elsewhere, client, route::MY_LISTINGS).await.ok();
        deactivate(&system, &admin, client).await;
    }
    let ended = now();
    settled(&system).await;
    assert!(kv.writes().iter().filter(|(key, _)| key.starts_with("dead:")).count() >= 2);
    system.get(&Door::Edge, &reader, route::ME).await.refused(401, "SESSION_DEACTIVATED");
    system.get(&elsewhere, &reader, route::MY_LISTINGS).await.ok();
    let mut passed = Duration::ZERO;
    loop {
        let write = system.post(&elsewhere, &writer, route::CHAT_SESSIONS, &json!({})).await;
        write.refused(401, "SESSION_DEACTIVATED");
        let refused = system.socket(&elsewhere, &writer).await.err().expect("no socket");
        refused.refused(401, "SESSION_DEACTIVATED");
        let asked = ended.elapsed();
        let read = system.get(&elsewhere, &reader, route::MY_LISTINGS).await;
        if !read.status.is_success() {
            read.refused(401, "SESSION_DEACTIVATED");
            break;
        }
        passed = asked;
        assert!(passed < BOUND, "a read passed {passed:?} after the end");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("the last stale read passed {passed:?} after the end");
    assert!(passed > Duration::from_secs(30), "the stale place was never asked: {passed:?}");
}

async fn no_tombstone_is_overwritten_and_no_dead_session_keeps_a_socket(mut system: System) {
    let manners = Manners { stale: Duration::from_secs(30), slow: Duration::from_millis(150) };
    let kv = PlayedKv::start(manners).await;
    system.share_kv(&kv);
    let (_edge, elsewhere) = system.edge_elsewhere();
    let admin = system.admin().await;
    let mut dead = Vec::new();
    for round in 0..10 {
        let client = system.user("mini_program", &format!("phone-{round}")).await;
        let reads = join_all((0..6).map(|n| {
            let door = if n % 2 == 0 { &Door::Edge } else { &elsewhere };
            system.get(door, &client, route::MY_LISTINGS)
        }));
        let sockets = join_all((0..4).map(|_| system.socket(&Door::Edge, &client)));
        let end = deactivate(&system, &admin, &client);
        let (_, sockets, ()) = tokio::join!(reads, sockets, end);
        for socket in sockets {
            match socket {
                Ok(socket) => assert_eq!(socket.drained(Duration::from_secs(20)).await, Some(4413)),
                Err(refused) => refused.refused(401, "SESSION_DEACTIVATED"),
            }
        }
        dead.push(client);
    }
    settled(&system).await;
    for client in &dead {
        system
            .get(&Door::Edge, client, route::MY_LISTINGS)
            .await
            .refused(401, "SESSION_DEACTIVATED");
        for door in [&Door::Edge, &elsewhere] {
            let refused = system.socket(door, client).await.err().expect("no socket");
            refused.refused(401, "SESSION_DEACTIVATED");
        }
    }
    let writes = kv.writes();
    let tombs: Vec<_> = writes.iter().filter(|(key, _)| key.starts_with("dead:")).collect();
    assert!(tombs.len() >= dead.len(), "{} tombstones", tombs.len());
    for (key, value) in tombs {
        assert!(value.contains("SESSION_"), "{key} holds {value}");
    }
    assert!(writes.iter().all(|(key, _)| key.starts_with("dead:") || key.starts_with("live:")));
}
