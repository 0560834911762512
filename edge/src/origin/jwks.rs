use std::time::Duration;

use futures_util::TryStreamExt as _;
use shared::{assertion::REQUEST_ID_HEADER, route::JWKS};
use worker::{Headers, Request, RequestInit, Response};

use super::{init, send, within};
use crate::{env::Config, request};

/// The longest wait for the keys.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest key set, in bytes: some hundred keys.
const MAX_BYTES: usize = 64 * 1024;

/// The public keys that the origin publishes, as JSON.
///
/// # Errors
/// What stands in the way, for the log.
pub async fn published_keys(config: &Config, request_id: &str) -> Result<String, String> {
    let request = request(config, request_id).map_err(|error| error.to_string())?;
    let asked = async {
        let mut response =
            send(request, LIMIT, request_id).await.map_err(|code| code.as_str().to_owned())?;
        match response.status_code() {
            200 => body(&mut response).await,
            status => Err(format!("status {status}")),
        }
    };
    within(LIMIT, asked).await.unwrap_or_else(|| Err("no answer in time".to_owned()))
}

fn request(config: &Config, request_id: &str) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set(REQUEST_ID_HEADER, request_id)?;
    let init = RequestInit { headers, ..init() };
    request::new(&format!("{}{JWKS}", config.origin_url), &init)
}

async fn body(response: &mut Response) -> Result<String, String> {
    let mut stream = response.stream().map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    while let Some(chunk) = stream.try_next().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(format!("over {MAX_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|error| error.to_string())
}
