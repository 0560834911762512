//! worker-build and wasm-bindgen of the locked versions: found on PATH, or installed into the cache.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{cache, lock::locked_version, process, progress::say, workspace::step_log};

/// The programs that turn Rust into a worker.
pub struct Tools {
    /// `worker-build`, of the version of the `worker` crate.
    pub worker_build: PathBuf,
    /// The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`, of the crate's exact version.
    pub bindgen_dir: PathBuf,
}

struct Tool {
    package: &'static str,
    /// The crate whose locked version the tool must have.
    follows: &'static str,
    programs: &'static [&'static str],
    /// With the lock file it was published with.
    locked: bool,
}

const WORKER_BUILD: Tool =
    Tool { package: "worker-build", follows: "worker", programs: &["worker-build"], locked: true };

const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    follows: "wasm-bindgen",
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Its lock file names a version that has been withdrawn.
    locked: false,
};

/// Find or install the tools.
pub fn ensure() -> Result<Tools> {
    Ok(Tools {
        worker_build: WORKER_BUILD.dir()?.join("worker-build"),
        bindgen_dir: WASM_BINDGEN.dir()?,
    })
}

impl Tool {
    /// The folder that has the tool's programs.
    fn dir(&self) -> Result<PathBuf> {
        let version = locked_version(self.follows)?;
        if let Some(dir) = self.on_path(&version) {
            return Ok(dir);
        }
        let name = format!("{}-{version}", self.package);
        let root = cache::entry(&name, |root| self.install(&version, root))?;
        Ok(root.join("bin"))
    }

    fn on_path(&self, version: &str) -> Option<PathBuf> {
        let program = process::find(self.programs[0])?;
        let dir = program.parent()?.to_owned();
        let printed = process::output(Command::new(&program).arg("--version"))?;
        let found = printed.split_whitespace().last() == Some(version)
            && self.programs.iter().all(|program| dir.join(program).is_file());
        found.then_some(dir)
    }

    fn install(&self, version: &str, root: &Path) -> Result<()> {
        say(format!(
            "  {} {version} is compiled into {}, once; some minutes",
            self.package,
            cache::dir()?.display()
        ));
        let mut install = process::command("cargo");
        install.args([
            "install",
            self.package,
            "--quiet",
            "--version",
            &format!("={version}"),
            "--root",
        ]);
        install.arg(root).env("CARGO_TARGET_DIR", root.join("target"));
        for program in self.programs {
            install.args(["--bin", program]);
        }
        // They run for a second or two a build: optimising them would cost minutes.
        install
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        if self.locked {
            install.arg("--locked");
        }
        process::run(&mut install, &step_log(self.package)).with_context(|| {
            format!(
                "cannot install {} {version}: is the crates registry within reach?",
                self.package
            )
        })?;
        std::fs::remove_dir_all(root.join("target"))?;
        Ok(())
    }
}
