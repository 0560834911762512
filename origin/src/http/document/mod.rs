//! The API's document, and a page to read it.

mod json;
mod page;

use shared::error::ErrorCode;

use crate::{
    document::api::{Api, Tag},
    handle,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Operations,
        [
            handle!(json::json),
            handle!(page::page),
            handle!(page::file).refusing([ErrorCode::NotFound]),
        ],
    )
}
