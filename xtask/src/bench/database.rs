//! A schema of this run's own, with the demo's rows, and the secrets of who works on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::stage::{Programs, measure};
use crate::{
    mysql::Mysql,
    process,
    progress::{say, step},
    secrets::Secrets,
    workspace::step_log,
};

/// See above; it goes with the run.
pub struct Database {
    server: Mysql,
    bench: PathBuf,
    pub url: String,
    pub secrets: Secrets,
}

impl Database {
    pub fn make(dir: &Path, programs: &Programs) -> Result<Self> {
        let server = step("database server", Mysql::start)?;
        say(format!("  {}", server.version()));
        let create = ["create", server.url()];
        let url = measure(&mut Command::new(&programs.bench), &create)?;
        let origin = &programs.origin;
        let mut secrets = Secrets::load_or_create(&dir.join("secrets"), origin)?;
        add_shared_secret(&mut secrets, origin, dir)?;
        let values = &secrets.values;
        let mut seed = process::command(origin);
        seed.args(["seed", "demo"])
            .env("DATABASE_URL", &url)
            .env("DEMO_USER_PASSWORD", &values.demo_user_password)
            .env("DEMO_AGENT_PASSWORD", &values.demo_agent_password)
            .env("DEMO_ADMIN_PASSWORD", &values.demo_admin_password);
        process::run(&mut seed, &step_log("bench-seed"))?;
        Ok(Self { server, bench: programs.bench.clone(), url, secrets })
    }

    /// The server, without a schema.
    pub fn server_url(&self) -> &str {
        self.server.url()
    }

    /// The version that it says it is.
    pub fn version(&self) -> &str {
        self.server.version()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // On a server that is not ours the schema would stay.
        let _ = measure(&mut Command::new(&self.bench), &["remove", &self.url]);
    }
}

/// A key of HS256 beside the usual one: what `jsonwebtoken` of the peers knows. The edge is told of it by hand.
fn add_shared_secret(secrets: &mut Secrets, origin: &Path, dir: &Path) -> Result<()> {
    let mut add = process::command(origin);
    add.args(["keys", "add", "--algorithm", "hs256", "--now", "--edge-by-hand"]);
    add.env("JWT_KEYS_FILE", &secrets.jwt_keys_file);
    process::run(&mut add, &dir.join("keys.log"))?;
    let all: Value = serde_json::from_slice(&fs::read(&secrets.jwt_keys_file)?)?;
    let mut public: Value = serde_json::from_str(&secrets.jwt_public_keys)?;
    let shared = all["keys"].as_array().into_iter().flatten().find(|key| key["alg"] == "HS256");
    let shared = shared.context("no shared secret was added")?.clone();
    public["keys"].as_array_mut().context("no key set")?.push(shared);
    secrets.jwt_public_keys = public.to_string();
    Ok(())
}
