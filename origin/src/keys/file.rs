use std::{
    fs::{File, OpenOptions, read_to_string},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use tempfile::NamedTempFile;

use super::SigningKeys;

/// A key set's file, for as long as nobody else may change it.
pub struct KeyFile {
    path: PathBuf,
    /// Let go of when dropped, or when the process ends.
    _lock: File,
}

impl KeyFile {
    /// Waits until no other process changes the file.
    ///
    /// # Errors
    /// Where its folder cannot be written.
    pub fn lock(path: &Path) -> anyhow::Result<Self> {
        let mut lock_path = path.as_os_str().to_owned();
        // Beside it: the file itself is another with each change.
        lock_path.push(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .with_context(|| format!("cannot open {}", Path::new(&lock_path).display()))?;
        lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The set in it; `None` where there is no such file.
    ///
    /// # Errors
    /// Where it cannot be read, or [`SigningKeys::from_jwks`] refuses it.
    pub fn read(&self) -> anyhow::Result<Option<SigningKeys>> {
        let shown = self.path.display();
        match read_to_string(&self.path) {
            Ok(json) => SigningKeys::from_jwks(&json).map(Some).with_context(|| shown.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {shown}")),
        }
    }

    /// Puts another set in its place, in one step and for the owner's eyes alone (mode 0600).
    ///
    /// # Errors
    /// Where its folder cannot be written, or the set would not be read again.
    pub fn write(&self, keys: &SigningKeys) -> anyhow::Result<()> {
        let json = keys.private_json()? + "\n";
        ensure!(SigningKeys::from_jwks(&json).is_ok(), "the set would not be read again");
        let shown = self.path.display();
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let write = || -> anyhow::Result<()> {
            // A temporary file has mode 0600 from its first byte on.
            let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(json.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {shown}"))
    }
}
