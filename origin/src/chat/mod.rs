//! What happens in conversations: begun, written into, accepted, handed on, closed, rated, read. One way
//! for sockets and REST: each is a transaction under the lock of the conversation's row, in which the
//! news of it are written to the outbox, too.

mod accept;
mod accepted;
mod assign;
mod batch;
mod close;
mod mark;
mod open;
mod place;
mod rate;
mod send;
mod transfer;

use serde_json::json;
use shared::{
    audit::AuditKind,
    chat::{
        ConversationAdmin, Participant,
        event::{ConversationChange, ConversationUpdate},
        news::{ConversationNews, News},
    },
    error::ErrorCode,
    session::SessionHash,
    time::Timestamp,
};

pub use accept::accept;
pub use accepted::accepted;
pub use batch::store_batch;
pub use close::close;
pub use mark::{Progress, UpTo, deliver, read};
pub use open::open_conversation;
pub use place::place;
pub use rate::rate;
pub use send::{Draft, send};
pub use transfer::transfer;

use crate::{
    audit::Happened,
    error::ApiError,
    extract::context::CallContext,
    store::{self, Conn, Tx, conversations::Conversation, sessions::Session},
};

/// Who does something in a conversation.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The session that it is done under.
    pub session: &'a Session,
    /// The call that it is done with; none where it came by a socket.
    pub call: Option<&'a CallContext>,
}

impl By<'_> {
    /// The person, as the rules know them.
    #[must_use]
    pub fn participant(&self) -> Participant {
        Participant { user_id: self.session.user_id, role: self.session.role }
    }

    /// Nobody is the agent of their own conversation, which they may have from before they were of the staff.
    fn is_not_its_user(&self, conversation: &Conversation) -> Result<(), ErrorCode> {
        let is_its_user = conversation.facts.user_id == self.session.user_id;
        if is_its_user { Err(ErrorCode::Forbidden) } else { Ok(()) }
    }

    fn session_hash(&self) -> SessionHash {
        SessionHash::of(&self.session.session_token)
    }
}

/// A conversation and the agent who has it.
pub struct Standing {
    /// Its row.
    pub conversation: Conversation,
    /// The agent.
    pub admin: Option<ConversationAdmin>,
}

impl Standing {
    async fn of(conn: Conn<'_>, conversation: Conversation) -> sqlx::Result<Self> {
        let admin = agent(conn, conversation.facts.admin_id).await?;
        Ok(Self { conversation, admin })
    }

    /// What someone is told who wants what the state does not allow.
    fn conflict(&self) -> ApiError {
        let status = self.conversation.facts.status;
        ApiError::Conflict(json!({ "status": status, "admin": self.admin }))
    }
}

async fn agent(conn: Conn<'_>, admin_id: Option<i64>) -> sqlx::Result<Option<ConversationAdmin>> {
    let Some(user_id) = admin_id else { return Ok(None) };
    let found = store::users::find(conn, user_id).await?;
    let nickname = found.map(|user| user.public.nickname).unwrap_or_default();
    Ok(Some(ConversationAdmin { user_id, nickname }))
}

async fn locked(tx: &mut Tx, id: i64) -> Result<Conversation, ApiError> {
    Ok(store::conversations::lock(tx.conn(), id).await?.ok_or(ErrorCode::NotFound)?)
}

/// What rooms are told of a conversation that has changed.
fn changed(standing: &Standing, change: ConversationChange, before: Option<i64>) -> News {
    let Standing { conversation, admin } = standing;
    News::Conversation(ConversationNews {
        conversation: conversation.room(),
        previous_admin_id: before.filter(|_| conversation.facts.admin_id != before),
        update: ConversationUpdate {
            customer_service_session_id: conversation.customer_service_session_id,
            change,
            status: conversation.facts.status,
            admin: admin.clone(),
            close_reason: conversation.close_reason.clone(),
            version: conversation.version,
            last_seq: conversation.last_seq,
            updated_at: conversation.updated_at,
        },
    })
}

/// Puts on record what someone of the staff did to a conversation.
async fn record(
    conn: Conn<'_>,
    kind: AuditKind,
    by: By<'_>,
    standing: &Standing,
    now: Timestamp,
) -> sqlx::Result<()> {
    let conversation = &standing.conversation;
    let happened = Happened {
        kind,
        user_id: conversation.facts.user_id,
        authentication_session_id: Some(by.session.authentication_session_id),
        actor_user_id: Some(by.session.user_id),
        detail: Some(json!({
            "customer_service_session_id": conversation.customer_service_session_id,
            "admin_id": conversation.facts.admin_id,
            "close_reason": conversation.close_reason,
        })),
    };
    happened.add(conn, by.call, now).await
}
