//! What happened, put on record together with the call that did it.

use serde_json::Value;
use shared::time::Timestamp;

use crate::{
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{
        self, Conn,
        audit::{AuditKind, NewEvent},
    },
};

/// Something that happened to a user's account or sessions.
#[derive(Debug)]
pub struct Happened {
    /// What.
    pub kind: AuditKind,
    /// To whom.
    pub user_id: i64,
    /// To which of their sessions, or by which.
    pub authentication_session_id: Option<i64>,
    /// By whom, where that is someone else.
    pub actor_user_id: Option<i64>,
    /// What else there is to say; never a secret.
    pub detail: Option<Value>,
}

impl Happened {
    /// Adds it to the audit log, in the transaction that makes it true.
    ///
    /// # Errors
    /// The database's.
    pub async fn add(
        &self,
        conn: Conn<'_>,
        call: Option<&CallContext>,
        now: Timestamp,
    ) -> sqlx::Result<()> {
        let client_ip = call.map(|call| call.client_ip.to_string());
        let event = NewEvent {
            kind: self.kind,
            user_id: Some(self.user_id),
            authentication_session_id: self.authentication_session_id,
            actor_user_id: self.actor_user_id,
            client_ip: client_ip.as_deref(),
            request_id: call.map(|call| call.request_id.as_str()),
            detail: self.detail.clone(),
        };
        store::audit::insert(conn, &event, now).await
    }

    /// Adds it by itself: a refusal, which leaves no other trace.
    ///
    /// # Errors
    /// The database's.
    pub async fn record(&self, app: &App, call: &CallContext) -> Result<(), ApiError> {
        let now = app.ambient.now();
        app.db
            .retrying(
                || async move { self.add(app.db.acquire().await?.conn(), Some(call), now).await },
            )
            .await?;
        Ok(())
    }
}
