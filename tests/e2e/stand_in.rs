//! An edge before a stand-in for the origin: it publishes keys, counts who asks for them, and is
//! out of order for all else.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, routing::get};
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

/// Both, until dropped.
pub struct StandIn {
    /// Base URL of the edge.
    pub url: String,
    asked: Arc<AtomicUsize>,
    _edge: Edge,
    _folder: TempDir,
}

impl StandIn {
    /// Begins with these keys: all of them at the edge, the public ones published.
    pub async fn start(jwks: &Value) -> Self {
        let mut published = jwks.clone();
        published["keys"].as_array_mut().expect("keys").retain(|key| key["kty"] != "oct");
        let (published, asked) = (published.to_string(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&asked);
        let keys = move || async move {
            counter.fetch_add(1, Ordering::SeqCst);
            ([(header::CONTENT_TYPE, "application/jwk-set+json")], published)
        };
        let out_of_order = || async { (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))) };
        let router = Router::new()
            .route(route::JWKS, get(keys))
            .route(route::READYZ, get(|| async { Json(json!({})) }))
            .fallback(out_of_order);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });

        let folder = tempfile::tempdir().expect("a folder");
        let secrets = Secrets {
            values: Values::random().expect("secrets"),
            jwt_keys_file: PathBuf::new(),
            jwt_public_keys: jwks.to_string(),
        };
        let port = free_port().expect("a port");
        let options = EdgeOptions::new(port, &origin, &secrets, folder.path());
        let edge = tokio::task::block_in_place(|| {
            let mut edge = Edge::start(&options).expect("the edge starts");
            edge.wait_until_connected(PATIENCE).expect("the edge is healthy");
            edge
        });
        Self { url: edge.url(), asked, _edge: edge, _folder: folder }
    }

    /// How often the keys have been asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
