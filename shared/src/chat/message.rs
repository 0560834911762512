use serde::{Deserialize, Serialize};

use super::{MessageSource, MessageStatus, MessageType, SenderType};
use crate::{envelope::FieldError, time::Timestamp};

/// The longest text, in characters.
pub const MAX_CONTENT_CHARS: usize = 4_000;
/// The longest `temp_message_id`, in characters.
pub const MAX_TEMP_ID_CHARS: usize = 64;
/// The largest metadata, in bytes of its JSON.
pub const MAX_METADATA_BYTES: usize = 8 * 1024;

/// The deepest nesting of metadata: what every database's JSON column takes.
pub const MAX_METADATA_DEPTH: usize = 16;

/// A message as a client sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewMessage {
    /// Text, or the https address of a picture.
    #[cfg_attr(feature = "openapi", schema(max_length = 4000, pattern = r"\S"))]
    pub content: String,
    /// What it is: `text` or `image`.
    #[serde(default = "text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, extensions(("x-only" = json!(["text", "image"])))))]
    pub message_type: MessageType,
    /// The client's own id: the same id twice is the same message.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[!-~]{1,64}$"))]
    pub temp_message_id: Option<String>,
    /// The message that this one answers.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub reply_to_id: Option<i64>,
    /// What the client wants to keep with it: a JSON object.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

fn text() -> MessageType {
    MessageType::Text
}

/// What is wrong with a new message, field by field.
pub type MessageProblem = FieldError;

impl NewMessage {
    /// What is wrong with it; `image_hosts` are the hosts that pictures may come from.
    #[must_use]
    pub fn problems(&self, image_hosts: &[String]) -> Vec<MessageProblem> {
        let mut problems = self.own_problems();
        if self.message_type == MessageType::Image
            && !problems.iter().any(|problem| problem.field == "content")
            && !is_allowed_image(&self.content, image_hosts)
        {
            let message = "must be an https address of an allowed host";
            problems.push(FieldError::new("content", message));
        }
        problems
    }

    /// What is wrong with it wherever it is sent; which hosts pictures may come from is another question.
    #[must_use]
    pub fn own_problems(&self) -> Vec<MessageProblem> {
        let mut problems = Vec::new();
        let mut refuse = |field, message: &str| problems.push(FieldError::new(field, message));
        if self.content.trim().is_empty() {
            refuse("content", "must not be empty");
        } else if self.content.chars().count() > MAX_CONTENT_CHARS {
            refuse("content", "must be at most 4000 characters");
        }
        if self.message_type == MessageType::System {
            refuse("message_type", "must be text or image");
        }
        if let Some(id) = &self.temp_message_id
            && (id.is_empty()
                || id.len() > MAX_TEMP_ID_CHARS
                || !id.bytes().all(|b| b.is_ascii_graphic()))
        {
            refuse("temp_message_id", "must be 1 to 64 visible ASCII characters");
        }
        if self.reply_to_id.is_some_and(|id| id < 1) {
            refuse("reply_to_id", "must be a chat_message_id");
        }
        let metadata_bytes = self
            .metadata
            .as_ref()
            .map_or(0, |m| serde_json::to_vec(m).map_or(usize::MAX, |v| v.len()));
        if metadata_bytes > MAX_METADATA_BYTES {
            refuse("metadata", "must be at most 8192 bytes of JSON");
        } else if self
            .metadata
            .as_ref()
            .is_some_and(|m| m.values().any(|v| depth(v) >= MAX_METADATA_DEPTH))
        {
            refuse("metadata", "must be nested at most 16 deep");
        }
        problems
    }
}

/// How deep a value is nested; the parser has bounded it when it was read.
fn depth(value: &serde_json::Value) -> usize {
    let inner = match value {
        serde_json::Value::Array(items) => items.iter().map(depth).max(),
        serde_json::Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}

fn is_allowed_image(address: &str, hosts: &[String]) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str().is_some_and(|host| hosts.iter().any(|allowed| allowed == host))
    })
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sender {
    /// The person; `null` for the system and for users that are gone.
    pub user_id: Option<i64>,
    /// Display name; 系统 for the system, 已删除用户 for users that are gone.
    pub nickname: String,
}

