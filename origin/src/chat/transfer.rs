use shared::{
    chat::ConversationStatus,
    user::{Role, UserStatus},
};

use super::{
    By, Standing,
    assign::{Assignment, assign},
    locked,
};
use crate::{error::ApiError, state::App, store};

/// Its agent, or an admin, hands a conversation to another of the staff. To who has it already changes nothing.
///
/// # Errors
/// `NOT_FOUND` where there is none, or another agent has it; `CONFLICT`, with its state, where it is
/// closed, or an agent would hand on what nobody has; `VALIDATION_FAILED` where the other is no active
/// agent or admin.
pub async fn transfer(app: &App, id: i64, to: i64, by: By<'_>) -> Result<Standing, ApiError> {
    let standing = app.db.retrying(|| transfer_in(app, id, to, by)).await?;
    app.outbox_bell.ring_for_news();
    Ok(standing)
}

async fn transfer_in(app: &App, id: i64, to: i64, by: By<'_>) -> Result<Standing, ApiError> {
    let mut tx = app.db.begin().await?;
    let conversation = locked(&mut tx, id).await?;
    let now = app.ambient.now();
    by.participant().may_see(&conversation.facts)?;
    let before = conversation.facts.admin_id;
    let nobodys = before.is_none() && by.session.role != Role::Admin;
    if conversation.facts.status == ConversationStatus::Closed || nobodys {
        return Err(Standing::of(tx.conn(), conversation).await?.conflict());
    }
    let takes = store::users::find(tx.conn(), to).await?.is_some_and(|user| {
        to != conversation.facts.user_id
            && user.public.status == UserStatus::Active
            && matches!(user.public.role, Role::Agent | Role::Admin)
    });
    if !takes {
        return Err(ApiError::invalid("admin_id", "must be an active agent or admin"));
    }
    if before == Some(to) {
        return Ok(Standing::of(tx.conn(), conversation).await?);
    }
    assign(tx, conversation, to, Assignment::HandedOn, by, now).await
}
