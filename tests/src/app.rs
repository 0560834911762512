//! An application a test.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Request, header};
use origin::{
    clock::{Ambient, Clock as _, SystemEntropy},
    config::{Config, Console, DatabaseConfig, Operation, Policy, Retention},
    keys::{self, KeySource},
    router::router,
    sessions::{attempts::limit::LoginLimits, limits::Limits, refresh_keys::RefreshKeys},
    state::App,
    store::{self, Db, DbZone},
};
use serde_json::{Value, json};
use shared::{route, seal::Secret, token::Expectations, user::Role, web_origin::AllowedOrigins};
use tower::ServiceExt as _;

use crate::{
    clock::StepClock,
    contract,
    database::{Backend, TestDatabase},
    leaks,
    reply::Reply,
    user::{TestUser, post},
};

/// The page whose cookies count.
pub const WEB_ORIGIN: &str = "https://app.example.com";

/// An application with a database and a clock of its own.
pub struct TestApp {
    /// What handlers reach; tests look at it where the API shows nothing.
    pub app: App,
    /// The application's clock.
    pub clock: StepClock,
    /// The application's database.
    pub database: Arc<TestDatabase>,
    router: Router,
    keys: String,
}

/// Tells a story on a database of its own, and removes that, however the story ends.
pub async fn run<F: Future<Output = ()> + Send + 'static>(
    backend: Backend,
    story: impl FnOnce(TestApp) -> F,
) {
    leaks::watch();
    let database = Arc::new(TestDatabase::current(backend).await);
    let app = TestApp::new(Arc::clone(&database)).await;
    let db = app.app.db.clone();
    let told = tokio::spawn(story(app)).await;
    db.close().await;
    database.remove().await;
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
    leaks::assert_none();
}

impl TestApp {
    async fn new(database: Arc<TestDatabase>) -> Self {
        let clock = StepClock::default();
        let keys = keys::generate(&Ambient::system()).expect("keys can be made");
        let app = application(config(&keys), database.connect().await, clock.clone());
        Self { router: router(app.clone()), app, clock, database, keys }
    }

    /// On a database that is there, whose columns hold the time of another zone: with another's key beside its own,
    /// and other settings.
    pub async fn on(
        database: Arc<TestDatabase>,
        zone: DbZone,
        clock: StepClock,
        key: &Value,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let keys = keys::generate(&Ambient::system()).expect("keys can be made");
        let mut keys: Value = serde_json::from_str(&keys).expect("keys are JSON");
        keys["keys"].as_array_mut().expect("a set of keys").push(key.clone());
        let keys = keys.to_string();
        let mut config = config(&keys);
        change(&mut config);
        let app = application(config, database.connect_in(zone).await, clock.clone());
        Self { router: router(app.clone()), app, clock, database, keys }
    }

    /// Another origin process on the same database: its own pool and memory, the same settings.
    pub async fn second_process(&self) -> Self {
        self.process_with(|_| {}).await
    }

    /// The same with a `SESSION_POLICY` of its own.
    pub async fn process_with_policy(&self, session_policy: &str) -> Self {
        let limits = session_policy.parse().expect("a policy");
        self.process_with(|config| config.policy.session_limits = limits).await
    }

