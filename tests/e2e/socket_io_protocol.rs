//! Engine.IO and Socket.IO to the letter: a suite written from the protocols' documents, proved against npm's own
//! servers, and then held against the edge.

use tests::socket_io::conformance::{Reference, echo_edge, suite};
use xtask::origin_binary;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_asks_for_nothing_that_npms_servers_do_not_do() {
    let reference = Reference::start().await;
    match reference.prove().await {
        Ok(count) => assert!(count > 140, "the whole suite, not {count} tests of it"),
        Err(failed) => panic!("{failed}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_keeps_to_the_protocols() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let edge = echo_edge(folder.path(), &origin_binary());
    match suite(&edge.url(), &edge.url(), false).await {
        Ok(count) => assert!(count > 140, "the whole suite, not {count} tests of it"),
        Err(failed) => panic!("{failed}"),
    }
}
