//! `cargo xtask test`: every check and test, counted.

mod count;
mod dry_run;
mod setup;
mod steps;
mod streamed;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use self::{count::Count, setup::Setup, steps::STEPS, table::Row};
use crate::{interrupt, process::now, progress::say_error};

/// What `cargo xtask test` can be told.
#[derive(Args)]
pub struct Options {
    /// Only the steps whose name has this text (may be given several times)
    #[arg(long)]
    filter: Vec<String>,
}

impl Options {
    fn chooses(&self, step: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|text| step.contains(text))
    }
}

/// Run the steps, each whether or not the one before failed.
///
/// # Errors
/// No step is chosen, or the run is interrupted.
pub fn run(options: &Options) -> Result<ExitCode> {
    interrupt::watch()?;
    let setup = Setup::default();
    let mut rows = Vec::new();
    for step in STEPS.iter().filter(|step| options.chooses(step.name)) {
        println!("\n== {}", step.name);
        let start = now();
        let count = (step.run)(&setup).unwrap_or_else(|error| {
            say_error(&error);
            Count::FAILED
        });
        interrupt::check()?;
        rows.push(Row { name: step.name, count, time: start.elapsed() });
    }
    let names = || STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
    anyhow::ensure!(!rows.is_empty(), "no step has such a name; there are: {}", names());
    let total: Count = rows.iter().map(|row| row.count).sum();
    println!("\n{}\n{total}", table::text(&rows));
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
