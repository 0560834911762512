//! What a call can end with, other than well.

use axum::response::{IntoResponse, Response};
use shared::{envelope::FieldError, error::ErrorCode, session::EndReason};

use crate::store::db::{WorkError, is_unavailable};

/// Seconds until it is worth coming back where the machines are not up to it.
const SOON: u32 = 1;

/// Why a call was refused or failed. Nothing but codes and fields crosses to the client.
#[derive(Debug)]
pub enum ApiError {
    /// The caller's fault or the session's fate; status, close code and message come from the code.
    Refused(ErrorCode),
    /// Input that parsed and is not allowed: 422 with an entry a field.
    Invalid(Vec<FieldError>),
    /// The state of things does not allow it: 409 with that state as `details`.
    Conflict(serde_json::Value),
    /// Too many calls; the client may come back after so many seconds.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// Nothing is wrong with the call, and now is not the time for it.
    Later {
        /// What the client is told.
        code: ErrorCode,
        /// Seconds until it may come back.
        retry_after: u32,
    },
    /// The database failed. Logged with its cause; the client sees INTERNAL and the request id.
    Database(sqlx::Error),
    /// Anything else of ours that failed; the same.
    Internal(anyhow::Error),
}

impl ApiError {
    /// One field that is not allowed.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// The code that the client is told.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(code) | Self::Later { code, .. } => *code,
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::Busy { .. } => ErrorCode::RateLimited,
            // Not a bug but a state of the machines: worth coming back for.
            Self::Database(error) if is_unavailable(error) => ErrorCode::OriginUnavailable,
            Self::Database(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Writes a fault of ours to the log, with its cause.
    pub fn log(&self) {
        match self {
            Self::Database(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the database failed");
            }
            Self::Internal(error) => tracing::error!("{error:#}"),
            Self::Refused(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::Busy { .. }
            | Self::Later { .. } => {}
        }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl From<EndReason> for ApiError {
    fn from(reason: EndReason) -> Self {
        Self::Refused(reason.code())
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl WorkError for ApiError {
    fn database(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// A refusal on its way out; `http::envelope` writes its body, since only there the call's language
/// and request id are known.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What the client is told.
    pub code: ErrorCode,
    /// With `VALIDATION_FAILED`: an entry a field.
    pub fields: Vec<FieldError>,
    /// With `CONFLICT`: the state that does not allow it.
    pub details: Option<serde_json::Value>,
    /// With `RATE_LIMITED`, `WECHAT_BUSY` or `ORIGIN_UNAVAILABLE`: seconds until the client may come back.
    pub retry_after: Option<u32>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let code = self.code();
        let mut refusal = Refusal { code, fields: Vec::new(), details: None, retry_after: None };
        match self {
            Self::Invalid(fields) => refusal.fields = fields,
            Self::Conflict(details) => refusal.details = Some(details),
            Self::Busy { retry_after } | Self::Later { retry_after, .. } => {
                refusal.retry_after = Some(retry_after);
            }
            _ if code == ErrorCode::OriginUnavailable => refusal.retry_after = Some(SOON),
            _ => {}
        }
        let mut response = Response::default();
        response.extensions_mut().insert(refusal);
        response
    }
}
