//! The wire of clients that speak our frames plainly: texts of JSON, and `ping`.

use shared::{
    chat::event::{
        ClientEvent, ClientFrame, Credentials, FrameRefused, MAX_FRAME_BYTES, PING, PONG,
    },
    error::ErrorCode,
};
use worker::{WebSocket, WebSocketIncomingMessage};

use crate::chat::sockets::{self, MAX_BUFFERED};

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// That it is there: to be answered with this.
    Heartbeat(&'static str),
    /// Whose it is, and where it wants an answer, the number that this carries.
    Authenticate(Credentials, Option<u64>),
    /// Something for its room.
    Frame(String),
}

/// Reads a message. What a client says once it `has_asked` to be let in is its room's to read.
///
/// # Errors
/// What is not acted on; `TOKEN_MISSING` where it must say first whose it is.
pub fn read(message: WebSocketIncomingMessage, has_asked: bool) -> Result<Said, FrameRefused> {
    let refused = |code, ack| Err(FrameRefused { code, ack });
    let WebSocketIncomingMessage::String(text) = message else {
        return refused(ErrorCode::BadRequest, None);
    };
    if text == PING {
        return Ok(Said::Heartbeat(PONG));
    }
    if has_asked {
        return match text.len() {
            0..=MAX_FRAME_BYTES => Ok(Said::Frame(text)),
            _ => refused(ErrorCode::PayloadTooLarge, None),
        };
    }
    match ClientFrame::parse(&text)? {
        ClientFrame { event: ClientEvent::Authenticate(credentials), ack } => {
            Ok(Said::Authenticate(credentials, ack))
        }
        ClientFrame { ack, .. } => refused(ErrorCode::TokenMissing, ack),
    }
}

/// Sends a frame; `false` where the reader is too slow for it.
pub fn send(socket: &WebSocket, frame: &str) -> bool {
    let is_slow = socket.as_ref().buffered_amount() > MAX_BUFFERED;
    if !is_slow {
        // An error says that the socket has closed meanwhile; its end is told elsewhere.
        let _ = socket.send_with_str(frame);
    }
    !is_slow
}

/// Closes a socket with a code.
pub fn close(socket: &WebSocket, code: ErrorCode) {
    sockets::close(socket, code);
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn said(text: &str, has_asked: bool) -> Result<Said, (ErrorCode, Option<u64>)> {
        read(WebSocketIncomingMessage::String(text.to_owned()), has_asked)
            .map_err(|refused| (refused.code, refused.ack))
    }

    #[test]
    fn nothing_but_a_token_is_heard_first() {
        let token = Credentials { token: "a.b.c".to_owned() };
        assert_eq!(
            said(r#"{"event":"authenticate","data":{"token":"a.b.c"},"ack":1}"#, false),
            Ok(Said::Authenticate(token, Some(1)))
        );
        assert_eq!(said("ping", false), Ok(Said::Heartbeat("pong")));
        let typing = r#"{"event":"typing","data":{"customer_service_session_id":1,"is_typing":true},"ack":7}"#;
        for (text, code, ack) in [
            (typing, ErrorCode::TokenMissing, Some(7)),
            (
                r#"{"event":"reauthenticate","data":{"token":"a.b.c"}}"#,
                ErrorCode::TokenMissing,
                None,
            ),
            (r#"{"event":"authenticate"}"#, ErrorCode::ValidationFailed, None),
            (r#"{"event":"authenticate","data":{"token":7}}"#, ErrorCode::ValidationFailed, None),
            ("{", ErrorCode::BadRequest, None),
            ("", ErrorCode::BadRequest, None),
        ] {
            assert_eq!(said(text, false), Err((code, ack)), "{text}");
        }
        let long = " ".repeat(MAX_FRAME_BYTES + 1);
        assert_eq!(said(&long, false), Err((ErrorCode::PayloadTooLarge, None)));
    }

    #[test]
    fn later_frames_are_the_rooms_within_the_limit() {
        assert_eq!(said("whatever", true), Ok(Said::Frame("whatever".to_owned())));
        assert_eq!(said("ping", true), Ok(Said::Heartbeat("pong")));
        let long = " ".repeat(MAX_FRAME_BYTES + 1);
        assert_eq!(said(&long, true), Err((ErrorCode::PayloadTooLarge, None)));
        let bytes = WebSocketIncomingMessage::Binary(vec![0, 159]);
        assert_eq!(read(bytes, true).unwrap_err().code, ErrorCode::BadRequest);
    }
}
