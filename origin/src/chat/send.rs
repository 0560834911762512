//! Messages are stored, several of one conversation in one transaction.

use std::collections::{HashMap, HashSet};

use shared::{
    audit::AuditKind,
    chat::{
        ConversationStatus, NewMessage, SenderType,
        event::{ConversationChange, MessageEvent},
        news::{News, StoredMessage},
    },
    error::ErrorCode,
    time::Timestamp,
};

use super::{By, Standing, changed, place::place_in, record};
use crate::{
    error::ApiError,
    state::App,
    store::{
        self, Tx,
        conversations::Conversation,
        messages::{Origination, Window},
    },
};

/// A message that someone wants stored.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// Who.
    pub by: By<'a>,
    /// What is said of their session, as of when they sent it. A message that is stored already stays so.
    pub judged: Result<(), ErrorCode>,
    /// What.
    pub message: &'a NewMessage,
}

/// Stores a message and has the sockets told; the same message twice is stored once.
///
/// # Errors
/// `VALIDATION_FAILED` with fields; `NOT_FOUND` for a conversation that the sender may not see;
/// `FORBIDDEN` for one of the staff in their own from before;
/// `CONFLICT` where it is closed, or the same `temp_message_id` was used for another message.
pub async fn send(app: &App, id: i64, draft: Draft<'_>) -> Result<StoredMessage, ApiError> {
    let gone = || anyhow::anyhow!("a message has no outcome");
    send_all(app, id, &[draft]).await?.pop().ok_or_else(gone)?
}

/// What becomes of a draft.
type Outcome = Result<StoredMessage, ApiError>;

/// Stores messages of one conversation in their order: an outcome each.
///
/// # Errors
/// Faults of ours alone; then none is stored.
pub(super) async fn send_all(
    app: &App,
    id: i64,
    drafts: &[Draft<'_>],
) -> Result<Vec<Outcome>, ApiError> {
    let outcomes = app
        .db
        .retrying(|| async move {
            let mut tx = app.db.begin().await?;
            let outcomes = send_in(app, &mut tx, id, drafts).await?;
            tx.commit().await?;
            Ok::<_, ApiError>(outcomes)
        })
        .await?;
    app.outbox_bell.ring_for_news();
    Ok(outcomes)
}

/// What is decided of a draft before anything is written.
enum Fate {
    /// Stored by an earlier call.
    Stored(Box<MessageEvent>),
    /// To be stored, as the nth of those; of a draft that is there twice, both.
    New(usize),
    Refused(ApiError),
}

async fn send_in(
    app: &App,
    tx: &mut Tx,
    id: i64,
    drafts: &[Draft<'_>],
) -> Result<Vec<Outcome>, ApiError> {
    let Some(mut conversation) = store::conversations::lock(tx.conn(), id).await? else {
        let refused = |draft: &Draft<'_>| draft.judged.err().unwrap_or(ErrorCode::NotFound);
        return Ok(drafts.iter().map(|draft| Err(refused(draft).into())).collect());
    };
    if app.policy.old_back_end_beside {
        // What the old back end stored is earlier, and may be what is sent here again.
        place_in(app, tx, &mut conversation).await?;
    }
    // Under the lock: what is later in the conversation has no earlier time.
    let now = app.ambient.now();
    let before = conversation.clone();
    let known = known(tx, id, drafts).await?;
    let replied_to: Vec<i64> =
        drafts.iter().filter_map(|draft| draft.message.reply_to_id).collect();
    let there = store::messages::those_of(tx.conn(), id, &replied_to).await?;
    let mut pending: HashMap<(i64, &str), usize> = HashMap::new();
    let mut new: Vec<&Draft<'_>> = Vec::new();
    let mut fates = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let key = draft.message.temp_message_id.as_deref().map(|id| (draft.by.session.user_id, id));
        let fate = if let Some(stored) = key.and_then(|key| known.get(&key)) {
            // Sent again because an answer was lost: it is stored, whatever has changed since.
            if is_same(stored, draft.message) {
                Fate::Stored(Box::new(stored.clone()))
            } else {
                Fate::Refused(ErrorCode::Conflict.into())
            }
        } else if let Some(nth) = key.and_then(|key| pending.get(&key).copied()) {
            match new.get(nth) {
                Some(first) if first.message == draft.message => Fate::New(nth),
                _ => Fate::Refused(ErrorCode::Conflict.into()),
            }
        } else {
            match may_store(app, &conversation, &there, draft) {
                Ok(()) => {
                    answer(&mut conversation, draft.by, now);
                    pending.extend(key.map(|key| (key, new.len())));
                    new.push(draft);
                    Fate::New(new.len() - 1)
                }
                Err(refused) => Fate::Refused(refused),
            }
        };
        fates.push(fate);
    }
    let stored = write(tx, &before, conversation, &new, now).await?;
    tx.after_commit(app.metrics.stored_messages(stored.len()));
    Ok(fates
        .into_iter()
        .zip(drafts)
        .map(|(fate, draft)| settle(fate, draft, &before, &stored))
        .collect())
}

fn settle(fate: Fate, draft: &Draft<'_>, before: &Conversation, new: &[StoredMessage]) -> Outcome {
    match fate {
        Fate::Stored(message) => Ok(StoredMessage {
            conversation: new.last().map_or_else(|| before.room(), |newest| newest.conversation),
            sender_session: Some(draft.by.session_hash()),
            message: *message,
        }),
        Fate::New(nth) => {
            let gone = || anyhow::anyhow!("a message is gone within its own transaction");
            new.get(nth).cloned().ok_or_else(|| gone().into())
        }
        Fate::Refused(error) => Err(error),
    }
}

/// What is stored already of what the drafts say, by sender and their own id.
async fn known<'a>(
    tx: &mut Tx,
    id: i64,
    drafts: &'a [Draft<'_>],
) -> sqlx::Result<HashMap<(i64, &'a str), MessageEvent>> {
    let mut of_sender: HashMap<i64, Vec<&'a str>> = HashMap::new();
    for draft in drafts {
        if let Some(temp_id) = &draft.message.temp_message_id {
            of_sender.entry(draft.by.session.user_id).or_default().push(temp_id);
        }
    }
    let mut known = HashMap::new();
    for (sender_id, temp_ids) in of_sender {
        let found = store::messages::find_by_temp_ids(tx.conn(), id, sender_id, &temp_ids).await?;
        for message in found.into_iter().map(MessageEvent::from) {
            let sent = temp_ids.iter().find(|id| Some(**id) == message.temp_message_id.as_deref());
            known.extend(sent.map(|id| ((sender_id, *id), message)));
        }
    }
    Ok(known)
}

