//! What happens in conversations: begun, written into. One way for sockets and REST.

use shared::{
    chat::{
        Message, NewMessage, Participant,
        event::MessageEvent,
        news::{News, StoredMessage},
    },
    error::ErrorCode,
    session::SessionHash,
};

use crate::{
    error::ApiError,
    state::App,
    store::{
        self, Tx,
        conversations::{Conversation, NewConversation, Which},
        db::is_unique_violation,
        messages::Origination,
        outbox,
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
    let now = app.ambient.now();
    let mut is_new = false;
    // Twice: of two that begin one at once, the unique key lets one through, and the other finds it.
    for _ in 0..2 {
        if let Some(open) = find_open(app, user_id).await? {
            return Ok((open, is_new));
        }
        let new = NewConversation { customer_service_session_id: None, user_id, source };
        let new = &new;
        let inserted = app
            .db
            .retrying(|| async move {
                store::conversations::insert(app.db.acquire().await?.conn(), new, now).await
            })
            .await;
        match inserted {
            Ok(_) => is_new = true,
            Err(error) if is_unique_violation(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Where there is none, it was closed again between the two looks.
    find_open(app, user_id)
        .await?
        .map(|open| (open, is_new))
        .ok_or_else(|| ErrorCode::Conflict.into())
}

async fn find_open(app: &App, user_id: i64) -> sqlx::Result<Option<Conversation>> {
    store::conversations::find(app.db.acquire().await?.conn(), Which::OpenOf(user_id)).await
}

/// A message that someone wants stored.
pub struct Send<'a> {
    /// Who.
    pub participant: Participant,
    /// Where.
    pub customer_service_session_id: i64,
    /// What.
    pub message: &'a NewMessage,
    /// The session that it was sent under.
    pub session: SessionHash,
}

/// Stores a message and has the sockets told; the same message twice is stored once.
///
/// # Errors
/// `VALIDATION_FAILED` with fields; `NOT_FOUND` for a conversation that the sender may not see;
/// `CONFLICT` where it is closed, or the same `temp_message_id` was used for another message.
pub async fn send(app: &App, send: &Send<'_>) -> Result<StoredMessage, ApiError> {
    let problems = send.message.problems(&app.policy.chat_image_hosts);
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    let message = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let message = send_in(app, &mut tx, send).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(message)
        })
        .await?;
    app.outbox_bell.ring();
    Ok(message)
}

async fn send_in(app: &App, tx: &mut Tx, send: &Send<'_>) -> Result<StoredMessage, ApiError> {
    let now = app.ambient.now();
    let id = send.customer_service_session_id;
    let conversation =
        store::conversations::lock(tx.conn(), id).await?.ok_or(ErrorCode::NotFound)?;
    send.participant.may_see(&conversation.facts)?;
    let sender_id = send.participant.user_id;
    if let Some(temp_id) = &send.message.temp_message_id
        && let Some(stored) =
            store::messages::find_by_temp_id(tx.conn(), id, sender_id, temp_id).await?
    {
        // Sent again because an answer was lost; even into a conversation that was closed since.
        return if is_same(&stored, send.message) {
            Ok(told(&conversation, send, stored))
        } else {
            Err(ErrorCode::Conflict.into())
        };
    }
    send.participant.may_write(&conversation.facts)?;
    if let Some(reply_to_id) = send.message.reply_to_id
        && store::messages::seq_of(tx.conn(), id, reply_to_id).await?.is_none()
    {
        return Err(ApiError::invalid("reply_to_id", "must be a message of this conversation"));
    }
    let seq = conversation.last_seq + 1;
    let origination = Origination {
        sender_id: Some(sender_id),
        sender_type: send.participant.sender_type(),
        source: send.participant.source(),
    };
    store::messages::insert(tx.conn(), id, seq, origination, send.message, now).await?;
    store::conversations::note_message(tx.conn(), id, seq, origination.sender_type, now).await?;
    let stored =
        store::messages::history(tx.conn(), id, store::messages::Window::After(seq - 1), 1)
            .await?
            .pop()
            .ok_or_else(|| {
                anyhow::anyhow!(
                    "message {seq} of conversation {id} is gone within its own transaction"
                )
            })?;
    let conversation = Conversation { last_seq: seq, ..conversation };
    let stored = told(&conversation, send, stored);
    outbox::insert_news(tx.conn(), &[News::Message(stored.clone())], now).await?;
    Ok(stored)
}

fn told(conversation: &Conversation, send: &Send<'_>, message: Message) -> StoredMessage {
    StoredMessage {
        conversation: conversation.room(),
        sender_session: Some(send.session.clone()),
        message: MessageEvent::from(message),
    }
}

fn is_same(stored: &Message, sent: &NewMessage) -> bool {
    let metadata = sent.metadata.clone().map(serde_json::Value::Object);
    stored.content == sent.content
        && stored.message_type == sent.message_type
        && stored.reply_to_id == sent.reply_to_id
        && stored.metadata == metadata
}
