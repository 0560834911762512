use std::{net::SocketAddr, time::Duration};

use clap::Args;

use super::{ConfigError, DatabaseConfig, database, duration};
use crate::store::db::PoolLimits;

/// How the process is run, watched and stopped.
#[derive(Args, Clone, Debug)]
pub struct OperationArgs {
    /// A copy of the database for reads that may lag; what it lags behind, those see
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<String>,

    /// The longest that a statement may take at a MySQL server (there reads alone) or a MariaDB server
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub database_statement_timeout: Duration,

    /// The longest wait for a connection to the database; then 503
    #[arg(long, env = "DATABASE_ACQUIRE_TIMEOUT", default_value = "5s", value_parser = duration)]
    pub database_acquire_timeout: Duration,

    /// The longest that a call may take; then 503
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "30s", value_parser = duration)]
    pub request_timeout: Duration,

    /// After SIGTERM: how long calls are still accepted, with /readyz saying 503
    #[arg(long, env = "STOP_DRAIN", default_value = "0s", value_parser = humantime::parse_duration)]
    pub stop_drain: Duration,

    /// After that: the longest wait for calls and background tasks that are under way
    #[arg(long, env = "STOP_TIMEOUT", default_value = "30s", value_parser = duration)]
    pub stop_timeout: Duration,

    /// Address that /metrics alone is answered at; without it, the main address answers it to callers from
    /// this machine and private networks
    #[arg(long, env = "METRICS_LISTEN")]
    pub metrics_listen: Option<String>,
}

/// How the process is run, watched and stopped; checked.
#[derive(Clone, Debug)]
pub struct Operation {
    /// A copy of the database for reads that may lag.
    pub read_url: Option<String>,
    /// The longest that a statement may take.
    pub statement_timeout: Duration,
    /// The longest wait for a connection.
    pub acquire_timeout: Duration,
    /// The longest that a call may take.
    pub request_timeout: Duration,
    /// How long calls are accepted after the word to stop.
    pub stop_drain: Duration,
    /// The longest wait for what is under way then.
    pub stop_timeout: Duration,
    /// Where /metrics is answered, if not at the main address.
    pub metrics_listen: Option<SocketAddr>,
}

impl OperationArgs {
    pub(super) fn check(self) -> Result<Operation, ConfigError> {
        let metrics_listen = self
            .metrics_listen
            .map(|address| {
                address.parse().map_err(|_| ConfigError {
                    setting: "METRICS_LISTEN",
                    problem: format!("is {address:?}, which is no address"),
                    cure: "Set it to an address with a port, such as 10.0.0.5:9090",
                })
            })
            .transpose()?;
        let read_url = self
            .database_read_url
            .filter(|url| !url.trim().is_empty())
            .map(|url| database::url("DATABASE_READ_URL", url))
            .transpose()?;
        Ok(Operation {
            read_url,
            statement_timeout: self.database_statement_timeout,
            acquire_timeout: self.database_acquire_timeout,
            request_timeout: self.request_timeout,
            stop_drain: self.stop_drain,
            stop_timeout: self.stop_timeout,
            metrics_listen,
        })
    }
}

impl Operation {
    /// The limits of the pools.
    #[must_use]
    pub fn pool(&self, database: &DatabaseConfig) -> PoolLimits {
        PoolLimits {
            max_connections: database.max_connections,
            acquire: self.acquire_timeout,
            statement: Some(self.statement_timeout),
        }
    }
}
