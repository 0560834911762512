//! What came back.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; `null` where it is no JSON.
    pub json: Value,
    /// Body, where it is text and no JSON.
    pub text: String,
}

impl Reply {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("bodies are whole").to_bytes();
        Self::of(parts.status, parts.headers, &bytes)
    }

    fn of(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Self {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let text = json.is_none().then(|| String::from_utf8_lossy(body).into_owned());
        Self { status, headers, json: json.unwrap_or_default(), text: text.unwrap_or_default() }
    }

    /// Sends a request to a running system, and reads the answer.
    pub async fn fetch(request: reqwest::RequestBuilder) -> Self {
        let response = request.timeout(PATIENCE).send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.expect("a body");
        Self::of(status, headers, &body)
    }

    /// Asserts a success.
    #[track_caller]
    pub fn ok(&self) {
        assert!(self.status.is_success() && self.json["success"] == true, "{self:?}");
    }

    /// The data of a success.
    #[must_use]
    #[track_caller]
    pub fn data(&self) -> &Value {
        self.ok();
        &self.json["data"]
    }

    /// The refresh token that was given: in the body, or to a browser as a cookie; never both.
    #[must_use]
    #[track_caller]
    pub fn refresh_token(&self) -> Option<String> {
        let in_body = self.json["data"]["refresh_token"].as_str().map(str::to_owned);
        let cookie = self.headers.get("set-cookie").map(|cookie| {
            let cookie = cookie.to_str().expect("a cookie is text");
            let value = cookie.strip_prefix("__Host-refresh_token=").expect("the one cookie");
            let (token, attributes) = value.split_once("; ").expect("attributes");
            let safe = "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=";
            assert!(attributes.starts_with(safe), "{cookie}");
            token.to_owned()
        });
        assert!(in_body.is_none() || cookie.is_none(), "{self:?}");
        in_body.or(cookie).filter(|token| !token.is_empty())
    }

    /// Asserts a refusal with this status and code, in the whole envelope.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(self.json["success"], false, "{self:?}");
        assert!(
            self.json["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{self:?}"
        );
        assert_eq!(
            self.json["request_id"].as_str(),
            self.headers["x-request-id"].to_str().ok(),
            "{self:?}"
        );
        assert!(self.json["server_time"].is_string(), "{self:?}");
    }

    /// Asserts a 422 that names this field.
    #[track_caller]
    pub fn refused_field(&self, field: &str) {
        self.refused(422, "VALIDATION_FAILED");
        let fields = self.json["fields"].as_array().expect("a refused field is named");
        assert!(fields.iter().any(|entry| entry["field"] == field), "{field}: {self:?}");
    }
}
