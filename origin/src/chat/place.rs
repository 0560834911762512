//! Messages that the old back end has stored beside us get their place, and rooms are told of them.

use shared::chat::news::{News, StoredMessage};

use crate::{
    error::ApiError,
    state::App,
    store::{
        self, Tx,
        adoption::{self, MAX_PLACED},
        conversations::Conversation,
        messages::Window,
    },
};

/// Gives all messages of a conversation that have no place theirs; how many those were.
///
/// # Errors
/// The database's.
pub async fn place(app: &App, id: i64) -> Result<u64, ApiError> {
    let placed = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let Some(mut conversation) = store::conversations::lock(tx.conn(), id).await? else {
                return Ok(0);
            };
            let placed = place_in(app, &mut tx, &mut conversation).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(placed)
        })
        .await?;
    app.outbox_bell.ring_for_news();
    Ok(placed)
}

/// The same under a lock of the conversation's row that is held already.
pub(super) async fn place_in(
    app: &App,
    tx: &mut Tx,
    conversation: &mut Conversation,
) -> Result<u64, ApiError> {
    let id = conversation.customer_service_session_id;
    let mut total = 0;
    loop {
        let placed = adoption::place(tx.conn(), &[id]).await?;
        if placed == 0 {
            return Ok(total);
        }
        total += placed;
        let since = Window::After(conversation.last_seq);
        let messages = store::messages::history(tx.conn(), id, since, MAX_PLACED).await?;
        let mut news = Vec::with_capacity(messages.len());
        for message in messages {
            conversation.last_seq = message.seq;
            news.push(News::Message(StoredMessage {
                conversation: conversation.room(),
                // No socket of ours sent it.
                sender_session: None,
                message: message.into(),
            }));
        }
        store::outbox::insert_news(tx.conn(), &news, app.ambient.now()).await?;
    }
}
