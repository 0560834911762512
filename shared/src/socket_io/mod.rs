//! What Socket.IO clients speak: Engine.IO packets ([`engine`]), several of them in an HTTP body
//! ([`payload`]), and the Socket.IO packets in their messages ([`packet`]). Pure: text in, text out.
//!
//! Two generations are out there: Engine.IO 4 with Socket.IO 5 (`socket.io-client` 3 and 4), and
//! Engine.IO 3 with Socket.IO 4 (`socket.io-client` 1 and 2, and what was made of them for mini-programs).

pub mod engine;
pub mod packet;
pub mod payload;

/// What was sent is no packet, or is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no packet")]
pub struct Malformed;

/// Digits alone, as a number: no sign, no space.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// A parameter of a query, as it stands there: what we look for needs no escapes. Of several, the first.
#[must_use]
pub fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))
}
