//! The handshake of a chat socket: the same checks as a write, before the upgrade.

use std::{borrow::Cow, rc::Rc};

use shared::{
    chat::{
        event::BEARER_PROTOCOL,
        gateway::{Speech, socket_id},
        room::{Room, SocketOwner},
    },
    error::{ErrorCode, Language},
    token::Claims,
    web_origin::WebOrigin,
};
use worker::Response;

use crate::{
    auth,
    call::{Call, Work},
    chat::{gateway, rooms},
    liveness, random,
    refused::Refused,
};

/// The header in which browsers, which can set no other, offer their token.
const PROTOCOL_HEADER: &str = "sec-websocket-protocol";

/// Lets a live session's socket into its room.
pub async fn open(call: &Call<'_>, origin: Option<&str>) -> Result<Response, Refused> {
    if !call.header("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")) {
        return Err(ErrorCode::BadRequest.into());
    }
    if is_foreign(call, origin) {
        return Err(ErrorCode::CsrfRejected.into());
    }
    let (authorization, protocols) = (call.header("authorization"), call.header(PROTOCOL_HEADER));
    let offered = protocols.as_deref().and_then(offered_token);
    let token = match (&authorization, offered) {
        (None, None) => return at_a_gateway(call).await,
        (None, Some(offered)) => offered?,
        _ => auth::bearer(authorization.as_deref())?,
    };
    let claims = admit(token, call.work()).await?;

    let owner = owner(&claims, random::id(), call.language);
    let room = Room::of(claims.user_id, claims.user_type, call.config.desk_shards);
    let response = Response::from_websocket(rooms::connect(call.env, room, &owner).await?)?;
    if offered.is_some() {
        response.headers().set(PROTOCOL_HEADER, BEARER_PROTOCOL)?;
    }
    Ok(response)
}

/// Whether a page asks that may not. Browsers let any page open a socket anywhere and only say which
/// page it is (RFC 6455, 10.2).
pub fn is_foreign(call: &Call<'_>, origin: Option<&str>) -> bool {
    origin.is_some_and(|origin| {
        !call.config.allowed_origins.contains(origin)
            && !is_own_origin(origin, &call.request.inner().url())
    })
}

/// Whether whoever holds this token may have a socket: one way for handshakes, and for what clients
/// send in their place or after.
///
/// # Errors
/// As [`auth::verify`] and [`liveness::check_socket`] say.
pub async fn admit(token: &str, work: Work<'_>) -> Result<Rc<Claims>, Refused> {
    let claims = auth::verify(token, work).await?;
    liveness::check_socket(work, &claims).await?;
    Ok(claims)
}

/// Whose socket it is, as its token says.
pub fn owner(claims: &Claims, socket_id: String, language: Language) -> SocketOwner {
    SocketOwner {
        socket_id,
        user_id: claims.user_id,
        user_type: claims.user_type,
        session_token: claims.session_token.clone(),
        token_expires_at: auth::ends_at(claims),
        language,
    }
}

/// Lets a socket wait for its token, which is to come as its first frame.
async fn at_a_gateway(call: &Call<'_>) -> Result<Response, Refused> {
    let socket_id = socket_id(&random::id(), call.config.gateways, Speech::Frames);
    let language = call.header("accept-language").unwrap_or_default();
    Ok(Response::from_websocket(gateway::open(call.env, &socket_id, &language).await?)?)
}

/// Whether `origin` is that of `url` itself, as clients that are no browsers like to say; some name
/// the scheme of the socket.
fn is_own_origin(origin: &str, url: &str) -> bool {
    let origin = match origin.strip_prefix("ws") {
        Some(rest) => Cow::Owned(format!("http{rest}")),
        None => Cow::Borrowed(origin),
    };
    let rest = url.strip_prefix(&*origin).filter(|_| WebOrigin::parse(&origin).is_some());
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// The token of `bearer, <token>`; `None` where that protocol is not offered.
fn offered_token(protocols: &str) -> Option<Result<&str, ErrorCode>> {
    let mut protocols = protocols.split(',').map(str::trim);
    protocols.find(|protocol| *protocol == BEARER_PROTOCOL)?;
    Some(protocols.next().filter(|token| !token.is_empty()).ok_or(ErrorCode::TokenMalformed))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_own_origin_is_the_whole_origin() {
        let is_own =
            |origin| is_own_origin(origin, "https://api.example.com:8443/im?x=https://evil.com/");
        assert!(is_own("https://api.example.com:8443"));
        assert!(is_own("wss://api.example.com:8443"));
        for foreign in [
            "http://api.example.com:8443",
            "ws://api.example.com:8443",
            "https://api.example.com",
            "https://api",
            "https:",
            "https:/",
            "wss:",
            "ws",
            "null",
            "",
            "https://evil.com",
        ] {
            assert!(!is_own(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_browsers_token_follows_the_name_of_the_protocol() {
        assert_eq!(offered_token("bearer, a.b.c"), Some(Ok("a.b.c")));
        assert_eq!(offered_token("chat,bearer,a.b.c"), Some(Ok("a.b.c")));
        assert_eq!(offered_token("bearer"), Some(Err(ErrorCode::TokenMalformed)));
        assert_eq!(offered_token("bearer, "), Some(Err(ErrorCode::TokenMalformed)));
        assert_eq!(offered_token("a.b.c"), None);
        assert_eq!(offered_token(""), None);
    }
}
