//! What cases are measured on: a database with the demo's rows and a long list, origins, peers. Each is started when
//! the first case asks for it, and ends with the run.

use std::{
    path::Path, process::Command, sync::OnceLock, thread::available_parallelism, time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Size,
    case::{Case, Need},
    cpus::Cpus,
    facts::Facts,
    load, peers,
};
use crate::{
    build,
    mysql::{Mysql, URL_VARIABLE},
    process,
    progress::{say, step},
    secrets::Secrets,
    stack::{Log, Origin, OriginOptions, free_port},
    workspace::{release_binary, step_log},
};

/// For a process that starts in a second or two.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The demo's user, who has 265 listings.
pub const USER: i64 = 31;
/// Connections to the database of the origin and of its peer, each.
pub const POOL: u32 = 16;

/// See above.
pub struct Stage {
    pub size: Size,
    pub cpus: Cpus,
    cores: usize,
    dir: TempDir,
    database: OnceLock<Database>,
}

/// A schema of this run's own.
pub struct Database {
    server: Mysql,
    pub url: String,
    pub secrets: Secrets,
}

impl Stage {
    /// Builds what the cases need, and then leaves the last core to the load.
    pub fn new(size: Size, cases: &[&Case]) -> Result<Self> {
        let needs = |need| cases.iter().any(|case| case.needs.contains(&need));
        if needs(Need::Origin) {
            step("build of origin and measuring programs, optimised", build::release)?;
        }
        if needs(Need::Edge) || needs(Need::Peers) {
            let tools = build::edge_tools()?;
            if needs(Need::Edge) {
                step("build of the edge", || build::edge(&tools))?;
            }
        }
        if needs(Need::Peers) {
            step("npm packages of the peers", peers::install)?;
        }
        load::ensure_tool()?;
        let cores = available_parallelism()?.get();
        Ok(Self {
            size,
            cpus: Cpus::part()?,
            cores,
            dir: tempfile::Builder::new().prefix("drawbridge-bench-").tempdir()?,
            database: OnceLock::new(),
        })
    }

    /// A folder that goes with the run.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the figures hang on.
    pub fn facts(&self) -> Facts {
        let database = self.database.get().map_or("", |database| database.server.version());
        Facts::read(self.cpus.told(), self.cores, database)
    }

    /// The database, with the demo's rows, and the secrets of who works on it.
    pub fn database(&self) -> Result<&Database> {
        if self.database.get().is_none() {
            let made = Database::make(self.dir())?;
            let _ = self.database.set(made);
        }
        self.database.get().context("there is no database")
    }

    /// An origin on it, with these settings beside the usual ones. What it logs of each call is left out: its peers
    /// log nothing.
    pub fn origin(&self, edge_url: &str, settings: &[(&str, &str)]) -> Result<Origin> {
        self.origin_of(&release_binary("origin"), edge_url, settings)
    }

    /// The same of another build.
    pub fn origin_of(
        &self,
        binary: &Path,
        edge_url: &str,
        settings: &[(&str, &str)],
    ) -> Result<Origin> {
        let Database { url, secrets, .. } = self.database()?;
        let port = free_port()?;
        let mut options = OriginOptions::new(port, url, edge_url, secrets, self.dir());
        options.binary = binary.to_owned();
        options.log = Log::File(self.dir().join(format!("origin-{port}.log")));
        let own = [("RUST_LOG", "warn"), ("DATABASE_MAX_CONNECTIONS", &POOL.to_string())];
        for (name, value) in own.iter().chain(settings) {
            options.env.push(((*name).to_owned(), (*value).to_owned()));
        }
        let mut origin = Origin::start(&options)?;
        origin.wait_until_healthy(PATIENCE)?;
        Ok(origin)
    }

    /// A token of a new session of the demo's user.
    pub fn token(&self, algorithm: &str) -> Result<String> {
        let tokens = self.tokens(algorithm, USER, 1)?;
        tokens.into_iter().next().context("no token")
    }

