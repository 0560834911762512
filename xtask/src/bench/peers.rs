//! What we are held against, under tests/bench/peers.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use super::{
    database::Database,
    stage::{PATIENCE, POOL, Stage},
};
use crate::{
    npm, process,
    stack::{Log, Server, free_port},
    workspace::workspace_root,
};

/// Their folder.
pub fn dir() -> PathBuf {
    workspace_root().join("tests/bench/peers")
}

/// `npm ci` there.
pub fn install() -> Result<()> {
    npm::install_in(&dir())
}

/// A program of Node that listens on a port; its end, when dropped, is by force.
pub struct Peer(Server);

impl Peer {
    /// Starts one of the servers of the team of today, on the same database, with as many connections to it.
    pub fn start(stage: &Stage, file: &str) -> Result<Self> {
        let Database { url, secrets, .. } = stage.database()?;
        let port = free_port()?;
        let mut command = node(file);
        command
            .env("PORT", port.to_string())
            .env("DATABASE_URL", url)
            .env("DATABASE_MAX_CONNECTIONS", POOL.to_string())
            .env("JWT_KEYS_FILE", &secrets.jwt_keys_file);
        let log = Log::File(stage.dir().join(format!("peer-{port}.log")));
        let mut server = Server::start("peer", port, log, &mut command)?;
        server.wait_until_it_listens(PATIENCE)?;
        Ok(Self(server))
    }

    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn pid(&mut self) -> u32 {
        self.0.pid()
    }
}

fn node(file: &str) -> Command {
    let mut command = process::command(npm::bin_dir().join("node"));
    command.arg(dir().join(file)).env("NODE_ENV", "production").current_dir(dir());
    command
}
