use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use shared::{
    time::Timestamp,
    token::{Claims, KeySet},
};

use super::{RELOAD_INTERVAL, SigningKeys};
use crate::clock::Ambient;

/// Where keys came from, and the keys.
pub struct KeySource {
    keys: SigningKeys,
    file: Option<(PathBuf, Option<Stamp>)>,
}

/// What tells one content of a file from the next, and one set of rights to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Of owner, group and mode as well, and nobody's to set.
    changed: (i64, i64),
}

/// Why a file gives no keys.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    /// This may pass without a change of the file.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// This takes another file.
    #[error("{0:#}")]
    Broken(anyhow::Error),
}

impl KeySource {
    /// A set that never changes, from its JSON.
    ///
    /// # Errors
    /// Where [`SigningKeys::from_jwks`] refuses it.
    pub fn fixed(json: &str) -> anyhow::Result<Self> {
        Ok(Self { keys: SigningKeys::from_jwks(json)?, file: None })
    }

    /// The set of a file, which is looked at again as time goes by.
    ///
    /// # Errors
    /// Where it cannot be read, or [`SigningKeys::from_jwks`] refuses it.
    pub fn file(path: &Path) -> anyhow::Result<Self> {
        let stamp = Stamp::of(path);
        Ok(Self { keys: read(path)?, file: Some((path.to_owned(), stamp)) })
    }

    /// The keys as they were read.
    #[must_use]
    pub fn keys(&self) -> &SigningKeys {
        &self.keys
    }
}

/// The keys of a running origin: those of its file as that is now, or was when it last made sense.
pub struct KeyRing {
    current: RwLock<Arc<SigningKeys>>,
    watched: Option<Watched>,
    ambient: Ambient,
}

struct Watched {
    file: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    at: Timestamp,
    stamp: Option<Stamp>,
    /// Why the file could not be read the last time: said once, and not with each look.
    said: Option<String>,
}

impl KeyRing {
    /// The keys of a source, from now on.
    #[must_use]
    pub fn new(source: KeySource, ambient: Ambient) -> Self {
        let watched = source.file.map(|(file, stamp)| {
            let seen = Mutex::new(Seen { at: ambient.now(), stamp, said: None });
            Watched { file, seen }
        });
        Self { current: RwLock::new(Arc::new(source.keys)), watched, ambient }
    }