/// Whether a draft may be stored; `there` are the messages of the conversation that some draft replies to.
fn may_store(
    app: &App,
    conversation: &Conversation,
    there: &HashSet<i64>,
    draft: &Draft<'_>,
) -> Result<(), ApiError> {
    draft.judged?;
    let problems = draft.message.problems(&app.policy.chat_image_hosts);
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    draft.by.participant().may_write(&conversation.facts)?;
    if draft.by.participant().sender_type() != SenderType::User {
        draft.by.is_not_its_user(conversation)?;
    }
    if draft.message.reply_to_id.is_some_and(|id| !there.contains(&id)) {
        return Err(ApiError::invalid("reply_to_id", "must be a message of this conversation"));
    }
    Ok(())
}

/// What a message does to its conversation: one of the staff takes a conversation that waits, and answers.
fn answer(conversation: &mut Conversation, by: By<'_>, now: Timestamp) {
    if by.participant().sender_type() == SenderType::User {
        return;
    }
    conversation.first_response_at.get_or_insert(now);
    conversation.accepted_at.get_or_insert(now);
    let before = conversation.facts;
    conversation.facts.admin_id.get_or_insert(by.session.user_id);
    conversation.facts.status = ConversationStatus::Active;
    if conversation.facts != before {
        conversation.version += 1;
    }
}

/// Writes the new messages, what they change of their conversation, and the news of both.
async fn write(
    tx: &mut Tx,
    before: &Conversation,
    mut conversation: Conversation,
    new: &[&Draft<'_>],
    now: Timestamp,
) -> Result<Vec<StoredMessage>, ApiError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let id = before.customer_service_session_id;
    let rows: Vec<_> = new.iter().map(|draft| (origination(draft.by), draft.message)).collect();
    store::messages::insert(tx.conn(), id, before.last_seq + 1, &rows, now).await?;
    let count = u32::try_from(new.len()).unwrap_or(u32::MAX);
    let messages =
        store::messages::history(tx.conn(), id, Window::After(before.last_seq), count).await?;
    conversation.last_seq += i64::from(count);
    conversation.last_message_at = Some(now);
    conversation.updated_at = now;
    store::conversations::save(tx.conn(), &conversation).await?;
    let stored: Vec<_> = messages
        .into_iter()
        .zip(new)
        .map(|(message, draft)| StoredMessage {
            conversation: Conversation { last_seq: message.seq, ..conversation.clone() }.room(),
            sender_session: Some(draft.by.session_hash()),
            message: message.into(),
        })
        .collect();
    let mut news = Vec::with_capacity(stored.len() + 1);
    if conversation.version != before.version {
        let taken_by = new.iter().map(|draft| draft.by).find(|by| {
            before.facts.admin_id.is_none()
                && conversation.facts.admin_id == Some(by.session.user_id)
        });
        // Told before the messages: rooms have those of before.
        let so_far = Conversation { last_seq: before.last_seq, ..conversation };
        let standing = Standing::of(tx.conn(), so_far).await?;
        news.push(changed(&standing, ConversationChange::Accepted, before.facts.admin_id));
        if let Some(by) = taken_by {
            record(tx.conn(), AuditKind::ConversationAccepted, by, &standing, now).await?;
        }
    }
    news.extend(stored.iter().cloned().map(News::Message));
    store::outbox::insert_news(tx.conn(), &news, now).await?;
    Ok(stored)
}

fn origination(by: By<'_>) -> Origination {
    Origination {
        sender_id: Some(by.session.user_id),
        sender_type: by.participant().sender_type(),
        source: by.participant().source(),
    }
}

fn is_same(stored: &MessageEvent, sent: &NewMessage) -> bool {
    let metadata = sent.metadata.clone().map(serde_json::Value::Object);
    stored.content == sent.content
        && stored.message_type == sent.message_type
        && stored.reply_to_id == sent.reply_to_id
        && stored.metadata == metadata
}
