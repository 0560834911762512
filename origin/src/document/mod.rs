//! The API's document, OpenAPI 3.1, made from the code: what a handler takes and answers is read from its
//! signature ([`takes`], [`answers`]), what it is for from its doc comment, and where it stands from the very
//! call that puts it into the router ([`api`]). So no route can be without its entry, and none is promised
//! that does not exist.

mod answers;
pub mod api;
mod refusals;
mod said;
mod takes;
mod wire;

use std::sync::LazyLock;

use serde_json::{Value, json};
use shared::digest::sha256_hex;

use crate::router::api;

/// The document, as it is answered and kept.
pub struct Document {
    /// JSON, as people read it.
    pub text: String,
    /// Its `ETag`.
    pub etag: String,
}

/// The document of this program.
#[must_use]
pub fn document() -> &'static Document {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
        let text = format!("{:#}\n", whole());
        Document { etag: format!("\"{}\"", &sha256_hex(&text)[..32]), text }
    });
    &DOCUMENT
}

const ABOUT: &str = "Sessions, listings and chat. An answer is `{\"success\":true,\"data\":…}`, or \
    `{\"success\":false,\"code\":…}` with the fitting status: branch on `code`. Every answer has an \
    `x-request-id`, which finds the call in the logs. Times are ISO 8601 with milliseconds and offset. \
    Sockets are not of this document: `GET /api/v4/chat/socket` and Socket.IO stand at the edge.";

fn whole() -> Value {
    let (paths, mut schemas) = api().written();
    refusals::add_schemas(&mut schemas);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Drawbridge",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/" }],
        "tags": api::Tag::ALL.map(|tag| json!({ "name": tag.name(), "description": tag.about() })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": refusals::headers(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token that a log-in or a refresh gave.",
                },
                "refresh_cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-refresh_token",
                    "description": "The refresh token of a browser; counts with the `Origin` of a page on the list.",
                },
            },
        },
    });
    wire::true_to_it(&mut document);
    document
}