    /// The access token that says `claims`.
    ///
    /// # Errors
    /// Where the key does not sign.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        self.current().sign(claims)
    }

    /// The keys to verify with.
    #[must_use]
    pub fn verification(&self) -> Arc<KeySet> {
        self.current().verification()
    }

    /// The keys of now.
    #[must_use]
    pub fn current(&self) -> Arc<SigningKeys> {
        if let Some(watched) = &self.watched
            && let Some(keys) = watched.changed(self.ambient.now())
        {
            let keys = Arc::new(keys);
            // A panic elsewhere leaves a whole set behind: it is replaced at once or not at all.
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    /// The file's keys, where it has changed and makes sense.
    fn changed(&self, now: Timestamp) -> Option<SigningKeys> {
        // One call looks; the others need not wait for it.
        let mut seen = self.seen.try_lock().ok()?;
        if now < seen.at.plus(RELOAD_INTERVAL) {
            return None;
        }
        seen.at = now;
        seen.look(&self.file, Stamp::of(&self.file), read)
    }
}

impl Seen {
    /// The file's keys, where its stamp is another than the last that could be read, and `read`
    /// makes sense of it.
    fn look(
        &mut self,
        file: &Path,
        stamp: Option<Stamp>,
        read: impl FnOnce(&Path) -> Result<SigningKeys, ReadError>,
    ) -> Option<SigningKeys> {
        if stamp == self.stamp {
            self.said = None;
            return None;
        }
        let shown = file.display();
        match read(file) {
            Ok(keys) => {
                (self.stamp, self.said) = (stamp, None);
                tracing::info!(file = %shown, "the keys of access tokens have been read again");
                Some(keys)
            }
            Err(error) => {
                let text = error.to_string();
                if self.said.as_ref() != Some(&text) {
                    tracing::error!(file = %shown, error = %text, "the key file cannot be used; the keys stay as they were");
                }
                self.said = match error {
                    // The stamp stays: the next look tries again.
                    ReadError::Unreadable(_) => Some(text),
                    ReadError::Broken(_) => {
                        self.stamp = stamp;
                        None
                    }
                };
                None
            }
        }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let modified = (found.mtime(), found.mtime_nsec());
        let changed = (found.ctime(), found.ctime_nsec());
        Some(Self { inode: found.ino(), length: found.len(), modified, changed })
    }
}

fn read(path: &Path) -> Result<SigningKeys, ReadError> {
    let opened = || -> io::Result<_> {
        let mut file = File::open(path)?;
        let mut json = String::new();
        file.read_to_string(&mut json)?;
        Ok((json, file.metadata()?.mode()))
    };
    let (json, mode) = opened().map_err(ReadError::Unreadable)?;
    if mode & 0o007 != 0 {
        let (file, mode) = (path.display(), format!("{:04o}", mode & 0o7777));
        tracing::warn!(%file, mode, "every user of this machine can open the key file: chmod o= it");
    }
    SigningKeys::from_jwks(&json).map_err(ReadError::Broken)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{Permissions, set_permissions},
        io::Write,
        os::unix::fs::PermissionsExt as _,
        time::Duration,
    };

    use super::*;
    use crate::keys::{Algorithm, KeyFile, first};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs.
    fn logged(work: impl FnOnce()) -> Vec<String> {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    fn set() -> SigningKeys {
        first(Algorithm::Ed25519, &Ambient::system()).unwrap().0
    }

    fn unreadable(kind: io::ErrorKind) -> Result<SigningKeys, ReadError> {
        Err(ReadError::Unreadable(kind.into()))
    }

    const PATH: &str = "keys.json";

    fn stamp(inode: u64) -> Stamp {
        Stamp { inode, length: 1, modified: (1, 0), changed: (1, 0) }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_tried_until_it_can() {
        let path = Path::new(PATH);
        let mut seen = Seen { at: Timestamp::EPOCH, stamp: Some(stamp(1)), said: None };
        let lines = logged(|| {
            for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound] {
                for _ in 0..5 {
                    assert!(seen.look(path, Some(stamp(2)), |_| unreadable(kind)).is_none());
                }
            }
            assert!(
                seen.look(path, Some(stamp(2)), |_| Ok(set())).is_some(),
                "the same file, repaired"
            );
            assert!(seen.look(path, Some(stamp(2)), |_| panic!("it has not changed")).is_none());
        });
        let errors: Vec<_> = lines.iter().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors.len(), 2, "each reason once: {lines:#?}");
        assert!(errors[0].contains("permission denied"), "{lines:#?}");
        // The next failure of the same kind is news again.
        let denied = || unreadable(io::ErrorKind::PermissionDenied);
        assert_eq!(logged(|| assert!(seen.look(path, None, |_| denied()).is_none())).len(), 1);
    }

    #[test]
    fn a_file_that_makes_no_sense_is_read_once() {
        let path = Path::new(PATH);
        let mut seen = Seen { at: Timestamp::EPOCH, stamp: Some(stamp(1)), said: None };
        let broken = || SigningKeys::from_jwks("{").map_err(ReadError::Broken);
        let lines = logged(|| {
            assert!(seen.look(path, Some(stamp(2)), |_| broken()).is_none());
            assert!(seen.look(path, Some(stamp(2)), |_| panic!("it has not changed")).is_none());
            assert!(seen.look(path, Some(stamp(3)), |_| broken()).is_none());
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
    }

    #[test]
    fn a_change_of_rights_is_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(PATH);
        fs::write(&path, "{}").unwrap();
        let before = Stamp::of(&path).unwrap();
        // Times of files go by the kernel's ticks: a few milliseconds.
        let changed = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
            Stamp::of(&path).unwrap() != before
        });
        assert!(changed);
    }

    #[test]
    fn a_file_that_all_may_open_is_warned_of() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(PATH);
        KeyFile::lock(&path).unwrap().write(&set()).unwrap();
        for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let lines = logged(|| drop(KeySource::file(&path).unwrap()));
            assert_eq!(lines.len(), warnings, "{mode:o}: {lines:#?}");
            assert!(lines.iter().all(|line| line.contains("WARN") && line.contains("0644")));
        }
    }
}
