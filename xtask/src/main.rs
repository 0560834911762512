//! `cargo xtask`: see the commands below.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Drawbridge's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the origin and the edge on this machine, with demo data, until Ctrl-C.
    Dev(xtask::dev::Options),
    /// Run every check and test; the last line is `N passed, N failed`.
    Test(xtask::suite::Options),
    /// Put chat to the test at its whole size, for half an hour; prints what it has measured.
    Soak(xtask::soak::Options),
    /// Hold the API against its own document, with calls made up at random.
    FuzzApi(xtask::fuzz_api::Options),
    /// Measure speed beside floors and peers, by turns in one run.
    Bench(xtask::bench::Options),
    /// Build the edge for deployment and print its size.
    BuildEdge {
        /// Build into edge/build-echo one that sends back what it is sent, for the suites of
        /// Socket.IO's protocols; it cannot be deployed
        #[arg(long)]
        echo: bool,
    },
    /// Build the console's pages, which the origin has within it when it is built next, and print their size.
    BuildConsole,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(options) => xtask::dev::run(&options),
        Command::Test(options) => xtask::suite::run(&options),
        Command::Soak(options) => xtask::soak::run(&options),
        Command::FuzzApi(options) => xtask::fuzz_api::run(&options),
        Command::Bench(options) => xtask::bench::run(&options),
        Command::BuildEdge { echo } => {
            let variant = if echo { xtask::Variant::Echo } else { xtask::Variant::Deployed };
            xtask::build_edge(variant).map(|()| ExitCode::SUCCESS)
        }
        Command::BuildConsole => xtask::build_console().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        xtask::say_error(&error);
        ExitCode::FAILURE
    })
}
