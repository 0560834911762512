//! Every path there is, each once, and what the edge must know of it.

/// Log in with a password.
pub const LOGIN: &str = "/api/v4/auth/login";
/// Make an account and log in.
pub const REGISTER: &str = "/api/v4/auth/register";
/// Log in with what WeChat says.
pub const WECHAT_LOGIN: &str = "/api/v4/auth/wechat-login";
/// Trade a refresh token for a new pair.
pub const REFRESH: &str = "/api/v4/auth/refresh";
/// End the caller's session.
pub const LOGOUT: &str = "/api/v4/auth/logout";
/// Is my session live?
pub const VERIFY: &str = "/api/v4/auth/verify";
/// Who am I?
pub const ME: &str = "/api/v4/auth/me";
/// The caller's live sessions.
pub const SESSIONS: &str = "/api/v4/auth/sessions";
/// End one of them.
pub const REVOKE_SESSION: &str = "/api/v4/auth/sessions/revoke";
/// End all of them but the caller's.
pub const REVOKE_ALL_SESSIONS: &str = "/api/v4/auth/sessions/revoke-all";
/// Change the caller's password.
pub const PASSWORD: &str = "/api/v4/auth/password";
/// The caller's own listings.
pub const MY_LISTINGS: &str = "/api/v4/market/my-listings";
/// What can be bought.
pub const MARKET_LISTINGS: &str = "/api/v4/market/listings";
/// A listing.
pub const MARKET_LISTING: &str = "/api/v4/market/listings/{market_listing_id}";
/// Its seller takes a listing back.
pub const WITHDRAW_LISTING: &str = "/api/v4/market/listings/{market_listing_id}/withdraw";
/// The listings of everybody, for admins.
pub const CONSOLE_LISTINGS: &str = "/api/v4/console/marketplace/listings";
/// How many there are of each status.
pub const CONSOLE_LISTING_STATS: &str = "/api/v4/console/marketplace/stats";
/// An admin takes a listing back.
pub const CONSOLE_WITHDRAW_LISTING: &str =
    "/api/v4/console/marketplace/listings/{market_listing_id}/withdraw";
/// The caller's conversations with customer service.
pub const CHAT_SESSIONS: &str = "/api/v4/system/chat/sessions";
/// The messages of one of them.
pub const CHAT_MESSAGES: &str =
    "/api/v4/system/chat/sessions/{customer_service_session_id}/messages";
/// The caller has read one of them, up to a message.
pub const CHAT_READ: &str = "/api/v4/system/chat/sessions/{customer_service_session_id}/read";
/// Its user ends one of them.
pub const CHAT_CLOSE: &str = "/api/v4/system/chat/sessions/{customer_service_session_id}/close";
/// Its user says how it was.
pub const CHAT_RATING: &str = "/api/v4/system/chat/sessions/{customer_service_session_id}/rating";
/// The conversations that an agent may see.
pub const DESK_SESSIONS: &str = "/api/v4/console/customer-service/sessions";
/// The messages of one of them.
pub const DESK_MESSAGES: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/messages";
/// An agent writes.
pub const DESK_SEND: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/send";
/// An agent has read, up to a message.
pub const DESK_READ: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/read";
/// An agent takes a conversation that waits.
pub const DESK_ACCEPT: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/accept";
/// An agent hands it to another.
pub const DESK_TRANSFER: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/transfer";
/// An agent ends it.
pub const DESK_CLOSE: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/close";
/// The conversations that wait for an agent.
pub const DESK_QUEUE: &str = "/api/v4/console/customer-service/queue";
/// How customer service does.
pub const DESK_STATS: &str = "/api/v4/console/customer-service/stats";
/// An admin ends a session.
pub const DEACTIVATE_SESSION: &str =
    "/api/v4/console/auth/sessions/{authentication_session_id}/deactivate";
/// An admin ends all sessions of a user.
pub const DEACTIVATE_USER_SESSIONS: &str =
    "/api/v4/console/auth/users/{user_id}/deactivate-sessions";
