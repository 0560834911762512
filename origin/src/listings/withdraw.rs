use serde_json::json;
use shared::{
    audit::AuditKind,
    error::ErrorCode,
    listing::{Listing, Withdrawer},
};

use crate::{
    audit::Happened,
    error::ApiError,
    extract::context::CallContext,
    state::App,
    store::{self, sessions::Session},
};

/// Who takes a listing back, and how.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// As whom.
    pub withdrawer: Withdrawer,
    /// Their session.
    pub session: &'a Session,
    /// Their call.
    pub call: &'a CallContext,
    /// What they say of it.
    pub reason: Option<&'a str>,
}

/// Takes a listing back, in one transaction under its lock, audited; the listing as it is then. One that they have
/// taken back already is answered as it is, so that a client that heard no answer may ask again.
///
/// # Errors
/// `NOT_FOUND` where there is none, or it is another seller's; `CONFLICT`, with where it stands, where it cannot be
/// taken back any more, or not now; the database's.
pub async fn withdraw(app: &App, market_listing_id: i64, by: By<'_>) -> Result<Listing, ApiError> {
    app.db.retrying(|| withdraw_in(app, market_listing_id, by)).await
}

async fn withdraw_in(app: &App, id: i64, by: By<'_>) -> Result<Listing, ApiError> {
    let mut tx = app.db.begin().await?;
    let listing = store::listings::lock(tx.conn(), id).await?.ok_or(ErrorCode::NotFound)?;
    let caller = by.session.user_id;
    if by.withdrawer == Withdrawer::Seller && listing.seller_user_id != caller {
        return Err(ErrorCode::NotFound.into());
    }
    let (from, to) = (listing.status, by.withdrawer.leaves());
    if from == to {
        return Ok(listing);
    }
    if !by.withdrawer.may_take_back(from) {
        let shown = json!({ "status": from, "status_display": from.display() });
        return Err(ApiError::Conflict(shown));
    }
    let now = app.ambient.now();
    store::listings::set_status(tx.conn(), id, to, now).await?;
    let happened = Happened {
        kind: match by.withdrawer {
            Withdrawer::Seller => AuditKind::ListingWithdrawn,
            Withdrawer::Admin => AuditKind::ListingAdminWithdrawn,
        },
        user_id: listing.seller_user_id,
        authentication_session_id: Some(by.session.authentication_session_id),
        actor_user_id: Some(caller).filter(|_| by.withdrawer == Withdrawer::Admin),
        detail: Some(json!({
            "market_listing_id": id, "from": from, "to": to, "reason": by.reason,
        })),
    };
    happened.add(tx.conn(), Some(by.call), now).await?;
    let listing = store::listings::find(tx.conn(), id).await?.ok_or(ErrorCode::NotFound)?;
    tx.commit().await?;
    Ok(listing)
}
