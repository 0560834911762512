//! A reader that stops reading.

use std::time::Duration;

use serde_json::{Value, json};
use shared::route;
use tokio::time::timeout;

use super::Pair;
use crate::{
    chat::{Cut, Heard, Line, Probe},
    system::{System, settled},
};

/// Messages that are written before and after the flood.
const MESSAGES: usize = 20;
/// Alerts that a flood consists of, and the bytes of each: what the ways between edge and client hold, which is
/// tens of megabytes where several programs stand between them, is a part of it.
const FLOOD: usize = 160;
const ALERT: usize = 512 * 1024;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Slow {
    /// The most memory that the edge held while a reader that keeps up was sent as much, in bytes.
    pub memory_kept_up: u64,
    /// The most that it held while this one did not read.
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
    let memory_kept_up = kept_up(system, pair).await;
    let mut slow = Line::open_small(&account).await.expect("a socket");
    while !matches!(slow.next().await, Heard::Text(text) if text.contains("\"connected\"")) {}
    pair.agent_says_much(system, MESSAGES, |n| format!("before {n}")).await;
    settled(system).await;
    let memory_most = flood(system, pair, 2_000_000).await;
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
    Slow { memory_kept_up, memory_most, found, sent: FLOOD * ALERT }
}

/// The same flood to a socket that reads: what the edge needs for the passing of it.
async fn kept_up(system: &System, pair: &Pair) -> u64 {
    let mut line = Line::open(&pair.user_account(system)).await.expect("a socket");
    let (most, ()) = tokio::join!(flood(system, pair, 1_000_000), async {
        let mut read = 0;
        while read < FLOOD * (ALERT / 3 * 3) {
            match line.next().await {
                Heard::Text(text) => read += text.len(),
                over => panic!("{over:?} after {read} bytes"),
            }
        }
    });
    line.cut(Cut::Polite).await;
    most
}

/// Sends the user alerts as the origin does; the most memory that the edge held meanwhile.
async fn flood(system: &System, pair: &Pair, first_event: usize) -> u64 {
    let mut most = 0;
    for call in 0..FLOOD {
        alert(system, pair, first_event + call).await;
        most = most.max(system.edge_memory());
    }
    most
}

/// Sends the user a large alert as the origin does: one in a call, because what an object is given at once is on
/// its way to the socket only when it is done, and must not be beyond the limit by itself.
pub async fn alert(system: &System, pair: &Pair, event_id: usize) {
    let alert = json!({
        "event_id": event_id, "user_id": pair.user.user_id, "user_type": "user",
        "occurred_at": "2026-01-01T00:00:00.000+08:00", "except_session": null,
        "alert": "慢".repeat(ALERT / 3),
    });
    system.push(route::INTERNAL_SECURITY_ALERTS, &json!({ "events": [alert] })).await.ok();
}
