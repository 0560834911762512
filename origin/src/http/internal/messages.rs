use axum::extract::State;
use shared::{
    chat::{Participant, event::MessageFailed, news::StoredMessage},
    internal::{MAX_BATCH, SocketMessage, StoreMessages, StoreOutcome, StoredMessages},
    session::SessionHash,
};

use crate::{
    chat::{self, Send},
    error::ApiError,
    extract::{caller::live_session, signed::FromEdge},
    http::{Answer, Envelope},
    state::App,
};

/// Stores messages that sockets sent, each for itself, in their order.
pub async fn messages(
    State(app): State<App>,
    FromEdge(batch): FromEdge<StoreMessages>,
) -> Answer<StoredMessages> {
    if batch.messages.len() > MAX_BATCH {
        return Err(ApiError::invalid("messages", format!("must be at most {MAX_BATCH}")));
    }
    let mut outcomes = Vec::with_capacity(batch.messages.len());
    let mut fault = None;
    for message in batch.messages {
        let stored = match fault {
            // What comes after a fault of ours is not tried: a later message must not overtake it.
            Some(code) => Err(ApiError::Refused(code)),
            None => store(&app, &message).await,
        };
        outcomes.push(match stored {
            Ok(stored) => StoreOutcome::Stored(stored),
            Err(error) => {
                if matches!(error, ApiError::Database(_) | ApiError::Internal(_)) {
                    // What was stored before it is stored: only the rest is told to come again.
                    error.log();
                    fault = Some(error.code());
                }
                match fault {
                    Some(code) => StoreOutcome::Later(code),
                    None => StoreOutcome::Failed(failed(message, error)),
                }
            }
        });
    }
    Ok(Envelope::ok(StoredMessages { outcomes }))
}

/// A write: whether the session may be used is judged by its row, here and now.
async fn store(app: &App, message: &SocketMessage) -> Result<StoredMessage, ApiError> {
    let session = live_session(app, &message.sender.session_token).await?;
    app.activity.note(&message.sender.session_token, app.ambient.now());
    let wanted = Send {
        participant: Participant { user_id: session.user_id, role: session.role },
        customer_service_session_id: message.customer_service_session_id,
        message: &message.message,
        session: SessionHash::of(&message.sender.session_token),
    };
    chat::send(app, &wanted).await
}

fn failed(message: SocketMessage, error: ApiError) -> MessageFailed {
    let code = error.code();
    let fields = match error {
        ApiError::Invalid(fields) => fields,
        _ => Vec::new(),
    };
    MessageFailed {
        temp_message_id: message.message.temp_message_id,
        code,
        message: code.message(message.language).to_owned(),
        fields,
    }
}
