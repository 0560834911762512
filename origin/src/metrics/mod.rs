//! What operators' monitoring reads: counts of what this process did, and how things stand.
//!
//! Every process counts for itself. Labels take few values: routes, never paths; codes, never names.

mod call;
pub mod recent;

use std::sync::atomic::Ordering;

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use shared::{error::ErrorCode, session::EndReason, time::Timestamp};

pub use self::call::Call;
use crate::store::{Db, outbox::Standing};

/// What [`Metrics::text`] is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, String); N];
type Words<const N: usize> = [(&'static str, &'static str); N];

/// Seconds that a call takes: from an answer out of memory to one that is given up.
const CALL_SECONDS: [f64; 13] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What goes on in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Ends and alerts that the edge is told.
    OutboxEnds,
    /// News of conversations that the edge is told.
    OutboxNews,
    /// Sessions whose time is over.
    Expiry,
    /// When sessions were last used.
    Activity,
    /// What is long past.
    CleanUp,
    /// How things stand, for these metrics.
    Gauges,
}

impl Task {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OutboxEnds => "outbox_ends",
            Self::OutboxNews => "outbox_news",
            Self::Expiry => "expiry",
            Self::Activity => "activity",
            Self::CleanUp => "clean_up",
            Self::Gauges => "gauges",
        }
    }
}

/// All of them.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    durations: Family<Labels<2>, Histogram>,
    in_flight: Gauge,
    log_ins: Family<Words<2>, Counter>,
    forged: Counter,
    ended: Family<Words<1>, Counter>,
    messages: Counter,
    pool_size: Family<Words<1>, Gauge>,
    pool_idle: Family<Words<1>, Gauge>,
    pool_waiting: Family<Words<1>, Gauge>,
    pool_timeouts: Family<Words<1>, Counter>,
    replica_used: Gauge,
    replica_fallbacks: Counter,
    outbox_rows: Family<Words<2>, Gauge>,
    outbox_age: Family<Words<1>, Gauge<f64, std::sync::atomic::AtomicU64>>,
    live_sessions: Gauge,
    last_success: Family<Words<1>, Gauge<f64, std::sync::atomic::AtomicU64>>,
}

/// Makes a metric, and says what it is.
fn add<M: Clone + prometheus_client::registry::Metric>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl Default for Metrics {
    #[expect(clippy::too_many_lines, reason = "a table: an entry a metric")]
    fn default() -> Self {
        let mut all = Registry::default();
        let all = &mut all;
        let build = Family::<Words<1>, Gauge>::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        add(all, "drawbridge_build_info", "The program that runs; always 1", build);
        let histogram = || Histogram::new(CALL_SECONDS);
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        let metrics = Self {
            requests: add(
                all,
                "http_requests",
                "Calls answered, by method, route and status; status 499 is a client that went away first",
                Family::default(),
            ),
            durations: add(
                all,
                "http_request_duration_seconds",
                "Seconds from a call's head to its answer's",
                durations,
            ),
            in_flight: add(
                all,
                "http_requests_in_flight",
                "Calls being answered now",
                Gauge::default(),
            ),
            log_ins: add(
                all,
                "drawbridge_logins",
                "Log-ins and registrations by what they were tried with, and the code they ended in; ok where a session was given",
                Family::default(),
            ),
            forged: add(
                all,
                "drawbridge_assertions_refused",
                "Calls with an assertion that was forged, stale, or for another call",
                Counter::default(),
            ),
            ended: add(
                all,
                "drawbridge_sessions_ended",
                "Sessions that this process ended, by reason",
                Family::default(),
            ),
            messages: add(
                all,
                "drawbridge_chat_messages_stored",
                "Messages that this process stored",
                Counter::default(),
            ),
            pool_size: add(
                all,
                "db_pool_connections",
                "Open connections to the database",
                Family::default(),
            ),
            pool_idle: add(
                all,
                "db_pool_idle_connections",
                "Open connections that nobody uses",
                Family::default(),
            ),
            pool_waiting: add(
                all,
                "db_pool_waiting",
                "Calls and tasks that wait for a connection",
                Family::default(),
            ),
            pool_timeouts: add(
                all,
                "db_pool_acquire_timeouts",
                "Waits for a connection that were given up",
                Family::default(),
            ),
            replica_used: add(
                all,
                "db_replica_used",
                "1 while reads go to the read replica, 0 where there is none or it cannot be used",
                Gauge::default(),
            ),
            replica_fallbacks: add(
                all,
                "db_replica_fallbacks",
                "Reads that the primary did in the read replica's place",
                Counter::default(),
            ),
            outbox_rows: add(
                all,
                "drawbridge_outbox_rows",
                "Rows that the edge is to be told, by kind; state set_aside waits for a person",
                Family::default(),
            ),
            outbox_age: add(
                all,
                "drawbridge_outbox_oldest_age_seconds",
                "Age of the oldest row that waits for the edge; 0 where none does",
                Family::default(),
            ),
            live_sessions: add(
                all,
                "drawbridge_sessions_live",
                "Sessions that may be used now",
                Gauge::default(),
            ),
            last_success: add(
                all,
                "drawbridge_background_last_success_timestamp_seconds",
                "When a background task last did its round without a fault",
                Family::default(),
            ),
            registry: std::mem::take(all),
        };
        // A rate needs to have seen zero.
        for reason in EndReason::ALL {
            metrics.ended.get_or_create_owned(&[("reason", reason.as_str())]);
        }
        metrics
    }
}

