//! Password hashes alone: what no log-in can be faster than.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, anyhow};
use origin::{clock::Ambient, password};

use super::{now, rate};

/// Makes so many hashes, on as many threads as the machine gives us cores; how many a second.
///
/// # Errors
/// Argon2 refuses its own defaults.
pub fn hashes(count: usize) -> Result<f64> {
    let threads = thread::available_parallelism()?.get();
    let (left, start) = (AtomicUsize::new(count), now());
    let take = |left: usize| left.checked_sub(1);
    thread::scope(|scope| {
        let work = || -> Result<()> {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                password::hash_now("correct horse battery staple", Ambient::system().bytes())?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|one| one.join().map_err(|_| anyhow!("a hash panicked"))?)
    })?;
    Ok(rate(count, start.elapsed()))
}
