use axum::extract::State;
use shared::internal::{MAX_BATCH, Mark, MarkOutcome, StoreMarks, StoredMarks};

use crate::{
    chat::{self, By},
    error::ApiError,
    extract::signed::FromEdge,
    http::{Answer, Envelope},
    state::App,
};

/// Notes what was delivered and read, each for itself.
pub async fn marks(
    State(app): State<App>,
    FromEdge(batch): FromEdge<StoreMarks>,
) -> Answer<StoredMarks> {
    if batch.marks.len() > MAX_BATCH {
        return Err(ApiError::invalid("marks", format!("must be at most {MAX_BATCH}")));
    }
    let mut outcomes = Vec::with_capacity(batch.marks.len());
    for mark in &batch.marks {
        outcomes.push(match note(&app, mark).await {
            Ok(()) => MarkOutcome::Done,
            Err(error @ (ApiError::Database(_) | ApiError::Internal(_))) => {
                error.log();
                MarkOutcome::Later(error.code())
            }
            Err(error) => MarkOutcome::Failed(error.code()),
        });
    }
    Ok(Envelope::ok(StoredMarks { outcomes }))
}

async fn note(app: &App, mark: &Mark) -> Result<(), ApiError> {
    match mark {
        Mark::Delivered { customer_service_session_id, by, seq } => {
            chat::deliver(app, *customer_service_session_id, *by, *seq).await?;
        }
        Mark::Read { reader, customer_service_session_id, chat_message_id } => {
            let session = chat::accepted(app, reader).await?;
            let by = By { session: &session, call: None };
            chat::read(app, *customer_service_session_id, *chat_message_id, by).await?;
        }
    }
    Ok(())
}
