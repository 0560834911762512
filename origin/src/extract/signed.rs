//! Calls that only the edge may make.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    error::ErrorCode,
    route::MAX_INTERNAL_BODY_BYTES,
    seal::Purpose,
};

use super::input;
use crate::{error::ApiError, state::App};

/// The body of a call whose signature, over path and body, is the edge's.
pub struct FromEdge<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for FromEdge<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let sealed = parts.headers.get(CALL_HEADER).and_then(|value| value.to_str().ok());
        // The seal first: nobody else's body is read.
        let signature: CallSignature = sealed
            .and_then(|sealed| app.edge_to_origin.open(Purpose::InternalCall, sealed).ok())
            .ok_or_else(refused)?;
        let body = input::read(body, MAX_INTERNAL_BODY_BYTES).await?;
        if !signature.covers(parts.uri.path(), &body, app.ambient.now()) {
            return Err(refused());
        }
        serde_json::from_slice(&body).map(Self).map_err(|_| ErrorCode::BadRequest.into())
    }
}

fn refused() -> ApiError {
    tracing::warn!("a call to an internal path was refused: unsigned, forged or stale");
    ErrorCode::Forbidden.into()
}
