//! The files of the front end, as Vite built them (`cargo xtask build-console`) before this program was compiled.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Write as _},
    sync::LazyLock,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};

use crate::http::cached::cached_as;

#[derive(rust_embed::Embed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Built;

/// The page itself.
const INDEX: &str = "index.html";
/// Where files stand whose names change with what is in them.
const HASHED: &str = "assets/";
/// The page where the front end has not been built.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Drawbridge</title>\
    <h1>The console is not part of this build</h1><p>Build it, and the origin again:</p>\
    <pre>cargo xtask build-console\ncargo build -p origin</pre></html>";

struct File {
    bytes: Bytes,
    /// The same, smaller, where it is.
    gzipped: Option<Bytes>,
    content_type: &'static str,
    /// Names what is in it.
    hash: String,
}

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let names = Built::iter().filter(|name| content_type(name).is_some());
    names.filter_map(|name| Some((name.to_string(), File::of(&name)?))).collect()
});

impl File {
    fn of(name: &str) -> Option<Self> {
        let file = Built::get(name)?;
        let hash = BASE64_URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash());
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        let gzipped = gzip(&bytes).ok().filter(|gzipped| gzipped.len() < bytes.len());
        Some(Self { gzipped, content_type: content_type(name)?, hash, bytes })
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Bytes> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    gzip.finish().map(Bytes::from)
}

/// The page itself.
pub fn index(asked: &HeaderMap) -> Response {
    file(INDEX, asked).unwrap_or_else(|| {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::SERVICE_UNAVAILABLE, html, UNBUILT).into_response()
    })
}

/// A file; `None` where there is none of that name.
pub fn file(name: &str, asked: &HeaderMap) -> Option<Response> {
    let file = FILES.get(name)?;
    let zipped = file.gzipped.as_ref().filter(|_| takes_gzip(asked));
    let etag = match zipped {
        Some(_) => format!("\"{}-gzip\"", file.hash),
        None => format!("\"{}\"", file.hash),
    };
    let kept =
        if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let body = zipped.unwrap_or(&file.bytes).clone();
    let mut answer = cached_as(asked, &etag, kept, file.content_type, body);
    let headers = answer.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if zipped.is_some() && headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(answer)
}

/// Whether a path that names no file may be a place within the page: what has an ending is a file that is gone.
pub fn may_be_a_place(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with(HASHED) && !last.contains('.')
}

/// Whether who asks can read gzip (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        is_gzip && weight != Some(0.0)
    })
}

/// What a file is, by the ending of its name; a file of any other ending is not told.
fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_files_that_are_gone() {
        for place in ["", "desk", "users/31/timeline", "sessions/", "debug"] {
            assert!(may_be_a_place(place), "{place:?}");
        }
        for file in
            ["assets/index-abc.js", "assets/x", "favicon.ico", "a/b.map", ".env", ".git/config.x"]
        {
            assert!(!may_be_a_place(file), "{file:?}");
        }
    }

    #[test]
    fn who_reads_gzip_says_so() {
        let asks = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(asks("gzip") && asks("deflate, GZIP;q=0.5, br"));
        assert!(!asks("br") && !asks("gzip;q=0") && !asks("identity, gzip; q=0.0") && !asks(""));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
