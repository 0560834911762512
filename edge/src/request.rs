//! Requests of ours.

use worker::{Request, RequestInit, worker_sys::web_sys};

/// A request of method, headers, body, redirect and cache; what may be said to Cloudflare's own cache is
/// left out: the library's way of writing that is kilobytes.
pub fn new(url: &str, init: &RequestInit) -> worker::Result<Request> {
    let said = web_sys::RequestInit::new();
    said.set_method(init.method.as_ref());
    said.set_headers(init.headers.as_ref());
    said.set_redirect(init.redirect.into());
    if let Some(cache) = init.cache {
        said.set_cache(cache.into());
    }
    if let Some(body) = &init.body {
        said.set_body(body);
    }
    Ok(web_sys::Request::new_with_str_and_init(url, &said)?.into())
}
