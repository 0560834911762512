//! What a browser is told that the pages may do: nothing but what they need.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use crate::state::{App, Parts};

/// What else is told with each of them.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// An answer with the policy of the pages.
pub fn around(app: &App, mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What is put into it are hosts and origins, which are text that a header may hold.
    if let Ok(policy) = HeaderValue::from_str(&policy(app)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn policy(app: &Parts) -> String {
    let mut pictures = String::new();
    for host in app.policy.chat_image_hosts.iter().filter(|host| is_host(host)) {
        pictures.push_str(" https://");
        pictures.push_str(host);
    }
    let edge = sources(&app.console.edge_public_url);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' data:{pictures}; connect-src 'self'{edge}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Calls and sockets to the origin that a URL is of.
fn sources(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else { return String::new() };
    let calls = url.origin().ascii_serialization();
    let sockets = calls.replacen("http", "ws", 1);
    format!(" {calls} {sockets}")
}

/// Whether a name is a host's, perhaps with a port: nothing that would mean something else in a policy.
fn is_host(name: &str) -> bool {
    let is_of_a_host =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    !name.is_empty() && name.bytes().all(is_of_a_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_sockets_go_to_the_same_place() {
        assert_eq!(sources("http://127.0.0.1:8787"), " http://127.0.0.1:8787 ws://127.0.0.1:8787");
        assert_eq!(sources("https://a.example/x"), " https://a.example wss://a.example");
        assert_eq!(sources("nothing"), "");
    }

    #[test]
    fn no_host_says_more_than_a_host() {
        assert!(is_host("img.example.com") && is_host("img.example.com:8443"));
        for more in ["", "a b", "a;script-src *", "*", "'unsafe-inline'", "a\r\nx", "例.com"] {
            assert!(!is_host(more), "{more:?}");
        }
    }
}
