//! The origin as a child process.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;

use super::{
    server::{Health, Log, Server},
    web_origins,
};
use crate::{process, secrets::Secrets, workspace::origin_binary};

const HEALTH: Health = Health { path: "/readyz", body: "" };
/// It finishes what is under way first: longer than its own `STOP_TIMEOUT`, for calls and for tasks.
const GRACE: Duration = Duration::from_secs(65);

/// How to run an origin.
#[derive(Clone)]
pub struct OriginOptions {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// `sqlite:///path` or `mysql://…`
    pub database_url: String,
    /// Where it pushes to: the base URL of the edge.
    pub edge_url: String,
    /// Shared with the edge.
    pub secrets: Secrets,
    /// The binary; by default [`origin_binary`].
    pub binary: PathBuf,
    /// By default `origin.log` in the folder given to [`OriginOptions::new`].
    pub log: Log,
    /// Further environment variables.
    pub env: Vec<(String, String)>,
}

impl OriginOptions {
    /// Options with the defaults for what is not given; `dir` takes the log.
    #[must_use]
    pub fn new(
        port: u16,
        database_url: &str,
        edge_url: &str,
        secrets: &Secrets,
        dir: &Path,
    ) -> Self {
        Self {
            port,
            database_url: database_url.to_owned(),
            edge_url: edge_url.to_owned(),
            secrets: secrets.clone(),
            binary: origin_binary(),
            log: Log::File(dir.join("origin.log")),
            env: Vec::new(),
        }
    }

    /// Gives a command these settings, for whatever the origin's binary is to do.
    pub fn configure<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let secrets = &self.secrets.values;
        command
            .env("DATABASE_URL", &self.database_url)
            .env("JWT_KEYS_FILE", &self.secrets.jwt_keys_file)
            .env("EDGE_URL", &self.edge_url)
            .env("EDGE_TO_ORIGIN_KEY", &secrets.edge_to_origin_key)
            .env("ORIGIN_TO_EDGE_KEY", &secrets.origin_to_edge_key)
            .env("DEVICE_TOKEN_KEY", &secrets.device_token_key)
            .env("CORS_ALLOWED_ORIGINS", web_origins(&self.port.to_string()))
            .env("REFRESH_TOKEN_KEYS", &secrets.refresh_token_key)
            // The demo data tells of a day long past, and is to stay.
            .env("SESSION_RETENTION", "3650d")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
    }
}

/// A running origin; its end, when dropped, is by force.
pub struct Origin(Server);

impl Origin {
    /// Start an origin.
    ///
    /// # Errors
    /// The binary or the log cannot be opened.
    pub fn start(options: &OriginOptions) -> Result<Self> {
        let mut command = process::command(&options.binary);
        command.arg("serve").env("ORIGIN_LISTEN", format!("127.0.0.1:{}", options.port));
        options.configure(&mut command);
        Server::start("origin", options.port, options.log.clone(), &mut command).map(Self)
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The process.
    pub(crate) fn pid(&mut self) -> u32 {
        self.0.pid()
    }

    /// Wait until it can serve requests.
    ///
    /// # Errors
    /// It ended, or the time is up; with the last lines of its log.
    pub fn wait_until_healthy(&mut self, timeout: Duration) -> Result<()> {
        self.0.wait_until_healthy(&HEALTH, timeout)
    }

    /// See that it is still there.
    ///
    /// # Errors
    /// It has ended by itself; with the last lines of its log.
    pub fn check_running(&mut self) -> Result<()> {
        self.0.check_running()
    }

    /// SIGTERM, and SIGKILL if that has not helped after a minute; true if it ended with status 0.
    ///
    /// # Errors
    /// The system does not say how it ended.
    pub fn stop(mut self) -> Result<bool> {
        Ok(self.0.stop(GRACE)?.is_some_and(|status| status.success()))
    }

    /// SIGKILL, as a crash.
    pub fn kill(mut self) {
        self.0.kill();
    }
}
