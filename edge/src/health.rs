//! `GET /healthz`: are we alive, and does the origin answer?

use serde::Serialize;
use shared::time::Timestamp;
use worker::Response;

use crate::{call::Call, clock, origin, refused::Refused, respond};

#[derive(Serialize)]
struct Health {
    version: &'static str,
    origin: &'static str,
    /// By our clock, which the origin holds against its own.
    time: Timestamp,
}

/// 200 whatever the origin does: the edge is alive if it says so.
pub async fn check(call: &Call<'_>) -> Result<Response, Refused> {
    let origin = if origin::is_ready(call).await { "ok" } else { "unavailable" };
    respond::success(Health { version: env!("CARGO_PKG_VERSION"), origin, time: clock::now() })
}
