//! Passwords: Argon2id, off the async threads and bounded.

use std::sync::Arc;

use anyhow::Context as _;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
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
    /// What a log-in of an unknown user is checked against, so that it takes the same time.
    decoy: Arc<str>,
}

impl Passwords {
    /// With as many slots as the machine has cores.
    ///
    /// # Errors
    /// Where Argon2 refuses its own defaults.
    pub fn new(ambient: &Ambient) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + MAX_WAITING)),
            decoy: hash_now("a password that nobody has", ambient.bytes())?.into(),
        })
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// `RATE_LIMITED` where too many wait.
    pub async fn hash(&self, password: String, ambient: &Ambient) -> Result<String, ApiError> {
        let salt = ambient.bytes();
        self.run(move || hash_now(&password, salt)).await
    }

    /// Whether a password is the one behind a PHC string; without one, the same work for `false`.
    ///
    /// # Errors
    /// `RATE_LIMITED` where too many wait; ours where the stored hash cannot be read.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        let decoy = Arc::clone(&self.decoy);
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&decoy);
            let hash = PasswordHash::new(hash).context("a stored password hash cannot be read")?;
            let holds = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            Ok(holds && known)
        })
        .await
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

/// The PHC string of a password, on this thread.
///
/// # Errors
/// Where Argon2 refuses its own defaults.
pub fn hash_now(password: &str, salt: [u8; 16]) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .context("Argon2 refuses its own defaults")?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_holds_and_unknown_users_never() {
        let ambient = Ambient::system();
        let passwords = Passwords::new(&ambient).unwrap();
        let hash = passwords.hash("correct horse".into(), &ambient).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("a password that nobody has".into(), None).await.unwrap());
    }
}
