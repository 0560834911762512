//! The steps of `cargo xtask test`, in order. To add one is to add an entry.

use std::{num::NonZero, path::Path, process::Command, thread};

use anyhow::Result;

use super::{count::Count, dry_run, setup::Setup, streamed};
use crate::{
    build, console,
    mysql::URL_VARIABLE,
    npm, process,
    progress::{say, step},
    wasm::TARGET,
    workspace::{origin_binary, workspace_root},
};

/// One step.
pub struct Step {
    pub name: &'static str,
    pub run: fn(&Setup) -> Result<Count>,
}

/// All steps.
pub const STEPS: &[Step] = &[
    Step { name: "format", run: |_| check(cargo(&["fmt", "--all", "--check"])) },
    Step {
        name: "build console",
        run: |_| {
            step("npm packages", npm::install)?;
            step("build of the console", console::build).map(|()| Count::PASSED)
        },
    },
    Step {
        name: "check console",
        run: |_| {
            step("npm packages", npm::install)?;
            step("types and style of the console", console::check)?;
            Ok(Count::PASSED + tests([node_tests(&console::console_dir(), "test/**/*.test.ts")])?)
        },
    },
    Step {
        name: "clippy native",
        run: |_| {
            let lint = ["clippy", "--workspace", "--exclude", "edge", "--all-targets"];
            check(cargo(&[&lint[..], DENY_WARNINGS].concat()))
        },
    },
    Step {
        name: "clippy wasm",
        run: |setup| {
            let lint = ["clippy", "--all-targets"];
            check(wasm(setup, "cargo-clippy", &[&lint[..], WASM_CRATES, DENY_WARNINGS].concat())?)
        },
    },
    Step {
        name: "unit tests",
        run: |_| {
            let kinds: [&[&str]; 2] =
                [&["--lib", "--bins"], &["--test", "token", "--test", "socket_io"]];
            tests(kinds.map(native_tests))
        },
    },
    Step {
        name: "client in TypeScript",
        run: |setup| {
            setup.typescript_client()?;
            client_in_typescript()
        },
    },
    Step {
        name: "wasm tests",
        run: |setup| {
            let test = ["test", "--no-fail-fast", "--lib", "--tests"];
            tests([wasm(setup, "cargo", &[&test[..], WASM_CRATES].concat())?])
        },
    },
    Step {
        name: "build edge",
        run: |setup| {
            let tools = setup.edge_tools()?;
            step("build of the edge", || build::edge(tools)).map(|()| Count::PASSED)
        },
    },
    Step {
        name: "build edge that echoes",
        run: |setup| {
            let tools = setup.edge_tools()?;
            step("build of the edge that echoes", || build::edge_that_echoes(tools))
                .map(|()| Count::PASSED)
        },
    },
    Step {
        name: "deploy edge, dry run",
        run: |setup| {
            let tools = setup.edge_tools()?;
            step("deployment of the edge, all but the upload", || dry_run::run(tools))
        },
    },
    Step {
        name: "build origin",
        run: |_| step("build of the origin", build::origin).map(|()| Count::PASSED),
    },
    Step { name: "api tests", run: |setup| system_tests(setup, "api") },
    Step { name: "store tests", run: |setup| system_tests(setup, "store") },
    Step { name: "command-line tests", run: |setup| system_tests(setup, "command") },
    Step {
        name: "end-to-end tests",
        run: |setup| {
            setup.socketio_tests()?;
            setup.typescript_client()?;
            let mut e2e = system_test(setup, "e2e")?;
            // Each waits most of its time, for a process or for what is to happen: one more than there are cores.
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            e2e.env("RUST_TEST_THREADS", (cores + 1).to_string());
            tests([e2e])
        },
    },
    // By itself: a browser needs a machine that is not busy with all else.
    Step {
        name: "console tests",
        run: |setup| {
            setup.console_tests()?;
            system_tests(setup, "console")
        },
    },
];

const WASM_CRATES: &[&str] = &["-p", "edge", "-p", "shared", "--target", TARGET];
const DENY_WARNINGS: &[&str] = &["--", "-D", "warnings"];

