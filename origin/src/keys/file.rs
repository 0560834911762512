use std::{
    fs::{File, Metadata, OpenOptions, Permissions, metadata, read_to_string},
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
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

    /// Puts another set in its place, in one step. Owner, group and mode stay as they were, but for
    /// the rights of all others, who have none; a new file is its owner's alone (mode 0600).
    ///
    /// # Errors
    /// Where its folder cannot be written, the set would not be read again, or owner and group may
    /// not be kept: whoever reads the file now would be locked out.
    pub fn write(&self, keys: &SigningKeys) -> anyhow::Result<()> {
        let json = keys.private_json()? + "\n";
        ensure!(SigningKeys::from_jwks(&json).is_ok(), "the set would not be read again");
        let shown = self.path.display();
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let write = || -> anyhow::Result<()> {
            // A temporary file has mode 0600 from its first byte on.
            let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(json.as_bytes())?;
            match metadata(&self.path) {
                Ok(old) => keep_readers(file.as_file(), &old)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {shown}"))
    }
}

/// Lets those read a new file who could read the old one, except the whole world.
fn keep_readers(new: &File, old: &Metadata) -> anyhow::Result<()> {
    let (uid, gid) = (old.uid(), old.gid());
    let own = new.metadata()?;
    if (own.uid(), own.gid()) != (uid, gid) {
        fchown(new, Some(uid), Some(gid))
            .with_context(|| format!("its owner {uid} and group {gid} cannot be kept"))?;
    }
    new.set_permissions(Permissions::from_mode(old.mode() & 0o660))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::set_permissions;

    use super::*;
    use crate::{
        clock::Ambient,
        keys::{Algorithm, first},
    };

    /// Of nobody on this machine.
    const STRANGER: (u32, u32) = (12_345, 12_346);

    fn set() -> SigningKeys {
        first(Algorithm::Ed25519, &Ambient::system()).unwrap().0
    }

    #[test]
    fn who_could_read_the_old_file_can_read_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let file = KeyFile::lock(&path).unwrap();
        file.write(&set()).unwrap();
        for (mode, kept) in [(0o640, 0o640), (0o600, 0o600), (0o400, 0o400), (0o644, 0o640)] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let before = metadata(&path).unwrap();
            file.write(&set()).unwrap();
            let after = metadata(&path).unwrap();
            assert_ne!(after.ino(), before.ino(), "replaced in one step");
            assert_eq!(after.mode() & 0o777, kept, "{mode:o}");
        }
    }

    #[test]
    fn owner_and_group_are_kept_or_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let file = KeyFile::lock(&path).unwrap();
        file.write(&set()).unwrap();
        let (uid, gid) = STRANGER;
        if std::os::unix::fs::chown(&path, Some(uid), Some(gid)).is_ok() {
            set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
            file.write(&set()).unwrap();
            let after = metadata(&path).unwrap();
            assert_eq!((after.uid(), after.gid(), after.mode() & 0o777), (uid, gid, 0o640));
            return;
        }
        // Who is not root cannot give a file away: root's folder is not theirs either.
        let others = metadata("/").unwrap();
        let new = NamedTempFile::new_in(dir.path()).unwrap();
        let refusal = keep_readers(new.as_file(), &others).unwrap_err().to_string();
        assert!(refusal.contains("cannot be kept"), "{refusal}");
    }
}
