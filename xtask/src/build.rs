//! Building: the edge as a worker, the origin as a debug binary.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, write::GzEncoder};

use crate::{
    hash::Hasher,
    npm, process,
    progress::{say, step},
    tools::{self, Tools},
    wasm::{self, Toolchain},
    workspace::{step_log, wasm_target_dir, workspace_root},
};

/// The most that may be uploaded of the edge, in bytes, gzipped.
const LIMIT: u64 = 350_000;

/// What of WebAssembly the compiler makes use of by default, and wasm-bindgen besides.
const WASM_FEATURES: &[&str] = &[
    "bulk-memory",
    "exception-handling",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// What of the echo is in its wasm.
const ECHO_MARK: &[u8] = b"message-back";

/// Which edge is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The one that is deployed.
    Deployed,
    /// One that sends back what it is sent, for the suites of Socket.IO's protocols.
    Echo,
}

impl Variant {
    /// Its folder, below `edge`.
    const fn folder(self) -> &'static str {
        match self {
            Self::Deployed => "build",
            Self::Echo => "build-echo",
        }
    }

    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Deployed => &[],
            Self::Echo => &["--features", "echo"],
        }
    }
}

/// Everything that building the edge needs.
pub(crate) struct EdgeTools {
    pub toolchain: Toolchain,
    pub tools: Tools,
}

/// Build the edge, with whatever that needs, and print its size.
///
/// # Errors
/// A tool cannot be had, the edge does not build, or it is too large to be uploaded.
pub fn build_edge(variant: Variant) -> Result<()> {
    let tools = edge_tools()?;
    match variant {
        Variant::Deployed => step("build of the edge", || edge(&tools)),
        Variant::Echo => step("build of the edge that echoes", || edge_that_echoes(&tools)),
    }
}

pub(crate) fn edge_tools() -> Result<EdgeTools> {
    step("npm packages", npm::install)?;
    let toolchain = step("wasm toolchain", wasm::ensure)?;
    let tools = step("worker-build and wasm-bindgen", tools::ensure)?;
    Ok(EdgeTools { toolchain, tools })
}

/// Where the built edge is.
#[must_use]
pub fn edge_dir() -> PathBuf {
    dir(Variant::Deployed)
}

fn dir(variant: Variant) -> PathBuf {
    workspace_root().join("edge").join(variant.folder())
}

/// Build the edge if anything that goes into it has changed.
pub(crate) fn edge(with: &EdgeTools) -> Result<()> {
    build(with, Variant::Deployed)?;
    print_size()
}

/// The same of the edge that echoes.
pub(crate) fn edge_that_echoes(with: &EdgeTools) -> Result<()> {
    build(with, Variant::Echo)
}

fn build(with: &EdgeTools, variant: Variant) -> Result<()> {
    let (stamp, stamp_file) = (stamp(with)?, stamp_file(variant));
    if !is_of(&stamp, variant) {
        // Until it is whole again, nothing vouches for what lies there.
        let _ = fs::remove_file(&stamp_file);
        let mut build = with.toolchain.command(&with.tools.worker_build, &with.tools)?;
        build
            .args(["--profile", "edge", "--out-dir", variant.folder()])
            .args(variant.options())
            .current_dir(workspace_root().join("edge"))
            .env("WASM_BINDGEN_BIN", with.tools.bindgen_dir.join("wasm-bindgen"))
            .env("ESBUILD_BIN", npm::bin_dir().join("esbuild"))
            // Its own stack says nothing of what is wrong in the edge.
            .env_remove("RUST_BACKTRACE");
        process::run(&mut build, &step_log(&format!("edge-{}", variant.folder())))?;
        optimize(variant)?;
        put_entry(variant)?;
        let wasm = fs::read(dir(variant).join("index_bg.wasm"))?;
        ensure!(
            echoes(&wasm) == (variant == Variant::Echo),
            "{} has what the other edge should have",
            dir(variant).display()
        );
        fs::write(&stamp_file, stamp)?;
    }
    Ok(())
}

/// Whether an edge sends back what it is sent.
fn echoes(wasm: &[u8]) -> bool {
    wasm.windows(ECHO_MARK.len()).any(|part| part == ECHO_MARK)
}

/// Make the wasm smaller. Functions that have one caller stay functions: inlined into it, as is usual,
/// the wasm is smaller, and a tenth larger once it is gzipped.
fn optimize(variant: Variant) -> Result<()> {
    let mut command = process::command(npm::bin_dir().join("wasm-opt"));
    command
        .args([
            "index_bg.wasm",
            "-o",
            "index_bg.wasm",
            "-O2",
            "--one-caller-inline-max-function-size=0",
        ])
        .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
        .args(WASM_FEATURES.iter().map(|feature| format!("--enable-{feature}")))
        .current_dir(dir(variant));
    process::run(&mut command, &step_log("edge-wasm-opt"))
}

