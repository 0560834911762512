use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{chat::ConversationStatus, route, time::Timestamp};
use utoipa::ToSchema;

use crate::{
    chat::open_conversation,
    extract::{guard::UserSide, input::OptionalJson},
    http::{Answer, Envelope},
    state::App,
};

/// What begins a conversation.
#[derive(Deserialize, Validate, ToSchema)]
pub struct OpenConversation {
    /// `mobile` where the client does not say.
    #[serde(default = "mobile")]
    #[garde(length(chars, min = 1, max = 32), ascii)]
    #[schema(pattern = r"^[\x00-\x7F]{1,32}$")]
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
#[derive(Serialize, ToSchema)]
pub struct OpenedConversation {
    customer_service_session_id: i64,
    /// The same number, for clients already out there.
    #[schema(deprecated)]
    session_id: i64,
    status: ConversationStatus,
    source: String,
    created_at: Timestamp,
    is_new: bool,
}

/// Gets or begins the caller's one open conversation: 201 where it begins. The staff have none of their own.
#[utoipa::path(post, path = route::CHAT_SESSIONS, responses(
    (status = 200, description = "The conversation was open already."),
    (status = 201, description = "It begins."),
))]
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
