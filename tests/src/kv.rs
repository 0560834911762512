//! A KV namespace at its worst: slow, stale at each place for as long as it is allowed to be, and
//! refusing a second write of a key within a second, as Cloudflare's does.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path as Params, State},
    routing::get,
};
use http::StatusCode;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use xtask::edge_dir;

/// How the namespace behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// For how long a place goes on seeing what it has seen of a key, or that there was nothing.
    pub stale: Duration,
    /// How long each call takes.
    pub slow: Duration,
}

/// A namespace that several edges share, each as a place of its own.
#[derive(Clone)]
pub struct PlayedKv {
    url: String,
    namespace: Arc<Namespace>,
}

struct Namespace {
    manners: Manners,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    truth: HashMap<String, String>,
    seen: HashMap<(String, String), (Option<String>, Instant)>,
    written_at: HashMap<String, Instant>,
    writes: Vec<(String, String)>,
    watchers: Vec<UnboundedSender<(String, Instant)>>,
}

#[expect(clippy::disallowed_methods, reason = "what it plays goes by real time")]
fn now() -> Instant {
    Instant::now()
}

impl PlayedKv {
    /// Opens a namespace on a port of its own.
    pub async fn start(manners: Manners) -> Self {
        let namespace = Arc::new(Namespace { manners, held: Mutex::default() });
        let router = Router::new()
            .route("/{place}/{key}", get(read).put(write))
            .with_state(Arc::clone(&namespace));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, namespace }
    }

    /// Where the edge of a place finds it.
    #[must_use]
    pub fn url_at(&self, place: &str) -> String {
        format!("{}/{place}", self.url)
    }

    /// Every write that was taken: key and value, in their order.
    #[must_use]
    pub fn writes(&self) -> Vec<(String, String)> {
        self.namespace.held().writes.clone()
    }

    /// The key of every write from now on, and when it was taken.
    #[must_use]
    pub fn watch(&self) -> UnboundedReceiver<(String, Instant)> {
        let (sender, receiver) = unbounded_channel();
        self.namespace.held().watchers.push(sender);
        receiver
    }
}

impl Namespace {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nobody panics with it")
    }
}

async fn read(
    State(namespace): State<Arc<Namespace>>,
    Params((place, key)): Params<(String, String)>,
) -> Result<String, StatusCode> {
    tokio::time::sleep(namespace.manners.slow).await;
    let now = now();
    let mut held = namespace.held();
    let at = (place, key);
    let seen = held.seen.get(&at).filter(|(_, since)| now - *since < namespace.manners.stale);
    if let Some((value, _)) = seen {
        return value.clone().ok_or(StatusCode::NOT_FOUND);
    }
    let value = held.truth.get(&at.1).cloned();
    held.seen.insert(at, (value.clone(), now));
    value.ok_or(StatusCode::NOT_FOUND)
}

async fn write(
    State(namespace): State<Arc<Namespace>>,
    Params((place, key)): Params<(String, String)>,
    value: String,
) -> StatusCode {
    tokio::time::sleep(namespace.manners.slow).await;
    let now = now();
    let mut held = namespace.held();
    let too_soon =
        held.written_at.get(&key).is_some_and(|last| now - *last < Duration::from_secs(1));
    if too_soon {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    held.written_at.insert(key.clone(), now);
    held.watchers.retain(|watcher| watcher.send((key.clone(), now)).is_ok());
    held.writes.push((key.clone(), value.clone()));
    // A place sees at once what it has written itself.
    held.seen.insert((place, key.clone()), (Some(value.clone()), now));
    held.truth.insert(key, value);
    StatusCode::NO_CONTENT
}

/// Writes the worker that stands around the edge as it was built, into `dir`.
///
/// # Errors
/// The folder cannot be written.
pub fn write_worker(dir: &Path) -> std::io::Result<PathBuf> {
    let build = edge_dir().join("index.js");
    let worker = include_str!("kv_shim.js").replace("EDGE_BUILD", &build.display().to_string());
    std::fs::create_dir_all(dir)?;
    let path = dir.join("kv_shim.js");
    std::fs::write(&path, worker)?;
    Ok(path)
}
