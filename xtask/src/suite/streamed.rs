//! A command whose output is shown as it comes, and counted.

use std::{
    io::{BufRead as _, BufReader, IsTerminal as _, Read, Write, stderr, stdout},
    process::{Command, ExitStatus, Stdio},
    thread,
};

use anyhow::Result;

use super::count::Count;
use crate::process::Group;

/// How a command ended, and what its `test result:` lines say in sum.
pub fn run(command: &mut Command) -> Result<(ExitStatus, Count)> {
    let colour = if stderr().is_terminal() { "always" } else { "never" };
    run_to(command.env("CARGO_TERM_COLOR", colour), stdout(), stderr())
}

fn run_to(
    command: &mut Command,
    to_out: impl Write + Send,
    to_err: impl Write + Send,
) -> Result<(ExitStatus, Count)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(command)?;
    let (out, err) = (group.child().stdout.take(), group.child().stderr.take());
    thread::scope(|scope| {
        let out = scope.spawn(|| out.map_or_else(Count::default, |pipe| relay(pipe, to_out)));
        let err = scope.spawn(|| err.map_or_else(Count::default, |pipe| relay(pipe, to_err)));
        let status = group.wait();
        // What the command left running would keep the pipes open.
        group.kill();
        let count = out.join().unwrap_or_default() + err.join().unwrap_or_default();
        Ok((status?, count))
    })
}

fn relay(from: impl Read, mut to: impl Write) -> Count {
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    let mut total = Count::default();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        // A reader of ours that is gone is no reason to stop counting.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        let count = Count::of_line(&String::from_utf8_lossy(&line));
        total = total + count.unwrap_or_default();
        line.clear();
    }
    total
}

#[cfg(test)]
mod tests {
    use std::io::sink;

    use super::*;
    use crate::process::command;

    #[test]
    fn result_lines_are_summed() {
        let mut tests = command("sh");
        let result = "test result: ok. 2 passed; 1 failed; 0 ignored";
        tests.args(["-c", &format!("echo '{result}'; echo '{result}'; exit 101")]);
        let (status, count) = run_to(&mut tests, sink(), sink()).unwrap();
        assert_eq!(count, Count { passed: 4, failed: 2 });
        assert_eq!(status.code(), Some(101));
    }
}
