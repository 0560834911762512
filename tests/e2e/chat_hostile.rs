//! Frames that no good client sends.

use tests::{
    Backend,
    chat::{
        Wire,
        scene::{Pair, siege},
    },
    system::run,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_frames_disturb_nobody() {
    run(Backend::Sqlite, async |system| {
        let pair = Pair::meet(&system).await;
        let siege = siege::lay(&system, &pair, Wire::Raw, 7, 30_000).await;
        println!("{siege:?}");
        assert!(siege.closed > 50, "{siege:?}");
    })
    .await;
}
