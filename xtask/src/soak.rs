//! `cargo xtask soak`: chat at its whole size. It takes half an hour, and prints what it has measured.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{
    build::{self, edge_tools},
    interrupt,
    process::{self, Group},
    progress::step,
    workspace::{origin_binary, workspace_root},
};

/// What `cargo xtask soak` can be told.
#[derive(Args)]
pub struct Options {
    /// Decides what happens; another one each time by default
    #[arg(long)]
    seed: Option<u64>,
    /// Only this part (may be given several times): loss, loss-socket-io, idle, idle-socket-io, away, slow, siege,
    /// siege-socket-io, kill
    #[arg(long)]
    only: Vec<String>,
}

/// Build what is needed and run the parts.
///
/// # Errors
/// Something cannot be built, or the run is interrupted.
pub fn run(options: &Options) -> Result<ExitCode> {
    interrupt::watch()?;
    let tools = edge_tools()?;
    step("build of the edge", || build::edge(&tools))?;
    step("build of the origin", build::origin)?;
    let mut cargo = process::command("cargo");
    cargo
        .args(["run", "--quiet", "--package", "tests", "--bin", "soak", "--"])
        .args(arguments(options))
        .current_dir(workspace_root())
        .env("ORIGIN_BIN", origin_binary());
    let status = Group::spawn(&mut cargo)?.wait()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments(options: &Options) -> Vec<String> {
    let seed = options.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]);
    let only = options.only.iter().flat_map(|part| ["--only".to_owned(), part.clone()]);
    seed.chain(only).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_handed_on() {
        let options = Options { seed: Some(7), only: vec!["loss".into(), "idle".into()] };
        assert_eq!(arguments(&options), ["--seed", "7", "--only", "loss", "--only", "idle"]);
        assert!(arguments(&Options { seed: None, only: vec![] }).is_empty());
    }
}
