use serde::Serialize;
use shared::{
    chat::{ConversationAdmin, ConversationStatus},
    time::Timestamp,
};
use utoipa::ToSchema;

use crate::chat::Standing;

/// Where a conversation stands, after a change or without one.
#[derive(Serialize, ToSchema)]
pub struct ConversationState {
    customer_service_session_id: i64,
    status: ConversationStatus,
    status_display: &'static str,
    admin: Option<ConversationAdmin>,
    closed_at: Option<Timestamp>,
    close_reason: Option<String>,
    satisfaction_score: Option<i64>,
    /// Grows with each change of status or agent.
    version: i64,
    updated_at: Timestamp,
}

impl From<Standing> for ConversationState {
    fn from(Standing { conversation, admin }: Standing) -> Self {
        Self {
            customer_service_session_id: conversation.customer_service_session_id,
            status: conversation.facts.status,
            status_display: conversation.facts.status.display(),
            admin,
            closed_at: conversation.closed_at,
            close_reason: conversation.close_reason,
            satisfaction_score: conversation.satisfaction_score,
            version: conversation.version,
            updated_at: conversation.updated_at,
        }
    }
}
