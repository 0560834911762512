//! The whole system a test: a real origin process, a real edge in workerd, a database of its own.

mod adopted;
mod calls;
mod people;
mod processes;

pub use people::open_session;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use origin::{
    clock::Ambient,
    seed::{self, DemoPasswords},
    store::Db,
};
use shared::route;
use tempfile::TempDir;
use xtask::{
    secrets::{Secrets, Values},
    stack::{Edge, EdgeOptions, Origin, OriginOptions, free_port},
};

use crate::{
    database::{Backend, TestDatabase},
    kv::{self, PlayedKv},
    leaks,
};

pub use adopted::run_adopted;

/// How long a process may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Origin and edge, with the demo data.
pub struct System {
    /// The origin, where it runs.
    pub origin: Option<Origin>,
    /// The edge, where it runs.
    pub edge: Option<Edge>,
    /// The database, for what no route does.
    pub db: Db,
    database: Arc<TestDatabase>,
    origin_options: OriginOptions,
    edge_options: EdgeOptions,
    folder: Arc<TempDir>,
    http: reqwest::Client,
}

/// A client's way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// The edge that the origin pushes to.
    Edge,
    /// The origin itself, as admin tools use it.
    Origin,
    /// Another edge: a place that has heard nothing yet.
    Elsewhere(String),
}

/// The people of the demo data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// User 31.
    User,
    /// The agent.
    Agent,
    /// The admin.
    Admin,
}

/// A client that has logged in through the edge.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its access token.
    pub token: String,
    /// What that is renewed with.
    pub refresh_token: String,
    /// Key of its session.
    pub session_id: i64,
    /// Its user.
    pub user_id: i64,
}

/// Tells a story on a system of its own, and ends that, however the story ends.
pub async fn run<F: Future<Output = ()> + Send + 'static>(
    backend: Backend,
    story: impl FnOnce(System) -> F,
) {
    run_on(TestDatabase::current(backend).await, story).await;
}

/// The same on a database that is there.
pub async fn run_on<F: Future<Output = ()> + Send + 'static>(
    database: TestDatabase,
    story: impl FnOnce(System) -> F,
) {
    let database = Arc::new(database);
    let system = System::start(Arc::clone(&database)).await;
    tell(system, story).await;
}

/// Tells a story on a system that runs, and ends that.
async fn tell<F: Future<Output = ()> + Send + 'static>(
    system: System,
    story: impl FnOnce(System) -> F,
) {
    let (db, database) = (system.db.clone(), Arc::clone(&system.database));
    let folder = Arc::clone(&system.folder);
    let mut secrets = system.origin_options.secrets.values.all().map(str::to_owned).to_vec();
    let told = tokio::spawn(story(system)).await;
    secrets.extend(database.texts("SELECT session_token FROM authentication_sessions").await);
    db.close().await;
    database.remove().await;
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
    for log in ["origin.log", "edge/edge.log", "elsewhere.log", "second.log"] {
        let text = std::fs::read_to_string(folder.path().join(log)).unwrap_or_default();
        let is_optional = matches!(log, "elsewhere.log" | "second.log");
        assert!(!text.is_empty() || is_optional, "there is no {log}");
        let leak = leaks::find(&text, &secrets);
        assert!(leak.is_none(), "{log} shows a credential: {leak:?}");
    }
}

impl System {
    async fn start(database: Arc<TestDatabase>) -> Self {
        let db = database.connect().await;
        let mut system = Self::lay_out(database, db);
        let values = &system.origin_options.secrets.values;
        let passwords = DemoPasswords {
            demo_user_password: values.demo_user_password.clone(),
            demo_agent_password: values.demo_agent_password.clone(),
            demo_admin_password: values.demo_admin_password.clone(),
        };
        seed::demo(&system.db, &Ambient::system(), &passwords).await.expect("demo data");
        system.start_origin();
        system.start_edge();
        system
    }

