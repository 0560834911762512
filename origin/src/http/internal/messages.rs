use axum::extract::State;
use shared::internal::{MAX_BATCH, StoreMessages, StoredMessages};

use crate::{
    chat::store_batch,
    error::ApiError,
    extract::signed::FromEdge,
    http::{Answer, Envelope},
    state::App,
};

/// Stores messages that rooms have accepted.
pub async fn messages(
    State(app): State<App>,
    FromEdge(batch): FromEdge<StoreMessages>,
) -> Answer<StoredMessages> {
    if batch.messages.len() > MAX_BATCH {
        return Err(ApiError::invalid("messages", format!("must be at most {MAX_BATCH}")));
    }
    Ok(Envelope::ok(StoredMessages { outcomes: store_batch(&app, batch.messages).await }))
}
