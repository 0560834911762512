//! Building the console: the front end that the origin has within it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    build::{Size, kilobytes},
    hash::{Hasher, files_below},
    npm, process,
    progress::{say, step},
    workspace::{step_log, target_dir, workspace_root},
};

/// The most that may be loaded of scripts and styles, in bytes, gzipped.
const LIMIT: u64 = 150_000;

/// What goes into it, below the workspace.
const SOURCES: [&str; 9] = [
    "package-lock.json",
    "origin/console/package.json",
    "origin/console/package-lock.json",
    "origin/console/index.html",
    "origin/console/tsconfig.json",
    "origin/console/vite.config.ts",
    "origin/console/public",
    "origin/console/src",
    "clients/typescript/src",
];

/// Build the console, with whatever that needs, and print its size.
///
/// # Errors
/// npm's packages cannot be had, it does not build, or it is too large.
pub fn build_console() -> Result<()> {
    step("npm packages", npm::install)?;
    step("build of the console", build)
}

/// The folder of its source.
#[must_use]
pub fn console_dir() -> PathBuf {
    workspace_root().join("origin/console")
}

/// Build the console if anything that goes into it has changed. Node must be installed.
pub(crate) fn build() -> Result<()> {
    npm::install_in(&console_dir())?;
    let (stamp, stamp_file) = (stamp()?, target_dir().join("console.stamp"));
    let dist = console_dir().join("dist");
    let is_current = dist.join("index.html").exists()
        && fs::read_to_string(&stamp_file).is_ok_and(|built| built == stamp);
    if !is_current {
        // Until it is whole again, nothing vouches for what lies there.
        let _ = fs::remove_file(&stamp_file);
        npm_run("build", "console-build")?;
        fs::create_dir_all(target_dir())?;
        fs::write(&stamp_file, stamp)?;
    }
    weigh(&dist)
}

/// Hold its source against the compiler of TypeScript and the linter. Node must be installed.
pub(crate) fn check() -> Result<()> {
    npm::install_in(&console_dir())?;
    npm_run("check", "console-check")
}

fn npm_run(script: &str, log: &str) -> Result<()> {
    let npm = process::find("npm").context("npm is not on PATH: install Node.js with npm")?;
    let mut run = process::command(npm);
    // By the Node of package.json, whichever npm itself runs on.
    run.args(["run", script])
        .current_dir(console_dir())
        .env("PATH", process::path_with(&[&npm::bin_dir()])?);
    process::run(&mut run, &step_log(log))
}

fn stamp() -> Result<String> {
    let mut hasher = Hasher::default();
    for path in SOURCES {
        hasher.tree(&workspace_root().join(path))?;
    }
    Ok(hasher.hex())
}

/// Print how large it is, and fail where that is too much.
fn weigh(dist: &Path) -> Result<()> {
    let (mut raw, mut gzipped) = (0, 0);
    for file in files_below(dist)? {
        if file.extension().is_some_and(|ending| ending == "js" || ending == "css") {
            let size = Size::of(&file)?;
            raw += size.raw;
            gzipped += size.gzipped;
        }
    }
    ensure!(gzipped > 0, "there is no script in {}", dist.display());
    say(format!(
        "  scripts and styles {}, {} gzipped, of {} at most",
        kilobytes(raw),
        kilobytes(gzipped),
        kilobytes(LIMIT),
    ));
    ensure!(gzipped <= LIMIT, "the console has grown too large; `npx vite build` lists its files");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters that gzip can make little of.
    fn noise(length: u32) -> String {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from(state >> 24).unwrap_or_default() % 90)
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn scripts_and_styles_are_weighed_together() {
        let dir = tempfile::tempdir().unwrap();
        let assets = dir.path().join("assets");
        fs::create_dir(&assets).unwrap();
        assert!(weigh(dir.path()).is_err(), "nothing was built");
        fs::write(assets.join("a.js"), noise(100_000)).unwrap();
        fs::write(assets.join("picture.png"), noise(500_000)).unwrap();
        weigh(dir.path()).unwrap();
        fs::write(assets.join("a.css"), noise(100_000)).unwrap();
        let error = weigh(dir.path()).unwrap_err().to_string();
        assert!(error.contains("too large"), "{error}");
    }

    #[test]
    fn all_that_goes_into_it_is_there() {
        assert_eq!(stamp().unwrap(), stamp().unwrap());
    }
}