/// An admin searches sessions.
pub const CONSOLE_SESSIONS: &str = "/api/v4/console/auth/sessions";
/// A user's sessions in time.
pub const TIMELINE: &str = "/api/v4/console/auth/users/{user_id}/timeline";
/// The audit log.
pub const AUDIT: &str = "/api/v4/console/auth/audit";
/// Public keys of the access tokens (RFC 7517).
pub const JWKS: &str = "/.well-known/jwks.json";
/// Chat over a raw WebSocket, at the edge.
pub const CHAT_SOCKET: &str = "/api/v4/chat/socket";
/// The same, under the name that clients already out there use.
pub const CHAT_SOCKET_LEGACY: &str = "/im";
/// The API's document, OpenAPI 3.1. (origin)
pub const OPENAPI: &str = "/openapi.json";
/// A page to read it. (origin)
pub const DOCS: &str = "/docs";
/// What that page is made of.
pub const DOCS_FILE: &str = "/docs/{file}";
/// The console's page, with its places and files below. (origin)
pub const CONSOLE_PAGE: &str = "/console";
/// A short way to the console's page to look into the system with. (origin)
pub const DEBUG_PAGE: &str = "/debug";
/// Alive?
pub const HEALTHZ: &str = "/healthz";
/// Ready to serve? (origin)
pub const READYZ: &str = "/readyz";
/// What monitoring reads (origin; never through the edge).
pub const METRICS: &str = "/metrics";
/// The edge asks the origin about a session.
pub const INTERNAL_LIVENESS: &str = "/internal/sessions/liveness";
/// The edge hands messages to the origin.
pub const INTERNAL_MESSAGES: &str = "/internal/chat/messages";
/// The edge asks what was written in a conversation.
pub const INTERNAL_REPLAY: &str = "/internal/chat/replay";
/// The edge says what was delivered and read.
pub const INTERNAL_MARKS: &str = "/internal/chat/marks";
/// The edge asks who waits for an agent.
pub const INTERNAL_QUEUE: &str = "/internal/chat/queue";
/// The origin tells the edge of ended sessions.
pub const INTERNAL_SESSION_EVENTS: &str = "/internal/session-events";
/// The origin tells the edge what happens in conversations.
pub const INTERNAL_CHAT_EVENTS: &str = "/internal/chat-events";
/// The origin tells the edge of what is suspicious about an account.
pub const INTERNAL_SECURITY_ALERTS: &str = "/internal/security-alerts";
/// The origin asks what the edge remembers of a session.
pub const INTERNAL_SESSION_VIEW: &str = "/internal/sessions/view";
/// An admin asks what is true of a token.
pub const INSPECT_TOKEN: &str = "/api/v4/console/auth/token/inspect";
/// An admin searches users.
pub const CONSOLE_USERS: &str = "/api/v4/console/users";
/// One of them.
pub const CONSOLE_USER: &str = "/api/v4/console/users/{user_id}";
/// An admin bans or closes an account, or opens it again.
pub const USER_STATUS: &str = "/api/v4/console/users/{user_id}/status";
/// An admin says what a user may do.
pub const USER_ROLE: &str = "/api/v4/console/users/{user_id}/role";

/// How it all does, now and in the last hours.
pub const OVERVIEW: &str = "/api/v4/console/overview";
/// How it is set up, and whether its parts reach each other.
pub const CONFIGURATION: &str = "/api/v4/console/configuration";

/// What every path of the console begins with.
pub const CONSOLE: &str = "/api/v4/console/";

/// What every path of accounts and sessions begins with.
const AUTH: &str = "/api/v4/auth/";
/// What it begins with for clients already out there: the same handlers, the same fields.
const AUTH_ALIASES: [&str; 2] = ["/api/v1/auth/", "/auth/"];

/// The largest body of an API call, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The largest body of an internal call, in bytes.
pub const MAX_INTERNAL_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Methods that routes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes.
    Post,
}

impl Method {
    /// The method's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// On what a call's liveness check rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone; there is no session to check.
    Public,
    /// A live session; what the edge has cached will do.
    Read,
    /// A live session, as the origin's own row says: writes and the console never rest on a cache.
    Write,
}

/// A route of the origin that the edge forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path; a parameter is one segment in braces.
    pub path: &'static str,
    /// Whom it lets in.
    pub access: Access,
}

