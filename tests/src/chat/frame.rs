//! Frames as a client writes and reads them.

use serde_json::{Value, json};

/// A client's frame.
#[must_use]
pub fn event(name: &str, data: &Value, ack: Option<u64>) -> String {
    let mut frame = json!({ "event": name, "data": data });
    if let Some(ack) = ack {
        frame["ack"] = ack.into();
    }
    frame.to_string()
}

/// `send_message`.
#[must_use]
pub fn send_message(conversation: i64, content: &str, temp_id: &str, ack: u64) -> String {
    let data = json!({
        "customer_service_session_id": conversation, "content": content, "message_type": "text",
        "temp_message_id": temp_id,
    });
    event("send_message", &data, Some(ack))
}

/// `resume`, from these positions: conversation and the last `seq` that is there without a gap.
#[must_use]
pub fn resume(positions: &[(i64, i64)], ack: u64) -> String {
    let conversations: Vec<_> = positions
        .iter()
        .map(|(id, seq)| json!({ "customer_service_session_id": id, "seq": seq }))
        .collect();
    event("resume", &json!({ "conversations": conversations }), Some(ack))
}

/// What a server's frame is.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// `{"event":…,"data":…}`
    Event(String, Value),
    /// `{"ack":…,"data":…}`
    Done(u64, Value),
    /// `{"ack":…,"error":…}`: the code.
    NotDone(u64, String),
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// What is wrong with it: the server has no other forms.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut frame: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let members: Vec<_> =
            frame.as_object().ok_or("no object")?.keys().map(String::as_str).collect();
        match members.as_slice() {
            ["data", "event"] => {
                let name = frame["event"].as_str().ok_or("an event without a name")?.to_owned();
                Ok(Self::Event(name, frame["data"].take()))
            }
            ["ack", "data"] => {
                let ack = frame["ack"].as_u64().ok_or("an ack that is no number")?;
                Ok(Self::Done(ack, frame["data"].take()))
            }
            ["ack", "error"] => {
                let ack = frame["ack"].as_u64().ok_or("an ack that is no number")?;
                let code = frame["error"]["code"].as_str().ok_or("an error without a code")?;
                if frame["error"]["message"].as_str().is_none_or(str::is_empty) {
                    return Err("an error without a message".to_owned());
                }
                Ok(Self::NotDone(ack, code.to_owned()))
            }
            other => Err(format!("members {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_one_of_three_forms() {
        let read = |text: &str| Frame::read(text);
        assert_eq!(
            read(r#"{"event":"typing","data":{"a":1}}"#).unwrap(),
            Frame::Event("typing".into(), json!({ "a": 1 }))
        );
        assert_eq!(read(r#"{"ack":7,"data":{}}"#).unwrap(), Frame::Done(7, json!({})));
        assert_eq!(
            read(r#"{"ack":7,"error":{"code":"NOT_FOUND","message":"m"}}"#).unwrap(),
            Frame::NotDone(7, "NOT_FOUND".into())
        );
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"event":1,"data":{}}"#,
            r#"{"ack":"7","data":{}}"#,
            r#"{"ack":7,"error":{}}"#,
            r#"{"ack":7,"error":{"code":"X"}}"#,
            r#"{"ack":7,"data":{},"error":{}}"#,
            r#"{"event":"x","data":{},"ack":1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_what_the_server_reads() {
        let text = send_message(5, "hi", "t-1", 3);
        let frame = shared::chat::event::ClientFrame::parse(&text).unwrap();
        assert_eq!(frame.ack, Some(3));
    }
}
