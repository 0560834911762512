use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use shared::{
    assertion::{CALL_HEADER, CallSignature, REQUEST_ID_HEADER},
    envelope::Success,
    error::ErrorCode,
    internal::{
        Liveness, LivenessQuestion, MarkOutcome, ReplayAnswer, ReplayQuestion, StoreMarks,
        StoreMessages, StoreOutcome, StoredMarks, StoredMessages,
    },
    route::{
        INTERNAL_LIVENESS, INTERNAL_MARKS, INTERNAL_MESSAGES, INTERNAL_QUEUE, INTERNAL_REPLAY,
    },
    seal::Purpose,
};
use worker::{Headers, Method, RequestInit};

use super::{init, send, within};
use crate::{clock, env::Config, log, refused::Refused, request};

/// The longest wait for a word about a session.
const LIVENESS_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait for an answer about conversations.
const CHAT_LIMIT: Duration = Duration::from_secs(10);

/// What became of a message; what clients are told of it is left as it is.
pub type RawOutcome = StoreOutcome<Box<RawValue>, Box<RawValue>>;
/// What was written; the messages are left as they are.
pub type RawReplay = ReplayAnswer<Box<RawValue>>;

/// On whose behalf the origin is asked.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The configuration.
    pub config: &'static Config,
    /// Finds the call in the logs of both sides.
    pub request_id: &'a str,
}

/// May this session be used?
pub async fn liveness(caller: Caller<'_>, session_token: &str) -> Result<Liveness, Refused> {
    let question = LivenessQuestion { session_token: session_token.to_owned() };
    ask(caller, INTERNAL_LIVENESS, &question, LIVENESS_LIMIT).await
}

/// Stores messages, each a [`SocketMessage`](shared::internal::SocketMessage); an outcome for each, in
/// their order.
pub async fn store_messages(
    caller: Caller<'_>,
    messages: Vec<Box<RawValue>>,
) -> Result<Vec<RawOutcome>, Refused> {
    let stored: StoredMessages<RawOutcome> =
        ask(caller, INTERNAL_MESSAGES, &StoreMessages { messages }, CHAT_LIMIT).await?;
    Ok(stored.outcomes)
}

/// Notes what was delivered and read, each a [`Mark`](shared::internal::Mark); an outcome for each mark, in their order.
pub async fn store_marks(
    caller: Caller<'_>,
    marks: Vec<Box<RawValue>>,
) -> Result<Vec<MarkOutcome>, Refused> {
    let stored: StoredMarks =
        ask(caller, INTERNAL_MARKS, &StoreMarks { marks }, CHAT_LIMIT).await?;
    Ok(stored.outcomes)
}

/// What was written in a conversation.
pub async fn replay(caller: Caller<'_>, question: &ReplayQuestion) -> Result<RawReplay, Refused> {
    ask(caller, INTERNAL_REPLAY, question, CHAT_LIMIT).await
}

/// The conversations that wait for an agent: a [`Queue`](shared::chat::event::Queue).
pub async fn queue(caller: Caller<'_>) -> Result<Box<RawValue>, Refused> {
    ask_raw(caller, INTERNAL_QUEUE, "{}".to_owned(), CHAT_LIMIT).await
}

async fn ask<Q: Serialize, A: DeserializeOwned>(
    caller: Caller<'_>,
    path: &str,
    question: &Q,
    limit: Duration,
) -> Result<A, Refused> {
    let answer = ask_raw(caller, path, serde_json::to_string(question)?, limit).await?;
    serde_json::from_slice(answer.get().as_bytes()).map_err(|error| {
        // The two sides do not agree on shapes: no client can mend that, and it may pass with a deploy.
        log::error(caller.request_id, &format!("the origin's answer to {path}: {error}"));
        ErrorCode::OriginUnavailable.into()
    })
}

/// Asks, and leaves the answer as it is.
async fn ask_raw(
    caller: Caller<'_>,
    path: &str,
    body: String,
    limit: Duration,
) -> Result<Box<RawValue>, Refused> {
    let signature = CallSignature::new(path, body.as_bytes(), clock::now());
    let headers = Headers::new();
    headers
        .set(CALL_HEADER, &caller.config.edge_to_origin.seal(Purpose::InternalCall, &signature)?)?;
    headers.set(REQUEST_ID_HEADER, caller.request_id)?;
    headers.set("content-type", "application/json")?;
    let init = RequestInit { method: Method::Post, headers, body: Some(body.into()), ..init() };
    let request = request::new(&format!("{}{path}", caller.config.origin_url), &init)?;
    let mut response = send(request, limit, caller.request_id).await?;
    let Some(Ok(body)) = within(limit, response.bytes()).await else {
        log::warn(caller.request_id, &format!("the origin's answer to {path} broke off"));
        return Err(ErrorCode::OriginUnavailable.into());
    };
    if response.status_code() == 200
        && let Ok(answer) = serde_json::from_slice::<Success<Box<RawValue>>>(&body)
    {
        return Ok(answer.data);
    }
    // The two sides do not agree on keys: no client can mend that either.
    let shown: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    log::error(
        caller.request_id,
        &format!("the origin answered {path} with {} {shown}", response.status_code()),
    );
    Err(ErrorCode::OriginUnavailable.into())
}
