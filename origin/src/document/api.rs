//! Routes that are written into the document as they are put into the router.

use std::collections::BTreeMap;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};
use serde_json::{Map, Value, json};
use shared::{error::ErrorCode, route};
use utoipa::openapi::path::{HttpMethod, Operation};

use super::{
    answers::Answers,
    refusals::{request_id, responses},
    said::Said,
    takes::{Taken, needs_session},
};
use crate::state::App;

/// A part of the API, as the document is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Accounts and sessions of the caller.
    Auth,
    /// Listings.
    Market,
    /// Conversations, user's side.
    Chat,
    /// What admins see and do.
    Console,
    /// Conversations, staff's side.
    CustomerService,
    /// What operators and verifiers ask.
    Operations,
}

impl Tag {
    /// All of them, in the document's order.
    pub const ALL: [Self; 6] = [
        Self::Auth,
        Self::Market,
        Self::Chat,
        Self::Console,
        Self::CustomerService,
        Self::Operations,
    ];

    /// The word in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Market => "market",
            Self::Chat => "chat",
            Self::Console => "console",
            Self::CustomerService => "customer service",
            Self::Operations => "operations",
        }
    }

    /// What belongs to it.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Auth => "Accounts and sessions of the caller.",
            Self::Market => "Market listings.",
            Self::Chat => "Conversations with customer service, the user's side.",
            Self::Console => "What admins see and do.",
            Self::CustomerService => "Conversations, the staff's side: for agents and admins.",
            Self::Operations => "What operators and verifiers ask.",
        }
    }
}

/// A handler with what the document says of it. Made by [`handle!`](crate::handle).
pub struct Route {
    method: HttpMethod,
    path: String,
    annotated: fn() -> Operation,
    signed: fn(&mut Said),
    codes: Vec<ErrorCode>,
    handler: MethodRouter<App>,
    by_all_names: bool,
}

/// A handler whose arguments and answer the document knows.
pub trait Documented<Args> {
    /// Says what its signature says.
    fn say(of: &mut Said);
}

macro_rules! documented {
    ($($arg:ident),*) => {
        impl<F, Fut, $($arg),*> Documented<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> Fut,
            Fut: Future<Output: Answers>,
            $($arg: Taken,)*
        {
            fn say(of: &mut Said) {
                $($arg::say(of);)*
                Fut::Output::say(of);
            }
        }
    };
}
documented!();
documented!(A);
documented!(A, B);
documented!(A, B, C);
documented!(A, B, C, D);
documented!(A, B, C, D, E);

impl Route {
    /// `handler` as its annotation `P` and its signature say.
    pub fn of<P, H, Args, T>(handler: H) -> Self
    where
        P: utoipa::Path,
        H: Handler<T, App> + Documented<Args>,
        T: 'static,
    {
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        Self {
            handler: on(filter(&method), handler),
            path: P::path(),
            annotated: P::operation,
            signed: H::say,
            // Of any call: what says that it came through the edge may be forged.
            codes: vec![ErrorCode::Forbidden],
            method,
            by_all_names: false,
        }
    }

