//! Frames on their way to gateways: each gateway's in their order, one batch at a time.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use shared::{
    chat::{
        gateway::{FRAMES_PATH, FramesTaken, GatewayFrame, GatewayFrames},
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

thread_local! {
    /// The bindings: the same for all objects of an isolate.
    static ENV: OnceCell<Env> = const { OnceCell::new() };
    /// By object and gateway, since when a batch is on its way.
    static SENDING: RefCell<BTreeMap<(String, u32), Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

/// Notes the bindings.
pub fn reach_gateways_by(env: &Env) {
    ENV.with(|known| {
        // An error says that they are known.
        let _ = known.set(env.clone());
    });
}

/// Puts a frame at the end of a gateway's queue and has it sent.
pub fn push(
    state: &State,
    gateway: u32,
    socket_id: &str,
    frame: &str,
    closing: Option<ErrorCode>,
) -> Result<()> {
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
    let rows: Vec<serde::de::IgnoredAny> = rows(state, query, vec![socket_id.into()])?;
    Ok(!rows.is_empty())
}

/// When the next frames are to be sent again.
pub fn due(state: &State) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Row {
        due: i64,
    }
    let query = "SELECT due FROM remote_frame ORDER BY number LIMIT 1";
    let rows: Vec<Row> = rows(state, query, Vec::new()).ok()?;
    Timestamp::from_millis(rows.first()?.due)
}

/// Sends what waits, to all gateways.
pub fn send_all(state: &State) {
    #[derive(Deserialize)]
    struct Row {
        gateway: u32,
    }
    let gateways: Result<Vec<Row>> =
        rows(state, "SELECT DISTINCT gateway FROM remote_frame", Vec::new());
    for row in gateways.unwrap_or_default() {
        send(state, row.gateway);
    }
}

/// Sends what waits for a gateway, unless it is being sent.
fn send(state: &State, gateway: u32) {
    let key = (state.id().to_string(), gateway);
    if !begins(key.clone(), clock::now()) {
        return;
    }
    let state_of_its_own = same(state);
    state.wait_until(async move {
        let state = state_of_its_own;
        // Should the object end now, it is woken to send it.
        ring_by(&state, RETRY_AFTER).await;
        loop {
            match send_batch(&state, gateway).await {
                Ok(true) => SENDING.with_borrow_mut(|all| all.insert(key.clone(), clock::now())),
                Ok(false) => break,
                Err(refused) => {
                    log::warn("", &format!("gateway {gateway} took no frames: {refused:?}"));
                    let due = clock::now().plus(RETRY_AFTER).as_millis();
                    let later = "UPDATE remote_frame SET due = ? WHERE gateway = ?";
                    let _ = run(&state, later, vec![due.into(), i64::from(gateway).into()]);
                    ring_by(&state, RETRY_AFTER).await;
                    break;
                }
            };
        }
        SENDING.with_borrow_mut(|all| all.remove(&key));
    });
}

/// Whether nothing is being sent there, which then begins.
fn begins(key: (String, u32), now: Timestamp) -> bool {
    SENDING.with_borrow_mut(|all| {
        all.retain(|_, since| now.since(*since) < LOST_AFTER);
        let begins = !all.contains_key(&key);
        if begins {
            all.insert(key, now);
        }
        begins
    })
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
    let Some(last) = frames.last().map(|frame| frame.number) else { return Ok(false) };
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for frame in &frames {
        *sizes.entry(frame.socket_id.clone()).or_default() += frame.frame.len();
    }
    let body = serde_json::to_string(&GatewayFrames { frames })?;
    let taken = post(gateway, body).await?;
    run(
        state,
        "DELETE FROM remote_frame WHERE gateway = ? AND number <= ?",
        vec![i64::from(gateway).into(), SqlStorageValue::try_from_i64(last)?],
    )?;
    for (socket_id, size) in sizes {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let less = "UPDATE subscriber SET waiting = waiting - ? WHERE socket_id = ?";
        run(state, less, vec![size.into(), socket_id.into()])?;
    }
    for socket_id in BTreeSet::from_iter(taken.gone) {
        run(state, "DELETE FROM subscriber WHERE socket_id = ?", vec![socket_id.as_str().into()])?;
        run(state, "DELETE FROM remote_frame WHERE socket_id = ?", vec![socket_id.into()])?;
    }
    Ok(true)
}

fn batch(state: &State, gateway: u32) -> Result<Vec<GatewayFrame>> {
    #[derive(Deserialize)]
    struct Row {
        number: i64,
        socket_id: String,
        frame: String,
        closing: Option<ErrorCode>,
    }
    let query = "SELECT number, socket_id, frame, closing FROM remote_frame WHERE gateway = ? ORDER BY number LIMIT ?";
    let values = vec![i64::from(gateway).into(), MAX_BATCH.into()];
    let rows: Vec<Row> = rows(state, query, values)?;
    let mut size = 0;
    let frames = rows.into_iter().take_while(|row| {
        let fits = size < MAX_BATCH_BYTES;
        size += row.frame.len();
        fits
    });
    let frames = frames.map(|Row { number, socket_id, frame, closing }| GatewayFrame {
        socket_id,
        number,
        frame,
        close: closing,
    });
    Ok(frames.collect())
}

async fn post(gateway: u32, body: String) -> Result<FramesTaken, Refused> {
    let env = ENV.with(|env| env.get().cloned());
    let env = env.ok_or_else(|| Refused::Fault("no bindings".to_owned()))?;
    let mut response = rooms::post(&env, Room::Gateway(gateway), FRAMES_PATH, body).await?;
    match response.status_code() {
        200 => Ok(response.json().await?),
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
        assert!(begins(key(1), at(0)));
        assert!(!begins(key(1), at(29)));
        assert!(begins(key(2), at(29)), "another gateway");
        assert!(begins(key(1), at(30)), "lost");
        assert!(!begins(key(1), at(31)));
    }
}
