//! Clients of Socket.IO that mean harm, or are too slow, beside those that do not.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;
use tests::{
    Backend,
    chat::{
        Heard, Line, Probe, Wire,
        scene::{Pair, siege, slow},
    },
    socket_io::{
        polling::Polling,
        speech::{self, Speech},
    },
    system::{Door, System, run, settled},
};
use tokio::time::Instant;

/// The sessions of one gateway that may wait for their CONNECT.
const MAX_NEWCOMERS: usize = 1_000;
/// How long they may.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_means_harm_harms_nobody_else() {
    run(Backend::Sqlite, async |mut system: System| {
        // All of a version at one gateway, where they could disturb each other.
        system.restart_edge_with(&[("GATEWAY_OBJECTS", "1")]);
        let pair = Pair::meet(&system).await;
        let siege = siege::lay(&system, &pair, Wire::SocketIo, 7, 2_000).await;
        println!("{siege:?}");
        assert!(siege.closed > 50, "{siege:?}");
        who_does_not_poll_is_given_up(&system).await;
        what_is_too_large_is_refused(&system).await;
        who_does_not_connect_is_seen_off(&system).await;
    })
    .await;
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

/// A client that polls no more is closed when too much waits for it, and has it all when it comes back.
async fn who_does_not_poll_is_given_up(system: &System) {
    let pair = Pair::meet(system).await;
    let base = system.url(&Door::Edge);
    let slow = Polling::open(&http(), &base).await.expect("a session");
    slow.connect(&pair.user.token).await;
    slow.until("[\"connected\"").await;
    pair.agent_says(system, "before").await;
    slow.until("before").await;
    for event in 0..8 {
        slow::alert(system, &pair, 3_000_000 + event).await;
    }
    pair.agent_says(system, "after").await;
    settled(system).await;
    let mut found = 0;
    let over = loop {
        match slow.poll().await {
            Ok(packets) => found += packets.iter().map(String::len).sum::<usize>(),
            Err(status) => break status,
        }
    };
    assert_eq!(over, StatusCode::BAD_REQUEST);
    assert!(found < 3 * 1024 * 1024, "{found} bytes were kept for it");

    let mut probe = Probe::open(&pair.user_account(system).over(Wire::SocketIo)).await;
    probe.resume(&[(pair.conversation, 1)]).await;
    assert_eq!(probe.message("after").await.0, "new_message");
}

async fn what_is_too_large_is_refused(system: &System) {
    let pair = Pair::meet(system).await;
    let base = system.url(&Door::Edge);
    let good = Probe::open(&pair.user_account(system).over(Wire::SocketIo)).await;
    for bytes in [1_000_001, 20_000_000] {
        let session = Polling::open(&http(), &base).await.expect("a session");
        session.connect(&pair.user.token).await;
        assert_eq!(session.post(vec![b'4'; bytes]).await, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut line = Line::open_bare(&base, speech::PATH).await.expect("a socket");
    line.send(Speech::connect(&pair.user.token)).await;
    line.send(format!("42/im,[\"typing\",\"{}\"]", "x".repeat(1_000_001))).await;
    while let Heard::Text(_) = line.next().await {}
    pair.agent_says(system, "undisturbed").await;
    assert_eq!(good.message("undisturbed").await.0, "new_message");
}

/// Sessions that never say who they are: only so many are let wait, none for longer than ten seconds.
async fn who_does_not_connect_is_seen_off(system: &System) {
    let pair = Pair::meet(system).await;
    let base = system.url(&Door::Edge);
    let good = Probe::open(&pair.user_account(system).over(Wire::SocketIo)).await;
    let mut silent = Line::open_bare(&base, speech::PATH).await.expect("a socket");
    let client = http();
    let began = Instant::now();
    let opened: Vec<_> = stream::iter(0..MAX_NEWCOMERS + 50)
        .map(|_| Polling::open(&client, &base))
        .buffer_unordered(16)
        .collect()
        .await;
    let mut sessions = Vec::new();
    for session in opened {
        match session {
            Ok(session) => sessions.push(session),
            Err((status, refusal)) => {
                assert!(matches!(status.as_u16(), 429 | 503), "{status} {refusal}");
                assert_eq!(refusal["code"], "TOO_MANY_SOCKETS", "{refusal}");
            }
        }
    }
    // On a slow machine the first have had their time by when the last one comes.
    let is_slow = began.elapsed() >= CONNECT_LIMIT;
    println!("{} sessions were let wait, after {:?}", sessions.len(), began.elapsed());
    assert!(sessions.len() <= MAX_NEWCOMERS || is_slow, "{} wait", sessions.len());
    while let Heard::Text(packet) = silent.next().await {
        assert!(packet.starts_with('0') || packet == "2" || packet == "6", "{packet}");
        if packet == "2" {
            silent.send(Speech::PONG).await;
        }
    }
    for session in [&sessions[0], &sessions[sessions.len() - 1]] {
        let status = loop {
            match session.poll().await {
                Ok(packets) if packets == ["2"] => _ = session.post("3").await,
                Ok(_) => {}
                Err(status) => break status,
            }
        };
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    // There is room again, and who was let in has heard nothing of it.
    let user = system.person("后来的", shared::user::Role::User).await;
    Probe::open(&system.account(&user).over(Wire::SocketIo)).await;
    pair.agent_says(system, "undisturbed").await;
    assert_eq!(good.message("undisturbed").await.0, "new_message");
}
