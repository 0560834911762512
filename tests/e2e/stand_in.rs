//! An edge before a stand-in for the origin: it publishes keys, as well and as fast as it is told,
//! counts who asks, and is out of order for all else.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use serde_json::{Value, json};
use shared::route;
use tempfile::TempDir;
use xtask::{
    secrets::{Secrets, Values},
    stack::{Edge, EdgeOptions, free_port},
};

/// How long the edge may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long slow keys take.
pub const SLOW: Duration = Duration::from_millis(1500);

/// Both, until dropped.
pub struct StandIn {
    /// Base URL of the edge.
    pub url: String,
    origin: Arc<Origin>,
    _edge: Edge,
    _folder: TempDir,
}

#[derive(Default)]
struct Origin {
    published: String,
    is_slow: AtomicBool,
    fails: AtomicBool,
    asked: AtomicUsize,
    reached: AtomicUsize,
}

impl Origin {
    async fn keys(&self) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_slow.load(Ordering::SeqCst) {
            tokio::time::sleep(SLOW).await;
        }
        if self.fails.load(Ordering::SeqCst) {
            return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({}))).into_response();
        }
        let published = self.published.clone();
        ([(header::CONTENT_TYPE, "application/jwk-set+json")], published).into_response()
    }

    fn all_else(&self) -> Response {
        self.reached.fetch_add(1, Ordering::SeqCst);
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))).into_response()
    }
}

impl StandIn {
    /// Begins with these keys: all of them at the edge, the public ones published.
    pub async fn start(jwks: &Value) -> Self {
        Self::start_with(jwks, jwks, &[]).await
    }

    /// Begins with other keys at the edge than those of which the public ones are published, and with
    /// further variables of the edge.
    pub async fn start_with(at_edge: &Value, jwks: &Value, vars: &[(&str, &str)]) -> Self {
        let mut published = jwks.clone();
        published["keys"].as_array_mut().expect("keys").retain(|key| key["kty"] != "oct");
        let stand_in = Arc::new(Origin { published: published.to_string(), ..Origin::default() });
        let (for_keys, for_all_else) = (Arc::clone(&stand_in), Arc::clone(&stand_in));
        let router = Router::new()
            .route(route::JWKS, get(move || async move { for_keys.keys().await }))
            .route(route::READYZ, get(|| async { Json(json!({})) }))
            .fallback(move || async move { for_all_else.all_else() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });

        let folder = tempfile::tempdir().expect("a folder");
        let secrets = Secrets {
            values: Values::random().expect("secrets"),
            jwt_keys_file: PathBuf::new(),
            jwt_public_keys: at_edge.to_string(),
        };
        let port = free_port().expect("a port");
        let mut options = EdgeOptions::new(port, &origin, &secrets, folder.path());
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        options.vars.extend(vars);
        let edge = tokio::task::block_in_place(|| {
            let mut edge = Edge::start(&options).expect("the edge starts");
            edge.wait_until_connected(PATIENCE).expect("the edge is healthy");
            edge
        });
        Self { url: edge.url(), origin: stand_in, _edge: edge, _folder: folder }
    }

    /// How often the keys have been asked for.
    pub fn asked(&self) -> usize {
        self.origin.asked.load(Ordering::SeqCst)
    }

    /// How many calls have come through the edge: their tokens hold.
    pub fn reached(&self) -> usize {
        self.origin.reached.load(Ordering::SeqCst)
    }

    /// From now on, who asks for the keys is told of an error; or no longer.
    pub fn set_fails(&self, fails: bool) {
        self.origin.fails.store(fails, Ordering::SeqCst);
    }

    /// From now on, the keys take [`SLOW`] to come.
    pub fn be_slow(&self) {
        self.origin.is_slow.store(true, Ordering::SeqCst);
    }
}
