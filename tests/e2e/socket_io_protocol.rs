//! Engine.IO and Socket.IO to the letter: a suite written from the protocols' documents, proved against npm's own
//! servers, and then held against the edge.

use serde_json::json;
use tests::socket_io::{
    Foreign, Library,
    conformance::{Reference, Rhythm, echo_edge, hold_to_it, passes},
};
use xtask::origin_binary;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_asks_for_nothing_that_npms_servers_do_not_do() {
    let proved = async |rhythm| Reference::start(rhythm).await.prove().await;
    match passes(proved).await {
        Ok(count) => assert!(count > 140, "the whole suite, not {count} tests of it"),
        Err(failed) => panic!("{failed}"),
    }
}

/// What the other tests take for granted of the libraries as they are run here, with a server that is none of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_libraries_see_of_npms_server_what_they_must_see_of_ours() {
    let reference = Reference::start(Rhythm::ALL[1]).await;
    let url = format!("{}/locked", reference.url_for_all());
    for library in Library::ALL {
        let mut foreign = Foreign::start(&format!("{library:?}"), library);
        let options = |token: &str| {
            let token = json!({ "token": token });
            json!({ "auth": token, "query": token, "forceNew": true })
        };
        foreign.open(&url, &options("wrong"));
        let refused = foreign.saw("connect_error", |_| true).await;
        assert_eq!(refused["data"], json!({ "code": "TOKEN_INVALID", "message": "no entry" }));
        assert_eq!(refused["message"], "no entry", "{library:?}");
        foreign.open(&url, &options("right"));
        let connected = foreign.saw("connect", |_| true).await;
        assert!(connected["id"].is_string(), "{library:?}: {connected}");
        let said = json!({ "text": "在吗？" });
        let ack = foreign.emit("message-with-ack", &said);
        assert_eq!(foreign.answer(ack).await, said, "{library:?}");
        foreign.emit("end", &json!({}));
        let over = foreign.saw("disconnect", |_| true).await;
        assert_eq!(over["reason"], "io server disconnect", "{library:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_keeps_to_the_protocols() {
    let held = async |rhythm| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let edge = echo_edge(folder.path(), &origin_binary(), rhythm);
        hold_to_it(&edge, rhythm).await
    };
    match passes(held).await {
        Ok(count) => assert!(count > 140, "the whole suite, not {count} tests of it"),
        Err(failed) => panic!("{failed}"),
    }
}
