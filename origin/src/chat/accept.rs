use shared::chat::ConversationStatus;

use super::{
    By, Standing,
    assign::{Assignment, assign},
    locked,
};
use crate::{error::ApiError, state::App};

/// Someone of the staff takes a conversation that waits. Of several at once, one; taking one's own again
/// changes nothing.
///
/// # Errors
/// `NOT_FOUND` where there is none; `FORBIDDEN` where it is their own from before they were of the staff;
/// `CONFLICT`, with who has it, where another was first or it is closed.
pub async fn accept(app: &App, id: i64, by: By<'_>) -> Result<Standing, ApiError> {
    let standing = app.db.retrying(|| accept_in(app, id, by)).await?;
    app.outbox_bell.ring_for_news();
    Ok(standing)
}

async fn accept_in(app: &App, id: i64, by: By<'_>) -> Result<Standing, ApiError> {
    let mut tx = app.db.begin().await?;
    let conversation = locked(&mut tx, id).await?;
    by.is_not_its_user(&conversation)?;
    let now = app.ambient.now();
    let closed = conversation.facts.status == ConversationStatus::Closed;
    if closed || conversation.facts.admin_id.is_some() {
        let standing = Standing::of(tx.conn(), conversation).await?;
        let mine = standing.conversation.facts.admin_id == Some(by.session.user_id);
        return if mine && !closed { Ok(standing) } else { Err(standing.conflict()) };
    }
    assign(tx, conversation, by.session.user_id, Assignment::Accepted, by, now).await
}
