//! What browsers are told of the pages that may call (Fetch standard, CORS): exact origins, never `*`.

use shared::web_origin::AllowedOrigins;
use worker::Headers;

/// How long a browser may keep a preflight's answer, in seconds.
const MAX_AGE: &str = "7200";

/// Tells a browser that pages of `origin` may read the answer, where they may.
pub fn allow(
    allowed: &AllowedOrigins,
    origin: Option<&str>,
    headers: &Headers,
) -> worker::Result<()> {
    if let Some(origin) = origin.filter(|origin| allowed.contains(origin)) {
        headers.set("access-control-allow-origin", origin)?;
        headers.set("access-control-allow-credentials", "true")?;
        headers.set("access-control-expose-headers", "x-request-id, retry-after")?;
    }
    Ok(())
}

/// Headers of the answer to a preflight; without them the browser refuses the call itself.
pub fn preflight(allowed: &AllowedOrigins, origin: Option<&str>) -> worker::Result<Headers> {
    let headers = Headers::new();
    if origin.is_some_and(|origin| allowed.contains(origin)) {
        headers.set("access-control-allow-methods", "GET, POST")?;
        headers
            .set("access-control-allow-headers", "authorization, content-type, accept-language")?;
        headers.set("access-control-max-age", MAX_AGE)?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::parse("https://app.example.com, http://localhost:5173,").unwrap()
    }

    #[test]
    fn a_foreign_page_is_told_nothing() {
        let headers = Headers::new();
        allow(&allowed(), Some("https://evil.com"), &headers).unwrap();
        assert_eq!(headers.get("access-control-allow-origin").unwrap(), None);
        assert!(preflight(&allowed(), Some("https://evil.com")).unwrap().is_empty());
    }

    #[test]
    fn a_listed_page_is_named_and_never_by_a_star() {
        let headers = Headers::new();
        allow(&allowed(), Some("https://app.example.com"), &headers).unwrap();
        let get = |name| headers.get(name).unwrap();
        assert_eq!(get("access-control-allow-origin").as_deref(), Some("https://app.example.com"));
        assert_eq!(get("access-control-allow-credentials").as_deref(), Some("true"));
    }
}