    /// All that it needs, of which nothing runs yet.
    fn lay_out(database: Arc<TestDatabase>, db: Db) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let binary: PathBuf = std::env::var_os("ORIGIN_BIN")
            .expect("ORIGIN_BIN is not set: run `cargo xtask test`, which builds the origin and the edge")
            .into();
        let secrets =
            Secrets::load_or_create(&folder.path().join("secrets"), &binary).expect("secrets");
        let (edge_port, origin_port) = (free_port().expect("a port"), free_port().expect("a port"));
        let edge_url = format!("http://127.0.0.1:{edge_port}");
        let origin_url = format!("http://127.0.0.1:{origin_port}");
        let mut origin_options =
            OriginOptions::new(origin_port, &database.url, &edge_url, &secrets, folder.path());
        origin_options.binary = binary;
        // On a busy machine the order of alert and end must not hang on half a second.
        origin_options.env.push(("ALERT_HEAD_START".to_owned(), "20s".to_owned()));
        // All that it has to say, so that what it must not say would show.
        origin_options.env.push(("RUST_LOG".to_owned(), "info,origin=trace,sqlx=debug".to_owned()));
        let edge_options =
            EdgeOptions::new(edge_port, &origin_url, &secrets, &folder.path().join("edge"));
        // An error says that a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { origin: None, edge: None, db, database, origin_options, edge_options, folder, http }
    }

    /// Starts the origin, again where it was ended.
    pub fn start_origin(&mut self) {
        self.origin = Some(tokio::task::block_in_place(|| {
            let mut origin = Origin::start(&self.origin_options).expect("the origin starts");
            origin.wait_until_healthy(PATIENCE).expect("the origin is healthy");
            origin
        }));
    }

    /// Starts the edge, again where it was ended, with what it had stored.
    pub fn start_edge(&mut self) {
        self.edge = Some(start_edge(&self.edge_options));
    }

    /// Ends the origin as a crash does.
    pub fn kill_origin(&mut self) {
        self.origin.take().expect("the origin runs").kill();
    }

    /// Ends the edge as a crash does.
    pub fn kill_edge(&mut self) {
        self.edge.take().expect("the edge runs").kill();
    }

    /// Holds the edge still: its connections stay open, and nobody answers.
    pub fn pause_edge(&self) {
        self.edge.as_ref().expect("the edge runs").pause();
    }

    /// Lets it go on.
    pub fn resume_edge(&self) {
        self.edge.as_ref().expect("the edge runs").resume();
    }

    /// The edge anew, with further variables.
    pub fn restart_edge_with(&mut self, vars: &[(&str, &str)]) {
        self.kill_edge();
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.edge_options.vars.extend(vars);
        self.start_edge();
    }

    /// The origin anew, with further settings.
    pub fn restart_origin_with(&mut self, settings: &[(&str, &str)]) {
        self.kill_origin();
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.origin_options.env.extend(settings);
        self.start_origin();
    }

    /// Runs `origin keys …` on the origin's key file: what it prints.
    ///
    /// # Errors
    /// What it says where it fails.
    pub fn keys(&self, args: &[&str]) -> Result<String, String> {
        let output = std::process::Command::new(&self.origin_options.binary)
            .arg("keys")
            .args(args)
            .env("JWT_KEYS_FILE", &self.origin_options.secrets.jwt_keys_file)
            .output()
            .expect("the origin's binary runs");
        let said = if output.status.success() { &output.stdout } else { &output.stderr };
        let said = String::from_utf8_lossy(said).trim().to_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// Gives the edge, which is started again, a KV namespace that the test plays; this place and
    /// those elsewhere share it.
    pub fn share_kv(&mut self, kv: &PlayedKv) {
        self.edge_options.main =
            kv::write_worker(&self.folder.path().join("edge")).expect("a folder");
        self.edge_options.vars.push(("PLAYED_KV_URL".to_owned(), kv.url_at("here")));
        self.kill_edge();
        self.start_edge();
    }

    /// An edge that nobody pushes to: what another place of the world knows. Its KV is empty, unless
    /// the two share one.
    #[must_use]
    pub fn edge_elsewhere(&self) -> (Edge, Door) {
        let port = free_port().expect("a port");
        let mut vars = self.edge_options.vars.clone();
        for (_, url) in vars.iter_mut().filter(|(name, _)| name == "PLAYED_KV_URL") {
            *url = url.replace("/here", "/elsewhere");
        }
        let options = EdgeOptions {
            vars,
            port,
            log: xtask::stack::Log::File(self.folder.path().join("elsewhere.log")),
            dir: self.folder.path().join("elsewhere"),
            ..self.edge_options.clone()
        };
        let edge = start_edge(&options);
        let door = Door::Elsewhere(edge.url());
        (edge, door)
    }

    /// A second process of the origin on the same database, with the same settings.
    #[must_use]
    pub fn second_origin(&self) -> (Origin, Door) {
        let port = free_port().expect("a port");
        let options = OriginOptions {
            port,
            log: xtask::stack::Log::File(self.folder.path().join("second.log")),
            ..self.origin_options.clone()
        };
        let origin = tokio::task::block_in_place(|| {
            let mut origin = Origin::start(&options).expect("the origin starts");
            origin.wait_until_healthy(PATIENCE).expect("the origin is healthy");
            origin
        });
        let door = Door::Elsewhere(origin.url());
        (origin, door)
    }

    /// What the origin has logged.
    #[must_use]
    pub fn origin_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("origin.log")).expect("a log")
    }

    /// What the edge has logged.
    #[must_use]
    pub fn edge_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("edge/edge.log")).expect("a log")
    }

    /// The base URL of a way in.
    #[must_use]
    pub fn url(&self, door: &Door) -> String {
        match door {
            Door::Edge => format!("http://127.0.0.1:{}", self.edge_options.port),
            Door::Origin => format!("http://127.0.0.1:{}", self.origin_options.port),
            Door::Elsewhere(url) => url.clone(),
        }
    }

    /// Runs the origin's command line as an operator does, with the settings of the running origin: what
    /// it wrote to standard output.
    ///
    /// # Errors
    /// The status, and what it wrote to standard error.
    pub async fn operator(&self, args: &[&str], stdin: &str) -> Result<String, (i32, String)> {
        let mut command = Command::new(&self.origin_options.binary);
        self.origin_options.configure(&mut command);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let stdin = stdin.to_owned();
        let run = move || {
            let mut child = command.spawn().expect("the origin's binary");
            let mut input = child.stdin.take().expect("a pipe");
            // A command that does not read it has closed it.
            let _ = input.write_all(stdin.as_bytes());
            drop(input);
            child.wait_with_output().expect("its output")
        };
        let output = tokio::task::spawn_blocking(run).await.expect("the command is run");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err((output.status.code().expect("a status"), text(output.stderr)))
        }
    }

    /// What edge and origin share, and the demo's passwords.
    #[must_use]
    pub fn secrets(&self) -> &Values {
        &self.origin_options.secrets.values
    }

    /// The password of the demo user.
    #[must_use]
    pub fn user_password(&self) -> String {
        self.origin_options.secrets.values.demo_user_password.clone()
    }

    /// The origin anew, on the same database by another way.
    pub fn move_database(&mut self, url: &str) {
        self.kill_origin();
        url.clone_into(&mut self.origin_options.database_url);
        self.start_origin();
    }

    /// Changes rows that no route does, as time or another program would.
    pub async fn alter(&self, statement: &str) {
        self.database.execute(statement).await;
    }

    /// The one column of text that a query reads.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.database.texts(query).await
    }

    /// The file of the keys that access tokens are signed with.
    #[must_use]
    pub fn jwt_keys_file(&self) -> &Path {
        &self.origin_options.secrets.jwt_keys_file
    }

    /// Where the database is, for another process.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database.url
    }
}

/// Waits until the edge has taken all that is in the outbox.
pub async fn settled(system: &System) {
    for _ in 0..200 {
        let ready = system.send(system.request(&Door::Origin, "GET", route::READYZ)).await;
        if ready.data()["outbox_waiting"] == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the outbox does not empty");
}

fn start_edge(options: &EdgeOptions) -> Edge {
    tokio::task::block_in_place(|| {
        let mut edge = Edge::start(options).expect("the edge starts");
        edge.wait_until_connected(PATIENCE).expect("the edge is healthy and reaches the origin");
        edge
    })
}
