//! The calls over HTTP that a chat client makes.

use std::time::Duration;

use serde_json::Value;
use shared::route;

use super::Account;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest page of a history.
const PAGE: usize = 100;

/// A client's way over HTTP.
#[derive(Clone)]
pub struct Rest {
    http: reqwest::Client,
    account: Account,
}

/// Why a call did not succeed: status and code, or none where there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDone {
    /// HTTP status; 0 where there was no answer.
    pub status: u16,
    /// Code of the envelope.
    pub code: String,
}

impl Rest {
    /// The calls of an account.
    #[must_use]
    pub fn new(account: &Account) -> Self {
        // An error says that a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { http, account: account.clone() }
    }

    /// Gets a path: its data.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn get(&self, path: &str) -> Result<Value, NotDone> {
        self.fetch(self.http.get(format!("{}{path}", self.account.base))).await
    }

    /// Posts to a path: its data.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, NotDone> {
        self.fetch(self.http.post(format!("{}{path}", self.account.base)).json(body)).await
    }

    async fn fetch(&self, request: reqwest::RequestBuilder) -> Result<Value, NotDone> {
        let request = match self.account.token.as_str() {
            "" => request,
            token => request.bearer_auth(token),
        };
        let unanswered = |_| NotDone { status: 0, code: String::new() };
        let answer = request.timeout(PATIENCE).send().await.map_err(unanswered)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unanswered)?;
        let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() && json["success"] == true {
            return Ok(json["data"].take());
        }
        let code = json["code"].as_str().unwrap_or_default().to_owned();
        Err(NotDone { status: status.as_u16(), code })
    }

    /// The messages behind one that is known, oldest first; from the first on, where none is.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn behind(
        &self,
        is_staff: bool,
        conversation: i64,
        known: Option<i64>,
    ) -> Result<Vec<Value>, NotDone> {
        let path = if is_staff { route::DESK_MESSAGES } else { route::CHAT_MESSAGES };
        let path = route::with_id(path, conversation);
        let mut messages = Vec::new();
        let mut known = known;
        if known.is_none() {
            // The last page has the oldest: newest first.
            let first = self.get(&format!("{path}?limit={PAGE}")).await?;
            let pages = first["pagination"]["total_pages"].as_i64().unwrap_or(1);
            let last = self.get(&format!("{path}?limit={PAGE}&page={pages}")).await?;
            let mut oldest = rows(last);
            oldest.reverse();
            known = oldest.last().and_then(|row| row["chat_message_id"].as_i64());
            messages.extend(oldest);
        }
        while let Some(id) = known {
            let page = rows(self.get(&format!("{path}?after={id}&limit={PAGE}")).await?);
            let newest = page.last().and_then(|row| row["chat_message_id"].as_i64());
            let is_full = page.len() == PAGE;
            messages.extend(page);
            known = newest.filter(|_| is_full);
        }
        Ok(messages)
    }
}

fn rows(mut data: Value) -> Vec<Value> {
    match data["messages"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}
