use shared::{
    audit::AuditKind,
    chat::{ConversationStatus, event::ConversationChange},
    user::Role,
};

use super::{By, Standing, changed, locked, record};
use crate::{error::ApiError, state::App, store};

/// Its user, its agent or an admin ends a conversation. Ending one that is over changes nothing.
///
/// # Errors
/// `NOT_FOUND` where there is none, or it is not theirs to see; `CONFLICT`, with its state, where an agent
/// would end what nobody has.
pub async fn close(
    app: &App,
    id: i64,
    reason: Option<&str>,
    by: By<'_>,
) -> Result<Standing, ApiError> {
    let standing = app.db.retrying(|| close_in(app, id, reason, by)).await?;
    app.outbox_bell.ring_for_news();
    Ok(standing)
}

async fn close_in(
    app: &App,
    id: i64,
    reason: Option<&str>,
    by: By<'_>,
) -> Result<Standing, ApiError> {
    let mut tx = app.db.begin().await?;
    let mut conversation = locked(&mut tx, id).await?;
    let now = app.ambient.now();
    by.participant().may_see(&conversation.facts)?;
    if conversation.facts.status == ConversationStatus::Closed {
        return Ok(Standing::of(tx.conn(), conversation).await?);
    }
    let own = conversation.facts.user_id == by.session.user_id;
    if by.session.role == Role::Agent && conversation.facts.admin_id.is_none() && !own {
        return Err(Standing::of(tx.conn(), conversation).await?.conflict());
    }
    conversation.facts.status = ConversationStatus::Closed;
    conversation.closed_at = Some(now);
    conversation.close_reason = reason.map(str::to_owned);
    conversation.version += 1;
    conversation.updated_at = now;
    store::conversations::save(tx.conn(), &conversation).await?;
    let standing = Standing::of(tx.conn(), conversation).await?;
    let news = changed(&standing, ConversationChange::Closed, None);
    store::outbox::insert_news(tx.conn(), &[news], now).await?;
    if by.session.role != Role::User {
        record(tx.conn(), AuditKind::ConversationClosed, by, &standing, now).await?;
    }
    tx.commit().await?;
    Ok(standing)
}
