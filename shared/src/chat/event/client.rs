use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{MAX_FRAME_BYTES, MAX_RESUMED};
use crate::{
    chat::{MessageType, NewMessage},
    error::ErrorCode,
};

/// A frame from a client: `{"event":"send_message","data":{…},"ack":7}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// What the client wants.
    pub event: ClientEvent,
    /// Where the client wants an answer: the number that it carries.
    pub ack: Option<u64>,
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// `send_message`
    SendMessage(SendMessage),
    /// `mark_read`
    MarkRead(MarkRead),
    /// `typing`
    Typing(Typing),
    /// `resume`
    Resume(Resume),
    /// `reauthenticate`: a fresh token of the same session, in place.
    Reauthenticate(Credentials),
    /// `authenticate`: the first frame of a socket that came without a token.
    Authenticate(Credentials),
}

/// Data of `mark_read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// The newest message that is read.
    pub chat_message_id: i64,
}

/// Data of `typing`, as a client sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// Whether the sender types, or has stopped.
    pub is_typing: bool,
}

/// Data of `resume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// At most [`MAX_RESUMED`].
    pub conversations: Vec<Position>,
}

/// How far a client has come in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The conversation.
    pub customer_service_session_id: i64,
    /// The `seq` of the last message that it has without a gap before it; 0 for none.
    pub seq: i64,
}

/// Data of `authenticate` and `reauthenticate`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// An access token.
    pub token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Data of `send_message`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "FlatMessage")]
pub struct SendMessage {
    /// The conversation to write into.
    pub customer_service_session_id: i64,
    /// What to write.
    pub message: NewMessage,
}

/// A message to send as it travels: all members beside each other. Named one by one, since
/// `serde(flatten)` would read everything twice.
#[derive(Deserialize)]
struct FlatMessage {
    customer_service_session_id: i64,
    content: String,
    #[serde(default = "text")]
    message_type: MessageType,
    #[serde(default)]
    temp_message_id: Option<String>,
    #[serde(default)]
    reply_to_id: Option<i64>,
    #[serde(default)]
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

const fn text() -> MessageType {
    MessageType::Text
}

impl From<FlatMessage> for SendMessage {
    fn from(flat: FlatMessage) -> Self {
        let FlatMessage { content, message_type, temp_message_id, reply_to_id, metadata, .. } =
            flat;
        let message = NewMessage { content, message_type, temp_message_id, reply_to_id, metadata };
        Self { customer_service_session_id: flat.customer_service_session_id, message }
    }
}

/// A frame that is not acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRefused {
    /// What the client is told.
    pub code: ErrorCode,
    /// The number of the answer, where the frame got as far as saying one.
    pub ack: Option<u64>,
}

impl ClientFrame {
    /// Reads a text frame.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE` over 64 KiB, `BAD_REQUEST` where it is no frame, `VALIDATION_FAILED`
    /// where the event or its data is not one of ours.
    pub fn parse(text: &str) -> Result<Self, FrameRefused> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            event: String,
            #[serde(default, borrow)]
            data: Option<&'a RawValue>,
            #[serde(default)]
            ack: Option<u64>,
        }
        let refused = |code, ack| FrameRefused { code, ack };
        if text.len() > MAX_FRAME_BYTES {
            return Err(refused(ErrorCode::PayloadTooLarge, None));
        }
        let raw: Raw = serde_json::from_slice(text.as_bytes())
            .map_err(|_| refused(ErrorCode::BadRequest, None))?;
        let invalid = |_| refused(ErrorCode::ValidationFailed, raw.ack);
        let data = raw.data.map_or("null", RawValue::get);
        let event = ClientEvent::parse(&raw.event, data).map_err(invalid)?;
        Ok(Self { event, ack: raw.ack })
    }
}

impl ClientEvent {
    /// Reads an event by its name and data (JSON), whatever frame they came in.
    ///
    /// # Errors
    /// Where there is no such event, or the data is not its own.
    pub fn parse(event: &str, data: &str) -> serde_json::Result<Self> {
        let data = data.as_bytes();
        match event {
            "send_message" => serde_json::from_slice(data).map(Self::SendMessage),
            "mark_read" => serde_json::from_slice(data).map(Self::MarkRead),
            "typing" => serde_json::from_slice(data).map(Self::Typing),
            "resume" => serde_json::from_slice::<Resume>(data).and_then(|resume| {
                if resume.conversations.len() > MAX_RESUMED {
                    return Err(serde::de::Error::custom("too many conversations"));
                }
                Ok(Self::Resume(resume))
            }),
            "reauthenticate" => serde_json::from_slice(data).map(Self::Reauthenticate),
            "authenticate" => serde_json::from_slice(data).map(Self::Authenticate),
            _ => Err(serde::de::Error::custom("no such event")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_event_with_data_and_perhaps_an_ack() {
        let frame = ClientFrame::parse(
            r#"{"event":"send_message","data":{"customer_service_session_id":1882,"content":"hi","temp_message_id":"t1"},"ack":7}"#,
        )
        .unwrap();
        let ClientEvent::SendMessage(sent) = frame.event else { panic!("{frame:?}") };
        assert_eq!(frame.ack, Some(7));
        assert_eq!((sent.customer_service_session_id, sent.message.content.as_str()), (1882, "hi"));
        assert_eq!(sent.message.message_type, MessageType::Text);
    }

    #[test]
    fn hostile_frames_get_a_code_and_their_ack_back() {
        let refused = |text: &str| {
            let refused = ClientFrame::parse(text).unwrap_err();
            (refused.code, refused.ack)
        };
        assert_eq!(refused(""), (ErrorCode::BadRequest, None));
        assert_eq!(refused("[]"), (ErrorCode::BadRequest, None));
        assert_eq!(refused(r#"{"event":7}"#), (ErrorCode::BadRequest, None));
        assert_eq!(refused(r#"{"event":"x","ack":-1}"#), (ErrorCode::BadRequest, None));
        assert_eq!(refused(&"[".repeat(60_000)), (ErrorCode::BadRequest, None));
        assert_eq!(refused(&" ".repeat(MAX_FRAME_BYTES + 1)), (ErrorCode::PayloadTooLarge, None));
        assert_eq!(
            refused(r#"{"event":"drop_tables","ack":3}"#),
            (ErrorCode::ValidationFailed, Some(3))
        );
        assert_eq!(
            refused(r#"{"event":"send_message","ack":3}"#),
            (ErrorCode::ValidationFailed, Some(3))
        );
        assert_eq!(
            refused(
                r#"{"event":"send_message","data":{"customer_service_session_id":"undefined","content":"x"}}"#
            ),
            (ErrorCode::ValidationFailed, None)
        );
    }
}
