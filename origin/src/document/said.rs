//! What is known of an operation while it is put together.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::error::ErrorCode;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// An operation, from what its handler's signature says.
#[derive(Clone, Default)]
pub struct Said {
    /// Parameters of the query string.
    pub parameters: Vec<Value>,
    /// Whether the handler reads the one id of its path.
    pub takes_id: bool,
    /// The body.
    pub body: Option<Value>,
    /// Whether a live session is asked for.
    pub is_secured: bool,
    /// The shape of `data` in an answer that went well; `None` where the answer is in no envelope.
    pub data: Option<Value>,
    /// Headers of an answer that went well.
    pub headers: Map<String, Value>,
    /// What it may be refused with.
    pub codes: Vec<ErrorCode>,
    /// The shapes that are named in it.
    pub schemas: BTreeMap<String, Value>,
}

impl Said {
    /// Keeps a shape with all those that it names, and names it.
    pub fn schema<T: ToSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        if !self.schemas.contains_key(&name) {
            let mut named = Vec::new();
            T::schemas(&mut named);
            named.push((name.clone(), T::schema()));
            for (name, schema) in named {
                self.schemas.insert(name, as_json(&schema));
            }
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Adds what it may be refused with.
    pub fn refuses(&mut self, codes: &[ErrorCode]) {
        self.codes.extend(codes);
    }
}

fn as_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}
