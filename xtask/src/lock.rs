//! Versions that Cargo.lock fixes.

use std::fs;

use anyhow::{Context as _, Result};

use crate::workspace::workspace_root;

/// The locked version of a crate.
pub fn locked_version(name: &str) -> Result<String> {
    let path = workspace_root().join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    version_in(&lock, name)
        .map(str::to_owned)
        .with_context(|| format!("{name} is not in {}", path.display()))
}

fn version_in<'lock>(lock: &'lock str, name: &str) -> Option<&'lock str> {
    let mut lines = lock.lines();
    let name_line = format!("name = \"{name}\"");
    lines.find(|line| *line == name_line)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";

    #[test]
    fn version_is_of_the_crate_with_exactly_that_name() {
        assert_eq!(version_in(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_in(LOCK, "wasm"), None);
    }

    #[test]
    fn this_workspace_locks_the_worker_crate() {
        assert!(locked_version("worker").is_ok_and(|version| version.contains('.')));
    }
}
