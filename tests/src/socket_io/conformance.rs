//! The suite of the protocols (`tests/socketio/conformance`), run against a server.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use xtask::{
    node,
    secrets::Secrets,
    stack::{Edge, EdgeOptions, free_port},
    workspace_root,
};

use super::packages;
use crate::node_tests;

/// How long a server may take to come up on a busy machine, and the suite to run.
const PATIENCE: Duration = Duration::from_mins(2);
/// What the servers are told, and the suite expects of them, in bytes.
const MAX_PAYLOAD: &str = "1000000";

/// How often a server pings and how long it waits for the answer, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// From ping to ping.
    pub interval: u32,
    /// From ping to pong.
    pub timeout: u32,
}

impl Rhythm {
    /// What the protocols' own suites run with, and one for a machine that is too busy to answer within that: who
    /// does not keep to the protocol fails with both.
    pub const ALL: [Self; 2] =
        [Self { interval: 300, timeout: 200 }, Self { interval: 1_500, timeout: 1_000 }];

    fn settings(self, names: [&'static str; 3]) -> [(String, String); 3] {
        let [interval, timeout, payload] = names.map(str::to_owned);
        [
            (interval, self.interval.to_string()),
            (timeout, self.timeout.to_string()),
            (payload, MAX_PAYLOAD.to_owned()),
        ]
    }

    fn environment(self) -> [(String, String); 3] {
        self.settings(["PING_INTERVAL", "PING_TIMEOUT", "MAX_PAYLOAD"])
    }

    fn vars(self) -> [(String, String); 3] {
        self.settings([
            "SOCKET_IO_PING_INTERVAL_MS",
            "SOCKET_IO_PING_TIMEOUT_MS",
            "SOCKET_IO_MAX_PAYLOAD_BYTES",
        ])
    }
}

/// Runs the suite with one rhythm after the other, until it passes: how many tests did.
///
/// # Errors
/// What failed with the last.
pub async fn passes<F: Future<Output = Result<u32, String>>>(
    run: impl Fn(Rhythm) -> F,
) -> Result<u32, String> {
    let [first, second] = Rhythm::ALL;
    match run(first).await {
        Ok(count) => Ok(count),
        Err(failed) => {
            println!("{first:?}: {failed}\nonce more with {second:?}");
            run(second).await
        }
    }
}

/// npm's own servers, against which the suite is proved. They end when this is dropped.
pub struct Reference {
    url: String,
    legacy_url: String,
    rhythm: Rhythm,
    _process: Child,
}

impl Reference {
    /// Starts them.
    ///
    /// # Panics
    /// Where they do not start.
    pub async fn start(rhythm: Rhythm) -> Self {
        let mut process = Command::new(node())
            .arg("reference.mjs")
            .current_dir(packages())
            .envs(rhythm.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("it says where it is");
        let line: Value =
            serde_json::from_str(&line.expect("a pipe").expect("a line")).expect("JSON");
        let text = |name: &str| line[name].as_str().expect("a URL").to_owned();
        Self { url: text("url"), legacy_url: text("legacyUrl"), rhythm, _process: process }
    }

    /// Base URL of the one that lets clients of every version in.
    #[must_use]
    pub fn url_for_all(&self) -> &str {
        &self.legacy_url
    }

    /// Runs the suite against them.
    ///
    /// # Errors
    /// What failed.
    pub async fn prove(&self) -> Result<u32, String> {
        suite(&self.url, &self.legacy_url, self.rhythm, true).await
    }
}

/// Starts an edge that was built to give back what it is sent (`cargo xtask build-edge --echo`).
///
/// # Panics
/// Where it does not start.
#[must_use]
pub fn echo_edge(folder: &Path, origin: &Path, rhythm: Rhythm) -> Edge {
    let secrets = Secrets::load_or_create(&folder.join("secrets"), origin).expect("secrets");
    let port = free_port().expect("a port");
    let mut options = EdgeOptions::new(port, "http://127.0.0.1:1", &secrets, &folder.join("edge"));
    options.main = workspace_root().join("edge/build-echo/index.js");
    options.vars = rhythm.vars().to_vec();
    tokio::task::block_in_place(|| {
        let mut edge = Edge::start(&options).expect("the edge starts");
        edge.wait_until_healthy(PATIENCE).expect("the edge is healthy");
        edge
    })
}

/// Runs the suite against an edge that echoes.
///
/// # Errors
/// What failed.
pub async fn hold_to_it(edge: &Edge, rhythm: Rhythm) -> Result<u32, String> {
    suite(&edge.url(), &edge.url(), rhythm, false).await
}

/// Runs the suite against a server: how many tests passed.
async fn suite(
    url: &str,
    legacy_url: &str,
    rhythm: Rhythm,
    is_reference: bool,
) -> Result<u32, String> {
    let mut settings = vec![
        ("SERVER_URL", url.to_owned()),
        ("LEGACY_SERVER_URL", legacy_url.to_owned()),
        ("REFERENCE", if is_reference { "1" } else { "0" }.to_owned()),
    ];
    let rhythm = rhythm.environment();
    settings.extend(rhythm.iter().map(|(name, value)| (name.as_str(), value.clone())));
    node_tests::run(&packages(), &["conformance/*.test.mjs"], &settings, 2 * PATIENCE).await
}
