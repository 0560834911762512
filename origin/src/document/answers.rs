//! What a handler answers.

use axum::response::Response;
use serde_json::json;
use shared::error::ErrorCode::{Internal, OriginUnavailable};
use utoipa::ToSchema;

use super::said::Said;
use crate::{
    error::ApiError,
    http::{Envelope, auth::cookie::WithCookie},
};

/// What a handler gives back.
pub trait Answers {
    /// Says what it looks like.
    fn say(of: &mut Said);
}

/// The handler's annotation says it.
impl Answers for Response {
    fn say(_: &mut Said) {}
}

impl<T: ToSchema> Answers for Envelope<T> {
    fn say(of: &mut Said) {
        let data = of.schema::<T>();
        of.data = Some(data);
    }
}

impl<T: ToSchema> Answers for WithCookie<T> {
    fn say(of: &mut Said) {
        Envelope::<T>::say(of);
        let about = "Of a browser: its refresh token, or that token's end.";
        let header = json!({ "description": about, "schema": { "type": "string" } });
        of.headers.insert("set-cookie".into(), header);
    }
}

impl<T: Answers> Answers for Result<T, ApiError> {
    fn say(of: &mut Said) {
        T::say(of);
        of.refuses(&[Internal, OriginUnavailable]);
    }
}
