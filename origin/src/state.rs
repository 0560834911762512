//! What every handler can reach.

use std::{ops::Deref, sync::Arc};

use anyhow::Context as _;
use shared::{seal::Secret, token::Expectations, web_origin::AllowedOrigins};
use tokio_util::sync::CancellationToken;

use crate::{
    background::{activity::Activity, outbox::Bell},
    clock::Ambient,
    config::{Config, Console, Operation, Policy},
    edge_client::EdgeClient,
    extract::once::TakenOnce,
    keys::KeyRing,
    metrics::{Metrics, recent::Recent},
    password::Passwords,
    sessions::{attempts::Queue, refresh_keys::RefreshKeys},
    store::{Db, sessions::search::At},
    wechat::Wechat,
};

/// The application: cheap to clone, shared by all calls and background tasks.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the application is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time and randomness.
    pub ambient: Ambient,
    /// What rules depend on.
    pub policy: Policy,
    /// How the process is run, watched and stopped.
    pub operation: Operation,
    /// What the console's pages are told.
    pub console: Console,
    /// What is counted.
    pub metrics: Metrics,
    /// What this process alone knows of the last day.
    pub recent: Recent,
    /// Cancelled once the process is told to stop.
    pub stopping: CancellationToken,
    /// Keys that access tokens are signed with.
    pub keys: KeyRing,
    /// Who makes access tokens, and for whom.
    pub expectations: Expectations,
    /// What the edge signs with.
    pub edge_to_origin: Secret,
    /// What device tokens are signed with.
    pub device_tokens: Secret,
    /// What refresh tokens are derived with.
    pub refresh_keys: RefreshKeys,
    /// Browser origins whose cookies count.
    pub allowed_origins: AllowedOrigins,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Asks WeChat; `None` where log-in by WeChat is off.
    pub wechat: Option<Wechat>,
    /// Calls the edge.
    pub edge: EdgeClient,
    /// Rung when a transaction that wrote to the outbox has committed.
    pub outbox_bell: Bell,
    /// When sessions were last used.
    pub activity: Activity,
    /// Request ids of assertions that this process has taken.
    pub taken_assertions: TakenOnce,
    /// Places for tries that wait for their turn.
    pub queued_tries: Queue,
}

impl App {
    /// From checked settings and an open database.
    ///
    /// # Errors
    /// Where the HTTP client or the password hasher cannot be made.
    pub fn new(config: Config, db: Db, ambient: Ambient) -> anyhow::Result<Self> {
        let edge = EdgeClient::new(config.edge_url, config.origin_to_edge)
            .context("cannot make an HTTP client")?;
        Ok(Self(Arc::new(Parts {
            db,
            passwords: Passwords::new(
                &ambient,
                config.adopted_bcrypt_cost,
                config.policy.old_back_end_beside,
            )?,
            wechat: config
                .wechat
                .map(Wechat::new)
                .transpose()
                .context("cannot make an HTTP client for WeChat")?,
            keys: KeyRing::new(config.keys, ambient.clone()),
            ambient,
            policy: config.policy,
            operation: config.operation,
            console: config.console,
            metrics: Metrics::default(),
            recent: Recent::default(),
            stopping: CancellationToken::new(),
            expectations: config.expectations,
            edge_to_origin: config.edge_to_origin,
            device_tokens: config.device_tokens,
            refresh_keys: config.refresh_keys,
            allowed_origins: config.allowed_origins,
            edge,
            outbox_bell: Bell::default(),
            activity: Activity::default(),
            taken_assertions: TakenOnce::default(),
            queued_tries: Queue::default(),
        })))
    }
}

impl Parts {
    /// The time that states of sessions are judged at: now.
    #[must_use]
    pub fn judging(&self) -> At {
        At { now: self.ambient.now(), idle_limit: self.policy.session_idle_limit }
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
