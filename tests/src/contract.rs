//! Every answer of the API tests is held against the API's own document: its route, its status, and its
//! shape, to the last member.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, OnceLock},
};

use http::Method;
use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};
use shared::route;

use crate::reply::Reply;

/// Routes under these paths are not of the API, and the document says nothing of them.
const OTHERS: [&str; 3] = ["/internal/", route::CONSOLE_PAGE, route::DEBUG_PAGE];
/// The shape of every refusal.
const FAILURE: &str = "/components/schemas/Failure";
const BASE: &str = "urn:drawbridge:api";

/// Fails where an answer is not what the document promises.
#[track_caller]
pub fn hold(method: &Method, path: &str, reply: &Reply) {
    if let Err(broken) = CONTRACT.check(method.as_str(), path, reply) {
        panic!("{method} {path} breaks docs/openapi.json: {broken}\n{reply:?}");
    }
}

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(&origin::document::document().text));

/// The document, as far as it is about answers.
pub struct Contract {
    document: Value,
    registry: Registry<'static>,
    /// By operation, status and content type; made when they are first needed.
    shapes: BTreeMap<String, OnceLock<Validator>>,
}

impl Contract {
    /// From the text of a document.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut document: Value = serde_json::from_str(text).expect("the document is JSON");
        let mut pointers = vec![FAILURE.to_owned()];
        for (path, operations) in members(&document["paths"]) {
            for (method, operation) in members(operations) {
                for (status, answer) in members(&operation["responses"]) {
                    for (content_type, _) in members(&answer["content"]) {
                        pointers.push(pointer(path, method, status, content_type));
                    }
                }
            }
        }
        close(&mut document["paths"]);
        let schemas = document["components"]["schemas"].as_object_mut();
        schemas.into_iter().flatten().for_each(|(_, schema)| close_within(schema));
        let registry = Registry::new()
            .add(BASE, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the document's references lead somewhere");
        let shapes = pointers.into_iter().map(|pointer| (pointer, OnceLock::new())).collect();
        Self { document, registry, shapes }
    }

    /// Whether an answer is promised.
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self, method: &str, path: &str, reply: &Reply) -> Result<(), String> {
        if OTHERS.iter().any(|other| path.starts_with(other)) {
            return Ok(());
        }
        let (method, status) = (method.to_ascii_lowercase(), reply.status.as_u16());
        let refused = |what: &str| match status {
            // Where strangers are kept out, they are not told what there is.
            401 | 403 | 404 | 405 => self.shape(FAILURE, &reply.json),
            _ => Err(format!("{what} is not in it")),
        };
        let Some(template) = self.template(path) else { return refused("the path") };
        let Some(operation) = self.document["paths"][template].get(&method) else {
            return refused("the method");
        };
        let answer = operation["responses"]
            .get(status.to_string())
            .ok_or_else(|| format!("the status {status} is not in it"))?;
        let content_type = reply.headers.get("content-type");
        let content_type = content_type.map(|value| value.to_str().unwrap_or_default());
        let essence = content_type.map(|value| value.split(';').next().unwrap_or_default().trim());
        match (answer["content"].as_object(), essence) {
            (None, Some(given)) => Err(format!("no body is in it, and {given} was answered")),
            (Some(_), None) => Err("a body is in it, and none was answered".into()),
            (Some(known), Some(given)) if !known.contains_key(given) => {
                Err(format!("{given} is not in it"))
            }
            (Some(_), Some(given)) if given.ends_with("json") => {
                self.shape(&pointer(template, &method, &status.to_string(), given), &reply.json)
            }
            (None, None) | (Some(_), Some(_)) => Ok(()),
        }
    }

    /// The path of the document that a call's path fits.
    fn template(&self, path: &str) -> Option<&str> {
        let fits = |template: &str| {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                    }
                    (wanted, given) if wanted == given => {}
                    _ => return false,
                }
            }
        };
        let mut known: Vec<_> = members(&self.document["paths"]).map(|(path, _)| path).collect();
        // What is spelled out goes before what is filled in.
        known.sort_by_key(|path| path.matches('{').count());
        known.into_iter().find(|path| fits(path))
    }

    fn shape(&self, pointer: &str, answered: &Value) -> Result<(), String> {
        let shape = self.shapes.get(pointer).ok_or_else(|| format!("{pointer} is not in it"))?;
        let shape = shape.get_or_init(|| {
            let mut schema = json!({ "$ref": format!("{BASE}#{pointer}") });
            if pointer == FAILURE {
                schema["unevaluatedProperties"] = json!(false);
            }
            jsonschema::draft202012::options()
                .with_registry(&self.registry)
                .should_validate_formats(true)
                .build(&schema)
                .expect("a schema")
        });
        let broken: Vec<_> = shape
            .iter_errors(answered)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("\n")) }
    }
}

fn members(of: &Value) -> impl Iterator<Item = (&str, &Value)> {
    of.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn pointer(path: &str, method: &str, status: &str, content_type: &str) -> String {
    let escaped = |text: &str| text.replace('~', "~0").replace('/', "~1");
    // As part of a URI.
    let path = escaped(path).replace('{', "%7B").replace('}', "%7D");
    let content_type = escaped(content_type).replace('+', "%2B");
    format!("/paths/{path}/{method}/responses/{status}/content/{content_type}/schema")
}

/// Clients may be told more than they know of; tests may not. So each object is closed where it is used:
/// not as a part of `allOf`, where it knows its own members alone.
fn close(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (name.as_str(), member) {
                    ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(close_within),
                    (_, member) => close(member),
                }
            }
            let is_named = members.get("$ref").is_some_and(|to| {
                to.as_str().is_some_and(|to| to.starts_with("#/components/schemas/"))
            });
            if is_named || is_shape(members) {
                members.insert("unevaluatedProperties".into(), false.into());
            }
        }
        _ => {}
    }
}

/// The same for a part of `allOf`: what is in it is closed, it itself is not.
fn close_within(part: &mut Value) {
    close(part);
    if let Some(part) = part.as_object_mut() {
        part.remove("unevaluatedProperties");
    }
}

fn is_shape(members: &Map<String, Value>) -> bool {
    members.get("properties").is_some_and(Value::is_object) || members.contains_key("allOf")
}
