//! Frames on their way to gateways: each gateway's in their order, one batch at a time.

use std::{
    cell::{OnceCell, RefCell},
    time::Duration,
};

use shared::{
    chat::{
        gateway::{FRAMES_PATH, GatewayFrame, gateway_of},
        room::Room,
    },
    error::ErrorCode,
    time::Timestamp,
};
use worker::{Env, Result, SqlStorageValue, State};

use super::RETRY_AFTER;
use crate::{
    chat::{
        rooms,
        tables::{rows, run, same},
    },
    clock, log,
    refused::Refused,
};

/// The most frames of a batch.
const MAX_BATCH: i64 = 200;
/// How much a batch may hold before no frame is added, in bytes; a frame alone is no larger.
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// How long a batch may be on its way before it is taken for lost, with the object that sent it.
const LOST_AFTER: Duration = Duration::from_secs(30);

/// An object and a gateway.
type Key = (String, u32);

thread_local! {
    /// The bindings: the same for all objects of an isolate.
    static ENV: OnceCell<Env> = const { OnceCell::new() };
    /// By object and gateway, since when a batch is on its way.
    static SENDING: RefCell<Vec<(Key, Timestamp)>> = const { RefCell::new(Vec::new()) };
}

/// Notes the bindings.
pub fn reach_gateways_by(env: &Env) {
    ENV.with(|known| {
        // An error says that they are known.
        let _ = known.set(env.clone());
    });
}

/// Puts a frame at the end of a gateway's queue and has it sent.
pub fn push(state: &State, socket_id: &str, frame: &str, closing: Option<ErrorCode>) -> Result<()> {
    // Only names of sockets in gateways come here.
    let gateway = gateway_of(socket_id).unwrap_or_default();
    let due = clock::now().plus(RETRY_AFTER);
    run(
        state,
        "INSERT INTO remote_frame (gateway, socket_id, frame, closing, due) VALUES (?, ?, ?, ?, ?)",
        vec![
            i64::from(gateway).into(),
            socket_id.into(),
            frame.into(),
            closing.map_or(SqlStorageValue::Null, |code| code.as_str().into()),
            due.as_millis().into(),
        ],
    )?;
    send(state, gateway);
    Ok(())
}

/// Whether anything for a socket waits.
pub fn has(state: &State, socket_id: &str) -> Result<bool> {
    let query = "SELECT number FROM remote_frame WHERE socket_id = ? LIMIT 1";
    Ok(!rows(state, query, vec![socket_id.into()])?.is_empty())
}

/// When the next frames are to be sent again.
pub fn due(state: &State) -> Option<Timestamp> {
    let query = "SELECT due FROM remote_frame ORDER BY number LIMIT 1";
    Timestamp::from_millis(rows(state, query, Vec::new()).ok()?.first()?.number(0))
}

/// Sends what waits, to all gateways.
pub fn send_all(state: &State) {
    let gateways = rows(state, "SELECT DISTINCT gateway FROM remote_frame", Vec::new());
    for row in gateways.unwrap_or_default() {
        send(state, u32::try_from(row.number(0)).unwrap_or_default());
    }
}

/// Sends what waits for a gateway, unless it is being sent.
fn send(state: &State, gateway: u32) {
    let key = (state.id().to_string(), gateway);
    if !begins(&key, clock::now()) {
        return;
    }
    let state_of_its_own = same(state);
    state.wait_until(async move {
        let state = state_of_its_own;
        // Should the object end now, it is woken to send it.
        ring_by(&state, RETRY_AFTER).await;
        loop {
            match send_batch(&state, gateway).await {
                Ok(true) => note(&key, clock::now()),
                Ok(false) => break,
                Err(refused) => {
                    log::warn("", &format!("gateway {gateway} took no frames: {refused:?}"));
                    let due = clock::now().plus(RETRY_AFTER).as_millis();
                    let later = "UPDATE remote_frame SET due = ? WHERE gateway = ?";
                    let put_off = run(&state, later, vec![due.into(), i64::from(gateway).into()]);
                    if let Err(error) = put_off {
                        log::error("", &format!("frames are not put off: {error:?}"));
                    }
                    ring_by(&state, RETRY_AFTER).await;
                    break;
                }
            }
        }
        SENDING.with_borrow_mut(|all| all.retain(|(other, _)| *other != key));
    });
}

