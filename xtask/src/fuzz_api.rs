//! `cargo xtask fuzz-api`: the API against its own document. Calls that fit it must be taken, calls that do not
//! must be refused, and no answer may be outside of it.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::{
    build, cache, interrupt,
    process::{self, Group},
    progress::{say, step},
    secrets::{DEMO_ADMIN_MOBILE, DEMO_USER_MOBILE, Secrets},
    stack::{Origin, OriginOptions, free_port},
    workspace::{origin_binary, step_log, workspace_root},
};

/// The version of schemathesis that the API is fuzzed with.
const VERSION: &str = "4.32.5";
/// Patience for a process that starts in a second or two, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `cargo xtask fuzz-api` can be told.
#[derive(Args)]
pub struct Options {
    /// Decides what is sent; another one each time by default
    #[arg(long)]
    seed: Option<u32>,
    /// The most calls of a kind to each operation
    #[arg(long, default_value_t = 50)]
    examples: u32,
    /// Only this operation, by its operationId (may be given several times)
    #[arg(long)]
    only: Vec<String>,
}

/// Build the origin, start it on `SQLite` with demo data, and fuzz it.
///
/// # Errors
/// Something cannot be built or installed, or the run is interrupted.
pub fn run(options: &Options) -> Result<ExitCode> {
    interrupt::watch()?;
    let schemathesis = step("schemathesis", schemathesis)?;
    step("build of the origin", build::origin)?;
    let dir = tempfile::tempdir()?;
    let secrets = Secrets::load_or_create(dir.path(), &origin_binary())?;
    let database = format!("sqlite://{}", dir.path().join("fuzz.db").display());
    step("demo data", || seed(&secrets, &database))?;
    // Nobody is there to be told: the origin tries again later, and bothers no call with it.
    let nobody = format!("http://127.0.0.1:{}", free_port()?);
    let mut origin_options =
        OriginOptions::new(free_port()?, &database, &nobody, &secrets, dir.path());
    origin_options.log = crate::stack::Log::File(step_log("fuzz-origin"));
    let mut origin = Origin::start(&origin_options)?;
    step("start of the origin", || origin.wait_until_healthy(PATIENCE))?;

    let seed = options.seed.map_or_else(random, Ok)?;
    say(format!("seed {seed}: the same again with --seed {seed}"));
    let values = &secrets.values;
    let mut fuzz = process::command(schemathesis);
    fuzz.args(arguments(options, seed, &origin.url()))
        .current_dir(workspace_root().join("tests/fuzz"))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", ".")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("FUZZ_URL", origin.url())
        .env("FUZZ_USER", DEMO_USER_MOBILE)
        .env("FUZZ_USER_PASSWORD", &values.demo_user_password)
        .env("FUZZ_ADMIN", DEMO_ADMIN_MOBILE)
        .env("FUZZ_ADMIN_PASSWORD", &values.demo_admin_password);
    let status = Group::spawn(&mut fuzz)?.wait()?;
    origin.check_running()?;
    ensure!(origin.stop()?, "the origin did not stop well; its log is .dev/logs/fuzz-origin.log");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments(options: &Options, seed: u32, url: &str) -> Vec<String> {
    let (seed, examples) = (seed.to_string(), options.examples.to_string());
    let document = format!("{url}/openapi.json");
    let always = ["run", &document, "--seed", &seed, "--max-examples", &examples];
    let only = options.only.iter().flat_map(|id| ["--include-operation-id", id]);
    always.into_iter().chain(only).map(str::to_owned).collect()
}

/// Its program, installed into the cache.
fn schemathesis() -> Result<PathBuf> {
    // A place that stays: what Python installs names the folder that it is in.
    let installed = cache::dir()?.join(format!("schemathesis-{VERSION}"));
    let program = installed.join("bin/schemathesis");
    if !program.is_file() {
        let log = step_log("schemathesis");
        let mut make = process::command("python3");
        process::run(make.args(["-m", "venv", "--clear"]).arg(&installed), &log)
            .context("Python 3.10 or later is needed, with its module venv")?;
        let mut install = process::command(installed.join("bin/pip"));
        let wanted = format!("schemathesis=={VERSION}");
        process::run(install.args(["install", "--quiet", "--no-input", &wanted]), &log)
            .context("cannot install schemathesis: is Python's package index within reach?")?;
    }
    Ok(program)
}

fn seed(secrets: &Secrets, database: &str) -> Result<()> {
    let mut seed = process::command(origin_binary());
    seed.args(["seed", "demo"])
        .env("DATABASE_URL", database)
        .env("DEMO_USER_PASSWORD", &secrets.values.demo_user_password)
        .env("DEMO_AGENT_PASSWORD", &secrets.values.demo_agent_password)
        .env("DEMO_ADMIN_PASSWORD", &secrets.values.demo_admin_password);
    process::run(&mut seed, &step_log("fuzz-seed"))
}

#[expect(clippy::disallowed_methods, reason = "another seed each time is what was asked for")]
fn random() -> Result<u32> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(u32::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_handed_on() {
        let options = Options { seed: None, examples: 9, only: vec!["a".into(), "b".into()] };
        let told = arguments(&options, 7, "http://127.0.0.1:1").join(" ");
        assert_eq!(
            told,
            "run http://127.0.0.1:1/openapi.json --seed 7 --max-examples 9 \
             --include-operation-id a --include-operation-id b"
        );
    }
}
