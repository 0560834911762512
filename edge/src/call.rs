//! One request on its way through the edge.

use futures_util::TryStreamExt as _;
use shared::{
    error::{ErrorCode, Language},
    time::Timestamp,
};
use worker::{Context, Env, Request, State};

use crate::{env::Config, refused::Refused};

/// A request, with all that answering it needs.
pub struct Call<'a> {
    /// What came in.
    pub request: Request,
    /// The bindings.
    pub env: &'a Env,
    /// Keeps the isolate at work after the answer.
    pub context: &'a Context,
    /// The configuration.
    pub config: &'static Config,
    /// Finds the call in the logs, here and at the origin.
    pub id: &'a str,
    /// The language of what a person reads.
    pub language: Language,
    /// When it came in.
    pub now: Timestamp,
}

/// What checks need of whoever asks for them, a call or an object.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The bindings.
    pub env: &'a Env,
    /// The configuration.
    pub config: &'static Config,
    /// Finds the work in the logs, here and at the origin.
    pub id: &'a str,
    /// When what is checked came in.
    pub now: Timestamp,
    /// Goes on when it is answered.
    pub background: Background<'a>,
}

/// What keeps an isolate at work.
#[derive(Clone, Copy)]
pub enum Background<'a> {
    /// A call, after its answer.
    Call(&'a Context),
    /// An object, while it lives.
    Object(&'a State),
}

impl Background<'_> {
    /// Has something done that nobody waits for.
    pub fn run(self, work: impl Future<Output = ()> + 'static) {
        match self {
            Self::Call(context) => context.wait_until(work),
            Self::Object(state) => state.wait_until(work),
        }
    }
}

impl Call<'_> {
    /// The call, as far as checks need to know it.
    pub fn work(&self) -> Work<'_> {
        Work {
            env: self.env,
            config: self.config,
            id: self.id,
            now: self.now,
            background: Background::Call(self.context),
        }
    }

    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// `PAYLOAD_TOO_LARGE` where the request says that its body is over `limit` bytes.
    pub fn check_length(&self, limit: usize) -> Result<(), Refused> {
        let length = self.header("content-length");
        // A length that is no number of 64 bits is no length of ours either.
        let too_long = |length: String| {
            length.trim().parse().map_or(true, |length: u64| length > limit as u64)
        };
        if length.is_some_and(too_long) {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        Ok(())
    }

    /// The body, of at most `limit` bytes, whatever its header says.
    pub async fn body(&mut self, limit: usize) -> Result<Vec<u8>, Refused> {
        self.check_length(limit)?;
        if self.request.inner().body().is_none() {
            return Ok(Vec::new());
        }
        let mut stream = self.request.stream()?;
        let mut body = Vec::new();
        while let Some(chunk) = stream.try_next().await? {
            if body.len() + chunk.len() > limit {
                return Err(ErrorCode::PayloadTooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Path and query of an absolute URL, as they stand in it.
pub fn path_and_query(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let from_path = url[after_scheme..].find('/').map_or("/", |at| &url[after_scheme + at..]);
    from_path.split('#').next().unwrap_or(from_path)
}

/// The path of a path and query.
pub fn path(path_and_query: &str) -> &str {
    path_and_query.split('?').next().unwrap_or(path_and_query)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn path_and_query_are_left_as_they_stand() {
        for (url, expected) in [
            ("https://a.com/", "/"),
            ("https://a.com", "/"),
            ("https://a.com/x/y?q=%2F&r=/z?", "/x/y?q=%2F&r=/z?"),
            ("http://127.0.0.1:8787/x?", "/x?"),
            ("https://a.com/x#f", "/x"),
            ("", "/"),
        ] {
            assert_eq!(path_and_query(url), expected, "{url}");
        }
    }
}
