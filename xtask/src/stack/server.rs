//! A server process: its log, its health, its end.

use std::{
    fs::{self, OpenOptions},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    http, interrupt,
    process::{Group, now, tail},
};

/// Where a server's output goes.
#[derive(Clone, Debug)]
pub enum Log {
    /// To the end of a file; its last lines are in the error when the server fails.
    File(PathBuf),
    /// To this process's own standard output and error.
    Inherit,
}

/// A process that listens on a port of this machine.
pub(crate) struct Server {
    name: &'static str,
    port: u16,
    log: Log,
    group: Group,
}

/// What the health page must answer to count as up.
pub(super) struct Health {
    pub path: &'static str,
    /// A text that the body must have.
    pub body: &'static str,
}

impl Server {
    pub fn start(name: &'static str, port: u16, log: Log, command: &mut Command) -> Result<Self> {
        if let Log::File(path) = &log {
            let open = || {
                fs::create_dir_all(path.parent().unwrap_or(&path.join("..")))?;
                OpenOptions::new().create(true).append(true).open(path)
            };
            let file = open().with_context(|| format!("cannot write {}", path.display()))?;
            command.stdout(Stdio::from(file.try_clone()?)).stderr(Stdio::from(file));
        }
        let group = Group::spawn(command).with_context(|| format!("cannot start the {name}"))?;
        Ok(Self { name, port, log, group })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn wait_until_healthy(&mut self, health: &Health, timeout: Duration) -> Result<()> {
        let deadline = now() + timeout;
        loop {
            // First: another process may have taken the port and answer in this one's place.
            self.check_running()?;
            let answer = http::get(self.port, health.path);
            if matches!(&answer, Ok((200, body)) if body.contains(health.body)) {
                return Ok(());
            }
            interrupt::check()?;
            if now() > deadline {
                bail!(
                    "the {} is not healthy after {} s: {}{}",
                    self.name,
                    timeout.as_secs(),
                    match answer {
                        Ok((status, body)) => format!("{} answers {status} {body}", health.path),
                        Err(error) => format!("{error:#}"),
                    },
                    self.last_lines(),
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Wait until a connection is accepted; for programs that have no health page.
    pub fn wait_until_it_listens(&mut self, timeout: Duration) -> Result<()> {
        let deadline = now() + timeout;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            self.check_running()?;
            interrupt::check()?;
            if now() > deadline {
                bail!("the {} does not listen{}", self.name, self.last_lines());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// An error with the log's end if the process has ended.
    pub fn check_running(&mut self) -> Result<()> {
        if let Some(status) = self.group.exited()? {
            bail!("the {} ended by itself ({status}){}", self.name, self.last_lines());
        }
        Ok(())
    }

    /// The process that was started.
    pub fn pid(&mut self) -> u32 {
        self.group.child().id()
    }

    pub fn stop(&mut self, grace: Duration) -> Result<Option<ExitStatus>> {
        self.group.stop(grace)?;
        self.group.exited()
    }

    pub fn kill(&mut self) {
        self.group.kill();
    }

    pub fn pause(&self) {
        self.group.pause();
    }

    pub fn resume(&self) {
        self.group.resume();
    }

    fn last_lines(&self) -> String {
        match &self.log {
            Log::File(path) => format!("; the end of {}:\n{}", path.display(), tail(path, 20)),
            Log::Inherit => String::new(),
        }
    }
}
