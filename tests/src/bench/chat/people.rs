//! Users in conversations that one agent has taken, or that wait.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use origin::{
    clock::Ambient,
    store::{self, Db, DbZone, users::NewUser},
};
use serde_json::{Value, json};
use shared::{
    route,
    user::{ClientType, Role},
};

use super::super::rows::keys_of;
use crate::{
    chat::{Account, Wire, rest::Rest},
    system::open_session,
};

/// Who talks, for another process.
pub struct People(Value);

impl People {
    /// As [`meet`] has printed them.
    ///
    /// # Errors
    /// It has not.
    pub fn read(path: &Path) -> Result<Self> {
        Ok(Self(serde_json::from_slice(&std::fs::read(path)?)?))
    }

    /// Each user's token, and their conversation.
    #[must_use]
    pub fn users(&self) -> Vec<(String, i64)> {
        let users = self.0["users"].as_array().into_iter().flatten();
        let read = |user: &Value| {
            Some((user["token"].as_str()?.to_owned(), user["conversation"].as_i64()?))
        };
        users.filter_map(read).collect()
    }

    /// The agents' tokens, that of who takes conversations first.
    #[must_use]
    pub fn agents(&self) -> Vec<&str> {
        self.0["agents"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// How many of whom.
#[derive(Args, Clone, Copy, Debug)]
pub struct Company {
    /// Users, each in a conversation of their own
    #[arg(long)]
    users: usize,
    /// Agents; the first one takes the conversations
    #[arg(long, default_value_t = 1)]
    agents: usize,
    /// Nobody takes them
    #[arg(long)]
    waiting: bool,
}

/// New people, whose conversations are begun at this origin. As JSON.
///
/// # Errors
/// The origin's, or the database's.
pub async fn meet(database: &str, keys: &Path, origin: &str, company: Company) -> Result<String> {
    let keys = keys_of(keys, "HS256")?;
    let db = Db::connect(database, DbZone::UTC, 2).await?;
    let mut agents = Vec::with_capacity(company.agents);
    for _ in 0..company.agents {
        let agent = enrol(&db, "客服", Role::Agent).await?;
        agents.push(open_session(&db, &keys, (agent, Role::Agent), ClientType::Web).await.token);
    }
    let rest = |token: &str| {
        let (base, token) = (origin.to_owned(), token.to_owned());
        Rest::new(&Account { base, token, user_id: 0, wire: Wire::default() })
    };
    let desk = rest(agents.first().context("there is no agent")?);
    let mut met = Vec::with_capacity(company.users);
    for _ in 0..company.users {
        let user = enrol(&db, "小明", Role::User).await?;
        let user = open_session(&db, &keys, (user, Role::User), ClientType::MiniProgram).await;
        let refused = |refusal| anyhow!("{refusal:?}");
        let begun =
            rest(&user.token).post(route::CHAT_SESSIONS, &json!({})).await.map_err(refused)?;
        let id = begun["customer_service_session_id"].as_i64().context("no conversation")?;
        if !company.waiting {
            let accept = route::with_id(route::DESK_ACCEPT, id);
            desk.post(&accept, &json!({})).await.map_err(refused)?;
        }
        met.push(json!({ "token": user.token, "conversation": id }));
    }
    db.close().await;
    Ok(json!({ "users": met, "agents": agents }).to_string())
}

async fn enrol(db: &Db, nickname: &str, role: Role) -> Result<i64> {
    let user =
        NewUser { user_id: None, mobile: None, email: None, nickname, password_hash: None, role };
    let mut tx = db.begin().await?;
    let user_id = store::users::insert(tx.conn(), &user, Ambient::system().now()).await?;
    tx.commit().await?;
    Ok(user_id)
}
