//! What operators' monitoring reads.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, State},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use shared::{error::ErrorCode, route};

use crate::{
    document::api::{Api, Tag},
    error::ApiError,
    extract::context::CallContext,
    handle,
    metrics::CONTENT_TYPE,
    state::App,
};

/// What a proxy adds to a call that it passes on: such a call comes from outside, whoever its peer is.
const PASSED_ON: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-real-ip", "cf-connecting-ip", "via"];

/// The route at the main address.
pub fn routes() -> Api {
    Api::of(Tag::Operations, [handle!(nearby)])
}

/// The route at an address of its own, where whoever reaches it may read.
pub fn own_router() -> Router<App> {
    Router::new().route(route::METRICS, get(metrics))
}

/// A monitor on this machine or in its private network; of all others there is no such path.
pub struct Nearby;

impl FromRequestParts<App> for Nearby {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = CallContext::from_request_parts(parts, app).await?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let is_nearby = app.operation.metrics_listen.is_none()
            && context.assertion.is_none()
            && peer.is_some_and(is_private)
            && !PASSED_ON.iter().any(|name| parts.headers.contains_key(*name));
        if is_nearby { Ok(Self) } else { Err(ErrorCode::NotFound.into()) }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// What monitoring reads, as Prometheus scrapes it: for callers of this machine and of private networks.
#[utoipa::path(get, path = route::METRICS, responses(
    (status = 200, description = "The metrics.", content_type = "application/openmetrics-text", body = String),
))]
async fn nearby(_: Nearby, app: State<App>) -> Result<Response, ApiError> {
    metrics(app).await
}

async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let text = app.metrics.text(&app.db).map_err(anyhow::Error::new)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_told_from_the_neighbourhood() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.9",
            "172.16.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(near.parse().unwrap()), "{near}");
        }
        for far in
            ["8.8.8.8", "100.64.0.1", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "0.0.0.0"]
        {
            assert!(!is_private(far.parse().unwrap()), "{far}");
        }
    }
}
