//! The `origin` command.

use std::process::ExitCode;

use clap::Parser as _;
use origin::command::Origin;

fn main() -> ExitCode {
    match Origin::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.lines());
            failure.exit().into()
        }
    }
}
