//! Where things are in the work tree.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder of the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace_root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The origin's binary: `$ORIGIN_BIN`, else the debug build.
#[must_use]
pub fn origin_binary() -> PathBuf {
    env::var_os("ORIGIN_BIN").map_or_else(|| target_dir().join("debug/origin"), PathBuf::from)
}

/// An optimised program; of the origin `$ORIGIN_BIN`, where that is set.
pub(crate) fn release_binary(name: &str) -> PathBuf {
    let set = env::var_os("ORIGIN_BIN").filter(|_| name == "origin");
    set.map_or_else(|| target_dir().join("release").join(name), PathBuf::from)
}

/// Cargo's folder for native builds.
pub(crate) fn target_dir() -> PathBuf {
    let set = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty());
    workspace_root().join(set.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}

/// Cargo's folder for wasm builds: their compiler may be another one.
pub(crate) fn wasm_target_dir() -> PathBuf {
    target_dir().join("edge")
}

/// This work tree's own secrets, database and logs; ignored by git.
pub(crate) fn dev_dir() -> PathBuf {
    workspace_root().join(".dev")
}

/// The log of a step, by the step's name.
pub(crate) fn step_log(step: &str) -> PathBuf {
    dev_dir().join("logs").join(format!("{step}.log"))
}