    /// The same with other settings.
    pub async fn process_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        self.process_on(self.database.connect().await, change)
    }

    /// The same on pools that the test has opened.
    #[must_use]
    pub fn process_on(&self, db: Db, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&self.keys);
        change(&mut config);
        let app = application(config, db, self.clock.clone());
        Self {
            router: router(app.clone()),
            app,
            clock: self.clock.clone(),
            database: Arc::clone(&self.database),
            keys: self.keys.clone(),
        }
    }

    /// Sends a request from an address, as a peer of the origin.
    ///
    /// The answer is one that the API's document promises, or the test fails.
    pub async fn send(&self, mut request: Request<Body>, from: IpAddr) -> Reply {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from, 40_000)));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let reply = Reply::read(response).await;
        contract::hold(&method, &path, &reply);
        reply
    }

    /// Refreshes by body, as clients that are no browsers do.
    pub async fn refresh(&self, token: &str) -> Reply {
        let body = json!({ "refresh_token": token });
        self.send(post(route::REFRESH, &body), IpAddr::from([116, 4, 39, 203])).await
    }

    /// Posts with a browser's cookie, from a page of `origin`.
    pub async fn post_by_cookie(&self, path: &str, token: &str, origin: Option<&str>) -> Reply {
        let mut request = Request::post(path)
            .header(header::COOKIE, format!("theme=dark; __Host-refresh_token={token}"));
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.send(request, IpAddr::from([127, 0, 0, 1])).await
    }

    /// How much of a kind the edge is still to be told: `session_ended`, `security_alert`…
    pub async fn outbox(&self, kind: &str) -> usize {
        let waiting = "SELECT kind FROM edge_outbox WHERE dead_at IS NULL";
        self.database.texts(waiting).await.iter().filter(|one| *one == kind).count()
    }

    /// The key that the edge signs its calls with.
    #[must_use]
    pub fn edge_key(&self) -> Secret {
        secret(1)
    }

    /// A user who registers by the router.
    pub async fn user(&self, name: &str) -> TestUser<'_> {
        TestUser::register(self, name).await
    }

    /// A user whose role an operator has raised.
    pub async fn staff(&self, name: &str, role: Role) -> TestUser<'_> {
        let user = self.user(name).await;
        let mut handle = self.app.db.acquire().await.expect("a connection");
        store::users::set_role(handle.conn(), user.user_id, role, self.clock.now())
            .await
            .expect("a role");
        user
    }
}

fn config(keys: &str) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        database: DatabaseConfig { url: String::new(), zone: DbZone::UTC, max_connections: 1 },
        keys: KeySource::fixed(keys).expect("generated keys can be read"),
        expectations: Expectations {
            issuer: "drawbridge".into(),
            audience: "drawbridge-api".into(),
        },
        // Nobody listens there: what the edge does is tested with the real one.
        edge_url: "http://127.0.0.1:9".into(),
        console: Console { edge_public_url: "https://edge.example.com".into(), debug_page: false },
        edge_to_origin: secret(1),
        origin_to_edge: secret(2),
        device_tokens: secret(3),
        refresh_keys: RefreshKeys::parse(&BASE64_URL_SAFE_NO_PAD.encode([4; 32]))
            .expect("32 bytes are enough"),
        allowed_origins: AllowedOrigins::parse(WEB_ORIGIN).expect("an origin"),
        wechat: None,
        adopted_bcrypt_cost: None,
        policy: Policy {
            access_token_lifetime: Duration::from_hours(24),
            refresh_token_lifetime: Duration::from_hours(7 * 24),
            session_lifetime: Duration::from_hours(30 * 24),
            session_idle_limit: Duration::from_hours(7 * 24),
            session_limits: Limits::default(),
            retention: Retention { sessions: Duration::from_hours(90 * 24), audit_events: None },
            alert_head_start: Duration::from_millis(500),
            chat_image_hosts: vec!["img.example.com".into()],
            login_limits: LoginLimits::default(),
            old_back_end_beside: false,
        },
        operation: Operation {
            read_url: None,
            statement_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_mins(1),
            stop_drain: Duration::ZERO,
            stop_timeout: Duration::from_secs(30),
            metrics_listen: None,
        },
    }
}

fn application(config: Config, db: Db, clock: StepClock) -> App {
    App::new(config, db, Ambient::new(clock, SystemEntropy)).expect("an application")
}

fn secret(fill: u8) -> Secret {
    Secret::parse(&BASE64_URL_SAFE_NO_PAD.encode([fill; 32])).expect("32 bytes are enough")
}
