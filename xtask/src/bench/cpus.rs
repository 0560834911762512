//! Which cores do what: the load has the last one for itself, so that it takes nothing from what is measured.

use std::{process::Command, thread::available_parallelism};

use anyhow::Result;

use crate::process;

/// The cores of this machine.
pub struct Cpus {
    /// The core that the load has for itself; nothing where that cannot be had.
    load: Option<usize>,
}

impl Cpus {
    /// Moves this process, and so all that it starts from now on, off the last core.
    pub fn part() -> Result<Self> {
        let count = available_parallelism()?.get();
        let Some(taskset) = process::find("taskset").filter(|_| count > 1) else {
            return Ok(Self { load: None });
        };
        let (last, own) = (count - 1, std::process::id().to_string());
        let mut part = Command::new(taskset);
        part.args(["--all-tasks", "--cpu-list", "--pid", &format!("0-{}", last - 1), &own]);
        // In a container that may not: then without.
        Ok(Self { load: process::output(&mut part).map(|_| last) })
    }

    /// A command on the load's core.
    pub fn load(&self, program: &str) -> Command {
        match self.load {
            Some(core) => {
                let mut command = process::command("taskset");
                command.args(["--cpu-list", &core.to_string(), program]);
                command
            }
            None => process::command(program),
        }
    }

    /// How it is done, for who reads the figures.
    pub fn told(&self) -> String {
        self.load.map_or_else(
            || "nothing pinned".to_owned(),
            |core| format!("load on core {core}, the rest on the others"),
        )
    }
}