/// All that the edge forwards; the rest of the origin cannot be reached through it.
pub const FORWARDED: &[Route] = &[
    Route { method: Method::Post, path: LOGIN, access: Access::Public },
    Route { method: Method::Post, path: WECHAT_LOGIN, access: Access::Public },
    Route { method: Method::Post, path: REGISTER, access: Access::Public },
    Route { method: Method::Post, path: REFRESH, access: Access::Public },
    // By an access token or by a refresh token alone: the origin looks which.
    Route { method: Method::Post, path: LOGOUT, access: Access::Public },
    Route { method: Method::Get, path: VERIFY, access: Access::Read },
    Route { method: Method::Get, path: ME, access: Access::Read },
    // Says what is live, so it rests on rows: one that was just ended must not be shown.
    Route { method: Method::Get, path: SESSIONS, access: Access::Write },
    Route { method: Method::Post, path: REVOKE_SESSION, access: Access::Write },
    Route { method: Method::Post, path: REVOKE_ALL_SESSIONS, access: Access::Write },
    Route { method: Method::Post, path: PASSWORD, access: Access::Write },
    Route { method: Method::Get, path: MY_LISTINGS, access: Access::Read },
    Route { method: Method::Get, path: MARKET_LISTINGS, access: Access::Read },
    Route { method: Method::Get, path: MARKET_LISTING, access: Access::Read },
    Route { method: Method::Post, path: WITHDRAW_LISTING, access: Access::Write },
    Route { method: Method::Get, path: CONSOLE_LISTINGS, access: Access::Write },
    Route { method: Method::Get, path: CONSOLE_LISTING_STATS, access: Access::Write },
    Route { method: Method::Post, path: CONSOLE_WITHDRAW_LISTING, access: Access::Write },
    Route { method: Method::Get, path: CHAT_SESSIONS, access: Access::Read },
    Route { method: Method::Post, path: CHAT_SESSIONS, access: Access::Write },
    Route { method: Method::Get, path: CHAT_MESSAGES, access: Access::Read },
    Route { method: Method::Post, path: CHAT_MESSAGES, access: Access::Write },
    Route { method: Method::Post, path: CHAT_READ, access: Access::Write },
    Route { method: Method::Post, path: CHAT_CLOSE, access: Access::Write },
    Route { method: Method::Post, path: CHAT_RATING, access: Access::Write },
    Route { method: Method::Get, path: DESK_SESSIONS, access: Access::Write },
    Route { method: Method::Get, path: DESK_MESSAGES, access: Access::Write },
    Route { method: Method::Post, path: DESK_SEND, access: Access::Write },
    Route { method: Method::Post, path: DESK_READ, access: Access::Write },
    Route { method: Method::Post, path: DESK_ACCEPT, access: Access::Write },
    Route { method: Method::Post, path: DESK_TRANSFER, access: Access::Write },
    Route { method: Method::Post, path: DESK_CLOSE, access: Access::Write },
    Route { method: Method::Get, path: DESK_QUEUE, access: Access::Write },
    Route { method: Method::Get, path: DESK_STATS, access: Access::Write },
    Route { method: Method::Post, path: DEACTIVATE_SESSION, access: Access::Write },
    Route { method: Method::Post, path: DEACTIVATE_USER_SESSIONS, access: Access::Write },
    Route { method: Method::Get, path: CONSOLE_SESSIONS, access: Access::Write },
    Route { method: Method::Get, path: TIMELINE, access: Access::Write },
    Route { method: Method::Get, path: AUDIT, access: Access::Write },
    Route { method: Method::Post, path: INSPECT_TOKEN, access: Access::Write },
    Route { method: Method::Get, path: CONSOLE_USERS, access: Access::Write },
    Route { method: Method::Get, path: CONSOLE_USER, access: Access::Write },
    Route { method: Method::Post, path: USER_STATUS, access: Access::Write },
    Route { method: Method::Post, path: USER_ROLE, access: Access::Write },
    Route { method: Method::Get, path: OVERVIEW, access: Access::Write },
    Route { method: Method::Get, path: CONFIGURATION, access: Access::Write },
    Route { method: Method::Get, path: JWKS, access: Access::Public },
];

/// Every path by which what stands at `path` is reached: itself first, then, for what belongs to
/// accounts and sessions, its names for clients already out there.
pub fn spellings(path: &str) -> impl Iterator<Item = String> {
    let aliases =
        path.strip_prefix(AUTH).map(|rest| AUTH_ALIASES.map(|begin| format!("{begin}{rest}")));
    std::iter::once(path.to_owned()).chain(aliases.into_iter().flatten())
}

/// Whether a path is of the console, which is the staff's alone.
#[must_use]
pub fn is_of_console(path: &str) -> bool {
    path.starts_with(CONSOLE)
}

/// The path of one thing: `path` with its one parameter filled in.
#[must_use]
pub fn with_id(path: &str, id: i64) -> String {
    match (path.find('{'), path.find('}')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{id}{}", &path[..open], &path[close + 1..])
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_is_listed_twice_and_none_is_internal() {
        for (index, route) in FORWARDED.iter().enumerate() {
            assert!(!route.path.starts_with("/internal"), "{}", route.path);
            assert!(
                FORWARDED[..index]
                    .iter()
                    .all(|other| (other.method, other.path) != (route.method, route.path)),
                "{} {}",
                route.method.as_str(),
                route.path
            );
        }
    }

    #[test]
    fn what_belongs_to_auth_has_three_names_and_the_rest_has_one() {
        let spelled = |path| spellings(path).collect::<Vec<_>>();
        assert_eq!(
            spelled(REVOKE_SESSION),
            [
                "/api/v4/auth/sessions/revoke",
                "/api/v1/auth/sessions/revoke",
                "/auth/sessions/revoke"
            ]
        );
        assert_eq!(spelled(CONSOLE_SESSIONS), [CONSOLE_SESSIONS]);
        assert_eq!(spelled(MY_LISTINGS), [MY_LISTINGS]);
        let mut all: Vec<_> = FORWARDED
            .iter()
            .flat_map(|route| spellings(route.path).map(|path| (route.method.as_str(), path)))
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "two routes share a name");
    }

    #[test]
    fn only_reads_outside_the_console_may_rest_on_a_cache() {
        for route in FORWARDED.iter().filter(|route| route.access == Access::Read) {
            assert_eq!(route.method, Method::Get, "{}", route.path);
            assert!(!is_of_console(route.path), "{}", route.path);
        }
    }

    #[test]
    fn all_of_the_console_is_known_as_such() {
        for route in FORWARDED {
            assert_eq!(is_of_console(route.path), route.path.contains("console"), "{}", route.path);
        }
    }

    #[test]
    fn a_parameter_is_filled_in() {
        assert_eq!(with_id(CHAT_MESSAGES, 7), "/api/v4/system/chat/sessions/7/messages");
        assert_eq!(with_id(LOGIN, 7), LOGIN);
    }
}
