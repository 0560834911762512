//! The whole system a test: a real origin process, a real edge in workerd, a database of its own.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use origin::{
    clock::Ambient,
    seed::{self, DemoPasswords},
    store::Db,
};
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION, USER_AGENT};
use serde_json::{Value, json};
use shared::route;
use tempfile::TempDir;
use xtask::{
    secrets::{DEMO_ADMIN_MOBILE, DEMO_AGENT_MOBILE, DEMO_USER_MOBILE, Secrets},
    stack::{Edge, EdgeOptions, Origin, OriginOptions, free_port},
};

use crate::{
    database::{Backend, TestDatabase},
    reply::Reply,
    socket::Socket,
};

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
    folder: TempDir,
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
    let database = Arc::new(TestDatabase::create(backend).await);
    let system = System::start(Arc::clone(&database)).await;
    let db = system.db.clone();
    let told = tokio::spawn(story(system)).await;
    db.close().await;
    database.remove().await;
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl System {
    async fn start(database: Arc<TestDatabase>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db = database.connect().await;
        let binary: PathBuf = std::env::var_os("ORIGIN_BIN")
            .expect("ORIGIN_BIN is not set: run `cargo xtask test`, which builds the origin and the edge")
            .into();
        let secrets =
            Secrets::load_or_create(&folder.path().join("secrets"), &binary).expect("secrets");
        let values = &secrets.values;
        let passwords = DemoPasswords {
            demo_user_password: values.demo_user_password.clone(),
            demo_agent_password: values.demo_agent_password.clone(),
            demo_admin_password: values.demo_admin_password.clone(),
        };
        seed::demo(&db, &Ambient::system(), &passwords).await.expect("demo data");
        let (edge_port, origin_port) = (free_port().expect("a port"), free_port().expect("a port"));
        let edge_url = format!("http://127.0.0.1:{edge_port}");
        let origin_url = format!("http://127.0.0.1:{origin_port}");
        let mut origin_options =
            OriginOptions::new(origin_port, &database.url, &edge_url, &secrets, folder.path());
        origin_options.binary = binary;
        let edge_options =
            EdgeOptions::new(edge_port, &origin_url, &secrets, &folder.path().join("edge"));
        // An error says that a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let mut system = Self {
            origin: None,
            edge: None,
            db,
            database,
            origin_options,
            edge_options,
            folder,
            http,
        };
        system.start_origin();
        system.start_edge();
        system
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

    /// An edge with nothing in KV that nobody pushes to: what another place of the world knows.
    #[must_use]
    pub fn edge_elsewhere(&self) -> (Edge, Door) {
        let port = free_port().expect("a port");
        let options = EdgeOptions {
            port,
            log: xtask::stack::Log::File(self.folder.path().join("elsewhere.log")),
            dir: self.folder.path().join("elsewhere"),
            ..self.edge_options.clone()
        };
        let edge = start_edge(&options);
        let door = Door::Elsewhere(edge.url());
        (edge, door)
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

    fn url(&self, door: &Door) -> String {
        match door {
            Door::Edge => format!("http://127.0.0.1:{}", self.edge_options.port),
            Door::Origin => format!("http://127.0.0.1:{}", self.origin_options.port),
            Door::Elsewhere(url) => url.clone(),
        }
    }

    /// A request to be filled in.
    pub fn request(&self, door: &Door, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.url(door)))
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::fetch(request).await
    }

    /// Gets a path as a client.
    pub async fn get(&self, door: &Door, client: &Client, path: &str) -> Reply {
        self.send(self.request(door, "GET", path).bearer_auth(&client.token)).await
    }

    /// Posts JSON to a path as a client.
    pub async fn post(&self, door: &Door, client: &Client, path: &str, body: &Value) -> Reply {
        self.send(self.request(door, "POST", path).bearer_auth(&client.token).json(body)).await
    }

    /// Logs the demo user in through the edge.
    pub async fn user(&self, client_type: &str, device_id: &str) -> Client {
        let password = &self.origin_options.secrets.values.demo_user_password;
        self.log_in(DEMO_USER_MOBILE, password, client_type, device_id).await
    }

    /// Logs the demo agent in through the edge.
    pub async fn agent(&self) -> Client {
        let password = &self.origin_options.secrets.values.demo_agent_password;
        self.log_in(DEMO_AGENT_MOBILE, password, "web", "desk-agent").await
    }

    /// Logs the demo admin in through the edge.
    pub async fn admin(&self) -> Client {
        let password = &self.origin_options.secrets.values.demo_admin_password;
        self.log_in(DEMO_ADMIN_MOBILE, password, "web", "desk-admin").await
    }

    async fn log_in(
        &self,
        mobile: &str,
        password: &str,
        client_type: &str,
        device_id: &str,
    ) -> Client {
        let body = json!({
            "mobile": mobile, "password": password, "client_type": client_type, "device_id": device_id });
        let request = self
            .request(&Door::Edge, "POST", route::LOGIN)
            .header(USER_AGENT, client_type)
            .json(&body);
        let reply = self.send(request).await;
        let data = reply.data();
        Client {
            refresh_token: reply.refresh_token().expect("a refresh token"),
            token: data["access_token"].as_str().expect("a token").to_owned(),
            session_id: data["session"]["authentication_session_id"]
                .as_i64()
                .expect("a session id"),
            user_id: data["user"]["user_id"].as_i64().expect("a user id"),
        }
    }

    /// Refreshes by body, as clients that are no browsers do.
    pub async fn refresh(&self, door: &Door, token: &str) -> Reply {
        let body = json!({ "refresh_token": token });
        self.send(self.request(door, "POST", route::REFRESH).json(&body)).await
    }

    /// Opens a chat socket with the token in the `Authorization` header.
    ///
    /// # Errors
    /// What was answered instead of an upgrade.
    pub async fn socket(&self, door: &Door, client: &Client) -> Result<Socket, Reply> {
        let headers = [
            (AUTHORIZATION, format!("Bearer {}", client.token)),
            (ACCEPT_LANGUAGE, "zh-CN".to_owned()),
        ];
        self.socket_with(door, route::CHAT_SOCKET, &headers).await
    }

    /// Opens a chat socket with these headers.
    ///
    /// # Errors
    /// What was answered instead of an upgrade.
    pub async fn socket_with(
        &self,
        door: &Door,
        path: &str,
        headers: &[(reqwest::header::HeaderName, String)],
    ) -> Result<Socket, Reply> {
        let url = format!("{}{path}", self.url(door).replacen("http", "ws", 1));
        Socket::open(&url, headers).await
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
