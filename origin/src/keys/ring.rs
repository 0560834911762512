use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use anyhow::Context as _;
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

/// What tells one content of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
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
}

impl KeyRing {
    /// The keys of a source, from now on.
    #[must_use]
    pub fn new(source: KeySource, ambient: Ambient) -> Self {
        let watched = source.file.map(|(file, stamp)| {
            let seen = Mutex::new(Seen { at: ambient.now(), stamp });
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
        let stamp = Stamp::of(&self.file);
        if stamp == seen.stamp {
            return None;
        }
        seen.stamp = stamp;
        let file = self.file.display();
        match read(&self.file) {
            Ok(keys) => {
                tracing::info!(%file, "the keys of access tokens have changed");
                Some(keys)
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(%file, %error, "the key file is broken; the keys stay as they were");
                None
            }
        }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let modified = (found.mtime(), found.mtime_nsec());
        Some(Self { inode: found.ino(), length: found.len(), modified })
    }
}

fn read(path: &Path) -> anyhow::Result<SigningKeys> {
    let json = fs::read_to_string(path).context("cannot be read")?;
    SigningKeys::from_jwks(&json)
}