    /// The same at another path.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// It may also be refused with these.
    #[must_use]
    pub fn refusing<const N: usize>(mut self, codes: [ErrorCode; N]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// It may also be refused with what a token is refused with, other than that of `Caller`.
    #[must_use]
    pub fn refusing_tokens(mut self) -> Self {
        let mut said = Said::default();
        needs_session(&mut said);
        self.codes.extend(said.codes);
        self
    }

    /// It is reached by all spellings of its path; those but the first are deprecated.
    #[must_use]
    pub fn by_all_names(mut self) -> Self {
        self.by_all_names = true;
        self
    }

    fn names(&self) -> Vec<String> {
        let most = if self.by_all_names { usize::MAX } else { 1 };
        route::spellings(&self.path).take(most).collect()
    }

    /// The operation, as it is at the first of its paths.
    fn operation(&self, tag: Tag, said: &Said) -> Value {
        let mut operation = serde_json::to_value((self.annotated)()).unwrap_or_default();
        operation["tags"] = json!([tag.name()]);
        if said.is_secured {
            operation["security"] = json!([{ "bearer": [] }]);
        }
        let id = said.takes_id.then(|| path_parameter(&self.path));
        let parameters: Vec<_> = id.into_iter().chain(said.parameters.clone()).collect();
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        if let Some(body) = &said.body {
            operation["requestBody"] = body.clone();
        }
        let mut answers = successes(said, operation["responses"].take());
        let codes: Vec<_> = said.codes.iter().chain(&self.codes).copied().collect();
        answers.extend(responses(&codes));
        operation["responses"] = Value::Object(answers);
        operation
    }

    /// The same at another of its paths.
    fn spelled(&self, operation: &Value, path: &str) -> Value {
        let mut operation = operation.clone();
        operation["operationId"] = json!(operation_id(&self.method, path));
        if path != self.path {
            operation["deprecated"] = json!(true);
            operation["description"] =
                json!(format!("The same as `{}`, for clients already out there.", self.path));
        }
        operation
    }
}

/// The answers that the annotation has, 200 where it has none, each with what the handler returns.
fn successes(said: &Said, annotated: Value) -> Map<String, Value> {
    let mut answers = match annotated {
        Value::Object(answers) if !answers.is_empty() => answers,
        _ => Map::from_iter([("200".to_owned(), json!({ "description": "Done." }))]),
    };
    for answer in answers.values_mut() {
        let mut headers = request_id();
        for more in [answer["headers"].take(), Value::Object(said.headers.clone())] {
            if let (Some(headers), Value::Object(more)) = (headers.as_object_mut(), more) {
                headers.extend(more);
            }
        }
        answer["headers"] = headers;
        if let Some(data) = &said.data {
            answer["content"] = json!({ "application/json": { "schema": {
                "type": "object",
                "required": ["success", "data"],
                "properties": {
                    "success": { "type": "boolean", "const": true },
                    "data": data,
                },
            } } });
        }
    }
    answers
}

fn path_parameter(path: &str) -> Value {
    let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    json!({
        "name": name.map_or("", |(name, _)| name),
        "in": "path",
        "required": true,
        "schema": { "type": "integer", "format": "int64", "minimum": 1 },
    })
}

fn operation_id(method: &HttpMethod, path: &str) -> String {
    let words =
        path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(word(method)).chain(words).collect::<Vec<_>>().join("_")
}

/// Routes have two methods, as [`route::Method`] does.
fn word(method: &HttpMethod) -> &'static str {
    if *method == HttpMethod::Post { "post" } else { "get" }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    if *method == HttpMethod::Post { MethodFilter::POST } else { MethodFilter::GET }
}

/// Routes, and what the document says of them.
#[derive(Default)]
pub struct Api(Vec<(Tag, Route)>);

impl Api {
    /// These routes, of one part of the API.
    #[must_use]
    pub fn of<const N: usize>(tag: Tag, routes: [Route; N]) -> Self {
        Self(routes.into_iter().map(|route| (tag, route)).collect())
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The routes, to be served.
    pub fn router(self) -> Router<App> {
        let named = self.0.into_iter().flat_map(|(_, route)| {
            route.names().into_iter().map(move |name| (name, route.handler.clone()))
        });
        named.fold(Router::new(), |router, (name, handler)| router.route(&name, handler))
    }

    /// `paths` and `schemas` of the document.
    #[must_use]
    pub fn written(&self) -> (BTreeMap<String, Map<String, Value>>, BTreeMap<String, Value>) {
        let (mut paths, mut schemas) = (BTreeMap::<_, Map<_, _>>::new(), BTreeMap::new());
        for (tag, route) in &self.0 {
            let mut said = Said::default();
            (route.signed)(&mut said);
            let operation = route.operation(*tag, &said);
            for name in route.names() {
                let spelled = route.spelled(&operation, &name);
                let at: &mut Map<_, _> = paths.entry(name).or_default();
                at.insert(word(&route.method).to_owned(), spelled);
            }
            for (name, schema) in said.schemas {
                let before = schemas.insert(name.clone(), schema.clone());
                debug_assert!(
                    before.is_none_or(|one| one == schema),
                    "two shapes are named {name}"
                );
            }
        }
        (paths, schemas)
    }
}

/// A route from a handler that is annotated with `#[utoipa::path]`.
#[macro_export]
macro_rules! handle {
    (@ [$($module:ident)*] $name:ident $(<$($generic:ty),+>)?) => {
        pastey::paste! {
            $crate::document::api::Route::of::<$($module::)* [<__path_ $name>], _, _, _>(
                $($module::)* $name $(::<$($generic),+>)?
            )
        }
    };
    (@ [$($module:ident)*] $head:ident $next:ident $($rest:tt)*) => {
        $crate::handle!(@ [$($module)* $head] $next $($rest)*)
    };
    ($($name:ident)::+ $(::<$($generic:ty),+>)?) => {
        $crate::handle!(@ [] $($name)+ $(<$($generic),+>)?)
    };
}
