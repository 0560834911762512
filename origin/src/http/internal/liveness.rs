use axum::extract::State;
use shared::internal::{Liveness, LivenessQuestion};

use crate::{
    error::ApiError,
    extract::{caller::live_session, signed::FromEdge},
    http::{Answer, Envelope},
    state::App,
};

/// Whether a session may be used, as its row says now.
pub async fn liveness(
    State(app): State<App>,
    FromEdge(question): FromEdge<LivenessQuestion>,
) -> Answer<Liveness> {
    match live_session(&app, &question.session_token).await {
        Ok(session) => Ok(Envelope::ok(Liveness::Live {
            until: session.facts.expires_at,
            user_id: session.user_id,
            user_type: session.user_type,
        })),
        Err(ApiError::Refused(code)) => Ok(Envelope::ok(Liveness::Dead { code })),
        Err(error) => Err(error),
    }
}
