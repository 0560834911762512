//! What is true of the database at any time, whoever was killed.

use std::{collections::BTreeSet, sync::Mutex};

use shared::session::SessionHash;

use super::{
    ALLOWED, Told,
    listener::{Heard, Listener},
};
use crate::system::System;

pub(super) struct Invariants {
    /// What each says, and the query that reads who breaks it.
    queries: Vec<(&'static str, String)>,
    sessions_after: i64,
    messages_after: i64,
}

async fn newest(system: &System, key: &str, table: &str) -> i64 {
    let query = format!("SELECT CAST(COALESCE(MAX({key}), 0) AS CHAR) FROM {table}");
    system.texts(&query).await[0].parse().expect("a key")
}

impl Invariants {
    /// The rules for all that is written from now on: the demo data tells of a day long past.
    pub async fn from_now(system: &System) -> Self {
        let sessions_after =
            newest(system, "authentication_session_id", "authentication_sessions").await;
        let messages_after = newest(system, "chat_message_id", "chat_messages").await;
        let session = "CAST(s.authentication_session_id AS CHAR)";
        let sessions = format!(
            "FROM authentication_sessions s WHERE s.authentication_session_id > {sessions_after}"
        );
        let events = |kinds: &str| {
            format!(
                "(SELECT COUNT(*) FROM audit_events e WHERE e.event IN ({kinds})
                  AND e.authentication_session_id = s.authentication_session_id)"
            )
        };
        let conversation = "CAST(c.customer_service_session_id AS CHAR)";
        let rules = [
            ("no user has more live sessions than are allowed", format!(
                "SELECT CAST(user_id AS CHAR) FROM authentication_sessions
                 WHERE is_active = 1 AND client_type = 'app' GROUP BY user_id HAVING COUNT(*) > {ALLOWED}")),
            ("a session that has ended has a reason and a time, and a live one has neither", format!(
                "SELECT {session} {sessions} AND
                 CASE WHEN s.is_active = 1 THEN s.end_reason IS NOT NULL OR s.ended_at IS NOT NULL
                      ELSE s.end_reason IS NULL OR s.ended_at IS NULL END")),
            ("of each end there is one audit event", format!(
                "SELECT {session} {sessions} AND {} <> CASE WHEN s.is_active = 1 THEN 0 ELSE 1 END",
                events("'session_ended'"))),
            ("of each log-in that opened a session there is one audit event", format!(
                "SELECT {session} {sessions} AND s.client_type = 'app' AND {} <> 1", events("'logged_in'"))),
            ("a session was replaced by one that there is", format!(
                "SELECT {session} {sessions} AND s.end_reason = 'REPLACED' AND NOT EXISTS
                 (SELECT 1 FROM authentication_sessions b WHERE b.authentication_session_id = s.ended_by_session_id)")),
            ("nobody steals", format!("SELECT {session} {sessions} AND s.end_reason = 'REUSE_DETECTED'")),
            ("a session has one family of refresh tokens that is not retired", format!(
                "SELECT {session} {sessions} AND (SELECT COUNT(DISTINCT r.family) FROM refresh_tokens r
                 WHERE r.authentication_session_id = s.authentication_session_id AND r.retired_at IS NULL) <> 1")),
            ("of a family the newest generation alone is unused, and none is left out", format!(
                "SELECT r.family FROM refresh_tokens r WHERE r.authentication_session_id > {sessions_after}
                 GROUP BY r.family HAVING COUNT(*) <> MAX(r.generation) + 1
                 OR SUM(CASE WHEN r.used_at IS NULL THEN 1 ELSE 0 END) <> 1
                 OR MAX(CASE WHEN r.used_at IS NULL THEN r.generation ELSE -1 END) <> MAX(r.generation)")),
            ("each refresh is on record", format!(
                "SELECT {session} {sessions} AND {} < (SELECT COUNT(*) FROM refresh_tokens r
                 WHERE r.authentication_session_id = s.authentication_session_id AND r.generation > 0)",
                events("'refreshed'"))),
            ("numbers of messages have no gap and no double",
                "SELECT CAST(customer_service_session_id AS CHAR) FROM chat_messages
                 GROUP BY customer_service_session_id
                 HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*) OR COUNT(DISTINCT seq) <> COUNT(*)".to_owned()),
            ("a conversation knows its last number", format!(
                "SELECT {conversation} FROM customer_service_sessions c WHERE c.last_seq <>
                 (SELECT COALESCE(MAX(m.seq), 0) FROM chat_messages m
                  WHERE m.customer_service_session_id = c.customer_service_session_id)")),
            ("a user has one open conversation",
                "SELECT CAST(user_id AS CHAR) FROM customer_service_sessions WHERE status <> 'closed'
                 GROUP BY user_id HAVING COUNT(*) > 1".to_owned()),
            ("a conversation that is closed says when, and an open one does not", format!(
                "SELECT {conversation} FROM customer_service_sessions c
                 WHERE (c.status = 'closed') <> (c.closed_at IS NOT NULL)")),
            ("what is read has nothing unread before it",
                "SELECT CAST(m.chat_message_id AS CHAR) FROM chat_messages m WHERE m.status = 'read' AND EXISTS
                 (SELECT 1 FROM chat_messages b WHERE b.customer_service_session_id = m.customer_service_session_id
                  AND b.sender_type = m.sender_type AND b.seq < m.seq AND b.status <> 'read')".to_owned()),
            ("nothing was set aside",
                "SELECT CAST(payload AS CHAR) FROM edge_outbox WHERE dead_at IS NOT NULL".to_owned()),
        ];
        Self { queries: rules.into(), sessions_after, messages_after }
    }

    /// What does not hold now, while the origin is dead.
    pub async fn broken(
        &self,
        system: &System,
        told: &Mutex<Told>,
        listener: &Listener,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        for (rule, query) in &self.queries {
            let breakers = system.texts(query).await;
            if !breakers.is_empty() {
                broken.push(format!("{rule}: not so of {breakers:?}"));
            }
        }
        broken.extend(self.untold(system, listener).await);
        broken.extend(self.forgotten(system, told).await);
        broken
    }

    /// Ends and messages that the edge was not told, and never will be.
    async fn untold(&self, system: &System, listener: &Listener) -> Vec<String> {
        let mut known: Heard = listener.heard();
        for payload in system.texts("SELECT CAST(payload AS CHAR) FROM edge_outbox").await {
            known.take(&serde_json::from_str(&payload).expect("payloads are JSON"));
        }
        let ended = format!(
            "SELECT session_token FROM authentication_sessions
             WHERE authentication_session_id > {} AND end_reason IS NOT NULL",
            self.sessions_after
        );
        let stored = format!(
            "SELECT CAST(chat_message_id AS CHAR) FROM chat_messages WHERE chat_message_id > {}",
            self.messages_after
        );
        let mut untold = Vec::new();
        for token in system.texts(&ended).await {
            if !known.ends.contains(SessionHash::of(&token).as_str()) {
                untold.push("an end is neither told nor to be told".to_owned());
            }
        }
        for id in system.texts(&stored).await {
            if !known.messages.contains(&id.parse().expect("a key")) {
                untold.push(format!("message {id} is neither told nor to be told"));
            }
        }
        untold
    }

    /// What clients were told and the database does not know.
    async fn forgotten(&self, system: &System, told: &Mutex<Told>) -> Vec<String> {
        let set = async |query: &str| -> BTreeSet<String> {
            system.texts(query).await.into_iter().collect()
        };
        let stored =
            set("SELECT temp_message_id FROM chat_messages WHERE temp_message_id IS NOT NULL")
                .await;
        let sessions =
            set("SELECT CAST(authentication_session_id AS CHAR) FROM authentication_sessions")
                .await;
        let ended =
            set("SELECT CAST(authentication_session_id AS CHAR) FROM authentication_sessions
             WHERE end_reason IS NOT NULL")
            .await;
        let told = told.lock().expect("nobody panics with it");
        let mut forgotten = told.faults.clone();
        let gone = |what: &str, key: &dyn std::fmt::Display| format!("{what} {key} is forgotten");
        forgotten.extend(
            told.messages.iter().filter(|id| !stored.contains(*id)).map(|id| gone("message", id)),
        );
        forgotten.extend(
            told.opened
                .iter()
                .filter(|id| !sessions.contains(&id.to_string()))
                .map(|id| gone("session", id)),
        );
        forgotten.extend(
            told.ended
                .iter()
                .filter(|id| !ended.contains(&id.to_string()))
                .map(|id| gone("the end of", id)),
        );
        forgotten
    }
}
