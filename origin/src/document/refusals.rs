//! Refusals, by status: which codes, and what is told with them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::{
    envelope::{Failure, FieldError},
    error::ErrorCode,
};

use super::said::Said;

/// The header that every answer has.
pub fn request_id() -> Value {
    json!({ "x-request-id": { "$ref": "#/components/headers/RequestId" } })
}

/// The answers of an operation that may be refused with these codes.
pub fn responses(codes: &[ErrorCode]) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<ErrorCode>>::new();
    for code in ErrorCode::ALL.into_iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status()).or_default().push(code);
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), refused(&codes))).collect()
}

fn refused(codes: &[ErrorCode]) -> Value {
    let about: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let words: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let mut narrowed = json!({ "properties": { "code": { "enum": words } } });
    if codes == [ErrorCode::ValidationFailed] {
        narrowed["required"] = json!(["fields"]);
    }
    if codes.iter().all(|code| code.is_session_end()) {
        narrowed["required"] = json!(["legacy_code"]);
    }
    let mut headers = request_id();
    if codes.iter().any(|code| matches!(code.status(), 429 | 503)) {
        headers["retry-after"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    json!({
        "description": about.join(", "),
        "headers": headers,
        "content": { "application/json": {
            "schema": { "allOf": [{ "$ref": "#/components/schemas/Failure" }, narrowed] },
        } },
    })
}

/// The headers that answers name.
pub fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "Finds the call in the logs.",
            "schema": { "type": "string" },
        },
        "RetryAfter": {
            "description": "Seconds until the client may come back, where that is known.",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}

/// The shapes that refusals name.
pub fn add_schemas(schemas: &mut BTreeMap<String, Value>) {
    let mut said = Said::default();
    said.schema::<Failure>();
    said.schema::<FieldError>();
    said.schema::<ErrorCode>();
    schemas.extend(said.schemas);
    if let Some(failure) = schemas.get_mut("Failure") {
        failure["properties"]["success"]["const"] = json!(false);
    }
}
