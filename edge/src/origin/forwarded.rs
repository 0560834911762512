use shared::{
    assertion::{ASSERTION_HEADER, Assertion, REQUEST_ID_HEADER},
    seal::Purpose,
};
use worker::{Headers, RequestInit, Response};

use super::{FORWARD_LIMIT, init, send};
use crate::{call::Call, refused::Refused, request, respond};

/// What the origin needs of a client's headers; the rest stays here, and with it all that a client
/// might pretend about itself.
const TO_ORIGIN: &[&str] = &[
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "cookie",
    "origin",
    "user-agent",
];

/// What a client needs of the origin's headers.
const TO_CLIENT: &[&str] =
    &["allow", "cache-control", "content-type", "retry-after", "www-authenticate"];

/// Forwards a call with our word about it, its body and the answer's streamed.
pub async fn forward(call: &Call<'_>, assertion: &Assertion) -> Result<Response, Refused> {
    let headers = Headers::new();
    copy(call.request.headers(), TO_ORIGIN, &headers)?;
    headers
        .set(ASSERTION_HEADER, &call.config.edge_to_origin.seal(Purpose::Assertion, assertion)?)?;
    headers.set(REQUEST_ID_HEADER, call.id)?;
    let has_body = assertion.method != "GET";
    let init = RequestInit {
        method: call.request.method(),
        headers,
        body: call.request.inner().body().filter(|_| has_body).map(Into::into),
        ..init()
    };
    let url = format!("{}{}", call.config.origin_url, assertion.path_and_query);
    let response = send(request::new(&url, &init)?, FORWARD_LIMIT, call.id).await?;
    let headers = respond::common_headers()?;
    copy(response.headers(), TO_CLIENT, &headers)?;
    // Each cookie is a header of its own: joined, they would be one broken cookie.
    for cookie in response.headers().get_all("set-cookie")? {
        headers.append("set-cookie", &cookie)?;
    }
    Ok(response.with_headers(headers))
}

fn copy(from: &Headers, names: &[&str], to: &Headers) -> worker::Result<()> {
    for name in names {
        if let Some(value) = from.get(name)? {
            to.set(name, &value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_listed_headers_pass() {
        let sent = Headers::new();
        for name in [
            "authorization",
            "x-drawbridge-assertion",
            "x-forwarded-for",
            "x-request-id",
            "cf-connecting-ip",
            "te",
        ] {
            sent.set(name, "x").unwrap();
        }
        let passed = Headers::new();
        copy(&sent, TO_ORIGIN, &passed).unwrap();
        assert_eq!(passed.keys().collect::<Vec<_>>(), ["authorization"]);
    }
}
