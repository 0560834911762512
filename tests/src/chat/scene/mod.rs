//! Scenes that the suite plays at a small size and `cargo xtask soak` at the whole one.

pub mod away;
pub mod idle;
pub mod siege;
pub mod slow;

use serde_json::json;
use shared::{route, user::Role};

use super::Account;
use crate::system::{Client, Door, System};

/// A user and an agent in a conversation that the agent has taken.
pub struct Pair {
    /// The user.
    pub user: Client,
    /// The agent.
    pub agent: Client,
    /// The conversation.
    pub conversation: i64,
}

impl Pair {
    /// Two new people.
    pub async fn meet(system: &System) -> Self {
        let user = system.person("小明", Role::User).await;
        let agent = system.person("客服", Role::Agent).await;
        let conversation = system.conversation(&user).await;
        system.accept(&agent, conversation).await;
        Self { user, agent, conversation }
    }

    /// Where the user comes in.
    #[must_use]
    pub fn user_account(&self, system: &System) -> Account {
        system.account(&self.user)
    }

    /// Where the agent comes in.
    #[must_use]
    pub fn agent_account(&self, system: &System) -> Account {
        system.account(&self.agent)
    }

    /// The agent writes by REST, at the edge.
    pub async fn agent_says(&self, system: &System, content: &str) {
        let path = route::with_id(route::DESK_SEND, self.conversation);
        let body = json!({ "content": content });
        system.post(&Door::Edge, &self.agent, &path, &body).await.ok();
    }

    /// The agent writes so many messages by REST, at the origin; `content` of each.
    pub async fn agent_says_much(
        &self,
        system: &System,
        count: usize,
        content: impl Fn(usize) -> String,
    ) {
        let path = route::with_id(route::DESK_SEND, self.conversation);
        let numbers: Vec<_> = (0..count).collect();
        // A few at once, so that it does not take forever.
        for some in numbers.chunks(8) {
            let posts = some.iter().map(async |number| {
                let body = json!({ "content": content(*number) });
                system.post(&Door::Origin, &self.agent, &path, &body).await.ok();
            });
            futures_util::future::join_all(posts).await;
        }
    }

    /// The newest `seq` of the conversation.
    pub async fn last_seq(&self, system: &System) -> i64 {
        system.last_seqs().await.get(&self.conversation).copied().unwrap_or_default()
    }
}

impl System {
    /// The user's open conversation.
    pub async fn conversation(&self, user: &Client) -> i64 {
        let begun = self.post(&Door::Edge, user, route::CHAT_SESSIONS, &json!({})).await;
        begun.data()["customer_service_session_id"].as_i64().expect("a number")
    }
}
