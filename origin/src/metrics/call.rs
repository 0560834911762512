//! A call while it is answered.

use axum::http::Method;
use shared::error::ErrorCode;
use tokio::time::Instant;

use super::Metrics;

/// What is counted where nobody waits for the answer any more.
const GONE: u16 = 499;
/// The route of calls to paths that are none of ours.
const NO_ROUTE: &str = "none";

/// Counts a call when it is answered, or when it is dropped because its client went away.
pub struct Call<'a> {
    metrics: &'a Metrics,
    method: &'static str,
    route: String,
    began: Instant,
    status: u16,
}

impl Metrics {
    /// A call begins; `route` is its template.
    #[must_use]
    pub fn call(&self, method: &Method, route: Option<&str>) -> Call<'_> {
        self.in_flight.inc();
        Call {
            metrics: self,
            method: word(method),
            route: route.unwrap_or(NO_ROUTE).to_owned(),
            began: Instant::now(),
            status: GONE,
        }
    }
}

impl Call<'_> {
    /// It is answered.
    pub fn answered(mut self, status: u16, refused: Option<ErrorCode>) {
        self.status = status;
        if let Some(kind) = log_in(self.method, &self.route) {
            self.metrics.log_in(kind, refused);
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Self { metrics, method, began, status, .. } = *self;
        metrics.in_flight.dec();
        let route = std::mem::take(&mut self.route);
        let by_route = [("method", method.to_owned()), ("route", route)];
        metrics.durations.get_or_create(&by_route).observe(began.elapsed().as_secs_f64());
        let [method, route] = by_route;
        metrics.requests.get_or_create(&[method, route, ("status", status.to_string())]).inc();
    }
}

/// Methods are the client's words: those that we do not know are one.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// What a route logs in with, if it does.
fn log_in(method: &str, route: &str) -> Option<&'static str> {
    let verb = route.rsplit('/').next()?;
    match (method, verb) {
        ("POST", "login") => Some("password"),
        ("POST", "wechat-login") => Some("wechat"),
        ("POST", "register") => Some("registration"),
        _ => None,
    }
}
