//! Why a call is not answered as it was asked.

use shared::{envelope::FieldError, error::ErrorCode};

use crate::log;

/// The caller's fault, the session's fate, or ours.
#[derive(Debug)]
pub enum Refused {
    /// Told in full: status and message come from the code.
    Code(ErrorCode),
    /// `METHOD_NOT_ALLOWED`, with the methods that the path has.
    Method(String),
    /// `VALIDATION_FAILED`, with an entry a field.
    Invalid(Vec<FieldError>),
    /// Ours. It is logged with the request id; the client sees `INTERNAL` and the id.
    Fault(String),
}

impl Refused {
    /// What the client is told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Code(code) => *code,
            Self::Method(_) => ErrorCode::MethodNotAllowed,
            Self::Invalid(_) => ErrorCode::ValidationFailed,
            Self::Fault(_) => ErrorCode::Internal,
        }
    }

    /// The same where no answer is written that says the request id: a fault of ours is logged.
    pub fn logged(&self, request_id: &str) -> ErrorCode {
        if let Self::Fault(cause) = self {
            log::error(request_id, cause);
        }
        self.code()
    }
}

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<worker::Error> for Refused {
    fn from(error: worker::Error) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.to_string())
    }
}
