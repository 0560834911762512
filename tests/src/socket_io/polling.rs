//! A session over HTTP, by hand: as slow, large and wrong as a test wants it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::speech::NAMESPACE;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A session that polls when it is told to.
pub struct Polling {
    url: String,
    http: reqwest::Client,
}

impl Polling {
    /// Opens a session; the status and code where it is refused.
    ///
    /// # Errors
    /// Status and body of the refusal.
    ///
    /// # Panics
    /// Where there is no answer, or not of the protocol.
    pub async fn open(http: &reqwest::Client, base: &str) -> Result<Self, (StatusCode, Value)> {
        let url = format!("{base}/socket.io/?EIO=4&transport=polling");
        let opened = http.get(&url).timeout(PATIENCE).send().await.expect("an answer");
        let status = opened.status();
        let text = opened.text().await.expect("a text");
        if status != StatusCode::OK {
            return Err((status, serde_json::from_str(&text).unwrap_or(Value::String(text))));
        }
        let open = text.split('\u{1e}').next().and_then(|packet| packet.strip_prefix('0'));
        let open: Value = serde_json::from_str(open.expect("an open packet")).expect("JSON");
        let sid = open["sid"].as_str().expect("a name");
        Ok(Self { url: format!("{url}&sid={sid}"), http: http.clone() })
    }

    /// Asks to be let in.
    pub async fn connect(&self, token: &str) {
        let packet = format!("40{NAMESPACE},{}", json!({ "token": token }));
        assert_eq!(self.post(packet).await, StatusCode::OK);
    }

    /// Posts a payload.
    ///
    /// # Panics
    /// Where it is not answered.
    pub async fn post(&self, payload: impl Into<reqwest::Body>) -> StatusCode {
        let post = self.http.post(&self.url).header("content-type", "text/plain;charset=UTF-8");
        post.body(payload).timeout(PATIENCE).send().await.expect("an answer").status()
    }

    /// Polls once: the packets, or the status of a refusal.
    ///
    /// # Errors
    /// The status.
    ///
    /// # Panics
    /// Where it is not answered.
    pub async fn poll(&self) -> Result<Vec<String>, StatusCode> {
        let polled = self.http.get(&self.url).timeout(PATIENCE).send().await.expect("an answer");
        if polled.status() != StatusCode::OK {
            return Err(polled.status());
        }
        let text = polled.text().await.expect("a text");
        Ok(text.split('\u{1e}').map(str::to_owned).collect())
    }

    /// Polls, and answers pings, until a packet has this text: all packets up to there.
    ///
    /// # Panics
    /// Where the session ends before that.
    pub async fn until(&self, wanted: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let packets = self.poll().await.unwrap_or_else(|status| panic!("{status}: {all:?}"));
            if packets.iter().any(|packet| packet == "2") {
                self.post("3").await;
            }
            let is_there = packets.iter().any(|packet| packet.contains(wanted));
            all.extend(packets);
            if is_there {
                return all;
            }
        }
    }
}