/// Tests that need a database server, and the origin's binary.
fn system_tests(setup: &Setup, target: &str) -> Result<Count> {
    tests([system_test(setup, target)?])
}

fn system_test(setup: &Setup, target: &str) -> Result<Command> {
    let mut command = native_tests(&["--test", target]);
    command.env(URL_VARIABLE, setup.mysql()?.url()).env("ORIGIN_BIN", origin_binary());
    Ok(command)
}

/// Types, style, what is built of it for those who want plain ECMAScript, and its own tests.
fn client_in_typescript() -> Result<Count> {
    let node = |args: &[&str]| {
        let mut command = process::command(npm::node());
        command.args(args).current_dir(npm::typescript_client());
        command
    };
    let tsc = "node_modules/typescript/bin/tsc";
    let biome = "node_modules/@biomejs/biome/bin/biome";
    let checks: [&[&str]; 3] = [
        &[tsc, "--noEmit"],
        &[biome, "check", "--error-on-warnings"],
        &[tsc, "--project", "tsconfig.build.json"],
    ];
    let checked: Count = checks.into_iter().map(|args| check(node(args))).sum::<Result<Count>>()?;
    Ok(checked + tests([node_tests(&npm::typescript_client(), "test/*.test.ts")])?)
}

/// Tests in TypeScript, by the Node of package.json and its own runner.
fn node_tests(dir: &Path, which: &str) -> Command {
    let mut command = process::command(npm::node());
    command.args(["--test", "--test-reporter=spec", which]).current_dir(dir);
    command
}

/// The whole workspace is named each time: the crates it uses are then compiled once for all steps.
fn native_tests(which: &[&str]) -> Command {
    let test = ["test", "--no-fail-fast", "--workspace", "--exclude", "edge"];
    cargo(&[&test[..], which].concat())
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = process::command("cargo");
    cargo.args(args).current_dir(workspace_root());
    cargo
}

/// `cargo-clippy` is called by its own name: cargo would look in its home folder first, and find
/// another compiler's.
fn wasm(setup: &Setup, program: &str, args: &[&str]) -> Result<Command> {
    let with = setup.edge_tools()?;
    let mut command = with.toolchain.command(program.as_ref(), &with.tools)?;
    command.args(args);
    Ok(command)
}

/// A command that passes or fails as a whole.
fn check(mut command: Command) -> Result<Count> {
    let (status, _) = streamed::run(&mut command)?;
    if !status.success() {
        say(format!("{}: {status}", process::shown(&command)));
        return Ok(Count::FAILED);
    }
    Ok(Count::PASSED)
}

/// Commands that run tests; one that ran none is a failure.
fn tests(commands: impl IntoIterator<Item = Command>) -> Result<Count> {
    let mut total = Count::default();
    for mut command in commands {
        let (status, count) = streamed::run(&mut command)?;
        if !status.success() {
            say(format!("{}: {status}", process::shown(&command)));
        }
        if count == Count::default() {
            say(format!("{}: ran no test", process::shown(&command)));
            total = total + Count::FAILED;
        } else {
            total = total + judged(count, status.success());
        }
    }
    Ok(total)
}

/// A failure without a failed test did not compile, or ended before it could count.
fn judged(count: Count, success: bool) -> Count {
    let silent = !success && count.failed == 0;
    if silent { count + Count::FAILED } else { count }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = process::command("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_run_without_tests_fails() {
        assert_eq!(tests([shell("true")]).unwrap(), Count::FAILED);
    }

    #[test]
    fn a_program_that_dies_before_it_counts_is_a_failure() {
        let five = Count { passed: 5, failed: 0 };
        assert_eq!(judged(five, false), Count { passed: 5, failed: 1 });
        assert_eq!(judged(five, true), five);
        let with_failed = Count { passed: 5, failed: 2 };
        assert_eq!(judged(with_failed, false), with_failed);
    }

    #[test]
    fn a_check_counts_one() {
        assert_eq!(check(shell("true")).unwrap(), Count::PASSED);
        assert_eq!(check(shell("false")).unwrap(), Count::FAILED);
    }
}
