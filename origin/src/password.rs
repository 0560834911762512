//! Passwords: hashed and checked off the async threads, a bounded number at a time.

pub mod hash;
pub mod rules;

use std::sync::{Arc, atomic::Ordering};

use anyhow::Context as _;
pub use hash::{Checked, hash_now};
use hash::{Decoys, Work};
pub use rules::{About, WeakPassword, check_new};
use tokio::sync::Semaphore;

use crate::{clock::Ambient, error::ApiError};

/// Fewest characters of a password (NIST SP 800-63B, 3.1.1.2: at least 8; no rules of composition).
pub const MIN_CHARS: usize = 8;
/// Most characters of a password.
pub const MAX_CHARS: usize = 128;

/// Log-ins that may wait for a hashing slot; more are told to come back, so that a flood of them
/// holds neither memory nor other calls.
const MAX_WAITING: usize = 64;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    decoys: Arc<Decoys>,
    work: Arc<Work>,
    /// The cost of what is hashed as the old back end reads it, while that goes on beside us.
    kept_bcrypt: Option<u32>,
}

impl Passwords {
    /// With as many slots as the machine has cores. Where an adopted database holds bcrypt hashes,
    /// `bcrypt_cost` is theirs: each check then computes one of that cost, whoever logs in. `beside` the
    /// old back end they are kept, and new passwords are hashed so, too.
    ///
    /// # Errors
    /// Where Argon2 refuses its own defaults.
    pub fn new(ambient: &Ambient, bcrypt_cost: Option<u32>, beside: bool) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + MAX_WAITING)),
            decoys: Arc::new(Decoys::new(ambient.bytes(), bcrypt_cost)?),
            work: Arc::default(),
            kept_bcrypt: bcrypt_cost.filter(|_| beside),
        })
    }

    /// What is stored of a password.
    ///
    /// # Errors
    /// `RATE_LIMITED` where too many wait.
    pub async fn hash(&self, password: String, ambient: &Ambient) -> Result<String, ApiError> {
        let salt = ambient.bytes();
        let kept = self.kept_bcrypt;
        self.run(move || match kept {
            Some(cost) => hash::bcrypt_now(&password, cost, salt),
            None => hash_now(&password, salt),
        })
        .await
    }

    /// What a password is to a stored hash. Without one, the same work for [`Checked::Wrong`].
    ///
    /// # Errors
    /// `RATE_LIMITED` where too many wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<Checked, ApiError> {
        let (decoys, work) = (Arc::clone(&self.decoys), Arc::clone(&self.work));
        if decoys.bcrypt.is_none() && hash.as_ref().is_some_and(|hash| hash.starts_with("$2")) {
            tracing::warn!(
                "there are bcrypt hashes: until ADOPTED_BCRYPT_COST is set to their cost, the time of a log-in tells whose account has one"
            );
        }
        let is_kept = self.kept_bcrypt.is_some();
        let checked =
            self.run(move || hash::check(&password, hash.as_deref(), &decoys, &work)).await?;
        Ok(match checked {
            // Another hash would be one that the old back end cannot read.
            Checked::Holds { .. } if is_kept => Checked::Holds { stale: false },
            checked => checked,
        })
    }

    /// How many hashes of Argon2 and of bcrypt checks have computed so far. That refusals cannot be
    /// told apart by their time is seen here, and not by a watch.
    #[must_use]
    pub fn work(&self) -> (u64, u64) {
        (self.work.argon2.load(Ordering::Relaxed), self.work.bcrypt.load(Ordering::Relaxed))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            return Err(ApiError::Busy { retry_after: 1 });
        };
        let running = Arc::clone(&self.running);
        let slot = running.acquire_owned().await.context("the hashing slots are closed")?;
        // Both go with the work: a client that hangs up ends the wait for it, not the work.
        let held = move || {
            let _held = (place, slot);
            work()
        };
        let done = tokio::task::spawn_blocking(held).await.context("hashing panicked")?;
        Ok(done?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_holds_and_unknown_users_never() {
        let ambient = Ambient::system();
        let passwords = Passwords::new(&ambient, None, false).unwrap();
        let hash = passwords.hash("correct horse".into(), &ambient).await.unwrap();
        let check = |password: &str, hash: Option<&String>| {
            let (password, hash) = (password.to_owned(), hash.cloned());
            async { passwords.verify(password, hash).await.unwrap() }
        };
        assert_eq!(check("correct horse", Some(&hash)).await, Checked::Holds { stale: false });
        assert_eq!(check("wrong horse", Some(&hash)).await, Checked::Wrong);
        assert_eq!(check("a password that nobody has", None).await, Checked::Wrong);
        assert_eq!(passwords.work(), (3, 0));
    }

    #[tokio::test]
    async fn beside_the_old_back_end_passwords_are_stored_as_it_reads_them() {
        let ambient = Ambient::system();
        let passwords = Passwords::new(&ambient, Some(4), true).unwrap();
        let typed = "１２３４cafe\u{301} horse";
        let hash = passwords.hash(typed.into(), &ambient).await.unwrap();
        assert!(hash.starts_with("$2b$04$"), "{hash}");
        assert!(bcrypt::verify(typed, &hash).unwrap(), "it knows nothing of normal forms");
        let kept = Checked::Holds { stale: false };
        assert_eq!(passwords.verify(typed.into(), Some(hash.clone())).await.unwrap(), kept);
        let after = Passwords::new(&ambient, Some(4), false).unwrap();
        let stale = Checked::Holds { stale: true };
        assert_eq!(after.verify(typed.into(), Some(hash)).await.unwrap(), stale);
    }
}
