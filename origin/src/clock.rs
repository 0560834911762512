//! Where time and randomness come from; tests pass their own.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use shared::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
    fn now(&self) -> Timestamp {
        Timestamp::new(chrono::Utc::now())
    }
}

/// Draws random bytes fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's source.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the source that is passed in")]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there are no secrets; to go on would be worse than to stop.
        getrandom::fill(bytes).expect("the operating system has no randomness");
    }
}

/// Time and randomness together, as the program passes them around.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// From a clock and a source of randomness.
    pub fn new(clock: impl Clock + 'static, entropy: impl Entropy + 'static) -> Self {
        Self { clock: Arc::new(clock), entropy: Arc::new(entropy) }
    }

    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SystemClock, SystemEntropy)
    }

    /// Now, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.entropy.fill(bytes);
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A name that nobody can guess: 32 random bytes in base64url.
    #[must_use]
    pub fn secret_name(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A name that is not given twice: 16 random bytes in base64url.
    #[must_use]
    pub fn unique_name(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<16>())
    }
}
