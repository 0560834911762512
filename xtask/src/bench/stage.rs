//! What cases are measured on: a database with the demo's rows and a long list, origins, peers. Each is started when
//! the first case asks for it, and ends with the run.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread::available_parallelism,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::{
    Size,
    case::{Case, Need},
    cpus::Cpus,
    database::Database,
    facts::Facts,
    load, peers,
};
use crate::{
    build,
    mysql::URL_VARIABLE,
    progress::step,
    stack::{Log, Origin, OriginOptions, free_port},
    workspace::release_binary,
};

/// For a process that starts in a second or two.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The demo's user, who has 265 listings.
pub const USER: i64 = 31;
/// Connections to the database of the origin and of its peer, each.
pub const POOL: u32 = 16;

/// The programs that are measured with.
#[derive(Clone)]
pub struct Programs {
    /// The origin.
    pub origin: PathBuf,
    /// `bench` of the tests' package.
    pub bench: PathBuf,
}

impl Programs {
    /// Those that `cargo xtask bench` builds.
    #[must_use]
    pub fn optimised() -> Self {
        Self { origin: release_binary("origin"), bench: release_binary("bench") }
    }
}

/// See above.
pub struct Stage {
    pub size: Size,
    pub cpus: Cpus,
    cores: usize,
    dir: TempDir,
    pub programs: Programs,
    database: OnceLock<Database>,
}

impl Stage {
    /// Builds and installs what the cases need.
    pub fn prepare(cases: &[&Case]) -> Result<()> {
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
        load::ensure_tool()
    }

    /// A stage on which nothing has been started; where there are enough cores, the last one is left to the load.
    pub fn new(size: Size, programs: Programs) -> Result<Self> {
        let cores = available_parallelism()?.get();
        Ok(Self {
            size,
            cpus: Cpus::part()?,
            cores,
            dir: tempfile::Builder::new().prefix("drawbridge-bench-").tempdir()?,
            programs,
            database: OnceLock::new(),
        })
    }

    /// A folder that goes with the run.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the figures hang on.
    pub fn facts(&self) -> Facts {
        let database = self.database.get().map_or("", |database| database.version());
        Facts::read(self.cpus.told(), self.cores, database)
    }

    /// The database, with the demo's rows, and the secrets of who works on it.
    pub fn database(&self) -> Result<&Database> {
        if self.database.get().is_none() {
            let made = Database::make(self.dir(), &self.programs)?;
            let _ = self.database.set(made);
        }
        self.database.get().context("there is no database")
    }

    /// An origin on it, with these settings beside the usual ones. What it logs of each call is left out: its peers
    /// log nothing.
    pub fn origin(&self, edge_url: &str, settings: &[(&str, &str)]) -> Result<Origin> {
        let Database { url, secrets, .. } = self.database()?;
        let port = free_port()?;
        let mut options = OriginOptions::new(port, url, edge_url, secrets, self.dir());
        options.binary.clone_from(&self.programs.origin);
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
        measure(&mut Command::new(&self.programs.bench), args)
    }

    /// The same of a part that makes schemas of its own on the database server, and starts origins.
    pub fn measure_on_server(&self, args: &[&str]) -> Result<String> {
        let mut program = Command::new(&self.programs.bench);
        program.env(URL_VARIABLE, self.database()?.server_url());
        measure(program.env("ORIGIN_BIN", &self.programs.origin), args)
    }

    /// The measuring program on the load's core; `through` makes a command of a program's name.
    pub fn load_command(&self, through: fn(&OsStr) -> Command) -> Command {
        self.cpus.load(&self.programs.bench, through)
    }

    /// What a part of it prints there.
    pub fn load(&self, args: &[&str]) -> Result<String> {
        measure(&mut self.load_command(|program| Command::new(program)), args)
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
pub fn measure(program: &mut Command, args: &[&str]) -> Result<String> {
    let output = program.args(args).output()?;
    if !output.status.success() {
        bail!("{} failed: {}", args[0], String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
