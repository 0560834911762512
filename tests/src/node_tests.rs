//! Tests that run in Node, by its own runner.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};
use xtask::node;

/// Runs `node --test` in a folder, with these arguments and settings: how many tests passed.
///
/// # Errors
/// What failed, was left out, or did not end within `patience`; and that there was no test.
pub async fn run(
    folder: &Path,
    args: &[&str],
    settings: &[(&str, String)],
    patience: Duration,
) -> Result<u32, String> {
    let mut command = Command::new(node());
    command
        .args(["--test", "--test-reporter=spec"])
        .args(args)
        .current_dir(folder)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(patience, command.output()).await;
    let output = output.map_err(|_| "the tests do not end")?.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let count = |name: &str| -> u32 {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("ℹ {name} ")));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
    };
    let left_out = count("fail") + count("cancelled") + count("skipped") + count("todo");
    if output.status.success() && left_out == 0 && count("pass") > 0 {
        return Ok(count("pass"));
    }
    let failed = said.split_once("failing tests:").map_or(&*said, |(_, failed)| failed);
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} passed, {left_out} did not:\n{failed}\n{complaint}", count("pass")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_tests_that_ran_and_passed_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ran = async |text: &str| {
            std::fs::write(folder.path().join("some.test.mjs"), text).expect("a file");
            run(folder.path(), &["some.test.mjs"], &[], Duration::from_mins(1)).await
        };
        let head = "import { test } from 'node:test';";
        assert_eq!(
            ran(&format!("{head} test('a', () => {{}}); test('b', () => {{}});")).await,
            Ok(2)
        );
        for wrong in [
            "test('a', () => {}); test('b', () => { throw 7; });",
            "test('a', () => {}); test.skip('b', () => {});",
            "nonsense",
        ] {
            assert!(ran(&format!("{head} {wrong}")).await.is_err(), "{wrong}");
        }
        let none = run(folder.path(), &["none.test.mjs"], &[], Duration::from_mins(1)).await;
        assert!(none.is_err());
    }
}
