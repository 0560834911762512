//! Says which commit a release was built from, as far as that is known without a network.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // New files there are part of the program, too.
    println!("cargo:rerun-if-changed=../migrations");
    // Its files are part of the program once they are built; watched from when they are not there yet.
    let _ = std::fs::create_dir_all("console/dist");
    println!("cargo:rerun-if-changed=console/dist");
    println!("cargo:rerun-if-env-changed=DRAWBRIDGE_COMMIT");
    let given = env::var("DRAWBRIDGE_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    // A debug build is not made anew for each commit.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| if is_release { of_the_work_tree() } else { None });
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    match commit {
        Some(commit) => println!("cargo:rustc-env=ORIGIN_VERSION={version} ({})", commit.trim()),
        None => println!("cargo:rustc-env=ORIGIN_VERSION={version}"),
    }
}

/// The commit that is checked out; the build is made again once that is another.
fn of_the_work_tree() -> Option<String> {
    let log = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"])?;
    println!("cargo:rerun-if-changed={}", log.trim());
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
