//! Runs the origin's binary as an operator does.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use origin::store::Db;
use serde_json::Value;
use tempfile::TempDir;
use tests::{Backend, database::TestDatabase};
use xtask::{secrets::Secrets, stack::OriginOptions};

/// Someone at a command line, with all settings of `origin serve` in the environment.
pub struct Shell {
    /// What `DATABASE_URL` names; it is empty.
    pub database: TestDatabase,
    /// Files of their own.
    pub folder: TempDir,
    options: OriginOptions,
}

/// What a process wrote, and how it ended.
#[derive(Debug)]
pub struct Done {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Tells a story to someone with a database of their own.
pub async fn run<F: Future<Output = Shell>>(backend: Backend, story: impl FnOnce(Shell) -> F) {
    let database = TestDatabase::create(backend).await;
    if let Some(path) = database.url.strip_prefix("sqlite://") {
        std::fs::write(path, "").expect("an empty file is an empty database");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let secrets =
        Secrets::load_or_create(&folder.path().join("secrets"), &binary()).expect("secrets");
    let mut options =
        OriginOptions::new(1, &database.url, "http://127.0.0.1:1", &secrets, folder.path());
    options.binary = binary();
    let shell = story(Shell { database, folder, options }).await;
    shell.database.remove().await;
}

/// The origin's binary.
pub fn binary() -> PathBuf {
    std::env::var_os("ORIGIN_BIN")
        .expect("ORIGIN_BIN is not set: run `cargo xtask test`, which builds the origin")
        .into()
}

/// The binary in an empty environment.
pub fn bare() -> Command {
    let mut command = Command::new(binary());
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Runs a command to its end.
pub fn finish(mut command: Command, stdin: &str) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the origin's binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    // A command that does not read it has closed it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Done {
        status: output.status.code().expect("a status"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Shell {
    /// The command with these arguments, not yet run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare();
        self.options.configure(&mut command);
        command.args(args);
        command
    }

    /// Runs it without input.
    pub fn run(&self, args: &[&str]) -> Done {
        finish(self.command(args), "")
    }

    /// Runs it with `--json`, where it succeeds: its one document.
    pub fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--json"]].concat());
        assert_eq!(done.status, 0, "{args:?}: {done:?}");
        serde_json::from_str(&done.stdout).expect("one JSON document")
    }

    /// Makes the tables and the demo data.
    pub fn demo(&self) {
        let mut command = self.command(&["seed", "demo"]);
        for who in ["USER", "AGENT", "ADMIN"] {
            command.env(format!("DEMO_{who}_PASSWORD"), "some words for the demo");
        }
        let done = finish(command, "");
        assert_eq!((done.status, done.stdout.as_str()), (0, ""), "{done:?}");
    }

    /// A file with this text.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// A pool on the database.
    pub async fn db(&self) -> Db {
        self.database.connect().await
    }
}

impl Done {
    /// Fails with this status, says nothing on standard output, and says why and what to do in one line each.
    pub fn refused(&self, status: i32, what: &str, cure: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let lines: Vec<_> = self.stderr.lines().collect();
        let [first, second] = lines[..] else { panic!("not two lines: {}", self.stderr) };
        assert!(first.starts_with("origin: ") && first.contains(what), "{first}");
        assert!(second.contains(cure), "{second}");
    }
}

/// A path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}
