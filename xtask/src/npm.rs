//! The npm packages of package.json: Node itself, wrangler, wasm-opt, esbuild.

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

/// `npm ci` of the workspace's package.json.
pub fn install() -> Result<()> {
    install_in(workspace_root())
}

/// `npm ci` in a folder, unless it has been done for its package-lock.json.
pub fn install_in(root: &Path) -> Result<()> {
    let stamp_file = root.join("node_modules/.drawbridge-stamp");
    let stamp = Hasher::default()
        .tree(&root.join("package.json"))?
        .tree(&root.join("package-lock.json"))?
        .hex();
    if fs::read_to_string(&stamp_file).is_ok_and(|installed| installed == stamp) {
        return Ok(());
    }
    let Some(npm) = process::find("npm") else {
        bail!("npm is not on PATH: install Node.js with npm (any version that has `npm ci`)");
    };
    let mut ci = process::command(npm);
    ci.args(["ci", "--no-audit", "--no-fund"]).current_dir(root);
    process::run(&mut ci, &step_log("npm-ci"))
        .context("cannot install the npm packages: is the npm registry within reach?")?;
    fs::write(&stamp_file, stamp).context("cannot write into node_modules")
}
