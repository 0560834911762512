//! What a story sends to the database, statement by statement.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Instrument as _, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, filter, layer::Context, registry::LookupSpan};

/// The span around a story that is recorded.
const SPAN: &str = "recorded";
/// Where the driver says what it sends.
const QUERIES: &str = "sqlx::query";

static RECORDS: Mutex<Option<HashMap<u64, Vec<String>>>> = Mutex::new(None);

/// What a story gives, and the statements that it sends meanwhile, in order.
pub async fn record<F: Future>(story: F) -> (F::Output, Vec<String>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    with_records(|records| records.insert(number, Vec::new()));
    let told = story.instrument(tracing::info_span!(SPAN, number)).await;
    (told, with_records(|records| records.remove(&number)).unwrap_or_default())
}

fn with_records<T>(act: impl FnOnce(&mut HashMap<u64, Vec<String>>) -> T) -> T {
    let mut records = RECORDS.lock().expect("nobody panics with it");
    act(records.get_or_insert_default())
}

/// Hears of statements.
pub(crate) struct Statements;

/// Which record a span belongs to.
struct Number(u64);

impl Statements {
    /// As a part of the process's one subscriber.
    pub(crate) fn layer<S>() -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Self.with_filter(filter::filter_fn(|about| about.is_span() || about.target() == QUERIES))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Statements {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != SPAN {
            return;
        }
        let mut read = Read::default();
        attributes.record(&mut read);
        if let (Some(number), Some(span)) = (read.number, context.span(id)) {
            span.extensions_mut().insert(Number(number));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(scope) = context.event_scope(event) else { return };
        let number = scope
            .from_root()
            .find_map(|span| span.extensions().get::<Number>().map(|Number(number)| *number));
        let Some(number) = number else { return };
        let mut read = Read::default();
        event.record(&mut read);
        // A short statement is its own summary.
        let text = if read.statement.trim().is_empty() { read.summary } else { read.statement };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        with_records(|records| {
            if let Some(record) = records.get_mut(&number) {
                record.push(text);
            }
        });
    }
}

#[derive(Default)]
struct Read {
    number: Option<u64>,
    summary: String,
    statement: String,
}

impl Visit for Read {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "number" {
            self.number = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
