use shared::{chat::event::ConversationChange, error::ErrorCode};

use super::{Standing, changed};
use crate::{
    error::ApiError,
    state::App,
    store::{
        self,
        conversations::{Conversation, NewConversation, Which},
        db::is_unique_violation,
    },
};

/// The open conversation of a user, begun where there is none, and whether it was.
///
/// # Errors
/// The database's.
pub async fn open_conversation(
    app: &App,
    user_id: i64,
    source: &str,
) -> Result<(Conversation, bool), ApiError> {
    // Twice: of two that begin one at once, the unique key lets one through, and the other finds it.
    for _ in 0..2 {
        if let Some(open) = find_open(app, user_id).await? {
            return Ok((open, false));
        }
        match app.db.retrying(|| begin(app, user_id, source)).await {
            Ok(begun) => {
                app.outbox_bell.ring_for_news();
                return Ok((begun, true));
            }
            Err(ApiError::Database(error)) if is_unique_violation(&error) => {}
            Err(error) => return Err(error),
        }
    }
    // Where there is none, it was closed again between the two looks.
    find_open(app, user_id)
        .await?
        .map(|open| (open, false))
        .ok_or_else(|| ErrorCode::Conflict.into())
}

async fn begin(app: &App, user_id: i64, source: &str) -> Result<Conversation, ApiError> {
    let now = app.ambient.now();
    let new = NewConversation { customer_service_session_id: None, user_id, source };
    let mut tx = app.db.begin().await?;
    let id = store::conversations::insert(tx.conn(), &new, now).await?;
    let conversation = super::locked(&mut tx, id).await?;
    let standing = Standing { conversation, admin: None };
    let news = changed(&standing, ConversationChange::Waiting, None);
    store::outbox::insert_news(tx.conn(), &[news], now).await?;
    tx.commit().await?;
    Ok(standing.conversation)
}

async fn find_open(app: &App, user_id: i64) -> sqlx::Result<Option<Conversation>> {
    store::conversations::find(app.db.acquire().await?.conn(), Which::OpenOf(user_id)).await
}
