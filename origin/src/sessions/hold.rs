//! The caller's own session, held still while it acts on others.

use shared::{error::ErrorCode, session::judge};

use crate::{
    error::ApiError,
    state::App,
    store::{self, Tx, sessions::Session, users::User},
};

/// Locks the row of the session's user, then its own, and judges it again: since its call was let in it
/// may have ended, and of two sessions that end each other one must come first. Log-ins of the user
/// wait until the transaction ends.
///
/// # Errors
/// The reason why it may no longer be used; the database's.
pub async fn hold(app: &App, tx: &mut Tx, session: &Session) -> Result<User, ApiError> {
    let user =
        store::users::lock(tx.conn(), session.user_id).await?.ok_or(ErrorCode::SessionNotFound)?;
    let session = store::sessions::lock(tx.conn(), session.authentication_session_id)
        .await?
        .ok_or(ErrorCode::SessionNotFound)?;
    judge(&session.facts, app.policy.session_idle_limit, app.ambient.now())?;
    Ok(user)
}
