//! What `--help` says, kept, so that whoever changes it sees it.

use clap::CommandFactory as _;
use insta::assert_snapshot;

use crate::shell::{bare, finish};

/// All commands, each with those above it.
fn paths(command: &clap::Command, above: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![above.to_vec()];
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        all.extend(paths(sub, &[above, &[sub.get_name().to_owned()]].concat()));
    }
    all
}

#[test]
fn every_command_teaches_how_it_is_used() {
    let all = paths(&origin::command::Origin::command(), &[]);
    assert!(all.len() > 20, "{all:?}");
    for path in all {
        let mut command = bare();
        command.args(&path).arg("--help");
        let done = finish(command, "");
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{path:?}");
        let is_group = done.stdout.contains("\nCommands:\n");
        assert!(is_group || done.stdout.contains("\nExample"), "{path:?} has no example");
        let name = [&["origin".to_owned()], &path[..]].concat().join("_");
        // A text of clap's ends in spaces.
        let lines: Vec<_> = done.stdout.lines().map(str::trim_end).collect();
        assert_snapshot!(name, lines.join("\n"));
    }
}

#[test]
fn without_a_command_the_help_is_shown_and_that_is_wrong_usage() {
    let done = finish(bare(), "");
    assert_eq!((done.status, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("Where to begin:"), "{}", done.stderr);
}

#[test]
fn the_version_is_the_programs() {
    let mut command = bare();
    command.arg("--version");
    let done = finish(command, "");
    let version = done.stdout.strip_prefix("origin ").expect("its name").trim_end();
    let number = version.split(' ').next().unwrap();
    assert_eq!((done.status, number), (0, env!("CARGO_PKG_VERSION")));
    let commit = version.strip_prefix(number).unwrap();
    assert!(commit.is_empty() || (commit.starts_with(" (") && commit.ends_with(')')), "{version}");
}

#[test]
fn shells_are_told_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let mut command = bare();
        command.args(["completions", shell]);
        let done = finish(command, "");
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{shell}");
        for word in ["end-all", "synthetic", "--beside-other-data"] {
            let word = if shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(done.stdout.contains(word), "{shell} is not told {word}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let mut command = bare();
    command.args(["completions", "bash"]).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
