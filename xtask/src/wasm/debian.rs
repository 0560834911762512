//! Debian's compiler, with a wasm library built from its sources into the project's cache.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result};

use super::{TARGET, Toolchain, has_core};
use crate::{apt, cache, hash::Hasher, process, progress::say, workspace::step_log};

const PACKAGES: &[&str] =
    &["cargo-web", "lld-19", "rust-web-clippy", "rust-web-llvm", "rust-web-src", "rustc-web"];

const LINKER: &str = "wasm-ld-19";

/// What an outer cargo or rustup sets, and what would lead back to its compiler.
const OUTER: &[&str] = &[
    "CARGO",
    "RUSTC",
    "RUSTDOC",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "LD_LIBRARY_PATH",
];

/// The toolchain, if all of it is there.
pub fn existing() -> Result<Option<Toolchain>> {
    let Some(version) = version() else {
        return Ok(None);
    };
    let complete = ["cargo", "clippy-driver", LINKER]
        .iter()
        .all(|name| Path::new("/usr/bin").join(name).exists());
    let sysroot = cache::existing(&entry_name(&version))?.filter(|_| complete);
    Ok(sysroot.map(|sysroot| toolchain(&sysroot, version)))
}

/// Install and build what is missing of the toolchain.
pub fn ensure() -> Result<Toolchain> {
    apt::ensure(PACKAGES, &format!("a compiler for {TARGET}"))?;
    let version = version().context("/usr/bin/rustc does not run")?;
    let sysroot = cache::entry(&entry_name(&version), build)?;
    Ok(toolchain(&sysroot, version))
}

fn version() -> Option<String> {
    process::output(rustc().arg("-vV"))
}

fn rustc() -> Command {
    let mut rustc = Command::new("/usr/bin/rustc");
    for name in OUTER {
        rustc.env_remove(name);
    }
    rustc
}

/// The library of one compiler does not serve another.
fn entry_name(version: &str) -> String {
    format!("wasm-sysroot-{}", &Hasher::default().text(version).hex()[..16])
}

fn toolchain(sysroot: &Path, version: String) -> Toolchain {
    let mut flag = std::ffi::OsString::from("--sysroot=");
    flag.push(sysroot);
    Toolchain {
        first_in_path: Some(sysroot.join("bin")),
        env: vec![
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flag),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", LINKER.into()),
        ],
        env_removed: OUTER,
        version,
    }
}

/// Fill a sysroot: the library, and a `bin` whose programs are Debian's.
fn build(sysroot: &Path) -> Result<()> {
    say("  the standard library is built for wasm, once; about a minute");
    let lib = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    build_library(&sysroot.join("build"), &lib)?;
    fs::remove_dir_all(sysroot.join("build"))?;
    let bin = sysroot.join("bin");
    fs::create_dir(&bin)?;
    for program in ["cargo", "cargo-clippy", "clippy-driver", "rustdoc"] {
        symlink(Path::new("/usr/bin").join(program), bin.join(program))?;
    }
    write_rustc(&bin.join("rustc"))
}

fn build_library(krate: &Path, lib: &Path) -> Result<()> {
    fs::create_dir_all(krate.join("src"))?;
    fs::create_dir_all(lib)?;
    fs::write(krate.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(
        krate.join("Cargo.toml"),
        "[package]\nname = \"wasm-library\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    let mut cargo = process::command("/usr/bin/cargo");
    for name in OUTER {
        cargo.env_remove(name);
    }
    cargo
        .args(["build", "--release", "--target", TARGET])
        // `test` is what the test runner links.
        .arg("-Zbuild-std=std,panic_abort,proc_macro,test")
        .current_dir(krate)
        .env("CARGO_TARGET_DIR", krate.join("target"))
        .env("RUSTC", "/usr/bin/rustc")
        // The only use of unstable features: what comes of it serves ordinary stable builds.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(&mut cargo, &step_log("wasm-library"))
        .context("cannot build the standard library for wasm")?;
    let deps = krate.join("target").join(TARGET).join("release/deps");
    for file in deps.read_dir()? {
        let file = file?;
        let name = file.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libwasm_library-") {
            fs::rename(file.path(), lib.join(&name))?;
        }
    }
    anyhow::ensure!(has_core(lib), "the build of the standard library brought no libcore");
    Ok(())
}

/// worker-build asks rustc where the target's library is, and must be told of ours.
fn write_rustc(path: &Path) -> Result<()> {
    let script = "#!/bin/sh\n\
        case \"$*\" in\n  \
          *'--print target-libdir'*) exec /usr/bin/rustc --sysroot \"${0%/bin/rustc}\" \"$@\" ;;\n\
        esac\n\
        exec /usr/bin/rustc \"$@\"\n";
    fs::write(path, script)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}
