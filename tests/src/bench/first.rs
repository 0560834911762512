//! Tokens that nobody has seen before, each shown once.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use super::{now, rate};

/// Shows each token of a file, a line each, once; so many answers a second.
///
/// # Errors
/// One is refused.
pub async fn shown_once(url: &str, tokens: &Path, connections: usize) -> Result<f64> {
    let tokens = std::fs::read_to_string(tokens)?;
    let tokens: Arc<[String]> = tokens.lines().map(str::to_owned).collect();
    let (next, mut tasks) = (Arc::new(AtomicUsize::new(1)), JoinSet::new());
    let http = reqwest::Client::builder().no_proxy().build()?;
    // The session is looked up now, and not while the others are timed.
    show(&http, url, tokens.first().context("no tokens")?).await?;
    let start = now();
    for _ in 0..connections {
        let (http, url) = (http.clone(), url.to_owned());
        let (tokens, next) = (Arc::clone(&tokens), Arc::clone(&next));
        tasks.spawn(async move {
            while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                show(&http, &url, token).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(rate(tokens.len() - 1, start.elapsed()))
}

async fn show(http: &reqwest::Client, url: &str, token: &str) -> Result<()> {
    let answer = http.get(url).bearer_auth(token).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(status.is_success(), "{status} {}", String::from_utf8_lossy(&body));
    Ok(())
}
