//! Messages come further: delivered, read.

use std::collections::BTreeSet;

use shared::chat::{
    MessageStatus, SenderType,
    news::{MAX_MARKED, Marked, News},
};

use super::{By, locked};
use crate::{
    error::ApiError,
    state::App,
    store::{
        self,
        messages::{Behind, behind_statement, set_status, unread_statement},
    },
};

/// How far someone has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `seq` of the message up to which they have.
    pub seq: i64,
    /// Messages of the other side that are still unread.
    pub unread_count: i64,
}

/// Up to which message.
#[derive(Clone, Copy, Debug)]
pub enum UpTo {
    /// The one with this key.
    Message(i64),
    /// The one at this place.
    Seq(i64),
}

/// What is to be marked.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    id: i64,
    status: MessageStatus,
    by: SenderType,
    reader: Option<By<'a>>,
    up_to: UpTo,
}

/// Someone has read a conversation up to a message: those of the other side up to there are read.
/// Less far than before changes nothing.
///
/// # Errors
/// `NOT_FOUND` for a conversation that they may not see; `VALIDATION_FAILED` where the message is not
/// one of its.
pub async fn read(
    app: &App,
    id: i64,
    chat_message_id: i64,
    by: By<'_>,
) -> Result<Progress, ApiError> {
    let wanted = Wanted {
        id,
        status: MessageStatus::Read,
        by: by.participant().sender_type(),
        reader: Some(by),
        up_to: UpTo::Message(chat_message_id),
    };
    let seq = mark(app, wanted).await?;
    // Not under the lock: messages that are being written wait for that.
    let unread = unread_statement(id, other(wanted.by));
    let unread_count = unread.fetch_count(app.db.acquire().await?.conn()).await?;
    Ok(Progress { seq, unread_count })
}

/// A side has the messages of the other up to a place.
///
/// # Errors
/// `NOT_FOUND` where there is no such conversation.
pub async fn deliver(app: &App, id: i64, by: SenderType, seq: i64) -> Result<(), ApiError> {
    let status = MessageStatus::Delivered;
    mark(app, Wanted { id, status, by, reader: None, up_to: UpTo::Seq(seq) }).await.map(|_| ())
}

/// Marks what there is; up to which `seq`.
async fn mark(app: &App, wanted: Wanted<'_>) -> Result<i64, ApiError> {
    loop {
        // So many a transaction: messages that are being written wait for the same lock.
        let (seq, full) = app.db.retrying(|| mark_in(app, wanted)).await?;
        app.outbox_bell.ring_for_news();
        if !full {
            return Ok(seq);
        }
    }
}

/// Up to which `seq`, and whether there may be more to do.
async fn mark_in(app: &App, wanted: Wanted<'_>) -> Result<(i64, bool), ApiError> {
    let mut tx = app.db.begin().await?;
    let conversation = locked(&mut tx, wanted.id).await?;
    let now = app.ambient.now();
    if let Some(reader) = wanted.reader {
        reader.participant().may_see(&conversation.facts)?;
    }
    let seq = match wanted.up_to {
        UpTo::Seq(seq) => seq,
        UpTo::Message(id) => {
            store::messages::seq_of(tx.conn(), wanted.id, id).await?.ok_or_else(|| {
                ApiError::invalid("chat_message_id", "must be a message of this conversation")
            })?
        }
    };
    let side = other(wanted.by);
    let behind: Vec<Behind> = behind_statement(wanted.id, side, wanted.status, seq, MAX_MARKED)
        .fetch_all(tx.conn())
        .await?;
    if let Some(newest) = behind.last() {
        set_status(tx.conn(), &behind, wanted.status, now).await?;
        let marked = Marked {
            conversation: conversation.room(),
            status: wanted.status,
            by: wanted.by,
            reader_id: wanted.reader.map(|reader| reader.session.user_id),
            reader_session: wanted.reader.map(|reader| reader.session_hash()),
            chat_message_id: newest.chat_message_id,
            seq: newest.seq,
            chat_message_ids: behind.iter().map(|message| message.chat_message_id).collect(),
            sender_ids: behind
                .iter()
                .filter_map(|message| message.sender_id)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        store::outbox::insert_news(tx.conn(), &[News::Marked(marked)], now).await?;
    }
    tx.commit().await?;
    Ok((seq, behind.len() == MAX_MARKED))
}

const fn other(side: SenderType) -> SenderType {
    match side {
        SenderType::User => SenderType::Admin,
        SenderType::Admin => SenderType::User,
    }
}
