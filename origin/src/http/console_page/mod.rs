//! The console's pages: a front end (`origin/console`) that is part of this program, and what it is told first.
//!
//! Not of the API: the document says nothing of it, and the edge forwards none of it.

mod configuration;
mod files;
mod policy;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use shared::{error::ErrorCode, route};

use crate::{error::ApiError, state::App};

/// What the front end is told first.
const CONFIGURATION: &str = "/console/config.json";
/// Where it shows a page to look into the system with.
const DEBUG: &str = "/console/debug";

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::CONSOLE_PAGE, get(page))
        .route(&format!("{}/", route::CONSOLE_PAGE), get(page))
        .route(CONFIGURATION, get(configuration::configuration))
        .route(&format!("{}/{{*path}}", route::CONSOLE_PAGE), get(file))
        .route(route::DEBUG_PAGE, get(debug))
}

async fn page(State(app): State<App>, headers: HeaderMap) -> Response {
    policy::around(&app, files::index(&headers))
}

/// A file of the front end; what names none and may be a place within it is the page, which knows its places.
async fn file(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    let path = uri.path().strip_prefix(route::CONSOLE_PAGE).unwrap_or_default();
    let path = path.trim_start_matches('/');
    let told = match files::file(path, &headers) {
        Some(file) => file,
        None if files::may_be_a_place(path) => files::index(&headers),
        None => return Err(ErrorCode::NotFound.into()),
    };
    Ok(policy::around(&app, told))
}

/// A short way to the page to look into the system with, where that is switched on.
async fn debug(State(app): State<App>) -> Result<Response, ApiError> {
    if !app.console.debug_page {
        return Err(ErrorCode::NotFound.into());
    }
    Ok(Redirect::temporary(DEBUG).into_response())
}
