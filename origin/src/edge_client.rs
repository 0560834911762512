//! Calls to the edge: signed, bounded, answered in the envelope.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    envelope::Success,
    seal::{Purpose, Secret},
    time::Timestamp,
};

/// The longest wait for the edge.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls the edge.
pub struct EdgeClient {
    http: reqwest::Client,
    base_url: String,
    secret: Secret,
}

impl EdgeClient {
    /// A client of the edge at `base_url`.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(base_url: String, secret: Secret) -> anyhow::Result<Self> {
        // An error says that a provider is set already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, base_url, secret })
    }

    /// Posts `body` to `path` and reads the answer.
    ///
    /// # Errors
    /// Where the edge does not answer in time, or not as agreed.
    pub async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        now: Timestamp,
    ) -> anyhow::Result<A> {
        let body = serde_json::to_vec(body).context("cannot write the call")?;
        let signature =
            self.secret.seal(Purpose::InternalCall, &CallSignature::new(path, &body, now))?;
        let response = self
            .http
            .post(format!("{}{path}", self.base_url))
            .header(CALL_HEADER, signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .context("the edge does not answer")?;
        if !response.status().is_success() {
            bail!("the edge answers {path} with {}", response.status());
        }
        let answer: Success<A> =
            response.json().await.context("the edge's answer cannot be read")?;
        Ok(answer.data)
    }
}
