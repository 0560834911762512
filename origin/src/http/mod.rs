//! The HTTP API: a folder a noun, a file a verb; each folder owns its router.

pub mod auth;
mod cached;
pub mod chat;
pub mod console;
pub mod console_page;
pub mod document;
pub mod internal;
pub mod market;
pub mod metrics;
pub mod operations;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::envelope::Success;

use crate::error::ApiError;

/// An answer in the envelope.
pub struct Envelope<T>(pub StatusCode, pub T);

impl<T> Envelope<T> {
    /// 200.
    pub fn ok(data: T) -> Self {
        Self(StatusCode::OK, data)
    }

    /// 201.
    pub fn created(data: T) -> Self {
        Self(StatusCode::CREATED, data)
    }
}

impl<T: Serialize> IntoResponse for Envelope<T> {
    fn into_response(self) -> Response {
        (self.0, axum::Json(Success::new(self.1))).into_response()
    }
}

/// What a handler answers.
pub type Answer<T> = Result<Envelope<T>, ApiError>;