/// Put our own entry around the one that was built.
fn put_entry(variant: Variant) -> Result<()> {
    let built = |name| dir(variant).join(name);
    fs::rename(built("index.js"), built("worker.js"))?;
    fs::copy(workspace_root().join("edge/src/entry.js"), built("entry.js"))?;
    let mut bundle = process::command(npm::bin_dir().join("esbuild"));
    bundle
        .args(["entry.js", "--outfile=index.js", "--bundle", "--format=esm", "--minify"])
        .args(["--external:cloudflare:*", "--external:*.wasm", "--log-level=warning"])
        .current_dir(dir(variant));
    process::run(&mut bundle, &step_log("edge-entry"))?;
    for part in ["worker.js", "entry.js"] {
        fs::remove_file(built(part))?;
    }
    Ok(())
}

/// Whether the edge that is there was built from the source of now.
pub(crate) fn is_current(with: &EdgeTools) -> Result<bool> {
    Ok(is_of(&stamp(with)?, Variant::Deployed))
}

fn is_of(stamp: &str, variant: Variant) -> bool {
    dir(variant).join("index.js").exists()
        && fs::read_to_string(stamp_file(variant)).is_ok_and(|built| built == stamp)
}

fn stamp_file(variant: Variant) -> PathBuf {
    let name = match variant {
        Variant::Deployed => "edge.stamp",
        Variant::Echo => "edge-echo.stamp",
    };
    wasm_target_dir().join(name)
}

/// Build the origin's debug binary.
pub(crate) fn origin() -> Result<()> {
    let mut build = process::command("cargo");
    // The same choice of packages as the tests': their features, and so their compiled crates, agree.
    build
        .args(["build", "--workspace", "--exclude", "edge", "--bin", "origin"])
        .current_dir(workspace_root());
    process::run(&mut build, &step_log("origin-build"))
}

/// Build the origin and what measures it, optimised.
pub(crate) fn release() -> Result<()> {
    let mut build = process::command("cargo");
    let what = ["--package", "origin", "--package", "tests", "--bin", "origin", "--bin", "bench"];
    build.args(["build", "--release"]).args(what).current_dir(workspace_root());
    process::run(&mut build, &step_log("release-build"))
}

fn stamp(with: &EdgeTools) -> Result<String> {
    let root = workspace_root();
    let mut hasher = Hasher::default();
    hasher.text(&with.toolchain.version).text(&with.tools.worker_build.to_string_lossy());
    hasher.text(&with.tools.bindgen_dir.to_string_lossy());
    for path in [
        "Cargo.lock",
        "Cargo.toml",
        "package-lock.json",
        "edge/Cargo.toml",
        "edge/src",
        "shared/Cargo.toml",
        "shared/src",
    ] {
        hasher.tree(&root.join(path))?;
    }
    Ok(hasher.hex())
}

/// What is uploaded of an edge, in bytes, gzipped.
pub(crate) fn edge_upload(dir: &Path) -> Result<u64> {
    let size = |file: &str| Size::of(&dir.join(file));
    Ok(size("index_bg.wasm")?.gzipped + size("index.js")?.gzipped)
}

fn print_size() -> Result<()> {
    let wasm = Size::of(&edge_dir().join("index_bg.wasm"))?;
    let script = Size::of(&edge_dir().join("index.js"))?;
    let upload = wasm.gzipped + script.gzipped;
    say(format!(
        "  wasm {}, {} gzipped; with its script {} gzipped, of {} at most",
        kilobytes(wasm.raw),
        kilobytes(wasm.gzipped),
        kilobytes(upload),
        kilobytes(LIMIT),
    ));
    ensure!(upload <= LIMIT, "the edge has grown too large; `cargo bloat` or `twiggy` say where");
    Ok(())
}

/// How large a file is, in bytes.
pub(crate) struct Size {
    pub raw: u64,
    pub gzipped: u64,
}

impl Size {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let mut file =
            File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut gzip = GzEncoder::new(Counter(0), Compression::default());
        let raw = io::copy(&mut file, &mut gzip)?;
        Ok(Self { raw, gzipped: gzip.finish()?.0 })
    }
}

struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_echoes_is_known_as_one() {
        assert!(echoes(b"\0message-back\0"));
        assert!(!echoes(b"message back") && !echoes(b""));
    }

    #[test]
    fn sizes_are_counted_raw_and_gzipped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("zeros");
        fs::write(&path, vec![0; 100_000]).unwrap();
        let size = Size::of(&path).unwrap();
        assert_eq!(size.raw, 100_000);
        assert!(size.gzipped < 1000);
        assert_eq!(kilobytes(123_456), "123.4 kB");
    }
}
