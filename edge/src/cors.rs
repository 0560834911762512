//! Which pages may call (Fetch standard, CORS): an allow-list of exact origins, never `*`.

use worker::Headers;

use crate::web_origin::WebOrigin;

/// How long a browser may keep a preflight's answer, in seconds.
const MAX_AGE: &str = "7200";

/// The browser origins that may call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Reads a list of origins, separated by commas. What is no origin is the error.
    pub fn parse(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let origins = entries.map(|entry| {
            WebOrigin::parse(entry).map(|_| entry.to_owned()).ok_or_else(|| entry.to_owned())
        });
        origins.collect::<Result<_, _>>().map(Self)
    }

    /// Whether pages of `origin` may call.
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed == origin)
    }

    /// Tells a browser that pages of `origin` may read the answer, where they may.
    pub fn allow(&self, origin: Option<&str>, headers: &Headers) -> worker::Result<()> {
        headers.append("vary", "origin")?;
        if let Some(origin) = origin.filter(|origin| self.contains(origin)) {
            headers.set("access-control-allow-origin", origin)?;
            headers.set("access-control-allow-credentials", "true")?;
            headers.set("access-control-expose-headers", "x-request-id, retry-after")?;
        }
        Ok(())
    }

    /// Headers of the answer to a preflight; without them the browser refuses the call itself.
    pub fn preflight(&self, origin: Option<&str>) -> worker::Result<Headers> {
        let headers = Headers::new();
        if origin.is_some_and(|origin| self.contains(origin)) {
            headers.set("access-control-allow-methods", "GET, POST")?;
            headers.set(
                "access-control-allow-headers",
                "authorization, content-type, accept-language",
            )?;
            headers.set("access-control-max-age", MAX_AGE)?;
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::parse("https://app.example.com, http://localhost:5173,").unwrap()
    }

    #[test]
    fn only_exact_origins_are_allowed() {
        assert!(allowed().contains("https://app.example.com"));
        assert!(allowed().contains("http://localhost:5173"));
        for foreign in [
            "https://app.example.com.evil.com",
            "http://app.example.com",
            "https://app.example.com:444",
            "null",
            "",
        ] {
            assert!(!allowed().contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://APP.example.com",
            "https://a.com:443",
            "file:///x",
        ] {
            assert_eq!(AllowedOrigins::parse(wrong), Err(wrong.to_owned()));
        }
        assert_eq!(AllowedOrigins::parse(""), Ok(AllowedOrigins::default()));
    }

    #[test]
    fn a_foreign_page_is_told_nothing() {
        let headers = Headers::new();
        allowed().allow(Some("https://evil.com"), &headers).unwrap();
        assert_eq!(headers.get("vary").unwrap().as_deref(), Some("origin"));
        assert_eq!(headers.get("access-control-allow-origin").unwrap(), None);
        assert!(allowed().preflight(Some("https://evil.com")).unwrap().is_empty());
    }

    #[test]
    fn a_listed_page_is_named_and_never_by_a_star() {
        let headers = Headers::new();
        allowed().allow(Some("https://app.example.com"), &headers).unwrap();
        let get = |name| headers.get(name).unwrap();
        assert_eq!(get("access-control-allow-origin").as_deref(), Some("https://app.example.com"));
        assert_eq!(get("access-control-allow-credentials").as_deref(), Some("true"));
    }
}
