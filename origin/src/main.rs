//! The `origin` command.

use std::process::ExitCode;

use clap::Parser as _;
use origin::command::Origin;

/// The system's own takes a quarter of all that a small call computes (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Origin::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.lines());
            failure.exit().into()
        }
    }
}