impl Metrics {
    /// A call with an assertion that does not hold.
    pub fn forged_assertion(&self) {
        self.forged.inc();
    }

    /// Counts the end of a session once it is called.
    pub fn session_end(&self, reason: EndReason) -> impl FnOnce() + Send + Sync + 'static {
        let ended = self.ended.get_or_create_owned(&[("reason", reason.as_str())]);
        move || {
            ended.inc();
        }
    }

    /// Counts messages once it is called.
    pub fn stored_messages(&self, count: usize) -> impl FnOnce() + Send + Sync + 'static {
        let messages = self.messages.clone();
        move || {
            messages.inc_by(u64::try_from(count).unwrap_or_default());
        }
    }

    /// A background task did its round.
    pub fn done(&self, task: Task, now: Timestamp) {
        let seconds = std::time::Duration::from_millis(now.as_millis().max(0).unsigned_abs());
        self.last_success.get_or_create(&[("task", task.as_str())]).set(seconds.as_secs_f64());
    }

    /// How things stand in the database.
    pub fn stands(&self, outbox: &[Standing], live_sessions: i64, now: Timestamp) {
        for of_kind in outbox {
            let kind = ("kind", of_kind.kind.as_str());
            let rows = |state| self.outbox_rows.get_or_create_owned(&[kind, ("state", state)]);
            rows("waiting").set(of_kind.waiting);
            rows("set_aside").set(of_kind.set_aside);
            let age = of_kind.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            self.outbox_age.get_or_create(&[kind]).set(age);
        }
        self.live_sessions.set(live_sessions);
    }

    /// All of them as text, in the format of `OpenMetrics`.
    ///
    /// # Errors
    /// None: there is always room for more text.
    pub fn text(&self, db: &Db) -> Result<String, std::fmt::Error> {
        for (pool, load) in db.load() {
            let pool = [("pool", pool)];
            self.pool_size.get_or_create(&pool).set(load.size);
            self.pool_idle.get_or_create(&pool).set(load.idle);
            self.pool_waiting.get_or_create(&pool).set(load.waiting);
            // Counted where it happens; this is its copy.
            let timeouts = self.pool_timeouts.get_or_create(&pool);
            timeouts.inner().store(load.timeouts, Ordering::Relaxed);
        }
        let (is_used, fallbacks) = db.replica().unwrap_or_default();
        self.replica_used.set(is_used.into());
        self.replica_fallbacks.inner().store(fallbacks, Ordering::Relaxed);
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    fn log_in(&self, kind: &'static str, refused: Option<ErrorCode>) {
        let result = refused.map_or("ok", ErrorCode::as_str);
        self.log_ins.get_or_create(&[("kind", kind), ("result", result)]).inc();
    }
}
