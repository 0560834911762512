use serde_json::json;
use shared::{chat::ConversationStatus, error::ErrorCode};

use super::{By, Standing, locked};
use crate::{error::ApiError, state::App, store};

/// Its user says how a conversation was, once it is over, and once.
///
/// # Errors
/// `NOT_FOUND` to all but its user; `CONFLICT`, with its state, where it goes on; `CONFLICT`, with the
/// score, where they have said so already.
pub async fn rate(app: &App, id: i64, score: i64, by: By<'_>) -> Result<Standing, ApiError> {
    app.db.retrying(|| rate_in(app, id, score, by)).await
}

async fn rate_in(app: &App, id: i64, score: i64, by: By<'_>) -> Result<Standing, ApiError> {
    let mut tx = app.db.begin().await?;
    let mut conversation = locked(&mut tx, id).await?;
    if conversation.facts.user_id != by.session.user_id {
        return Err(ErrorCode::NotFound.into());
    }
    if conversation.facts.status != ConversationStatus::Closed {
        return Err(Standing::of(tx.conn(), conversation).await?.conflict());
    }
    if let Some(given) = conversation.satisfaction_score {
        return Err(ApiError::Conflict(json!({ "satisfaction_score": given })));
    }
    conversation.satisfaction_score = Some(score);
    conversation.updated_at = app.ambient.now();
    store::conversations::save(tx.conn(), &conversation).await?;
    let standing = Standing::of(tx.conn(), conversation).await?;
    tx.commit().await?;
    Ok(standing)
}