impl Sender {
    /// How a stored sender is shown.
    #[must_use]
    pub fn shown(user_id: Option<i64>, nickname: Option<String>, source: MessageSource) -> Self {
        match (source, user_id, nickname) {
            (MessageSource::System, _, _) => Self { user_id: None, nickname: "系统".to_owned() },
            (_, Some(user_id), Some(nickname)) => Self { user_id: Some(user_id), nickname },
            (_, _, _) => Self { user_id: None, nickname: "已删除用户".to_owned() },
        }
    }
}

/// A stored message as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Key of the message.
    pub chat_message_id: i64,
    /// The conversation that it belongs to.
    pub customer_service_session_id: i64,
    /// Its place in the conversation, gapless from 1.
    pub seq: i64,
    /// Who wrote it.
    pub sender: Sender,
    /// The side that it comes from.
    pub sender_type: SenderType,
    /// The program that it comes from.
    pub message_source: MessageSource,
    /// Text, or the address of a picture.
    pub content: String,
    /// What it is.
    pub message_type: MessageType,
    /// How far it has come.
    pub status: MessageStatus,
    /// The message that this one answers.
    pub reply_to_id: Option<i64>,
    /// The sender's own id of it.
    pub temp_message_id: Option<String>,
    /// What the client keeps with it.
    pub metadata: Option<serde_json::Value>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

/// The last message of a conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastMessage {
    /// Key of the message.
    pub chat_message_id: i64,
    /// Text, or the address of a picture.
    pub content: String,
    /// The side that it comes from.
    pub sender_type: SenderType,
    /// When it was stored.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(content: &str, message_type: MessageType) -> NewMessage {
        NewMessage {
            content: content.into(),
            message_type,
            temp_message_id: None,
            reply_to_id: None,
            metadata: None,
        }
    }

    fn fields(message: &NewMessage) -> Vec<String> {
        message
            .problems(&["img.example.com".into()])
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn text_has_a_length_counted_in_characters() {
        assert!(fields(&message(&"好".repeat(4000), MessageType::Text)).is_empty());
        assert_eq!(fields(&message(&"好".repeat(4001), MessageType::Text)), ["content"]);
        assert_eq!(fields(&message(" \n", MessageType::Text)), ["content"]);
    }

    #[test]
    fn pictures_come_from_allowed_hosts_over_https() {
        assert!(fields(&message("https://img.example.com/a.png", MessageType::Image)).is_empty());
        for address in [
            "http://img.example.com/a.png",
            "https://evil.com/img.example.com",
            "https://img.example.com@evil.com/",
            "https://img.example.com.evil.com/",
            "https://u:p@img.example.com/",
            "javascript:alert(1)",
            "img.example.com",
        ] {
            assert_eq!(fields(&message(address, MessageType::Image)), ["content"], "{address}");
        }
    }

    #[test]
    fn clients_write_no_notices_and_keep_ids_and_metadata_small() {
        assert_eq!(fields(&message("x", MessageType::System)), ["message_type"]);
        for id in ["", "a b", "é", &"x".repeat(65)] {
            let mut bad = message("x", MessageType::Text);
            bad.temp_message_id = Some(id.into());
            assert_eq!(fields(&bad), ["temp_message_id"], "{id:?}");
        }
        let mut bad = message("x", MessageType::Text);
        bad.metadata = Some([("k".to_owned(), "v".repeat(9000).into())].into_iter().collect());
        bad.reply_to_id = Some(0);
        assert_eq!(fields(&bad), ["reply_to_id", "metadata"]);
    }

    #[test]
    fn senders_that_are_gone_and_the_system_have_names() {
        let shown = |id, name: Option<&str>, source| {
            Sender::shown(id, name.map(Into::into), source).nickname
        };
        assert_eq!(shown(Some(1), Some("小明"), MessageSource::UserClient), "小明");
        assert_eq!(shown(Some(1), None, MessageSource::UserClient), "已删除用户");
        assert_eq!(shown(None, None, MessageSource::System), "系统");
    }
}
