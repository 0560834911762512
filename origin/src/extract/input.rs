//! What the client sent, checked: bodies, query strings and ids, refused in the envelope.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, header, request::Parts},
};
use garde::Validate;
use serde::de::DeserializeOwned;
use shared::{envelope::FieldError, error::ErrorCode, route::MAX_BODY_BYTES};

use crate::error::ApiError;

/// A JSON body that is there and passes its checks.
pub struct Json<T>(pub T);

/// The same, where no body at all means the default.
pub struct OptionalJson<T>(pub T);

/// Two views of one JSON body: what a call is about, and what else came with it.
pub struct Both<A, B>(pub A, pub B);

/// What can be read from a JSON body.
pub trait FromJson: Sized {
    /// Reads and checks it.
    ///
    /// # Errors
    /// `BAD_REQUEST` where it is no JSON, `VALIDATION_FAILED` with fields where it is not allowed.
    fn from_json(bytes: &[u8]) -> Result<Self, ApiError>;
}

impl<T: DeserializeOwned + Validate<Context = ()>> FromJson for T {
    fn from_json(bytes: &[u8]) -> Result<Self, ApiError> {
        // First whether it is JSON at all, to its end: only then is a field to blame.
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .map_err(|_| ErrorCode::BadRequest)?;
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            field_refused(&path, &error.into_inner().to_string())
        })?;
        checked(value)
    }
}

impl<A: FromJson, B: FromJson> FromJson for Both<A, B> {
    fn from_json(bytes: &[u8]) -> Result<Self, ApiError> {
        Ok(Self(A::from_json(bytes)?, B::from_json(bytes)?))
    }
}

/// What serde says, by field, without the line and column that mean nothing to a client.
fn field_refused(path: &str, said: &str) -> ApiError {
    let said = said.split_once(" at line ").map_or(said, |(what, _)| what);
    // Serde blames the object; a client looks for the member.
    match said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some(member) if path == "." => ApiError::invalid(member, "is required"),
        Some(member) => ApiError::invalid(&format!("{path}.{member}"), "is required"),
        None => ApiError::invalid(path, said),
    }
}

pub fn checked<T: Validate<Context = ()>>(value: T) -> Result<T, ApiError> {
    match value.validate() {
        Ok(()) => Ok(value),
        Err(report) => Err(ApiError::Invalid(
            report
                .iter()
                .map(|(path, error)| FieldError::new(path.to_string(), error.message()))
                .collect(),
        )),
    }
}

impl<T: FromJson, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        T::from_json(&read(body, MAX_BODY_BYTES).await?).map(Self)
    }
}

impl<T: FromJson + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, MAX_BODY_BYTES).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json(&parts.headers) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        T::from_json(&bytes).map(Self)
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// `PAYLOAD_TOO_LARGE` over the limit, `BAD_REQUEST` where it breaks off.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source
            .is_some_and(<dyn std::error::Error + 'static>::is::<http_body_util::LengthLimitError>)
        {
            ErrorCode::PayloadTooLarge.into()
        } else {
            ErrorCode::BadRequest.into()
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
}

/// A query string that passes its checks.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Validate<Context = ()>, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(url_pairs(query));
        let value: T = serde_path_to_error::deserialize(pairs).map_err(|error| {
            ApiError::invalid(&error.path().to_string(), error.inner().to_string())
        })?;
        checked(value).map(Self)
    }
}

fn url_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// The one id in a path.
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ErrorCode::BadRequest)?;
        let (name, value) = params.iter().next().ok_or(ErrorCode::NotFound)?;
        match value.parse() {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err(ApiError::invalid(name, "must be a whole number from 1")),
        }
    }
}
