//! What the derives cannot know of the wire: where `null` is said, and how large a number may be.

use std::collections::BTreeSet;

use serde_json::{Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Corrects the document.
pub fn true_to_it(document: &mut Value) {
    let (asked, told) =
        (named(document, &["parameters", "requestBody"]), named(document, &["responses"]));
    for operation in operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            without_null(&mut parameter["schema"]);
            within_bounds(&mut parameter["schema"]);
        }
    }
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        if asked.contains(name) {
            within_bounds(schema);
            alternatives(schema);
        } else if told.contains(name) {
            each_is_there(schema);
        }
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.filter_map(|(_, path)| path.as_object_mut()).flatten().map(|(_, operation)| operation)
}

/// The names of all shapes that are named in these parts of operations, and by those shapes in turn.
fn named(document: &mut Value, parts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut to_read: Vec<Value> = operations(document)
        .flat_map(|operation| parts.iter().map(|part| operation[*part].clone()).collect::<Vec<_>>())
        .collect();
    while let Some(value) = to_read.pop() {
        match value {
            Value::Array(items) => to_read.extend(items),
            Value::Object(members) => to_read.extend(members.into_iter().map(|(_, value)| value)),
            Value::String(text) => {
                if let Some(name) = text.strip_prefix(SCHEMAS)
                    && found.insert(name.to_owned())
                {
                    to_read.push(document["components"]["schemas"][name].clone());
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether `null` is one of the values.
fn takes_null(schema: &Value) -> bool {
    let is_null = |one: &Value| one == "null" || one["type"] == "null";
    let among = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(is_null));
    is_null(&schema["type"]) || among(&schema["type"]) || among(&schema["oneOf"])
}

/// A query string has no `null`: what is not said is left out.
fn without_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array_mut() {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(choices) = schema["oneOf"].as_array_mut() {
        choices.retain(|one| one["type"] != "null");
        if let [only] = choices.as_slice() {
            *schema = only.clone();
        }
    }
    // Indexing has left them behind.
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|_, value| !value.is_null());
    }
}

/// What comes in is held by a machine's integer.
fn within_bounds(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(within_bounds),
        Value::Object(members) => {
            let bounds = match members.get("format").and_then(Value::as_str) {
                Some("int64") => Some((json!(i64::MIN), json!(i64::MAX))),
                Some("int32") if members.contains_key("minimum") => {
                    Some((json!(0), json!(u32::MAX)))
                }
                Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
                _ => None,
            };
            if let Some((least, most)) = bounds {
                members.entry("minimum").or_insert(least);
                members.entry("maximum").or_insert(most);
            }
            members.values_mut().for_each(within_bounds);
        }
        _ => {}
    }
}

/// `x-or-else`: this member is given, or else that one. `x-only`: of the words, these.
fn alternatives(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(words) = object.remove("x-only") {
        object.insert("enum".into(), words);
    }
    object.values_mut().for_each(alternatives);
    let either =
        object.get_mut("properties").and_then(Value::as_object_mut).and_then(|properties| {
            properties.iter_mut().find_map(|(name, property)| {
                let other = property.as_object_mut()?.remove("x-or-else")?;
                Some((name.clone(), other.as_str()?.to_owned()))
            })
        });
    if let Some((one, other)) = either {
        let only = |given: &str, left_out: &str| {
            json!({
                "required": [given],
                "properties": { given: { "type": "string" }, left_out: { "type": "null" } },
            })
        };
        let choices = json!([only(&one, &other), only(&other, &one)]);
        object.insert("oneOf".into(), choices);
    }
}

/// Members that may be `null` are there all the same: what is left out is marked as never `null`.
fn each_is_there(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(each_is_there),
        Value::Object(members) => {
            let nullable: Vec<_> = members
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter(|(_, property)| takes_null(property))
                .map(|(name, _)| name.clone())
                .collect();
            if !nullable.is_empty() {
                let required = members.entry("required").or_insert_with(|| json!([]));
                if let Some(required) = required.as_array_mut() {
                    required.extend(nullable.into_iter().map(Value::from));
                }
            }
            members.values_mut().for_each(each_is_there);
        }
        _ => {}
    }
}
