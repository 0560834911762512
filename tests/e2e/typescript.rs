//! The client in TypeScript (`clients/typescript`) against the real system: each of its tests is told in a browser's
//! way and over a stand-in for `wx`.

use std::{sync::Arc, time::Duration};

use tests::{
    Backend,
    chat::Proxy,
    node_tests,
    system::{Door, System, run},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use xtask::{
    secrets::{DEMO_ADMIN_MOBILE, DEMO_AGENT_MOBILE},
    typescript_client,
};

/// How long the tests of one system may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);
/// The tests make accounts as they need them.
const REGISTRATIONS: (&str, &str) = ("REGISTRATIONS_PER_ADDRESS", "1000");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_start_last_and_end_and_no_message_is_lost_on_the_way() {
    run(Backend::MySql, async |mut system| {
        system.restart_origin_with(&[REGISTRATIONS]);
        assert!(hold(&system, "e2e/*.test.ts").await >= 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_renewed_once_and_in_place() {
    run(Backend::Sqlite, async |mut system| {
        system.restart_origin_with(&[REGISTRATIONS, ("ACCESS_TOKEN_LIFETIME", "30s")]);
        assert!(hold(&system, "e2e/short/*.test.ts").await >= 4);
    })
    .await;
}

/// Runs the client's tests on a system: how many passed.
async fn hold(system: &System, files: &str) -> u32 {
    let folder = typescript_client();
    assert!(
        folder.join("node_modules/ws").exists(),
        "the packages of clients/typescript are missing: run `cargo xtask test`, which installs them"
    );
    let edge = system.url(&Door::Edge);
    let proxy = Proxy::open(edge.strip_prefix("http://").expect("an address")).await;
    let secrets = system.secrets();
    let settings = [
        ("PROXY_URL", format!("http://{}", proxy.address())),
        ("CONTROL_PORT", control(proxy).await.to_string()),
        ("EDGE_URL", edge),
        ("AGENT", format!("{DEMO_AGENT_MOBILE} {}", secrets.demo_agent_password)),
        ("ADMIN", format!("{DEMO_ADMIN_MOBILE} {}", secrets.demo_admin_password)),
    ];
    // One file at a time: the network is cut for all.
    let args = ["--test-concurrency=1", "--test-force-exit", files];
    match node_tests::run(&folder, &args, &settings, PATIENCE).await {
        Ok(count) => count,
        Err(failed) => panic!("{failed}"),
    }
}

/// A port at which the network is taken away (`cut`) and given back (`mend`).
async fn control(proxy: Proxy) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let proxy = Arc::new(proxy);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            tokio::spawn(obey(caller, Arc::clone(&proxy)));
        }
    });
    port
}

async fn obey(caller: TcpStream, proxy: Arc<Proxy>) {
    let (from, mut to) = caller.into_split();
    let mut orders = BufReader::new(from).lines();
    while let Ok(Some(order)) = orders.next_line().await {
        match order.as_str() {
            "cut" => proxy.cut(),
            "mend" => proxy.mend(),
            other => panic!("no such order: {other}"),
        }
        if to.write_all(b"done\n").await.is_err() {
            return;
        }
    }
}
