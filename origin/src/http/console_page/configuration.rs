use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde::Serialize;

use crate::state::App;

/// What the front end must know before anyone has logged in; everyone may read it.
#[derive(Serialize)]
struct PageConfiguration<'a> {
    /// Base URL of the edge, where sockets are opened.
    socket_url: &'a str,
    /// Of this program.
    version: &'static str,
    /// Whether there is a page to look into the system with.
    debug: bool,
}

/// What the front end is told first.
pub async fn configuration(State(app): State<App>) -> impl IntoResponse {
    let told = PageConfiguration {
        socket_url: &app.console.edge_public_url,
        version: env!("CARGO_PKG_VERSION"),
        debug: app.console.debug_page,
    };
    ([(header::CACHE_CONTROL, "no-cache")], Json(told)).into_response()
}
