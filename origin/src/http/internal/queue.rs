use axum::extract::State;
use shared::{chat::event::Queue, internal::QueueQuestion};

use crate::{
    extract::signed::FromEdge,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// Who waits for an agent.
pub async fn queue(
    State(app): State<App>,
    FromEdge(QueueQuestion {}): FromEdge<QueueQuestion>,
) -> Answer<Queue> {
    Ok(Envelope::ok(store::conversations::queue::queue(app.db.acquire().await?.conn()).await?))
}
