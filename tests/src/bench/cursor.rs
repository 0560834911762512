//! A place deep in a list.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The cursor of page `page` of a list, which is walked to from its first page.
///
/// # Errors
/// The list ends before, or a page is refused.
pub async fn cursor_of(url: &str, token: &str, page: u32) -> Result<String> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut cursor = String::new();
    for number in 1..page {
        let separator = if url.contains('?') { '&' } else { '?' };
        let this = if cursor.is_empty() {
            url.to_owned()
        } else {
            format!("{url}{separator}cursor={cursor}")
        };
        let answer = http.get(this).bearer_auth(token).send().await?;
        ensure!(answer.status().is_success(), "page {number}: {}", answer.status());
        let body: Value = serde_json::from_slice(&answer.bytes().await?)?;
        let next = body["data"]["pagination"]["next_cursor"].as_str();
        next.with_context(|| format!("page {number} is the last one"))?.clone_into(&mut cursor);
    }
    Ok(cursor)
}
