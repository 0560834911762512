//! A compiler with the standard library of wasm32: rustup's, else Debian's.

mod debian;

use std::{ffi::OsString, path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{
    npm, process,
    progress::say,
    tools::Tools,
    workspace::{step_log, wasm_target_dir, workspace_root},
};

/// The Rust target of the edge.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How to call cargo for wasm.
pub struct Toolchain {
    /// Folder that goes first in PATH, for another compiler than the active one.
    first_in_path: Option<std::path::PathBuf>,
    env: Vec<(&'static str, OsString)>,
    env_removed: &'static [&'static str],
    /// The compiler, in its own words.
    pub version: String,
}

/// Find a toolchain that can build for wasm, or make one.
pub fn ensure() -> Result<Toolchain> {
    if has_core(active_libdir()) {
        return Ok(active());
    }
    if let Some(debian) = debian::existing()? {
        return Ok(debian);
    }
    if process::find("rustup").is_some() {
        say(format!("  rustup target add {TARGET}"));
        let mut add = process::command("rustup");
        // It may be out of reach: then be quick to know.
        add.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0");
        let added = process::run(add.current_dir(workspace_root()), &step_log("rustup"));
        if has_core(active_libdir()) {
            return Ok(active());
        }
        crate::interrupt::check()?;
        let reason = if added.is_ok() { "added nothing" } else { "cannot" };
        say(format!("  rustup {reason}; next, Debian's compiler"));
    }
    if !Path::new("/etc/debian_version").exists() {
        bail!(
            "Rust's standard library for {TARGET} is missing: install it (`rustup target add {TARGET}`) and start again"
        );
    }
    debian::ensure()
}

impl Toolchain {
    /// A command in the workspace that is cargo or calls it, for wasm. Its compiler comes first in
    /// PATH: the folder of another tool may hold a cargo, too.
    pub fn command(&self, program: &Path, tools: &Tools) -> Result<Command> {
        let npm = npm::bin_dir();
        let mut first: Vec<_> = self.first_in_path.as_deref().into_iter().collect();
        first.extend([npm.as_path(), &tools.bindgen_dir]);
        let mut command = process::command(program);
        for name in self.env_removed {
            command.env_remove(name);
        }
        command
            .current_dir(workspace_root())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env("PATH", process::path_with(&first)?)
            .env("CARGO_TARGET_DIR", wasm_target_dir())
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                tools.bindgen_dir.join("wasm-bindgen-test-runner"),
            )
            // worker-build sets it; set throughout, one set of compiled crates serves all.
            .env("WASM_BINDGEN_USE_JS_SYS", "1");
        Ok(command)
    }
}

fn active() -> Toolchain {
    let mut rustc = Command::new("rustc");
    let version = process::output(rustc.arg("-vV").current_dir(workspace_root()));
    Toolchain {
        first_in_path: None,
        env: Vec::new(),
        env_removed: &[],
        version: version.unwrap_or_default(),
    }
}

fn active_libdir() -> String {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    process::output(rustc.current_dir(workspace_root())).unwrap_or_default()
}

/// rustup may believe in a library that is not there: look for the file itself.
fn has_core(libdir: impl AsRef<Path>) -> bool {
    let Ok(entries) = libdir.as_ref().read_dir() else {
        return false;
    };
    let mut names = entries.flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("libcore-"))
}
