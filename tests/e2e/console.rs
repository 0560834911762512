//! The console, as people work with it: in a browser, on the real origin and the real edge.
//!
//! What they do is written in `tests/console/*.spec.ts`. This brings up the system, stops and starts its processes
//! when a test asks for that, and counts.

use std::{fs, process::Stdio, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};
use tests::{
    Backend,
    system::{Door, System},
};
use tokio::{net::TcpListener, process::Command, sync::Mutex, time::timeout};
use xtask::{
    console_tests, node,
    secrets::{DEMO_ADMIN_MOBILE, DEMO_AGENT_MOBILE, DEMO_USER_MOBILE},
    workspace_root,
};

/// The system, for whoever asks first.
type Shared = Arc<Mutex<System>>;

/// How long all of them may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(30);
/// Mobile numbers of the agent and the admin that there are beside those of the demo data.
const SECOND_AGENT: &str = "13800000003";
const SECOND_ADMIN: &str = "13800000004";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_work_with_the_console_in_a_browser() {
    tests::system::run(Backend::MySql, in_a_browser).await;
}

async fn in_a_browser(mut system: System) {
    let expired = expired_token(&mut system).await;
    system.restart_origin_with(&[("DEBUG_PAGE", "true"), ("ACCESS_TOKEN_LIFETIME", "24h")]);
    let (console, edge) = (system.url(&Door::Origin), system.url(&Door::Edge));
    let accounts = accounts(&system, &expired).await;
    let control = control(system, accounts).await;
    let report = workspace_root().join("target/console-report.json");
    // What an earlier run has left proves nothing.
    let _ = fs::remove_file(&report);
    let mut browser = Command::new(node());
    browser
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .current_dir(console_tests())
        .env("CONSOLE_URL", console)
        .env("EDGE_URL", edge)
        .env("CONTROL_URL", control)
        .env("FORCE_COLOR", "0")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, browser.output()).await.expect("they come to an end");
    let output = output.expect("Node runs Playwright");
    let said = String::from_utf8_lossy(&output.stdout);
    let problems = String::from_utf8_lossy(&output.stderr);
    let counts = Counts::of(&fs::read_to_string(report).unwrap_or_default());
    assert!(
        output.status.success() && counts.is_well(),
        "{counts:?}, {}; traces and pictures are in target/console-results\n{said}\n{problems}",
        output.status
    );
}

/// What became of the browser's tests.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    /// Failed, or left out, or passed only when tried again.
    others: u64,
}

impl Counts {
    /// From Playwright's report; nothing where that says nothing.
    fn of(report: &str) -> Self {
        let report: Value = serde_json::from_str(report).unwrap_or_default();
        let stats = &report["stats"];
        let count = |name: &str| stats[name].as_u64().unwrap_or_default();
        let others = count("unexpected") + count("flaky") + count("skipped");
        Self { passed: count("expected"), others }
    }

    /// Whether all went well, and there was something to go well.
    fn is_well(&self) -> bool {
        self.passed > 0 && self.others == 0
    }
}

/// An access token of the demo user whose time is over when somebody looks at it.
async fn expired_token(system: &mut System) -> String {
    system.restart_origin_with(&[("ACCESS_TOKEN_LIFETIME", "1s")]);
    system.user("mini_program", "phone-of-the-past").await.token
}

/// Mobile numbers and passwords of all who can log in, and a token that opens nothing any more.
async fn accounts(system: &System, expired: &str) -> Value {
    let secrets = system.secrets();
    let (agent, admin) = (&secrets.demo_agent_password, &secrets.demo_admin_password);
    for (mobile, role, password) in [(SECOND_AGENT, "agent", agent), (SECOND_ADMIN, "admin", admin)]
    {
        let nickname = if role == "agent" { "客服李" } else { "Admin Zhao" };
        let new = ["user", "create", "--mobile", mobile, "--nickname", nickname, "--role", role];
        let args = [&new[..], &["--password-stdin"]].concat();
        system.operator(&args, password).await.expect("an account");
    }
    let account = |mobile: &str, password: &str| json!({ "mobile": mobile, "password": password });
    json!({
        "user": account(DEMO_USER_MOBILE, &secrets.demo_user_password),
        "agent": account(DEMO_AGENT_MOBILE, agent),
        "admin": account(DEMO_ADMIN_MOBILE, admin),
        "agent2": account(SECOND_AGENT, agent),
        "admin2": account(SECOND_ADMIN, admin),
        "expired_token": expired,
    })
}

/// Listens for what the browser's tests ask of the system: the base URL.
async fn control(system: System, accounts: Value) -> String {
    let system: Shared = Arc::new(Mutex::new(system));
    let router = Router::new()
        .route("/accounts", get(async move || Json(accounts)))
        .route(
            "/edge/restart",
            act(|system| {
                system.kill_edge();
                system.start_edge();
            }),
        )
        .route("/edge/stop", act(System::kill_edge))
        .route("/edge/start", act(System::start_edge))
        .route("/origin/stop", act(System::kill_origin))
        .route("/origin/start", act(System::start_origin))
        .with_state(system);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A handler that does something to the system, one thing at a time.
fn act(what: fn(&mut System)) -> MethodRouter<Shared> {
    post(async move |State(system): State<Shared>| {
        let mut system = system.lock().await;
        what(&mut system);
    })
}

#[test]
fn nothing_that_ran_is_not_well() {
    assert!(!Counts::of("").is_well());
    assert!(!Counts::of(r#"{"stats":{"expected":0}}"#).is_well());
    let some = r#"{"stats":{"expected":3,"unexpected":0,"flaky":0,"skipped":0}}"#;
    assert_eq!(Counts::of(some), Counts { passed: 3, others: 0 });
    assert!(Counts::of(some).is_well());
    assert!(!Counts::of(&some.replace("\"skipped\":0", "\"skipped\":1")).is_well());
    assert!(!Counts::of(&some.replace("\"flaky\":0", "\"flaky\":1")).is_well());
}
