//! What the figures hang on: the machine, and the versions of what runs on it.

use std::{fs, process::Command};

use serde::Serialize;

use crate::{npm, process};

/// A machine as it is.
#[derive(Serialize)]
pub struct Facts {
    cpu: String,
    cores: usize,
    kernel: String,
    pinning: String,
    workerd: String,
    node: String,
    database: String,
}

impl Facts {
    /// Of this machine, with the database that was measured with.
    pub fn read(pinning: String, cores: usize, database: &str) -> Self {
        let version = |program: &str| {
            let printed =
                process::output(Command::new(npm::bin_dir().join(program)).arg("--version"));
            printed.unwrap_or_else(|| "none".to_owned())
        };
        let kernel = process::output(Command::new("uname").args(["-sr"]));
        Self {
            cpu: cpu(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            cores,
            kernel: kernel.unwrap_or_else(|| "unknown kernel".to_owned()),
            pinning,
            workerd: version("workerd").replace("workerd ", ""),
            node: version("node"),
            database: if database.is_empty() { "none".to_owned() } else { database.to_owned() },
        }
    }

    /// On one line.
    pub fn line(&self) -> String {
        let Self { cpu, cores, kernel, pinning, workerd, node, database } = self;
        format!(
            "{cpu}, {cores} cores ({pinning}), {kernel}; workerd {workerd}, node {node}, database {database}"
        )
    }
}

fn cpu(info: &str) -> String {
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    model.unwrap_or(std::env::consts::ARCH).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_cpu_is_read_from_what_the_kernel_says() {
        assert_eq!(super::cpu("processor\t: 0\nmodel name\t: AMD EPYC\n"), "AMD EPYC");
        assert_eq!(super::cpu(""), std::env::consts::ARCH);
    }
}
