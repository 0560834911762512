mod close;
mod conversations;
mod day;
mod marks;
mod messages;
mod permissions;
mod replay;
mod sockets;
mod staff;
mod telling;

use serde_json::{Value, json};
use shared::{route, time::Timestamp};
use tests::{LoggedIn, Reply, TestApp};

use crate::internal::{call, session_token};

/// Begins a conversation, or gets the one that is open.
pub async fn begin(client: &LoggedIn<'_>) -> i64 {
    let begun = client.post(route::CHAT_SESSIONS, &json!({})).await;
    begun.data()["customer_service_session_id"].as_i64().expect("a number")
}

/// A message as a room hands it on.
pub fn from_socket(session_token: &str, at: Timestamp, id: i64, message: &Value) -> Value {
    json!({
        "sender": { "session_token": session_token, "at": at },
        "customer_service_session_id": id,
        "message": message,
        "language": "en",
    })
}

/// Hands messages to the origin as a room does, all of one client and now; the outcomes.
pub async fn hand_on(
    app: &TestApp,
    client: &LoggedIn<'_>,
    id: i64,
    messages: &[Value],
) -> Vec<Value> {
    let token = session_token(app, client);
    let now = app.app.ambient.now();
    let messages: Vec<_> =
        messages.iter().map(|message| from_socket(&token, now, id, message)).collect();
    outcomes(&call(app, route::INTERNAL_MESSAGES, &json!({ "messages": messages })).await)
}

/// What became of each.
pub fn outcomes(reply: &Reply) -> Vec<Value> {
    reply.data()["outcomes"].as_array().expect("outcomes").clone()
}

/// `seq 3`, or the code of what failed or is to come again.
pub fn told(outcome: &Value) -> String {
    if let Some(later) = outcome["later"].as_str() {
        return format!("later {later}");
    }
    match outcome["failed"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None => format!("seq {}", outcome["stored"]["message"]["seq"]),
    }
}
