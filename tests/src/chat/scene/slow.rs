//! A reader that stops reading.

use std::time::Duration;

use serde_json::{Value, json};
use shared::route;
use tokio::time::timeout;

use super::Pair;
use crate::{
    chat::{Heard, Line, Probe},
    system::{System, settled},
};

/// Messages that are written before and after the flood.
const MESSAGES: usize = 20;
/// Alerts that a flood consists of, and the bytes of each: what the ways between edge and client hold, which is
/// tens of megabytes where several programs stand between them, is a part of it.
const FLOOD: usize = 160;
const ALERT: usize = 512 * 1024;
/// Alerts in one call.
const TOGETHER: usize = 4;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Slow {
    /// Memory of the edge before, in bytes.
    pub memory_before: u64,
    /// The most that it was meanwhile.
    pub memory_most: u64,
    /// What the slow reader found when it read at last, before the close, in bytes.
    pub found: usize,
    /// What was sent to it meanwhile, in bytes.
    pub sent: usize,
}

/// The user's socket stops reading while much is sent to it: it is closed at the limit, and what it has not
/// read is there after a `resume`.
pub async fn reader(system: &System, pair: &Pair) -> Slow {
    let account = pair.user_account(system);
    let mut slow = Line::open_small(&account).await.expect("a socket");
    while !matches!(slow.next().await, Heard::Text(text) if text.contains("\"connected\"")) {}
    let memory_before = system.edge_memory();
    pair.agent_says_much(system, MESSAGES, |n| format!("before {n}")).await;
    settled(system).await;
    let memory_most = flood(system, pair).await.max(memory_before);
    pair.agent_says_much(system, MESSAGES, |n| format!("after {n}")).await;
    settled(system).await;

    let (mut seqs, mut found) = (Vec::new(), 0);
    let code = loop {
        let heard = timeout(Duration::from_secs(30), slow.next()).await;
        match heard.unwrap_or_else(|_| panic!("not closed after {found} bytes, {seqs:?}")) {
            Heard::Text(text) => {
                found += text.len();
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                seqs.extend(
                    frame["data"]["seq"].as_i64().filter(|_| frame["event"] == "new_message"),
                );
            }
            Heard::Closed(code, reason) => break (code, reason),
            Heard::Lost => panic!("closed without a word after {found} bytes, {seqs:?}"),
        }
    };
    assert_eq!(code, (4430, "SLOW_CONSUMER".to_owned()));
    let last = pair.last_seq(system).await;
    let read = seqs.last().copied().expect("some came");
    assert!(read < last, "it was closed for nothing");
    assert!(seqs.iter().copied().eq(1..=read), "no hole before the close: {seqs:?}");

    // Back again, and reading: what is missing comes.
    let mut probe = Probe::open(&account).await;
    probe.resume(&[(pair.conversation, read)]).await;
    let got: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
    assert!(got.iter().copied().eq(read + 1..=last), "{got:?}");
    Slow { memory_before, memory_most, found, sent: FLOOD * ALERT }
}

/// Sends the user alerts as the origin does; the most memory that the edge held meanwhile.
async fn flood(system: &System, pair: &Pair) -> u64 {
    let (mut most, text) = (0, "慢".repeat(ALERT / 3));
    for call in 0..FLOOD / TOGETHER {
        let alerts: Vec<Value> = (0..TOGETHER)
            .map(|n| {
                json!({
                    "event_id": 1_000_000 + call * TOGETHER + n, "user_id": pair.user.user_id,
                    "user_type": "user", "occurred_at": "2026-01-01T00:00:00.000+08:00",
                    "except_session": null, "alert": text,
                })
            })
            .collect();
        system.push(route::INTERNAL_SECURITY_ALERTS, &json!({ "events": alerts })).await.ok();
        most = most.max(system.edge_memory());
    }
    most
}
