//! What is typed into a terminal, and what is shown there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::LetterState;

/// What a typed line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// An empty line.
    Nothing,
    /// A message.
    Say(String),
    /// `/list`
    List,
    /// `/accept`
    Accept(i64),
    /// `/use`
    Use(i64),
    /// `/close`
    Close,
    /// `/read`
    Read,
    /// `/help`
    Help,
    /// `/quit`
    Quit,
    /// Nothing that there is; what to say to it.
    Unclear(&'static str),
}

/// What can be typed.
pub const HELP: &str = "\
  a line        is sent to the conversation
  /list         the conversations
  /accept 1882  takes one that waits (agents)
  /use 1882     goes over to one
  /read         marks all of it as read
  /close        ends it
  /quit         leaves";

impl Typed {
    /// Reads a line.
    #[must_use]
    pub fn read(line: &str) -> Self {
        let line = line.trim();
        let Some(command) = line.strip_prefix('/') else {
            return if line.is_empty() { Self::Nothing } else { Self::Say(line.to_owned()) };
        };
        // A message may begin with a slash, too: the second one is then meant.
        if command.starts_with('/') {
            return Self::Say(command.to_owned());
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let key = || rest.trim().parse().ok().filter(|key| *key > 0);
        match (name, rest.trim()) {
            ("list", "") => Self::List,
            ("close", "") => Self::Close,
            ("read", "") => Self::Read,
            ("help", "") => Self::Help,
            ("quit", "") => Self::Quit,
            ("accept", _) => key().map_or(Self::Unclear("/accept takes a number"), Self::Accept),
            ("use", _) => key().map_or(Self::Unclear("/use takes a number"), Self::Use),
            _ => Self::Unclear("no such command; /help shows them"),
        }
    }
}

/// How far a letter has come.
#[must_use]
pub fn progress(state: &LetterState) -> String {
    match state {
        LetterState::Queued => "waits".to_owned(),
        LetterState::Unacked => "on its way".to_owned(),
        LetterState::Sending => "sending".to_owned(),
        LetterState::Sent(seq) => format!("sent as {seq}"),
        LetterState::Failed(code) => format!("not sent ({code})"),
    }
}

/// A message of somebody, as it is shown.
#[must_use]
pub fn line(message: &Value, user_id: i64) -> String {
    let name = message["sender_name"].as_str().or_else(|| message["sender"]["nickname"].as_str());
    let is_own = message["sender_id"] == user_id;
    let (mark, name) = (if is_own { ">" } else { "<" }, name.unwrap_or("?"));
    let content = message["content"].as_str().unwrap_or_default();
    format!("{mark} {} {name}: {}", message["seq"], visible(content))
}

/// A text that a terminal shows and does not obey.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A conversation in a list.
#[must_use]
pub fn summary(conversation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!(
        "{}  {}  {}  {}  unread {}",
        conversation["customer_service_session_id"],
        text(&conversation["status"]),
        visible(&text(&conversation["user"]["nickname"])),
        visible(&text(&conversation["last_message"]["content"])),
        conversation["unread_count"],
    )
}

/// What an event says to a person; nothing where it is of no use to one.
#[must_use]
pub fn told(name: &str, data: &Value, written: &BTreeMap<i64, String>) -> Option<String> {
    let who = &data["user_id"];
    Some(match name {
        "typing" if data["is_typing"] == true => format!("{who} is typing…"),
        "typing" => format!("{who} has stopped typing"),
        "presence" if data["is_online"] == true => format!("user {who} is there"),
        "presence" => format!("user {who} has gone"),
        "messages_read" => format!("{who} has read up to {}", data["seq"]),
        "message_status" => {
            let keys = data["chat_message_ids"].as_array().into_iter().flatten();
            let texts: Vec<_> =
                keys.filter_map(Value::as_i64).filter_map(|key| written.get(&key)).collect();
            let last = texts.last()?;
            format!("{}: {last}", data["status"].as_str().unwrap_or_default())
        }
        "conversation_updated" => format!(
            "conversation {} is {}, agent {}",
            data["customer_service_session_id"],
            data["status"].as_str().unwrap_or("-"),
            data["admin"]["nickname"].as_str().unwrap_or("-"),
        ),
        "queue_updated" => {
            let keys = data["waiting"].as_array().into_iter().flatten();
            let keys: Vec<_> =
                keys.map(|one| one["customer_service_session_id"].to_string()).collect();
            format!("{} wait: {}", data["total"], keys.join(", "))
        }
        "security_alert" => "someone has logged in to this account from elsewhere".to_owned(),
        "session_expiring" => "the session ends soon".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_a_message_unless_it_is_a_command() {
        let say = |text: &str| Typed::Say(text.to_owned());
        for (line, typed) in [
            ("", Typed::Nothing),
            ("   ", Typed::Nothing),
            ("在吗？", say("在吗？")),
            ("  hi  ", say("hi")),
            ("a / b", say("a / b")),
            ("//quit", say("/quit")),
            ("/list", Typed::List),
            (" /quit ", Typed::Quit),
            ("/read", Typed::Read),
            ("/close", Typed::Close),
            ("/help", Typed::Help),
            ("/accept 1882", Typed::Accept(1882)),
            ("/accept\t 7", Typed::Accept(7)),
            ("/use 3", Typed::Use(3)),
        ] {
            assert_eq!(Typed::read(line), typed, "{line:?}");
        }
        for line in [
            "/",
            "/accept",
            "/accept x",
            "/accept -1",
            "/use 0",
            "/accept 1 2",
            "/list 1",
            "/QUIT",
            "/quit now",
        ] {
            assert!(matches!(Typed::read(line), Typed::Unclear(_)), "{line:?}");
        }
    }

    #[test]
    fn events_are_told_and_texts_do_not_move_the_cursor() {
        let written = BTreeMap::from([(5, "hi".to_owned())]);
        let status = json!({ "chat_message_ids": [4, 5], "status": "delivered" });
        assert_eq!(told("message_status", &status, &written).unwrap(), "delivered: hi");
        assert_eq!(told("message_status", &json!({ "chat_message_ids": [4] }), &written), None);
        assert_eq!(told("connected", &json!({}), &written), None);
        let message =
            json!({ "seq": 3, "sender_id": 31, "sender_name": "小明", "content": "a\u{1b}[2Jb" });
        assert_eq!(line(&message, 31), "> 3 小明: a\u{fffd}[2Jb");
        assert!(line(&message, 2).starts_with('<'));
    }
}
