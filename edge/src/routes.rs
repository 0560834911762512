//! The route table: what answers which method and path.

use std::sync::OnceLock;

use shared::{
    error::ErrorCode,
    route::{self, Access, Method, Route},
};

use crate::refused::Refused;

/// What answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The origin.
    Forward(Access),
    /// The origin, or we in its words.
    Verify,
    /// We: are we alive, and does the origin answer?
    Health,
    /// A room, once the handshake is passed.
    ChatSocket,
    /// We: the origin tells of ended sessions.
    SessionEvents,
    /// We: the origin tells of stored messages.
    ChatEvents,
    /// We: the origin tells of what is suspicious.
    SecurityAlerts,
    /// We: the origin asks what we remember of a session.
    SessionView,
}

const OWN: &[(Method, &str, Endpoint)] = &[
    (Method::Get, route::HEALTHZ, Endpoint::Health),
    (Method::Get, route::CHAT_SOCKET, Endpoint::ChatSocket),
    (Method::Get, route::CHAT_SOCKET_LEGACY, Endpoint::ChatSocket),
    (Method::Post, route::INTERNAL_SESSION_EVENTS, Endpoint::SessionEvents),
    (Method::Post, route::INTERNAL_CHAT_EVENTS, Endpoint::ChatEvents),
    (Method::Post, route::INTERNAL_SECURITY_ALERTS, Endpoint::SecurityAlerts),
    (Method::Post, route::INTERNAL_SESSION_VIEW, Endpoint::SessionView),
];

/// The methods of one path.
type Methods = Vec<(Method, Endpoint)>;

/// What answers which path: in order, those that are one text, and those with parameters.
struct Table {
    plain: Vec<(String, Methods)>,
    patterns: Vec<(String, Methods)>,
}

/// What answers `method` on `path`: `NOT_FOUND` for an unknown path, `METHOD_NOT_ALLOWED` for a
/// method that the path does not have.
pub fn find(method: &str, path: &str) -> Result<Endpoint, Refused> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let methods = TABLE.get_or_init(Table::new).methods(path).ok_or(ErrorCode::NotFound)?;
    let endpoint = methods.iter().find(|(allowed, _)| allowed.as_str() == method);
    endpoint.map(|(_, endpoint)| *endpoint).ok_or_else(|| {
        let allowed: Vec<_> = methods.iter().map(|(method, _)| method.as_str()).collect();
        Refused::Method(allowed.join(", "))
    })
}

impl Table {
    fn new() -> Self {
        let forwarded = route::FORWARDED.iter().map(|route| (route.method, route.path, of(route)));
        let mut table = Self { plain: Vec::new(), patterns: Vec::new() };
        for (method, path, endpoint) in forwarded.chain(OWN.iter().copied()) {
            for path in route::spellings(path) {
                let paths = if path.contains('{') { &mut table.patterns } else { &mut table.plain };
                match paths.iter_mut().find(|(known, _)| *known == path) {
                    Some((_, methods)) => methods.push((method, endpoint)),
                    None => paths.push((path, vec![(method, endpoint)])),
                }
            }
        }
        table.plain.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        table
    }

    fn methods(&self, path: &str) -> Option<&Methods> {
        if let Ok(at) = self.plain.binary_search_by(|(known, _)| known.as_str().cmp(path)) {
            return Some(&self.plain[at].1);
        }
        self.patterns.iter().find(|(pattern, _)| fits(path, pattern)).map(|(_, methods)| methods)
    }
}

/// Whether a path is that of a pattern, whose parameters are a segment each, and never empty.
fn fits(path: &str, pattern: &str) -> bool {
    let (mut path, mut pattern) = (path.split('/'), pattern.split('/'));
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return true,
            (Some(segment), Some(wanted)) if wanted.starts_with('{') && !segment.is_empty() => {}
            (Some(segment), Some(wanted)) if segment == wanted => {}
            _ => return false,
        }
    }
}

fn of(route: &Route) -> Endpoint {
    if route.path == route::VERIFY { Endpoint::Verify } else { Endpoint::Forward(route.access) }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_route_is_found() {
        for route in route::FORWARDED {
            for path in route::spellings(&route::with_id(route.path, 7)) {
                let expected = match route.path {
                    "/api/v4/auth/verify" => Endpoint::Verify,
                    _ => Endpoint::Forward(route.access),
                };
                assert_eq!(find(route.method.as_str(), &path).unwrap(), expected, "{path}");
            }
        }
        for (method, path, endpoint) in OWN {
            assert_eq!(find(method.as_str(), path).unwrap(), *endpoint);
        }
    }

    #[test]
    fn what_is_not_listed_is_not_found() {
        for path in [
            "/",
            "",
            "/api/v4/auth/login/",
            "/api/v4/auth//login",
            "/api/v4/auth/%6cogin",
            "/api/v1/market/my-listings",
            "/api/v1/auth",
            "/auth/",
            "/auth/nothing",
            "/readyz",
            "/metrics",
            route::INTERNAL_LIVENESS,
            route::INTERNAL_MESSAGES,
            "/api/v4/system/chat/sessions//messages",
            "/api/v4/system/chat/sessions/1/2/messages",
        ] {
            assert!(matches!(find("GET", path), Err(Refused::Code(ErrorCode::NotFound))), "{path}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let allowed = |method, path| match find(method, path) {
            Err(Refused::Method(allowed)) => allowed,
            other => panic!("{method} {path}: {other:?}"),
        };
        assert_eq!(allowed("DELETE", route::CHAT_SESSIONS), "GET, POST");
        assert_eq!(allowed("HEAD", route::ME), "GET");
        assert_eq!(allowed("get", route::ME), "GET");
        assert_eq!(allowed("GET", "/auth/login"), "POST");
        assert_eq!(allowed("GET", route::INTERNAL_CHAT_EVENTS), "POST");
    }
}
