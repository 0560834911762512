use axum::extract::State;
use shared::{chat::event::Queue, route};

use crate::{
    extract::guard::Agent,
    http::{Answer, Envelope},
    state::App,
    store,
};

/// Who waits for an agent: how many, and the first hundred.
#[utoipa::path(get, path = route::DESK_QUEUE)]
pub async fn queue(State(app): State<App>, _: Agent) -> Answer<Queue> {
    Ok(Envelope::ok(store::conversations::queue::queue(app.db.acquire().await?.conn()).await?))
}
