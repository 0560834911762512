//! What a handler takes, argument by argument: parameters, bodies, and what they are refused with.

use axum::{
    extract::{RawPathParams, State},
    http::HeaderMap,
};
use serde_json::{Value, json};
use shared::error::ErrorCode::{
    self, BadRequest, Forbidden, PayloadTooLarge, UnsupportedMediaType, ValidationFailed,
};
use utoipa::{IntoParams, ToSchema, openapi::path::ParameterIn};

use super::said::Said;
use crate::{
    error::ApiError,
    extract::{
        caller::{Caller, Reader},
        context::CallContext,
        guard::{Admin, Agent, UserSide},
        input::{Both, Id, Json, OptionalJson, Query},
    },
    http::metrics::Nearby,
    state::App,
};

/// An argument of a handler.
pub trait Taken {
    /// Says what it means for the call.
    fn say(of: &mut Said);
}

impl Taken for State<App> {
    fn say(_: &mut Said) {}
}

impl Taken for CallContext {
    fn say(_: &mut Said) {}
}

/// The handler's annotation names them.
impl Taken for RawPathParams {
    fn say(_: &mut Said) {}
}

impl Taken for HeaderMap {
    fn say(_: &mut Said) {}
}

impl Taken for Nearby {
    fn say(of: &mut Said) {
        of.refuses(&[ErrorCode::NotFound]);
    }
}

/// What a call without a live session is told.
pub fn needs_session(of: &mut Said) {
    const NO_TOKEN: [ErrorCode; 4] = [
        ErrorCode::TokenMissing,
        ErrorCode::TokenMalformed,
        ErrorCode::TokenInvalid,
        ErrorCode::TokenExpired,
    ];
    of.refuses(&NO_TOKEN);
    of.codes.extend(ErrorCode::ALL.into_iter().filter(|code| code.is_session_end()));
}

impl Taken for Caller {
    fn say(of: &mut Said) {
        of.is_secured = true;
        needs_session(of);
    }
}

/// Asked for, and not needed.
impl Taken for Result<Caller, ApiError> {
    fn say(of: &mut Said) {
        needs_session(of);
    }
}

impl Taken for Reader {
    fn say(of: &mut Said) {
        Caller::say(of);
    }
}

macro_rules! guards {
    ($($guard:ty),+) => {
        $(impl Taken for $guard {
            fn say(of: &mut Said) {
                Caller::say(of);
                of.refuses(&[Forbidden]);
            }
        })+
    };
}
guards!(Admin, Agent, UserSide);

impl Taken for Id {
    fn say(of: &mut Said) {
        of.takes_id = true;
        of.refuses(&[BadRequest, ValidationFailed]);
    }
}

impl<T: IntoParams> Taken for Query<T> {
    fn say(of: &mut Said) {
        let parameters = T::into_params(|| Some(ParameterIn::Query));
        let parameters =
            parameters.into_iter().map(|one| serde_json::to_value(one).unwrap_or_default());
        of.parameters.extend(parameters);
        of.refuses(&[ValidationFailed]);
    }
}

/// What a body may hold.
pub trait Body {
    /// Its shape.
    fn shape(of: &mut Said) -> Value;
}

impl<T: ToSchema> Body for T {
    fn shape(of: &mut Said) -> Value {
        of.schema::<T>()
    }
}

impl<A: Body, B: Body> Body for Both<A, B> {
    fn shape(of: &mut Said) -> Value {
        json!({ "allOf": [A::shape(of), B::shape(of)] })
    }
}

fn takes_body<T: Body>(of: &mut Said, required: bool) {
    let shape = T::shape(of);
    of.body = Some(json!({
        "required": required,
        "content": { "application/json": { "schema": shape } },
    }));
    of.refuses(&[BadRequest, PayloadTooLarge, UnsupportedMediaType, ValidationFailed]);
}

impl<T: Body> Taken for Json<T> {
    fn say(of: &mut Said) {
        takes_body::<T>(of, true);
    }
}

impl<T: Body> Taken for OptionalJson<T> {
    fn say(of: &mut Said) {
        takes_body::<T>(of, false);
    }
}
