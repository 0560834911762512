//! An object's SQLite, and a second hold on its state.

use wasm_bindgen::prelude::{JsCast as _, JsValue};
use worker::{Result, SqlStorageValue, State};

/// Runs a statement: how many rows it wrote.
pub fn run(state: &State, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
    Ok(state.storage().sql().exec(statement, values)?.rows_written())
}

/// The rows that a query reads, of text and whole numbers: one shape for all queries, since each more
/// makes the edge larger.
pub fn rows(state: &State, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Row>> {
    state.storage().sql().exec(query, values)?.raw().map(|row| row.map(Row)).collect()
}

/// What a query reads of one row.
pub struct Row(pub Vec<SqlStorageValue>);

impl Row {
    /// The text in a column; empty where there is none.
    pub fn text(&mut self, column: usize) -> String {
        match self.0.get_mut(column) {
            Some(SqlStorageValue::String(text)) => std::mem::take(text),
            _ => String::new(),
        }
    }

    /// The number in a column; 0 where there is none.
    pub fn number(&self, column: usize) -> i64 {
        match self.0.get(column) {
            Some(SqlStorageValue::Integer(number)) => *number,
            Some(SqlStorageValue::Float(number)) => whole(*number),
            _ => 0,
        }
    }

    /// Whether there is nothing in a column.
    pub fn is_null(&self, column: usize) -> bool {
        matches!(self.0.get(column), None | Some(SqlStorageValue::Null))
    }
}

/// Numbers of SQL come as those of JavaScript; ours are whole and below 2^53.
#[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and ours are in range")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// The state of the same object once more, for what outlives a call.
pub fn same(state: &State) -> State {
    let raw: &JsValue = state.as_raw().as_ref();
    State::from(raw.clone().unchecked_into::<worker::worker_sys::DurableObjectState>())
}
