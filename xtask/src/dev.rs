//! `cargo xtask dev`: both processes on this machine, with demo data.

mod notice;
mod state;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use crate::{
    build::{self, edge_tools},
    console, interrupt,
    private_file::create_private_dir,
    process::{self, now},
    progress::{say, seconds, step},
    secrets::Secrets,
    stack::{self, Edge, EdgeOptions, Log, Origin, OriginOptions},
    workspace::{dev_dir, origin_binary, step_log},
};

/// Two people's patience for a process that starts in a second or two, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `cargo xtask dev` can be told.
#[derive(Args)]
pub struct Options {
    /// Port of the edge on 127.0.0.1
    #[arg(long, default_value_t = 8787)]
    edge_port: u16,
    /// Port of the origin on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    origin_port: u16,
    /// mysql://… or sqlite:///…; by default a SQLite file under .dev/
    #[arg(long)]
    database_url: Option<String>,
}

/// Run both until Ctrl-C.
///
/// # Errors
/// A step fails, or one of the two ends by itself.
pub fn run(options: &Options) -> Result<ExitCode> {
    interrupt::watch()?;
    let done = up_and_wait(options);
    if interrupt::requested() && done.is_err() {
        say("interrupted");
        return Ok(ExitCode::from(interrupt::EXIT_STATUS));
    }
    done.map(|()| ExitCode::SUCCESS)
}

fn up_and_wait(options: &Options) -> Result<()> {
    let start = now();
    let dir = dev_dir();
    create_private_dir(&dir)?;
    let _only = only_run(&dir)?;
    // One that was killed may have left it; who waits for the file waits for this run.
    let state_file = dir.join("state.json");
    let _ = fs::remove_file(&state_file);
    stack::check_free(options.edge_port, "--edge-port")?;
    stack::check_free(options.origin_port, "--origin-port")?;
    let tools = edge_tools()?;
    step("build of the console", console::build)?;
    step("build of the origin", build::origin)?;
    step("build of the edge", || build::edge(&tools))?;

    let plan = Plan::new(options, &dir)?;
    step("demo data", || seed(&plan))?;
    let mut origin = step("start of the origin", || start_origin(&plan))?;
    let mut edge = step("start of the edge", || start_edge(&plan))?;

    let state = state::State::of(&plan);
    let kept = state.keep(&state_file)?;
    say(format!("\nUp after {}.", seconds(start.elapsed())));
    println!("{}", notice::text(&state));
    let ended = watch(&mut origin, &mut edge);
    drop(kept);
    say("\nstopping");
    edge.stop()?;
    origin.stop()?;
    ended
}

/// Two runs in one work tree would share a database, an edge's storage and its files.
fn only_run(dir: &Path) -> Result<File> {
    let lock = File::create(dir.join("lock"))?;
    lock.try_lock()
        .map_err(|_| anyhow!("`cargo xtask dev` is running in this work tree already: stop it first, or use another clone"))?;
    Ok(lock)
}

/// Everything about one run.
struct Plan {
    edge_port: u16,
    origin_port: u16,
    database_url: String,
    secrets: Secrets,
    dir: PathBuf,
}

impl Plan {
    fn new(options: &Options, dir: &Path) -> Result<Self> {
        let sqlite = || format!("sqlite://{}", dir.join("drawbridge.db").display());
        Ok(Self {
            edge_port: options.edge_port,
            origin_port: options.origin_port,
            database_url: options.database_url.clone().unwrap_or_else(sqlite),
            secrets: Secrets::load_or_create(dir, &origin_binary())?,
            dir: dir.to_owned(),
        })
    }

    fn edge_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.edge_port)
    }

    fn origin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.origin_port)
    }
}

fn seed(plan: &Plan) -> Result<()> {
    let secrets = &plan.secrets.values;
    let mut seed = process::command(origin_binary());
    seed.args(["seed", "demo"])
        .env("DATABASE_URL", &plan.database_url)
        .env("DEMO_USER_PASSWORD", &secrets.demo_user_password)
        .env("DEMO_AGENT_PASSWORD", &secrets.demo_agent_password)
        .env("DEMO_ADMIN_PASSWORD", &secrets.demo_admin_password);
    process::run(&mut seed, &step_log("seed"))
        .context("is the database within reach, and is it Drawbridge's own? A damaged .dev/drawbridge.db may be deleted")
}

fn start_origin(plan: &Plan) -> Result<Origin> {
    let mut options = OriginOptions::new(
        plan.origin_port,
        &plan.database_url,
        &plan.edge_url(),
        &plan.secrets,
        &plan.dir,
    );
    options.log = new_log("origin")?;
    options.env.push(("DEBUG_PAGE".to_owned(), "true".to_owned()));
    let mut origin = Origin::start(&options)?;
    origin.wait_until_healthy(PATIENCE)?;
    Ok(origin)
}

fn start_edge(plan: &Plan) -> Result<Edge> {
    let dir = plan.dir.join("edge");
    let mut options = EdgeOptions::new(plan.edge_port, &plan.origin_url(), &plan.secrets, &dir);
    options.log = new_log("edge")?;
    let mut edge = Edge::start(&options)?;
    edge.wait_until_connected(PATIENCE)?;
    Ok(edge)
}

/// The log of this run only.
fn new_log(name: &str) -> Result<Log> {
    let path = step_log(name);
    process::create_log(&path)?;
    Ok(Log::File(path))
}

fn watch(origin: &mut Origin, edge: &mut Edge) -> Result<()> {
    while !interrupt::requested() {
        origin.check_running()?;
        edge.check_running()?;
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
