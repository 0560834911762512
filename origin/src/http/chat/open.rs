use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{chat::ConversationStatus, time::Timestamp};

use crate::{
    chat::open_conversation,
    extract::{guard::UserSide, input::OptionalJson},
    http::{Answer, Envelope},
    state::App,
};

/// What begins a conversation.
#[derive(Deserialize, Validate)]
pub struct OpenConversation {
    /// `mobile` where the client does not say.
    #[serde(default = "mobile")]
    #[garde(length(chars, min = 1, max = 32), ascii)]
    source: String,
}

impl Default for OpenConversation {
    fn default() -> Self {
        Self { source: mobile() }
    }
}

fn mobile() -> String {
    "mobile".to_owned()
}

/// The caller's open conversation.
#[derive(Serialize)]
pub struct OpenedConversation {
    customer_service_session_id: i64,
    /// Deprecated: the same number, for clients already out there.
    session_id: i64,
    status: ConversationStatus,
    source: String,
    created_at: Timestamp,
    is_new: bool,
}

/// Gets or begins the caller's one open conversation: 201 where it begins. The staff have none of their own.
pub async fn open(
    State(app): State<App>,
    UserSide(caller): UserSide,
    OptionalJson(body): OptionalJson<OpenConversation>,
) -> Answer<OpenedConversation> {
    let (conversation, is_new) =
        open_conversation(&app, caller.session.user_id, &body.source).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Envelope(
        status,
        OpenedConversation {
            customer_service_session_id: conversation.customer_service_session_id,
            session_id: conversation.customer_service_session_id,
            status: conversation.facts.status,
            source: conversation.source,
            created_at: conversation.created_at,
            is_new,
        },
    ))
}
