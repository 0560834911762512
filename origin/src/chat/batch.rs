//! Messages that rooms have accepted are stored: conversations beside each other, the messages of each in
//! their order.

use std::{collections::HashMap, sync::Arc};

use shared::{
    chat::event::MessageFailed,
    error::ErrorCode,
    internal::{SocketMessage, StoreOutcome},
};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{By, Draft, accepted::Known, send::send_all};
use crate::{
    error::ApiError,
    state::App,
    store::{db::is_of_the_data, sessions::Session},
};

/// Conversations that are written into at once; each takes a connection.
const MAX_PARALLEL: usize = 4;

/// A batch, and what is known of its senders.
struct Batch {
    messages: Vec<SocketMessage>,
    senders: HashMap<String, Option<Known>>,
}

/// Stores messages that rooms have accepted: an outcome each. Done again it answers the same.
pub async fn store_batch(app: &App, messages: Vec<SocketMessage>) -> Vec<StoreOutcome> {
    let mut outcomes = vec![StoreOutcome::Later(ErrorCode::Internal); messages.len()];
    let senders = match senders(app, &messages).await {
        Ok(senders) => senders,
        Err(error) => {
            error.log();
            return vec![StoreOutcome::Later(error.code()); messages.len()];
        }
    };
    let mut conversations: Vec<(i64, Vec<usize>)> = Vec::new();
    for (nth, message) in messages.iter().enumerate() {
        let id = message.customer_service_session_id;
        match conversations.iter_mut().find(|(one, _)| *one == id) {
            Some((_, of_it)) => of_it.push(nth),
            None => conversations.push((id, vec![nth])),
        }
    }
    let batch = Arc::new(Batch { messages, senders });
    let mut under_way = JoinSet::new();
    let mut waiting = conversations.into_iter();
    loop {
        while under_way.len() < MAX_PARALLEL
            && let Some((id, of_it)) = waiting.next()
        {
            let (app, batch) = (app.clone(), Arc::clone(&batch));
            let store = async move { store_of_one(&app, &batch, id, &of_it).await };
            under_way.spawn(store.in_current_span());
        }
        match under_way.join_next().await {
            Some(Ok(done)) => {
                for (nth, outcome) in done {
                    if let Some(place) = outcomes.get_mut(nth) {
                        *place = outcome;
                    }
                }
            }
            // Nothing is decided of these: they are to come again.
            Some(Err(error)) => tracing::error!("storing messages broke off: {error}"),
            None => break outcomes,
        }
    }
}

async fn senders(
    app: &App,
    messages: &[SocketMessage],
) -> Result<HashMap<String, Option<Known>>, ApiError> {
    let mut handle = app.db.acquire().await?;
    let mut senders = HashMap::new();
    for message in messages {
        let token = &message.sender.session_token;
        if !senders.contains_key(token) {
            senders.insert(token.clone(), Known::find(handle.conn(), token).await?);
        }
    }
    Ok(senders)
}

/// Stores the messages of one conversation, all in one transaction.
async fn store_of_one(
    app: &App,
    batch: &Batch,
    id: i64,
    of_it: &[usize],
) -> Vec<(usize, StoreOutcome)> {
    let mut outcomes = Vec::with_capacity(of_it.len());
    let mut drafts: Vec<(usize, Draft<'_>)> = Vec::with_capacity(of_it.len());
    for &nth in of_it {
        let Some(message) = batch.messages.get(nth) else { continue };
        match draft(app, batch, message) {
            Some(draft) => drafts.push((nth, draft)),
            None => outcomes.push((nth, failed(message, ErrorCode::SessionNotFound.into()))),
        }
    }
    let mut some = drafts.as_slice();
    let mut size = some.len();
    while !some.is_empty() {
        let (now, rest) = some.split_at(size.clamp(1, some.len()));
        let wanted: Vec<_> = now.iter().map(|(_, draft)| *draft).collect();
        match send_all(app, id, &wanted).await {
            Ok(stored) => {
                let with_outcome = now.iter().zip(stored);
                outcomes.extend(
                    with_outcome
                        .map(|((nth, _), stored)| (*nth, outcome(&batch.messages[*nth], stored))),
                );
                some = rest;
            }
            // One of them may be such that no database takes it: each by itself, so that it does not
            // keep back the others for ever.
            Err(ApiError::Database(error)) if is_of_the_data(&error) && now.len() > 1 => size = 1,
            Err(error) => {
                error.log();
                let code = error.code();
                if matches!(&error, ApiError::Database(error) if is_of_the_data(error)) {
                    let refused = now.iter().map(|(nth, _)| *nth);
                    outcomes.extend(
                        refused.map(|nth| (nth, failed(&batch.messages[nth], code.into()))),
                    );
                    some = rest;
                } else {
                    // What comes after a fault of ours is not tried: it must not overtake.
                    outcomes.extend(some.iter().map(|(nth, _)| (*nth, StoreOutcome::Later(code))));
                    some = &[];
                }
            }
        }
    }
    outcomes
}

/// The message as someone's draft; `None` where nobody knows the session.
fn draft<'a>(app: &App, batch: &'a Batch, message: &'a SocketMessage) -> Option<Draft<'a>> {
    let known = batch.senders.get(&message.sender.session_token)?.as_ref()?;
    let now = app.ambient.now();
    let judged = known
        .judge(app.policy.session_idle_limit, message.sender.at, now)
        .map_err(shared::session::EndReason::code)
        .and_then(|()| of_its_side(&known.session));
    if judged.is_ok() {
        app.activity.note(&message.sender.session_token, message.sender.at.min(now));
    }
    Some(Draft {
        by: By { session: &known.session, call: None },
        judged,
        message: &message.message,
    })
}

/// A session is of one side: whoever has changed sides since logs in anew.
fn of_its_side(session: &Session) -> Result<(), ErrorCode> {
    let is_of_it = session.user_type == session.role.user_type();
    if is_of_it { Ok(()) } else { Err(ErrorCode::Forbidden) }
}

fn outcome(
    message: &SocketMessage,
    stored: Result<shared::chat::news::StoredMessage, ApiError>,
) -> StoreOutcome {
    match stored {
        Ok(stored) => StoreOutcome::Stored(stored),
        Err(error @ (ApiError::Database(_) | ApiError::Internal(_))) => {
            error.log();
            StoreOutcome::Later(error.code())
        }
        Err(error) => failed(message, error),
    }
}

fn failed(message: &SocketMessage, error: ApiError) -> StoreOutcome {
    let code = error.code();
    let fields = match error {
        ApiError::Invalid(fields) => fields,
        _ => Vec::new(),
    };
    StoreOutcome::Failed(MessageFailed {
        temp_message_id: message.message.temp_message_id.clone(),
        code,
        message: code.message(message.language).to_owned(),
        fields,
    })
}
