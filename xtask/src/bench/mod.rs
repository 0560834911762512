//! `cargo xtask bench`: each case and what it is held against, by turns in one run.
//!
//! Absolute figures of a shared machine mean little; ratios of interleaved runs do. A case with the target that it
//! is to reach, and the figures of each round, are in the JSON.

mod case;
mod chat;
mod cpus;
mod database;
mod edge;
mod facts;
mod figures;
mod lists;
mod load;
mod login;
mod memory;
mod origin;
mod peers;
mod picture;
mod stage;
mod table;
mod workerd;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Serialize;

pub use self::stage::Programs;
use self::{
    case::{CASES, Case},
    facts::Facts,
    figures::Row,
    stage::Stage,
};
use crate::{
    interrupt,
    progress::{say, say_error, step},
    workspace::target_dir,
};

/// What `cargo xtask bench` can be told.
#[derive(Args)]
pub struct Options {
    /// Only the cases whose name has this text; all of them where none is given
    cases: Vec<String>,
    /// Fewer and shorter rounds: two minutes in all, once things are built
    #[arg(long)]
    quick: bool,
    /// Measure what was built before, as it is
    #[arg(long)]
    no_build: bool,
    /// Where the figures are written to; by default bench/ in the build folder
    #[arg(long)]
    out: Option<PathBuf>,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// How often each side has its turn.
    pub rounds: usize,
    /// Part of the requests of a whole run, in a hundred.
    percent: u64,
}

impl Size {
    const WHOLE: Self = Self { rounds: 5, percent: 100 };
    const QUICK: Self = Self { rounds: 3, percent: 10 };

    /// So many of what a whole run does.
    pub const fn of(self, whole: u64) -> u64 {
        let some = whole * self.percent / 100;
        if some == 0 { 1 } else { some }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    facts: &'a Facts,
    rounds: usize,
    rows: &'a [Row],
}

impl Options {
    /// The quick run of some cases, by what is built already.
    #[must_use]
    pub fn quick(cases: &[&str], out: &Path) -> Self {
        let cases = cases.iter().map(|case| (*case).to_owned()).collect();
        Self { cases, quick: true, no_build: true, out: Some(out.to_owned()) }
    }
}

/// Build what is needed, and measure.
///
/// # Errors
/// No case is chosen, something cannot be built or started, or the run is interrupted.
pub fn run(options: &Options) -> Result<ExitCode> {
    interrupt::watch()?;
    if !options.no_build {
        Stage::prepare(&chosen(options)?)?;
    }
    run_with(options, Programs::optimised())
}

fn chosen(options: &Options) -> Result<Vec<&'static Case>> {
    let chosen: Vec<_> = CASES.iter().filter(|case| case.is_chosen(&options.cases)).collect();
    let names = || CASES.iter().map(|case| case.name).collect::<Vec<_>>().join(", ");
    ensure!(!chosen.is_empty(), "no case has such a name; there are: {}", names());
    Ok(chosen)
}

/// Measure by these programs.
///
/// # Errors
/// No case is chosen, or something cannot be started or written.
pub fn run_with(options: &Options, programs: Programs) -> Result<ExitCode> {
    let size = if options.quick { Size::QUICK } else { Size::WHOLE };
    let mut stage = Stage::new(size, programs)?;
    let (mut rows, mut failed) = (Vec::new(), false);
    for case in chosen(options)? {
        match step(case.name, || (case.run)(&mut stage)) {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                say_error(&error);
                failed = true;
            }
        }
        interrupt::check()?;
    }
    let facts = stage.facts();
    let out = options.out.clone().unwrap_or_else(|| target_dir().join("bench"));
    write(&out, &Report { facts: &facts, rounds: size.rounds, rows: &rows })?;
    println!("\n{}\n{}", facts.line(), table::text(&rows));
    say(format!("as JSON and as a picture: {}", out.display()));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write(out: &Path, report: &Report<'_>) -> Result<()> {
    let write = || {
        fs::create_dir_all(out)?;
        let mut json = serde_json::to_vec_pretty(report)?;
        json.push(b'\n');
        fs::write(out.join("bench.json"), json)?;
        fs::write(out.join("bench.svg"), picture::svg(report.rows, &report.facts.line()))?;
        anyhow::Ok(())
    };
    write().with_context(|| format!("cannot write into {}", out.display()))
}
