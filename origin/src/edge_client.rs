//! Calls to the edge: signed, bounded, answered in the envelope.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    envelope::Success,
    route,
    seal::{Purpose, Secret},
    time::Timestamp,
};

/// The longest wait for the edge.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait where a person waits for the answer.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// What the edge says of itself.
#[derive(Clone, Debug, Deserialize)]
pub struct EdgeHealth {
    /// Of its program.
    pub version: String,
    /// `ok`, where it reaches this origin.
    pub origin: String,
    /// What its clock shows; an older edge does not say.
    pub time: Option<Timestamp>,
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The edge answers, and what was sent is at fault.
    #[error("the edge refuses the call with {0}")]
    Refused(StatusCode),
    /// Nothing that was sent is at fault: no answer, a fault of the edge, keys or clocks that differ.
    #[error("{0:#}")]
    Unavailable(#[from] anyhow::Error),
}

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
    /// Where the edge does not answer in time, or not as agreed; told apart is what was sent wrongly.
    pub async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        now: Timestamp,
    ) -> Result<A, CallError> {
        let body = serde_json::to_vec(body).context("cannot write the call")?;
        let signature = self
            .secret
            .seal(Purpose::InternalCall, &CallSignature::new(path, &body, now))
            .context("cannot sign the call")?;
        let response = self
            .http
            .post(format!("{}{path}", self.base_url))
            .header(CALL_HEADER, signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .context("the edge does not answer")?;
        match response.status() {
            status if status.is_success() => {}
            status @ (StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY) => return Err(CallError::Refused(status)),
            status => return Err(anyhow!("the edge answers {path} with {status}").into()),
        }
        let answer: Success<A> =
            response.json().await.context("the edge's answer cannot be read")?;
        Ok(answer.data)
    }

    /// Its base URL.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Asks how it is.
    ///
    /// # Errors
    /// Where it does not answer within three seconds, or not as agreed.
    pub async fn look(&self) -> anyhow::Result<EdgeHealth> {
        let url = format!("{}{}", self.base_url, route::HEALTHZ);
        let call = self.http.get(url).timeout(LOOK_TIMEOUT).send();
        let response = call.await.context("the edge does not answer")?;
        let status = response.status();
        if !status.is_success() {
            return Err(anyhow!("the edge answers with {status}"));
        }
        let answer: Success<EdgeHealth> =
            response.json().await.context("the edge's answer cannot be read")?;
        Ok(answer.data)
    }
}
