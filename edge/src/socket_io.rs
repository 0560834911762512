//! The way in for clients of Socket.IO: what is no request of Engine.IO is answered here as its servers
//! do, all else is the gateway's.

use shared::{
    chat::{
        gateway::{
            LINK_PATH, MAX_GATEWAYS, NEWCOMER_HEADER, POLL_PATH, PUSH_PATH, Speech, TOKEN_HEADER,
            UPGRADE_PATH, gateway_of, socket_id,
        },
        room::Room,
    },
    error::ErrorCode,
    socket_io::{engine::Version, parameter},
    token::MAX_TOKEN_BYTES,
};
use worker::{Method, RequestInit, Response, js_sys::Uint8Array};

use crate::{
    auth,
    call::Call,
    chat::{gateway::BYTES, rooms},
    random,
    refused::Refused,
    socket,
};

/// The longest name of a link; the platform takes tags of 256 characters.
const MAX_SID_BYTES: usize = 64;
/// Where they come.
const PATH: &str = "/socket.io";

/// What is wrong with a request, each with the number that Engine.IO gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No transport of ours.
    UnknownTransport,
    /// No link of this name.
    UnknownSid,
    /// Links are opened by GET.
    BadMethod,
    /// Not like this.
    BadRequest,
    /// A page that may not.
    Forbidden,
    /// No version of ours.
    UnknownVersion,
}

