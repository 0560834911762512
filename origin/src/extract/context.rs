//! What is known of every call before its handler runs, and the envelope around every refusal.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::{
    assertion::{ASSERTION_HEADER, Assertion, Place, REQUEST_ID_HEADER},
    envelope::Failure,
    error::{ErrorCode, Language},
    seal::Purpose,
};
use tracing::Instrument as _;

use crate::{
    error::{ApiError, Refusal},
    state::App,
};

/// What is known of a call.
#[derive(Clone, Debug)]
pub struct CallContext(Arc<Known>);

/// What [`CallContext`] holds.
#[derive(Debug)]
pub struct Known {
    /// Finds the call in the logs of edge and origin.
    pub request_id: String,
    /// Address of the client: the edge's word, else the peer's.
    pub client_ip: IpAddr,
    /// Where that is; the edge's word.
    pub place: Place,
    /// `User-Agent`, cut to what its column holds.
    pub user_agent: Option<String>,
    /// The language of what a person reads.
    pub language: Language,
    /// The edge's word, where the call came through it.
    pub assertion: Option<Assertion>,
}

/// The most characters of a user agent that are kept.
const MAX_USER_AGENT_CHARS: usize = 512;

impl std::ops::Deref for CallContext {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for CallContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| anyhow::anyhow!("a handler runs outside of `context::around`").into())
    }
}

/// Goes around every handler: learns what is known of the call, and writes refusals.
pub async fn around(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Infallible> {
    let started = app.ambient.now();
    let (known, refused) = learn(&app, &request);
    let context = CallContext(Arc::new(known));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let counted = app.metrics.call(request.method(), route);
    let span = tracing::info_span!(
        "call",
        request_id = %context.request_id,
        method = %request.method(),
        // Without the query, where a client may have put a secret.
        path = request.uri().path(),
        route,
    );
    request.extensions_mut().insert(context.clone());
    let call = async {
        let response = match refused {
            Some(code) => ApiError::from(code).into_response(),
            None => in_time(&app, next.run(request)).await,
        };
        let refused = response.extensions().get::<Refusal>().map(|refusal| refusal.code);
        let response = in_envelope(&app, &context, response);
        counted.answered(response.status().as_u16(), refused);
        // As a number: JSON has none of 128 bits, and collectors would be sent a text.
        let millis =
            u64::try_from(app.ambient.now().since(started).as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), millis, "answered");
        response
    };
    Ok(call.instrument(span).await)
}

/// The answer, or a refusal where it takes too long: what was begun in the database is then undone there.
async fn in_time(app: &App, answer: impl Future<Output = Response>) -> Response {
    let answered = tokio::time::timeout(app.operation.request_timeout, answer).await;
    answered.unwrap_or_else(|_| {
        tracing::error!("a call takes longer than REQUEST_TIMEOUT and is given up");
        ApiError::from(ErrorCode::OriginUnavailable).into_response()
    })
}

fn learn(app: &App, request: &Request) -> (Known, Option<ErrorCode>) {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let mut known = Known {
        request_id: app.ambient.unique_name(),
        client_ip: peer,
        place: Place::default(),
        user_agent: text("user-agent")
            .map(|agent| agent.chars().take(MAX_USER_AGENT_CHARS).collect()),
        language: Language::preferred(text("accept-language")),
        assertion: None,
    };
    let Some(sealed) = headers.get(ASSERTION_HEADER) else {
        return (known, None);
    };
    let Some(assertion) = open_assertion(app, request, sealed) else {
        app.metrics.forged_assertion();
        tracing::warn!(peer = %peer, "an assertion was refused: forged, stale, or for another call");
        return (known, Some(ErrorCode::Forbidden));
    };
    known.request_id.clone_from(&assertion.request_id);
    known.client_ip = assertion.client_ip.parse().unwrap_or(peer);
    known.place = assertion.place.clone();
    known.assertion = Some(assertion);
    (known, None)
}

fn open_assertion(app: &App, request: &Request, sealed: &HeaderValue) -> Option<Assertion> {
    let now = app.ambient.now();
    let assertion: Assertion =
        app.edge_to_origin.open(Purpose::Assertion, sealed.to_str().ok()?).ok()?;
    let path_and_query = request.uri().path_and_query()?.as_str();
    (assertion.covers(request.method().as_str(), path_and_query, now)
        && app.taken_assertions.take(&assertion.request_id, now))
    .then_some(assertion)
}

fn in_envelope(app: &App, context: &CallContext, mut response: Response) -> Response {
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let failure =
            Failure::new(refusal.code, context.language, &context.request_id, app.ambient.now())
                .with_fields(refusal.fields)
                .with_details(refusal.details);
        let kept = std::mem::take(response.headers_mut());
        response = axum::Json(failure).into_response();
        *response.status_mut() = StatusCode::from_u16(refusal.code.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        keep(response.headers_mut(), &kept, &[header::ALLOW]);
        if let Some(seconds) = refusal.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if app.stopping.is_cancelled() {
        // The next call of this client has to find another process.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn keep(headers: &mut HeaderMap, from: &HeaderMap, names: &[header::HeaderName]) {
    for name in names {
        if let Some(value) = from.get(name) {
            headers.insert(name, value.clone());
        }
    }
}
