//! Child processes in groups of their own, which end when we do.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt;

/// A shell waits on a pipe that we hold. When we are gone, however that came about,
/// the pipe closes and the shell ends its group; the program itself replaces the outer shell.
const LEASH: &str = r#"exec 3<&0 </dev/null
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&- "$@""#;

const POLL: Duration = Duration::from_millis(20);

/// A command that is to be started as a [`Group`].
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", LEASH, "sh"]).arg(program);
    // `cargo run` describes this crate to us; an inner cargo would build some crates anew for it.
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| describes_crate(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

fn describes_crate(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// A running program with all processes that it started.
pub struct Group {
    child: Child,
    exited: Option<ExitStatus>,
    /// Held only: when it closes, the group ends.
    _leash: Option<ChildStdin>,
}

impl Group {
    /// Start a command made by [`command`].
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start /bin/sh")?;
        let leash = child.stdin.take();
        Ok(Self { child, exited: None, _leash: leash })
    }

    /// The output pipes, where the command asked for any.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the program ended, if it has.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        if self.exited.is_none() {
            self.exited = self.child.try_wait().context("cannot wait for a child process")?;
        }
        Ok(self.exited)
    }

    /// Wait for the end of the program; a signal to us ends it early.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.exited()? {
                return Ok(status);
            }
            if interrupt::requested() {
                self.stop(Duration::from_secs(5))?;
                bail!("interrupted");
            }
            thread::sleep(POLL);
        }
    }

    /// Ask the group to end, and end it by force after the grace time.
    pub fn stop(&mut self, grace: Duration) -> Result<()> {
        if self.exited()?.is_none() {
            self.signal(Signal::TERM);
        }
        let deadline = now() + grace;
        while self.exited()?.is_none() && now() < deadline {
            thread::sleep(POLL);
        }
        self.kill();
        Ok(())
    }

    /// End the group by force.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if self.exited.is_none() {
            self.exited = self.child.wait().ok();
        }
    }

    /// Hold the group still, as a machine that hangs.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Let it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        // An error says that the group is gone already.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Run a command made by [`command`] to its end, its output in a log; a failure shows the log's end.
pub fn run(command: &mut Command, log: &Path) -> Result<()> {
    let file = create_log(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    let status = Group::spawn(command)?.wait()?;
    if !status.success() {
        bail!("{}\n{}: {status}; all of it is in {}", tail(log, 40), shown(command), log.display());
    }
    Ok(())
}

/// What a short command prints, or nothing if it fails or is not there.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program is on PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// PATH with folders put before it.
pub fn path_with(first: &[&Path]) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = first.iter().map(|dir| dir.to_path_buf());
    Ok(std::env::join_paths(first.chain(std::env::split_paths(&path)))?)
}

/// A new, empty log file in a folder that is made if need be.
pub fn create_log(log: &Path) -> Result<File> {
    let open = || {
        fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
        File::create(log)
    };
    open().with_context(|| format!("cannot write {}", log.display()))
}

/// The last lines of a log.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).map(|text| String::from_utf8_lossy(&text).into_owned());
    let text = text.unwrap_or_default();
    let all: Vec<_> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let args = command.get_args().skip(3).map(OsStr::to_string_lossy);
    args.collect::<Vec<_>>().join(" ")
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "waits for real processes, in real time")]
pub fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_command_and_the_end_of_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("logs/step.log");
        let mut failing = command("sh");
        failing.args(["-c", "seq 100; echo the reason >&2; exit 3"]);
        let error = run(&mut failing, &log).unwrap_err().to_string();
        assert!(error.contains("the reason") && error.contains("exit status: 3"), "{error}");
        assert!(!error.contains("\n50\n"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_whole_group_ends_with_its_leader() {
        let mut start = command("sh");
        start.args(["-c", "sleep 1000 & echo $!; exec sleep 1000"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut start).unwrap();
        let mut line = String::new();
        let pipe = group.child().stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(pipe), &mut line).unwrap();
        let state =
            || fs::read_to_string(format!("/proc/{}/stat", line.trim())).unwrap_or_default();
        assert!(!state().is_empty());
        group.stop(Duration::from_secs(5)).unwrap();
        // It dies in its own time, and whoever adopts the orphan may be slow to bury it.
        let deadline = now() + Duration::from_secs(5);
        while !state().is_empty() && !state().contains(") Z ") {
            assert!(now() < deadline, "{}", state());
            thread::sleep(POLL);
        }
    }

    #[test]
    fn a_group_ends_when_its_holder_is_gone() {
        let mut start = command("sleep");
        let mut group = Group::spawn(start.arg("1000")).unwrap();
        let Group { child, _leash, .. } = &mut group;
        *_leash = None;
        assert!(!child.wait().unwrap().success());
    }
}
