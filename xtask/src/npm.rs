//! The npm packages of package.json (Node itself, wrangler, wasm-opt, esbuild), those of the client in TypeScript, of
//! the tests of Socket.IO and of the console, and of the bench's peers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    hash::Hasher,
    process,
    workspace::{step_log, workspace_root},
};

/// The folder with the programs of the installed packages.
pub fn bin_dir() -> PathBuf {
    workspace_root().join("node_modules/.bin")
}

/// Node, as package.json has it.
#[must_use]
pub fn node() -> PathBuf {
    bin_dir().join("node")
}

/// The folder of the tests of Socket.IO, with the clients and servers that they run.
#[must_use]
pub fn socketio_tests() -> PathBuf {
    workspace_root().join("tests/socketio")
}

/// The folder of the client in TypeScript.
#[must_use]
pub fn typescript_client() -> PathBuf {
    workspace_root().join("clients/typescript")
}

/// The folder of the console's tests, which run in a browser.
#[must_use]
pub fn console_tests() -> PathBuf {
    workspace_root().join("tests/console")
}

/// Install the packages that the console's tests run.
pub fn install_console_tests() -> Result<()> {
    install_in(&console_tests())
}

/// Install the packages that the edge's build and tests run.
pub fn install() -> Result<()> {
    install_in(workspace_root())
}

/// Install the packages that the tests of Socket.IO run.
pub fn install_socketio_tests() -> Result<()> {
    install_in(&socketio_tests())
}

/// Install the packages that the client in TypeScript is checked and tested with.
pub fn install_typescript_client() -> Result<()> {
    install_in(&typescript_client())
}

/// `npm ci` in a folder, unless it has been done for its package-lock.json.
pub fn install_in(folder: &Path) -> Result<()> {
    let stamp_file = folder.join("node_modules/.drawbridge-stamp");
    let stamp = Hasher::default()
        .tree(&folder.join("package.json"))?
        .tree(&folder.join("package-lock.json"))?
        .hex();
    if fs::read_to_string(&stamp_file).is_ok_and(|installed| installed == stamp) {
        return Ok(());
    }
    let Some(npm) = process::find("npm") else {
        bail!("npm is not on PATH: install Node.js with npm (any version that has `npm ci`)");
    };
    let name = folder.file_name().unwrap_or_default();
    let mut ci = process::command(npm);
    ci.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    process::run(&mut ci, &step_log(&format!("npm-ci-{}", name.to_string_lossy())))
        .context("cannot install the npm packages: is the npm registry within reach?")?;
    fs::write(&stamp_file, stamp).context("cannot write into node_modules")
}