/// Whether a path is ours.
pub fn is_path(path: &str) -> bool {
    let rest = path.strip_prefix(PATH);
    #[cfg(feature = "echo")]
    let rest = rest.or_else(|| path.strip_prefix(crate::chat::gateway::echo::PATH));
    matches!(rest, Some("" | "/"))
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    Open(Version),
    Upgrade(&'a str),
    Poll(&'a str),
    Push(&'a str),
}

/// Answers a request.
pub async fn answer(
    mut call: Call<'_>,
    origin: Option<&str>,
    method: &str,
    path_and_query: &str,
) -> Result<Response, Refused> {
    if socket::is_foreign(&call, origin) {
        return Ok(refusal(Problem::Forbidden)?);
    }
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    let is_upgrade =
        call.header("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
    let asked = match asked(method, query, is_upgrade) {
        Ok(asked) => asked,
        Err(problem) => return Ok(refusal(problem)?),
    };
    let mut init = RequestInit::default();
    if is_upgrade {
        init.headers.set("upgrade", "websocket")?;
    }
    let (path, sid) = match asked {
        Asked::Open(version) => {
            if let Some(language) = call.header("accept-language") {
                init.headers.set("accept-language", &language)?;
            }
            let authorization = call.header("authorization");
            let token = match authorization.as_deref() {
                // What is no token is refused as one.
                Some(header) => Some(auth::bearer(Some(header)).unwrap_or_default()),
                None => parameter(query, "token"),
            };
            if let Some(token) = token {
                // One that is too long is none, and is not kept.
                let token = if token.len() > MAX_TOKEN_BYTES { "" } else { token };
                init.headers.set(TOKEN_HEADER, token)?;
            }
            #[cfg(feature = "echo")]
            crate::chat::gateway::echo::mark(path_and_query, &init.headers)?;
            let sid = socket_id(&random::id(), call.config.gateways, Speech::SocketIo(version));
            (LINK_PATH, sid)
        }
        Asked::Upgrade(sid) => (UPGRADE_PATH, sid.to_owned()),
        Asked::Poll(sid) => (POLL_PATH, sid.to_owned()),
        Asked::Push(sid) => (PUSH_PATH, sid.to_owned()),
    };
    let Some(gateway) = gateway(&sid, call.config.gateways) else {
        return Ok(refusal(Problem::UnknownSid)?);
    };
    init.headers.set(NEWCOMER_HEADER, &sid)?;
    let mut is_too_large = false;
    if path == PUSH_PATH {
        let body = call.body(call.config.max_payload).await;
        is_too_large = matches!(body, Err(Refused::Code(ErrorCode::PayloadTooLarge)));
        // An empty one ends the link.
        let body = if is_too_large { Vec::new() } else { body? };
        if call.header("content-type").is_some_and(|it| it == BYTES) {
            init.headers.set("content-type", BYTES)?;
        }
        init.method = Method::Post;
        init.body = Some(Uint8Array::from(body.as_slice()).into());
    }
    let mut response = rooms::fetch(call.env, Room::Gateway(gateway), path, &init).await?;
    if is_upgrade && response.status_code() == 101 {
        let socket = rooms::socket_of(response).await?;
        return Ok(Response::from_websocket(socket)?);
    }
    if is_too_large {
        return Err(ErrorCode::PayloadTooLarge.into());
    }
    let (status, kind) = (response.status_code(), response.headers().get("content-type")?);
    let body = response.bytes().await?;
    if !matches!(status, 200 | 400) {
        return Err(serde_json::from_slice::<ErrorCode>(&body)?.into());
    }
    let response = Response::builder().with_status(status);
    Ok(response.with_header("content-type", &kind.unwrap_or_default())?.fixed(body))
}

/// The gateway that a link of this name would live in; `None` for a name that we have not given.
fn gateway(sid: &str, gateways: u32) -> Option<u32> {
    let is_ours = sid.len() <= MAX_SID_BYTES && matches!(Speech::of(sid), Speech::SocketIo(_));
    gateway_of(sid).filter(|gateway| is_ours && gateway % MAX_GATEWAYS < gateways)
}

/// What a request asks for, or why it cannot.
fn asked<'a>(method: &str, query: &'a str, is_upgrade: bool) -> Result<Asked<'a>, Problem> {
    let is_socket = match parameter(query, "transport") {
        Some("polling") => false,
        Some("websocket") => true,
        _ => return Err(Problem::UnknownTransport),
    };
    let sid = parameter(query, "sid").filter(|sid| !sid.is_empty());
    match (sid, method) {
        (None, "GET") if is_socket != is_upgrade => Err(Problem::BadRequest),
        (None, "GET") => {
            let version = parameter(query, "EIO").and_then(Version::parse);
            version.map(Asked::Open).ok_or(Problem::UnknownVersion)
        }
        (None, _) => Err(Problem::BadMethod),
        (Some(sid), "GET") if is_socket && is_upgrade => Ok(Asked::Upgrade(sid)),
        (Some(sid), "GET") if !is_socket && !is_upgrade => Ok(Asked::Poll(sid)),
        (Some(sid), "POST") if !is_socket => Ok(Asked::Push(sid)),
        (Some(_), _) => Err(Problem::BadRequest),
    }
}

/// The answer of an Engine.IO server to a request that it cannot do.
pub fn refusal(problem: Problem) -> worker::Result<Response> {
    let message = match problem {
        Problem::UnknownTransport => "Transport unknown",
        Problem::UnknownSid => "Session ID unknown",
        Problem::BadMethod => "Bad handshake method",
        Problem::BadRequest => "Bad request",
        Problem::Forbidden => "Forbidden",
        Problem::UnknownVersion => "Unsupported protocol version",
    };
    let status = if problem == Problem::Forbidden { 403 } else { 400 };
    let body = format!(r#"{{"code":{},"message":"{message}"}}"#, problem as u8);
    let response = Response::builder().with_status(status);
    let response = response.with_header("content-type", "application/json")?;
    Ok(response.fixed(body.into_bytes()))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_asked_for_is_known_or_refused_as_servers_of_engine_io_do() {
        let cases = [
            ("GET", "EIO=4&transport=polling", false, Ok(Asked::Open(Version::Four))),
            ("GET", "EIO=3&transport=websocket&t=x", true, Ok(Asked::Open(Version::Three))),
            ("GET", "EIO=4&transport=polling&sid=1", false, Ok(Asked::Poll("1"))),
            ("POST", "EIO=4&transport=polling&sid=1", false, Ok(Asked::Push("1"))),
            ("GET", "EIO=4&transport=websocket&sid=1", true, Ok(Asked::Upgrade("1"))),
            ("GET", "EIO=4", false, Err(Problem::UnknownTransport)),
            ("GET", "EIO=4&transport=abc", true, Err(Problem::UnknownTransport)),
            ("GET", "transport=polling", false, Err(Problem::UnknownVersion)),
            ("GET", "EIO=abc&transport=polling", false, Err(Problem::UnknownVersion)),
            ("GET", "EIO=5&transport=websocket", true, Err(Problem::UnknownVersion)),
            ("POST", "EIO=4&transport=polling", false, Err(Problem::BadMethod)),
            ("PUT", "EIO=4&transport=polling", false, Err(Problem::BadMethod)),
            ("GET", "EIO=4&transport=websocket", false, Err(Problem::BadRequest)),
            ("GET", "EIO=4&transport=polling", true, Err(Problem::BadRequest)),
            ("PUT", "EIO=4&transport=polling&sid=1", false, Err(Problem::BadRequest)),
            ("GET", "EIO=4&transport=websocket&sid=1", false, Err(Problem::BadRequest)),
            ("POST", "EIO=4&transport=websocket&sid=1", false, Err(Problem::BadRequest)),
        ];
        for (method, query, is_upgrade, expected) in cases {
            assert_eq!(asked(method, query, is_upgrade), expected, "{method} {query}");
        }
    }

    #[test]
    fn only_names_that_we_give_lead_to_a_gateway() {
        for version in [Version::Three, Version::Four] {
            let sid = socket_id(&random::id(), 16, Speech::SocketIo(version));
            assert_eq!(gateway(&sid, 16), gateway_of(&sid));
        }
        assert_eq!(gateway("1039-0", 16), Some(1039));
        for odd in ["", "x", "15-0", "1040-0", "3072-0", "-1-0", "abcdefghijklmnopqrst"] {
            assert_eq!(gateway(odd, 16), None, "{odd}");
        }
        assert_eq!(gateway(&["1024-", &"0".repeat(60)].concat(), 16), None);
    }

    #[test]
    async fn a_refusal_is_that_of_engine_io() {
        let mut response = refusal(Problem::UnknownSid).unwrap();
        assert_eq!(response.status_code(), 400);
        assert_eq!(response.text().await.unwrap(), r#"{"code":1,"message":"Session ID unknown"}"#);
        assert_eq!(refusal(Problem::Forbidden).unwrap().status_code(), 403);
        assert_eq!(Problem::UnknownVersion as u8, 5);
    }

    #[test]
    fn the_path_is_ours_with_and_without_its_slash() {
        assert!(is_path("/socket.io/") && is_path("/socket.io"));
        assert!(!is_path("/socket.io/x") && !is_path("/socket.ioo") && !is_path("/"));
    }
}
