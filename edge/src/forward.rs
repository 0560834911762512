//! Calls of the API: checked here, answered by the origin.

use std::rc::Rc;

use shared::{
    assertion::{Assertion, CheckedSession},
    error::ErrorCode,
    route::{Access, MAX_BODY_BYTES},
    token::Claims,
};
use worker::Response;

use crate::{auth, call::Call, clock, liveness, origin, place, refused::Refused};

/// What the origin is told where the platform does not say who is calling: no address.
const UNKNOWN_IP: &str = "0.0.0.0";

/// Checks a call as its route wants it, and forwards it.
pub async fn forward(
    call: Call<'_>,
    access: Access,
    method: &str,
    path_and_query: &str,
) -> Result<Response, Refused> {
    call.check_length(MAX_BODY_BYTES)?;
    let session = match access {
        // A log-in may carry an old token as proof of its device; the origin looks at it.
        Access::Public => None,
        Access::Read => Some(liveness::check_read(call.work(), &*claims(&call).await?).await?),
        Access::Write => {
            liveness::check_write(call.work(), &*claims(&call).await?).await?;
            None
        }
    };
    send(&call, session, method, path_and_query).await
}

/// Forwards a call that has been checked: `session` is what a read rests on.
pub async fn send(
    call: &Call<'_>,
    session: Option<CheckedSession>,
    method: &str,
    path_and_query: &str,
) -> Result<Response, Refused> {
    let assertion = Assertion {
        request_id: call.id.to_owned(),
        // The checks may have taken time, and an assertion lives for seconds.
        issued_at: clock::now(),
        method: method.to_owned(),
        path_and_query: path_and_query.to_owned(),
        client_ip: client_ip(call.header("cf-connecting-ip").as_deref()).to_owned(),
        place: place::of(call),
        session,
    };
    origin::forward(call, &assertion).await
}

/// What the token of a call says.
pub async fn claims(call: &Call<'_>) -> Result<Rc<Claims>, ErrorCode> {
    let header = call.header("authorization");
    auth::verify(auth::bearer(header.as_deref())?, call.work()).await
}

fn client_ip(header: Option<&str>) -> &str {
    header
        .map(str::trim)
        .filter(|text| text.parse::<std::net::IpAddr>().is_ok())
        .unwrap_or(UNKNOWN_IP)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_address_is_an_address_or_unknown() {
        assert_eq!(client_ip(Some("203.0.113.7")), "203.0.113.7");
        assert_eq!(client_ip(Some(" 2001:db8::1 ")), "2001:db8::1");
        for odd in [None, Some(""), Some("localhost"), Some("1.2.3.4, 5.6.7.8"), Some("1.2.3.4:80")]
        {
            assert_eq!(client_ip(odd), "0.0.0.0", "{odd:?}");
        }
    }
}