/// Whether nothing is being sent there, which then begins.
fn begins(key: &Key, now: Timestamp) -> bool {
    let is_open =
        |(other, since): &(Key, Timestamp)| other == key && now.since(*since) < LOST_AFTER;
    let begins = SENDING.with_borrow(|all| !all.iter().any(is_open));
    if begins {
        note(key, now);
    }
    begins
}

/// Notes since when a batch is on its way, and forgets those that are lost.
fn note(key: &Key, now: Timestamp) {
    SENDING.with_borrow_mut(|all| {
        all.retain(|(other, since)| other != key && now.since(*since) < LOST_AFTER);
        all.push((key.clone(), now));
    });
}

/// Sets the alarm, unless it rings before.
async fn ring_by(state: &State, delay: Duration) {
    let storage = state.storage();
    let due = clock::now().plus(delay).as_millis();
    if !matches!(storage.get_alarm().await, Ok(Some(at)) if at <= due)
        && let Err(error) = storage.set_alarm(delay).await
    {
        log::error("", &format!("no alarm: {error}"));
    }
}

/// Sends the next batch; whether there was one.
async fn send_batch(state: &State, gateway: u32) -> Result<bool, Refused> {
    let frames = batch(state, gateway)?;
    let Some(last) = frames.last().map(|frame| frame.1) else { return Ok(false) };
    let gone = post(gateway, serde_json::to_string(&frames)?).await?;
    for GatewayFrame(socket_id, _, frame, _) in &frames {
        let less = "UPDATE subscriber SET waiting = waiting - ? WHERE socket_id = ?";
        let size = i64::try_from(frame.len()).unwrap_or(i64::MAX);
        run(state, less, vec![size.into(), socket_id.as_str().into()])?;
    }
    let taken = "DELETE FROM remote_frame WHERE gateway = ? AND number <= ?";
    run(state, taken, vec![i64::from(gateway).into(), SqlStorageValue::try_from_i64(last)?])?;
    for socket_id in gone {
        super::forget(state, &socket_id)?;
    }
    Ok(true)
}

fn batch(state: &State, gateway: u32) -> Result<Vec<GatewayFrame>> {
    let query = "SELECT socket_id, number, frame, closing FROM remote_frame WHERE gateway = ? ORDER BY number LIMIT ?";
    let values = vec![i64::from(gateway).into(), MAX_BATCH.into()];
    let (mut frames, mut size) = (Vec::new(), 0);
    for mut row in rows(state, query, values)? {
        if size > MAX_BATCH_BYTES {
            break;
        }
        let frame = row.text(2);
        size += frame.len();
        let closing = row.text(3);
        let close = ErrorCode::ALL.into_iter().find(|code| code.as_str() == closing);
        frames.push(GatewayFrame(row.text(0), row.number(1), frame, close));
    }
    Ok(frames)
}

async fn post(gateway: u32, body: String) -> Result<Vec<String>, Refused> {
    let env = ENV.with(|env| env.get().cloned());
    let env = env.ok_or_else(|| Refused::Fault("no bindings".to_owned()))?;
    let mut response = rooms::post(&env, Room::Gateway(gateway), FRAMES_PATH, body).await?;
    match response.status_code() {
        200 => Ok(serde_json::from_slice(response.text().await?.as_bytes())?),
        status => Err(Refused::Fault(format!("it answered with {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn one_batch_is_on_its_way_and_a_lost_one_not_for_ever() {
        let key = |gateway| ("room".to_owned(), gateway);
        assert!(begins(&key(1), at(0)));
        assert!(!begins(&key(1), at(29)));
        assert!(begins(&key(2), at(29)), "another gateway");
        assert!(begins(&key(1), at(30)), "lost");
        assert!(!begins(&key(1), at(31)));
    }
}
