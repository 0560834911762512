//! The project's own cache of tools. Nothing is put anywhere else on the machine.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// `$DRAWBRIDGE_CACHE`, else `$XDG_CACHE_HOME/drawbridge`, else `~/.cache/drawbridge`.
pub fn dir() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("DRAWBRIDGE_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("drawbridge")))
        .or_else(|| Some(set("HOME")?.join(".cache/drawbridge")))
        .context("no HOME: set DRAWBRIDGE_CACHE to a folder for the project's tools")
}

/// The entry `name`, made by `make` if it is not there.
///
/// `make` fills a folder of its own, which is renamed when it is complete: an interrupted
/// run leaves no half entry. Two runs at once wait for each other.
pub fn entry(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    entry_in(&dir()?, name, make)
}

/// The entry `name`, if it is there.
pub fn existing(name: &str) -> Result<Option<PathBuf>> {
    Ok(Some(dir()?.join(name)).filter(|path| path.is_dir()))
}

fn entry_in(cache: &Path, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let path = cache.join(name);
    if path.is_dir() {
        return Ok(path);
    }
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let lock = File::create(cache.join("lock"))?;
    lock.lock()?;
    if !path.is_dir() {
        let folder = tempfile::Builder::new().prefix(".new-").tempdir_in(cache)?;
        make(folder.path())?;
        fs::rename(folder.path(), &path)?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_leaves_nothing_and_a_good_one_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        let failed = entry_in(cache.path(), "tool", |dir| {
            fs::write(dir.join("half"), "")?;
            anyhow::bail!("no")
        });
        assert!(failed.is_err());
        assert!(!cache.path().join("tool").exists());
        let made = entry_in(cache.path(), "tool", |dir| Ok(fs::write(dir.join("all"), "")?));
        assert!(made.unwrap().join("all").exists());
        let again = entry_in(cache.path(), "tool", |_| anyhow::bail!("made twice"));
        assert!(again.is_ok());
    }
}
