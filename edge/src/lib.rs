//! The edge: a Cloudflare Worker in front of the origin.
//!
//! It makes each call's request id, refuses what is malformed, forged or dead before the origin
//! sees it, forwards the rest with its word about the caller, and holds the chat sockets.

mod auth;
mod cache;
mod call;
mod chat;
mod clock;
mod cors;
mod env;
mod forward;
mod health;
mod internal;
mod keys;
mod liveness;
mod log;
mod origin;
mod place;
mod quick;
mod random;
mod refused;
mod request;
mod respond;
mod routes;
mod socket;
mod socket_io;
mod sorted;
mod verify;
mod web_crypto;

use shared::error::{ErrorCode, Language};
use worker::{Context, Env, Request, Response, event};

use crate::{
    call::{Call, path, path_and_query},
    env::Config,
    refused::Refused,
    respond::About,
    routes::Endpoint,
};

/// The longest path and query, in bytes: sealed into an assertion they grow by half, and must fit.
const MAX_PATH_BYTES: usize = shared::seal::MAX_SEALED_BYTES / 2;

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (id, now) = (random::id(), clock::now());
    let header = |name| request.headers().get(name).ok().flatten();
    let (origin, language) =
        (header("origin"), Language::preferred(header("accept-language").as_deref()));
    let config = env::config(&env);
    let allowed_origins = config.as_ref().ok().map(|config| &config.allowed_origins);
    let about = About { id: &id, origin: origin.as_deref(), allowed_origins, language, now };
    let outcome = match config {
        Ok(config) => {
            let call =
                Call { request, env: &env, context: &context, config, id: &id, language, now };
            answer(call, origin.as_deref()).await
        }
        Err(refused) => Err(refused),
    };
    respond::finish(outcome, &about)
}

async fn answer(call: Call<'_>, origin: Option<&str>) -> Result<Response, Refused> {
    let (method, url) = (call.request.inner().method(), call.request.inner().url());
    let path_and_query = path_and_query(&url);
    if path_and_query.len() > MAX_PATH_BYTES {
        return Err(ErrorCode::PayloadTooLarge.into());
    }
    if method == "OPTIONS" {
        return preflight(call.config, origin);
    }
    let path = path(path_and_query);
    // Its clients are told what is wrong in their own words, the method too.
    if socket_io::is_path(path) {
        return socket_io::answer(call, origin, &method, path_and_query).await;
    }
    match routes::find(&method, path)? {
        Endpoint::Forward(access) => forward::forward(call, access, &method, path_and_query).await,
        Endpoint::Verify => verify::verify(call, path_and_query).await,
        Endpoint::Health => health::check(&call).await,
        Endpoint::ChatSocket => socket::open(&call, origin).await,
        Endpoint::SessionEvents => internal::session_events(call).await,
        Endpoint::ChatEvents => internal::chat_events(call).await,
        Endpoint::SecurityAlerts => internal::security_alerts(call).await,
        Endpoint::SessionView => internal::session_view(call).await,
    }
}

fn preflight(config: &Config, origin: Option<&str>) -> Result<Response, Refused> {
    let headers = cors::preflight(&config.allowed_origins, origin)?;
    Ok(Response::builder().with_status(204).with_headers(headers).empty())
}
