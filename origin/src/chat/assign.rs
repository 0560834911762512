use shared::{
    audit::AuditKind,
    chat::{ConversationStatus, event::ConversationChange},
    time::Timestamp,
};

use super::{By, Standing, changed, record};
use crate::{
    error::ApiError,
    store::{self, Tx, conversations::Conversation},
};

/// How a conversation comes to its agent.
#[derive(Clone, Copy)]
pub(super) enum Assignment {
    /// They took it.
    Accepted,
    /// Another gave it to them.
    HandedOn,
}

/// Gives a conversation that is locked to an agent: the row, the news of it and the record, all at once.
pub(super) async fn assign(
    mut tx: Tx,
    mut conversation: Conversation,
    to: i64,
    how: Assignment,
    by: By<'_>,
    now: Timestamp,
) -> Result<Standing, ApiError> {
    let (change, kind) = match how {
        Assignment::Accepted => (ConversationChange::Accepted, AuditKind::ConversationAccepted),
        Assignment::HandedOn => {
            (ConversationChange::Transferred, AuditKind::ConversationTransferred)
        }
    };
    let before = conversation.facts.admin_id.replace(to);
    conversation.facts.status = ConversationStatus::Assigned;
    conversation.accepted_at.get_or_insert(now);
    conversation.version += 1;
    conversation.updated_at = now;
    store::conversations::save(tx.conn(), &conversation).await?;
    let standing = Standing::of(tx.conn(), conversation).await?;
    let news = changed(&standing, change, before);
    store::outbox::insert_news(tx.conn(), &[news], now).await?;
    record(tx.conn(), kind, by, &standing, now).await?;
    tx.commit().await?;
    Ok(standing)
}