    /// Tokens of new sessions of a user.
    pub fn tokens(&self, algorithm: &str, user: i64, count: usize) -> Result<Vec<String>> {
        let Database { url, secrets, .. } = self.database()?;
        let keys = secrets.jwt_keys_file.display().to_string();
        let (user, count) = (user.to_string(), count.to_string());
        let said = self.measure(&[
            "tokens",
            url,
            "--keys",
            &keys,
            "--algorithm",
            algorithm,
            "--user",
            &user,
            "--count",
            &count,
        ])?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// What a part of the measuring program prints.
    pub fn measure(&self, args: &[&str]) -> Result<String> {
        measure(&mut Command::new(release_binary("bench")), args)
    }

    /// The same of a part that makes schemas of its own on the database server, and starts origins.
    pub fn measure_on_server(&self, args: &[&str]) -> Result<String> {
        let mut program = Command::new(release_binary("bench"));
        program.env(URL_VARIABLE, self.database()?.server.url());
        measure(program.env("ORIGIN_BIN", release_binary("origin")), args)
    }

    /// The same on the load's core.
    pub fn load(&self, args: &[&str]) -> Result<String> {
        measure(&mut self.cpus.load(release_binary("bench"), |program| Command::new(program)), args)
    }

    /// The one figure that it prints there.
    pub fn load_figure(&self, args: &[&str]) -> Result<f64> {
        Ok(self.load(args)?.parse()?)
    }

    /// The one figure that it prints.
    pub fn figure(&self, args: &[&str]) -> Result<f64> {
        Ok(self.measure(args)?.parse()?)
    }
}

/// Runs a part of the measuring program to its end.
fn measure(program: &mut Command, args: &[&str]) -> Result<String> {
    let output = program.args(args).output()?;
    if !output.status.success() {
        bail!("{} failed: {}", args[0], String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

impl Database {
    fn make(dir: &Path) -> Result<Self> {
        let server = step("database server", Mysql::start)?;
        say(format!("  {}", server.version()));
        let create = ["create", server.url()];
        let url = measure(&mut Command::new(release_binary("bench")), &create)?;
        let origin = release_binary("origin");
        let mut secrets = Secrets::load_or_create(&dir.join("secrets"), &origin)?;
        add_shared_secret(&mut secrets, &origin, dir)?;
        let values = &secrets.values;
        let mut seed = process::command(&origin);
        seed.args(["seed", "demo"])
            .env("DATABASE_URL", &url)
            .env("DEMO_USER_PASSWORD", &values.demo_user_password)
            .env("DEMO_AGENT_PASSWORD", &values.demo_agent_password)
            .env("DEMO_ADMIN_PASSWORD", &values.demo_admin_password);
        process::run(&mut seed, &step_log("bench-seed"))?;
        Ok(Self { server, url, secrets })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // On a server that is not ours the schema would stay.
        let _ = measure(&mut Command::new(release_binary("bench")), &["remove", &self.url]);
    }
}

/// A key of HS256 beside the usual one: what `jsonwebtoken` of the peers knows. The edge is told of it by hand.
fn add_shared_secret(secrets: &mut Secrets, origin: &Path, dir: &Path) -> Result<()> {
    let mut add = process::command(origin);
    add.args(["keys", "add", "--algorithm", "hs256", "--now", "--edge-by-hand"]);
    add.env("JWT_KEYS_FILE", &secrets.jwt_keys_file);
    process::run(&mut add, &dir.join("keys.log"))?;
    let all: Value = serde_json::from_slice(&std::fs::read(&secrets.jwt_keys_file)?)?;
    let mut public: Value = serde_json::from_str(&secrets.jwt_public_keys)?;
    let shared = all["keys"].as_array().into_iter().flatten().find(|key| key["alg"] == "HS256");
    let shared = shared.context("no shared secret was added")?.clone();
    public["keys"].as_array_mut().context("no key set")?.push(shared);
    secrets.jwt_public_keys = public.to_string();
    Ok(())
}
