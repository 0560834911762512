//! A reader that stops reading.

use std::time::Duration;

use tokio::time::timeout;

use super::Pair;
use crate::{
    chat::{Heard, Line, Probe},
    system::System,
};

/// Messages that are written while nobody reads, and the characters of each, of three bytes.
const MESSAGES: usize = 900;
const CHARS: usize = 3_900;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Slow {
    /// Memory of the edge before, in bytes.
    pub memory_before: u64,
    /// The most that it was meanwhile.
    pub memory_most: u64,
    /// Messages that the slow reader found when it read at last, before the close.
    pub found: usize,
    /// What was written meanwhile, in bytes.
    pub written: usize,
}

/// The user's socket stops reading while the agent writes 10 MB: it is closed at the limit, and what it has not
/// read is there after a `resume`.
pub async fn reader(system: &System, pair: &Pair) -> Slow {
    let account = pair.user_account(system);
    let mut slow = Line::open_small(&account).await.expect("a socket");
    while !matches!(slow.next().await, Heard::Text(text) if text.contains("\"connected\"")) {}
    let memory_before = system.edge_memory();
    let mut memory_most = memory_before;
    let text = "慢".repeat(CHARS);
    let batch = 100;
    for part in 0..MESSAGES / batch {
        pair.agent_says_much(system, batch, |n| format!("{} {text}", part * batch + n)).await;
        memory_most = memory_most.max(system.edge_memory());
    }
    crate::system::settled(system).await;
    memory_most = memory_most.max(system.edge_memory());

    let mut seqs = Vec::new();
    let code = loop {
        let heard = timeout(Duration::from_secs(30), slow.next()).await;
        match heard.unwrap_or_else(|_| panic!("not closed after {} messages", seqs.len())) {
            Heard::Text(text) => {
                let frame: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                seqs.extend(
                    frame["data"]["seq"].as_i64().filter(|_| frame["event"] == "new_message"),
                );
            }
            Heard::Closed(code, reason) => break (code, reason),
            Heard::Lost => panic!("closed without a word after {} messages", seqs.len()),
        }
    };
    assert_eq!(code, (4430, "SLOW_CONSUMER".to_owned()));
    let last = pair.last_seq(system).await;
    let read = seqs.last().copied().expect("some came");
    assert!(read < last, "it was closed for nothing");
    let first = seqs[0];
    assert!(seqs.iter().copied().eq(first..=read), "no hole before the close: {seqs:?}");

    // Back again, and reading: what is missing comes, 500 at most, and the rest by REST.
    let mut probe = Probe::open(&account).await;
    let resumed = probe.resume(&[(pair.conversation, read)]).await;
    let got: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
    let reached = resumed["conversations"][0]["seq"].as_i64().expect("a position");
    assert!(got.iter().copied().eq(read + 1..=reached), "{got:?}");
    if last - read <= 500 {
        assert_eq!(reached, last);
    } else {
        let truncated = probe.event("resume_truncated", |_| true).await;
        assert_eq!(truncated["seq"], reached);
        let key = probe.seen("new_message").last().and_then(|m| m["chat_message_id"].as_i64());
        let rest = crate::chat::rest::Rest::new(&account);
        let rest = rest.behind(false, pair.conversation, key).await.expect("the history");
        let got: Vec<_> = rest.iter().filter_map(|row| row["seq"].as_i64()).collect();
        assert!(got.iter().copied().eq(reached + 1..=last), "{got:?}");
    }
    Slow { memory_before, memory_most, found: seqs.len(), written: MESSAGES * CHARS * 3 }
}
