//! An object's SQLite, and a second hold on its state.

use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::{JsCast as _, JsValue};
use worker::{Result, SqlStorageValue, State};

/// The state of the same object once more, for what outlives a call.
pub fn same(state: &State) -> State {
    let raw: &JsValue = state.as_raw().as_ref();
    State::from(raw.clone().unchecked_into::<worker::worker_sys::DurableObjectState>())
}

/// Runs a statement: how many rows it wrote.
pub fn run(state: &State, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
    Ok(state.storage().sql().exec(statement, values)?.rows_written())
}

/// What a query reads.
pub fn rows<T: DeserializeOwned>(
    state: &State,
    query: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Vec<T>> {
    state.storage().sql().exec(query, values)?.to_array()
}
