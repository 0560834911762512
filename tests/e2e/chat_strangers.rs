//! What a socket may not touch: every event, from a stranger and from another's agent.

use serde_json::{Value, json};
use shared::user::Role;
use tests::{
    both_databases,
    chat::{Probe, scene::Pair},
    system::System,
};
use tokio::time::{Duration, sleep};

both_databases!(run by tests::system::run: strangers_reach_nothing_of_another_conversation);

async fn strangers_reach_nothing_of_another_conversation(system: System) {
    let pair = Pair::meet(&system).await;
    let mut user = Probe::open(&pair.user_account(&system)).await;
    let mut agent = Probe::open(&pair.agent_account(&system)).await;
    user.say(pair.conversation, "of the user", "u-1");
    agent.message("of the user").await;
    agent.say(pair.conversation, "of the agent", "a-1");
    let (_, newest) = user.message("of the agent").await;
    let before = delivered(&system, pair.conversation).await;

    for (who, role) in [("a stranger", Role::User), ("another agent", Role::Agent)] {
        let client = system.person(who, role).await;
        let mut theirs = Probe::open(&system.account(&client)).await;
        let id = pair.conversation;
        let events = [
            (
                "send_message",
                json!({ "customer_service_session_id": id, "content": "let me in", "temp_message_id": "x" }),
            ),
            (
                "send_message",
                json!({ "customer_service_session_id": id, "content": "of the user", "temp_message_id": "u-1" }),
            ),
            (
                "mark_read",
                json!({ "customer_service_session_id": id, "chat_message_id": newest["chat_message_id"] }),
            ),
            ("typing", json!({ "customer_service_session_id": id, "is_typing": true })),
            (
                "resume",
                json!({ "conversations": [{ "customer_service_session_id": id, "seq": 0 }] }),
            ),
            ("reauthenticate", json!({ "token": pair.user.token })),
            ("authenticate", json!({ "token": pair.user.token })),
        ];
        for (event, data) in events {
            if theirs.is_over() {
                theirs = Probe::open(&system.account(&client)).await;
            }
            let ack = theirs.emit(event, &data);
            assert_refused(&mut theirs, who, event, ack).await;
        }
        assert!(theirs.messages().is_empty(), "{who} has read something");
        // It is a socket as good as any other, for what is its own.
        let own = Pair::meet(&system).await;
        let mut own_socket = Probe::open(&own.user_account(&system)).await;
        own_socket.say(own.conversation, "mine", "m");
        own_socket.message("mine").await;
    }

    // All of that would have been told before this.
    user.say(pair.conversation, "still here", "u-2");
    agent.message("still here").await;
    agent.say(pair.conversation, "so am I", "a-2");
    for probe in [&user, &agent] {
        // A sender's own `message_sent` may come after the other side's answer to it.
        probe.message("still here").await;
        probe.message("so am I").await;
        let seqs: Vec<_> = probe.messages().into_iter().map(|(_, seq)| seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
        assert!(probe.seen("typing").is_empty() && probe.seen("messages_read").is_empty());
    }
    let after = delivered(&system, pair.conversation).await;
    assert_eq!(after[..before.len()], before);
}

async fn assert_refused(probe: &mut Probe, who: &str, event: &str, ack: u64) {
    if !probe.answered_or_over(ack).await {
        return;
    }
    match (event, probe.answer(ack).await) {
        ("send_message", Ok(taken)) => {
            // Accepted is not stored: the origin decides, and says so.
            assert_eq!(taken["status"], "sending", "{who}");
            let failed = probe.event("message_failed", |_| true).await;
            assert_eq!(failed["code"], "NOT_FOUND", "{who}: {failed}");
        }
        ("mark_read", Ok(taken)) => {
            assert_eq!(taken["status"], "accepted", "{who}");
            assert_eq!(probe.event("error", |_| true).await["code"], "NOT_FOUND", "{who}");
        }
        ("resume", Ok(_)) => {
            let resumed = probe.event("resumed", |_| true).await;
            assert_eq!(resumed["conversations"], json!([]), "{who}");
        }
        ("reauthenticate" | "authenticate", Err(_)) => {}
        (_, Err(code)) => assert_eq!(code, "NOT_FOUND", "{who}: {event}"),
        (_, Ok(taken)) => panic!("{who} may {event}: {taken}"),
    }
}

/// The rows of the conversation, once all of them are delivered.
async fn delivered(system: &System, conversation: i64) -> Vec<Value> {
    let query = format!(
        "SELECT CAST(JSON_OBJECT('seq', seq, 'status', status, 'content', content, 'sender_id', sender_id) AS CHAR)
         FROM chat_messages WHERE customer_service_session_id = {conversation} ORDER BY seq"
    );
    for _ in 0..300 {
        let rows = system.texts(&query).await;
        let rows: Vec<Value> =
            rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect();
        if rows.iter().all(|row| row["status"] == "delivered") {
            return rows;
        }
        assert!(rows.iter().all(|row| row["status"] != "read"), "{rows:?}");
        sleep(Duration::from_millis(100)).await;
    }
    panic!("what was sent is not noted as delivered");
}
