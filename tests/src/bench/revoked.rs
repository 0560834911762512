//! How long the end of a session takes to reach the edge.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::{
    Backend,
    revocations::{Revocations, Seen},
    system::run,
};

/// Ends so many sessions, two at once, through a system of its own on the server of `TEST_MYSQL_URL`: of a hundred
/// ends, the time that one alone exceeds until its tombstone is in KV, and until its socket is closed.
///
/// # Panics
/// The system does not start, or an end is lost.
pub async fn revoked(count: usize) -> [Duration; 2] {
    let (tell, told) = oneshot::channel();
    run(Backend::MySql, async move |mut system| {
        let mut revocations = Revocations::prepare(&mut system, count).await;
        revocations.in_calm(count, 2).await;
        let seen = revocations.prove().await;
        let p99 = |of: fn(&Seen) -> Duration| {
            let mut times: Vec<_> = seen.iter().map(of).collect();
            times.sort();
            times[(times.len() * 99).div_ceil(100) - 1]
        };
        let _ = tell.send([p99(|one| one.buried), p99(|one| one.told)]);
    })
    .await;
    told.await.expect("the story was told to its end")
}
