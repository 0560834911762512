//! Which cores do what: the load stays on the last one, so that it takes from what is measured as much each time;
//! where there are enough, nothing else is there.

use std::{ffi::OsStr, process::Command, thread::available_parallelism};

use anyhow::Result;

use crate::process;

/// The cores of this machine.
pub struct Cpus {
    /// The core that the load stays on; nothing where that cannot be had.
    load: Option<usize>,
    /// Whether all else keeps off it.
    is_alone: bool,
}

/// With fewer cores than these, what is measured would be short of one.
const ENOUGH: usize = 4;

impl Cpus {
    /// Moves this process, and so all that it starts from now on, off the load's core, where there are enough.
    pub fn part() -> Result<Self> {
        let count = available_parallelism()?.get();
        let Some(taskset) = process::find("taskset").filter(|_| count > 1) else {
            return Ok(Self { load: None, is_alone: false });
        };
        let (last, own) = (count - 1, std::process::id().to_string());
        let mut part = Command::new(taskset);
        part.args(["--all-tasks", "--cpu-list", "--pid", &format!("0-{}", last - 1), &own]);
        let is_alone = count >= ENOUGH && process::output(&mut part).is_some();
        Ok(Self { load: Some(last), is_alone })
    }

    /// A command on the load's core; `through` makes it of a program's name.
    pub fn load(&self, program: impl AsRef<OsStr>, through: fn(&OsStr) -> Command) -> Command {
        match self.load {
            Some(core) => {
                let mut command = through("taskset".as_ref());
                command.args(["--cpu-list", &core.to_string()]).arg(program);
                command
            }
            None => through(program.as_ref()),
        }
    }

    /// How it is done, for who reads the figures.
    pub fn told(&self) -> String {
        match self.load {
            None => "nothing pinned".to_owned(),
            Some(core) if self.is_alone => format!("load on core {core}, the rest on the others"),
            Some(core) => format!("load on core {core}, the rest on all"),
        }
    }
}
