//! Conversations: what a room knows of each, and how far it has delivered it.

use serde::{Deserialize, Serialize};
use shared::chat::{ConversationStatus, news::RoomConversation};
use worker::Result;

use super::{Row, Store};
use crate::sorted;

/// Conversations younger than this many keys are remembered; of an older one that is heard of again,
/// delivery begins anew.
const REMEMBERED_KEYS: i64 = 100_000;
/// Audiences of a conversation that are remembered.
const REMEMBERED_AUDIENCES: usize = 16;

/// A conversation in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What is known of it.
    pub facts: Facts,
    /// Messages from `facts.first_seq` up to this `seq` were delivered here.
    pub last_seq: i64,
    /// The newest message of the other side that a socket here was sent.
    pub delivered_seq: i64,
    /// What of that the origin has been told.
    pub reported_seq: i64,
}

/// What is known of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// As the origin last described it.
    pub conversation: RoomConversation,
    /// The first message that was delivered here. One before it that is new comes late.
    pub first_seq: i64,
    /// The newest message of this side that the other has read.
    #[serde(default)]
    pub read_id: i64,
    /// Up to where earlier audiences at a desk were sent its messages: by agent, 0 for everyone. One
    /// who gets it back is first sent what lies between.
    pub left: sorted::Map<i64, i64>,
}

impl Known {
    /// A conversation of which everything up to `last_seq` lies in the past.
    pub const fn new(conversation: RoomConversation, last_seq: i64) -> Self {
        let first_seq = last_seq.saturating_add(1);
        let facts = Facts { conversation, first_seq, read_id: 0, left: sorted::Map::new() };
        Self { facts, last_seq, delivered_seq: 0, reported_seq: 0 }
    }

    /// Whether this is the same conversation, and not one of another database under its key.
    pub fn is(&self, other: &RoomConversation) -> bool {
        self.facts.conversation.began_at == other.began_at
    }

    /// Takes a description that is not older than what is known. Where that changes its agent: who must
    /// be sent what lies after which `seq`, before anything else.
    pub fn learn(&mut self, told: &RoomConversation) -> Option<(i64, i64)> {
        let known = &mut self.facts.conversation;
        if told.version < known.version {
            return None;
        }
        let (before, after) = (known.admin_id, told.admin_id);
        let last_seq = known.last_seq.max(told.last_seq);
        *known = RoomConversation { last_seq, ..*told };
        if before == after {
            return None;
        }
        let left = &mut self.facts.left;
        left.insert(before.unwrap_or(EVERYONE), self.last_seq);
        while left.len() > REMEMBERED_AUDIENCES {
            left.pop_first();
        }
        let newcomer = after?;
        let from = left.get(&newcomer).max(left.get(&EVERYONE)).copied()?;
        (from < self.last_seq).then_some((newcomer, from))
    }
}

/// Stands for all agents.
const EVERYONE: i64 = 0;

/// What was written by another version of this program and cannot be read is unknown.
fn read(mut row: Row) -> Option<Known> {
    Some(Known {
        facts: serde_json::from_slice(row.text(0).as_bytes()).ok()?,
        last_seq: row.number(1),
        delivered_seq: row.number(2),
        reported_seq: row.number(3),
    })
}

impl Store {
    /// A conversation that the room has heard of.
    pub fn conversation(&self, id: i64) -> Result<Option<Known>> {
        let query = "SELECT facts, last_seq, delivered_seq, reported_seq FROM conversation
                     WHERE conversation = ?";
        Ok(self.first(query, vec![id.into()])?.and_then(read))
    }

    /// Writes down what is now known of a conversation.
    pub fn save_conversation(&self, known: &Known) -> Result<()> {
        let conversation = &known.facts.conversation;
        let id = conversation.customer_service_session_id;
        self.run(
            "INSERT INTO conversation (conversation, facts, is_open, last_seq, delivered_seq, reported_seq)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (conversation) DO UPDATE SET facts = excluded.facts, is_open = excluded.is_open,
                 last_seq = excluded.last_seq, delivered_seq = excluded.delivered_seq,
                 reported_seq = excluded.reported_seq",
            vec![
                id.into(),
                serde_json::to_string(&known.facts)?.into(),
                i64::from(conversation.status != ConversationStatus::Closed).into(),
                known.last_seq.into(),
                known.delivered_seq.into(),
                known.reported_seq.into(),
            ],
        )?;
        Ok(())
    }

    /// Forgets conversations that are long past.
    pub fn forget_conversations_before(&self, id: i64) -> Result<()> {
        let oldest = id.saturating_sub(REMEMBERED_KEYS);
        self.run("DELETE FROM conversation WHERE conversation < ?", vec![oldest.into()])?;
        Ok(())
    }

    /// The conversations that are open, at most `limit`, the newest first.
    pub fn open_conversations(&self, limit: i64) -> Result<Vec<Known>> {
        let query = "SELECT facts, last_seq, delivered_seq, reported_seq FROM conversation
                     WHERE is_open = 1 ORDER BY conversation DESC LIMIT ?";
        Ok(self.rows(query, vec![limit.into()])?.into_iter().filter_map(read).collect())
    }

    /// Conversations of which more was delivered than the origin has been told, at most `limit`.
    pub fn unreported(&self, limit: i64) -> Result<Vec<Known>> {
        let query = "SELECT facts, last_seq, delivered_seq, reported_seq FROM conversation
                     WHERE delivered_seq > reported_seq LIMIT ?";
        Ok(self.rows(query, vec![limit.into()])?.into_iter().filter_map(read).collect())
    }

    /// Notes what the origin has been told of deliveries.
    pub fn report(&self, id: i64, seq: i64) -> Result<()> {
        self.run(
            "UPDATE conversation SET reported_seq = max(reported_seq, ?) WHERE conversation = ?",
            vec![seq.into(), id.into()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use shared::time::Timestamp;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn described(version: i64, admin_id: Option<i64>) -> RoomConversation {
        RoomConversation {
            customer_service_session_id: 1,
            began_at: Timestamp::EPOCH,
            user_id: 31,
            admin_id,
            status: ConversationStatus::Waiting,
            version,
            last_seq: 0,
        }
    }

    #[test]
    fn what_comes_late_undoes_nothing() {
        let mut known = Known::new(described(3, Some(8)), 5);
        assert_eq!(known.learn(&described(2, None)), None);
        assert_eq!(known.facts.conversation.admin_id, Some(8));
    }

    #[test]
    fn who_gets_a_conversation_back_is_sent_what_another_was_sent_meanwhile() {
        let mut known = Known::new(described(0, None), 10);
        assert_eq!(known.learn(&described(1, Some(8))), None, "everyone has all of it");
        known.last_seq = 20;
        assert_eq!(known.learn(&described(2, Some(9))), Some((9, 10)), "9 saw it while it waited");
        known.last_seq = 30;
        assert_eq!(known.learn(&described(3, Some(8))), Some((8, 20)));
        assert_eq!(known.learn(&described(3, Some(8))), None, "once");
    }

    #[test]
    fn a_newcomer_who_never_saw_it_begins_where_it_is() {
        let mut known = Known::new(described(0, Some(8)), 10);
        assert_eq!(known.learn(&described(1, Some(9))), None);
    }
}
