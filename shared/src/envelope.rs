//! The envelope around every JSON answer.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorCode, LEGACY_SESSION_CODE, Language},
    time::Timestamp,
};

/// `{"success":true,"data":…}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success<T> {
    success: bool,
    /// What was asked for.
    pub data: T,
}

impl<T> Success<T> {
    /// Wraps an answer.
    pub fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's path, as the client wrote it: `reply_to_id`, `conversations[3].seq`.
    pub field: String,
    /// What would have been accepted.
    pub message: String,
}

impl FieldError {
    /// Says what is wrong with `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// `{"success":false,"code":…}`, the body of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    success: bool,
    /// What clients branch on.
    pub code: ErrorCode,
    /// The code that clients already out there branch on, for dead sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub legacy_code: Option<String>,
    /// What a person reads.
    pub message: String,
    /// With `VALIDATION_FAILED`: an entry a field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// With `CONFLICT`: the state that does not allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub details: Option<serde_json::Value>,
    /// Finds the call in the logs.
    pub request_id: String,
    /// The server's clock, for clients whose own is wrong.
    pub server_time: Timestamp,
}

impl Failure {
    /// A refusal with `code`.
    #[must_use]
    pub fn new(code: ErrorCode, language: Language, request_id: &str, now: Timestamp) -> Self {
        Self {
            success: false,
            code,
            legacy_code: code.is_session_end().then(|| LEGACY_SESSION_CODE.to_owned()),
            message: code.message(language).to_owned(),
            fields: Vec::new(),
            details: None,
            request_id: request_id.to_owned(),
            server_time: now,
        }
    }

    /// The same, with what is wrong field by field.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.fields = fields;
        self
    }

    /// The same, with the state that does not allow it.
    #[must_use]
    pub fn with_details(mut self, details: Option<serde_json::Value>) -> Self {
        self.details = details;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_session_also_carries_the_code_that_old_clients_know() {
        let now = Timestamp::from_millis(0).unwrap();
        let told =
            |code| serde_json::to_value(Failure::new(code, Language::English, "r-1", now)).unwrap();
        assert_eq!(
            told(ErrorCode::SessionReplaced),
            serde_json::json!({
                "success": false,
                "code": "SESSION_REPLACED",
                "legacy_code": "SESSION_INVALIDATED",
                "message": "Your account has logged in somewhere else.",
                "request_id": "r-1",
                "server_time": "1970-01-01T08:00:00.000+08:00",
            })
        );
        assert_eq!(told(ErrorCode::NotFound).get("legacy_code"), None);
    }
}
