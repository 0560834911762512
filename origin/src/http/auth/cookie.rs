//! The cookie in which browsers hold their refresh token.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::{error::ErrorCode, user::ClientType, web_origin::AllowedOrigins};

use crate::{http::Envelope, sessions::tokens::RefreshToken};

/// A name with which browsers take the cookie from this very host alone, and only encrypted (RFC
/// 6265bis, 4.1.3.2).
const NAME: &str = "__Host-refresh_token";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// An answer, and what becomes of the browser's cookie.
pub struct WithCookie<T>(pub Envelope<T>, pub Cookie);

/// What becomes of a browser's cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// It stays as it is.
    Kept,
    /// It holds this token, for as many seconds.
    Set(String, u64),
    /// It is removed.
    Cleared,
}

/// How a client of this kind gets its refresh token: browsers by cookie, where no script can read
/// it; all others in the body.
pub fn delivered(client_type: ClientType, refresh: RefreshToken) -> (Option<String>, Cookie) {
    match client_type {
        ClientType::Web => (None, Cookie::Set(refresh.token, refresh.expires_in)),
        ClientType::MiniProgram | ClientType::App => (Some(refresh.token), Cookie::Kept),
    }
}

/// The refresh token of a browser, where it sent one; `CSRF_REJECTED` where a page that is not on
/// the list made it do so, or where it does not say which page did.
pub fn refresh_token<'a>(
    headers: &'a HeaderMap,
    allowed: &AllowedOrigins,
) -> Result<Option<&'a str>, ErrorCode> {
    let Some(token) = find(headers) else { return Ok(None) };
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| allowed.contains(origin)) {
        return Err(ErrorCode::CsrfRejected);
    }
    Ok(Some(token))
}

fn find(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        // As bytes: another cookie of the same header may hold a name in Chinese.
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))
        .filter_map(|value| std::str::from_utf8(value).ok())
        .find(|value| !value.is_empty())
}

impl Cookie {
    fn header(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Kept => return None,
            Self::Set(token, seconds) => format!("{NAME}={token}; {ATTRIBUTES}; Max-Age={seconds}"),
            Self::Cleared => format!("{NAME}=; {ATTRIBUTES}; Max-Age=0"),
        };
        HeaderValue::from_str(&text).ok()
    }
}

impl<T: Serialize> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        if let Some(cookie) = self.1.header() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(headers: &[(&str, &str)]) -> Result<Option<String>, ErrorCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let allowed = AllowedOrigins::parse("https://app.example.com").unwrap();
        refresh_token(&map, &allowed).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn a_cookie_counts_only_from_a_page_on_the_list() {
        let cookie = ("cookie", "a=b; __Host-refresh_token=dbr_x; c=d");
        assert_eq!(sent(&[]), Ok(None));
        assert_eq!(
            sent(&[("cookie", "a=b; refresh_token=dbr_x; __Host-refresh_token=")]),
            Ok(None)
        );
        assert_eq!(
            sent(&[cookie, ("origin", "https://app.example.com")]),
            Ok(Some("dbr_x".into()))
        );
        let among_others = ("cookie", "nickname=小明; __Host-refresh_token=dbr_x");
        assert_eq!(
            sent(&[among_others, ("origin", "https://app.example.com")]),
            Ok(Some("dbr_x".into()))
        );
        assert_eq!(sent(&[cookie]), Err(ErrorCode::CsrfRejected));
        for foreign in ["https://evil.com", "null", "https://app.example.com.evil.com", ""] {
            assert_eq!(sent(&[cookie, ("origin", foreign)]), Err(ErrorCode::CsrfRejected));
        }
    }

    #[test]
    fn no_script_and_no_other_host_gets_at_the_cookie() {
        let header = Cookie::Set("dbr_x".into(), 60).header().unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            "__Host-refresh_token=dbr_x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(Cookie::Kept.header(), None);
    }
}
