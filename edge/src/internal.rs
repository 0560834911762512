//! What the origin pushes: ended sessions, what happens in conversations and security alerts, in signed batches; and
//! what it asks.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde::de::DeserializeOwned;
use shared::{
    assertion::{CALL_HEADER, CallSignature},
    chat::news::RawNews,
    chat::room::{Room, RoomCall, SessionEnded},
    envelope::FieldError,
    error::ErrorCode,
    internal::{
        AlertEvent, ChatEvent, Events, EventsTaken, MAX_BATCH, SessionEvent, SessionView,
        SessionViewQuestion,
    },
    route::{
        INTERNAL_CHAT_EVENTS, INTERNAL_SECURITY_ALERTS, INTERNAL_SESSION_EVENTS,
        INTERNAL_SESSION_VIEW, MAX_INTERNAL_BODY_BYTES,
    },
    seal::Purpose,
};
use worker::Response;

use crate::{
    call::Call,
    chat::{
        delivery::{self, ForRoom},
        rooms,
    },
    clock, liveness, log,
    origin::within,
    refused::Refused,
    respond,
};

/// The longest that one room is waited for: less than the origin waits for us.
const ROOM_LIMIT: Duration = Duration::from_secs(5);

/// Takes the ends of sessions; an event is taken once its room and KV both know of it.
pub async fn session_events(mut call: Call<'_>) -> Result<Response, Refused> {
    let events: Vec<SessionEvent> = events(&mut call, INTERNAL_SESSION_EVENTS).await?;
    events.iter().for_each(liveness::bury);
    let ended = join_all(events.iter().map(|event| end_session(&call, event))).await;
    let taken = events
        .iter()
        .zip(ended)
        .filter_map(|(event, ended)| ended.then_some(event.event_id))
        .collect();
    respond::success(EventsTaken { taken })
}

/// Takes what happened in conversations; an event is taken once every room that it is for has it.
pub async fn chat_events(mut call: Call<'_>) -> Result<Response, Refused> {
    let events: Vec<ChatEvent<RawNews>> = events(&mut call, INTERNAL_CHAT_EVENTS).await?;
    let taken = events.iter().map(|event| event.event_id).collect();
    // One call a room, so that a conversation's messages arrive in their order.
    let by_room = delivery::by_room(&events, call.config.desk_shards)?;
    let calls = by_room
        .into_iter()
        .map(|ForRoom { room, event_ids, news }| (room, event_ids, RoomCall::Tell(news)));
    hand_out(&call, taken, calls.collect()).await
}

/// Takes security alerts; an event is taken once the room of the account's owner has it.
pub async fn security_alerts(mut call: Call<'_>) -> Result<Response, Refused> {
    let events: Vec<AlertEvent> = events(&mut call, INTERNAL_SECURITY_ALERTS).await?;
    let taken = events.iter().map(|event| event.event_id).collect();
    let shards = call.config.desk_shards;
    let calls = events.into_iter().map(|event| {
        let event_ids = vec![event.event_id];
        let (room, deliveries) = delivery::of_alert(event, shards)?;
        Ok((room, event_ids, RoomCall::Deliver(deliveries)))
    });
    let calls = calls.collect::<Result<_, Refused>>()?;
    hand_out(&call, taken, calls).await
}

/// Calls each room; of the events in `taken`, those stay that every room took.
async fn hand_out(
    call: &Call<'_>,
    mut taken: Vec<i64>,
    calls: Vec<(Room, Vec<i64>, RoomCall)>,
) -> Result<Response, Refused> {
    let told = join_all(calls.into_iter().map(async |(room, event_ids, what)| {
        let told = tell(call, room, &what).await;
        (event_ids, told)
    }));
    for (event_ids, told) in told.await {
        if !told {
            taken.retain(|id| !event_ids.contains(id));
        }
    }
    respond::success(EventsTaken { taken })
}

async fn end_session(call: &Call<'_>, event: &SessionEvent) -> bool {
    let room = Room::of(event.user_id, event.user_type, call.config.desk_shards);
    let ended = RoomCall::EndSession(SessionEnded {
        session: event.session.clone(),
        code: event.reason.code(),
        remember_until: event.remember_until,
    });
    // The room first: people are waiting there.
    let (told, buried) =
        join(tell(call, room, &ended), liveness::bury_everywhere(call, event)).await;
    told && buried.unwrap_or_else(|refused| {
        log::error(call.id, &format!("event {}: {refused:?}", event.event_id));
        false
    })
}

/// Tells a room something; one that hangs must not keep the others' news from counting as taken.
async fn tell(call: &Call<'_>, room: Room, what: &RoomCall) -> bool {
    let told = within(ROOM_LIMIT, rooms::tell(call.env, room, what)).await;
    let told = told.unwrap_or_else(|| Err(Refused::Fault("no answer in time".to_owned())));
    told.inspect_err(|refused| {
        log::error(call.id, &format!("{} was not told: {refused:?}", room.name()));
    })
    .is_ok()
}

/// Answers what is remembered of a session here, and changes nothing.
pub async fn session_view(mut call: Call<'_>) -> Result<Response, Refused> {
    let body = signed_body(&mut call, INTERNAL_SESSION_VIEW).await?;
    let question: SessionViewQuestion = read_one(call.id, &body)?;
    let location = call.request.cf().map(worker::Cf::colo);
    let (memory, kv) = liveness::view(&call, &question.session).await?;
    respond::success(SessionView { location, memory, kv })
}

/// The events of a batch that the origin has signed.
async fn events<T: DeserializeOwned>(call: &mut Call<'_>, path: &str) -> Result<Vec<T>, Refused> {
    read(call.id, &signed_body(call, path).await?)
}

/// The body that the origin has signed.
async fn signed_body(call: &mut Call<'_>, path: &str) -> Result<Vec<u8>, Refused> {
    let header = call.header(CALL_HEADER).ok_or(ErrorCode::Forbidden)?;
    let signature: CallSignature = call
        .config
        .origin_to_edge
        .open(Purpose::InternalCall, &header)
        .map_err(|_| ErrorCode::Forbidden)?;
    let body = call.body(MAX_INTERNAL_BODY_BYTES).await?;
    if !signature.covers(path, &body, clock::now()) {
        return Err(ErrorCode::Forbidden.into());
    }
    Ok(body)
}

fn read<T: DeserializeOwned>(call_id: &str, body: &[u8]) -> Result<Vec<T>, Refused> {
    let batch: Events<T> = read_one(call_id, body)?;
    if batch.events.len() > MAX_BATCH {
        let problem = FieldError::new("events", format!("must be at most {MAX_BATCH}"));
        return Err(Refused::Invalid(vec![problem]));
    }
    Ok(batch.events)
}

fn read_one<T: DeserializeOwned>(call_id: &str, body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        log::error(call_id, &format!("the origin sent what cannot be read: {error}"));
        ErrorCode::BadRequest.into()
    })
}
