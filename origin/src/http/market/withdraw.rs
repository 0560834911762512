use axum::extract::State;
use shared::{
    listing::{Listing, Withdrawer},
    route,
};

use crate::{
    extract::{context::CallContext, guard::UserSide, input::Id},
    http::{Answer, Envelope},
    listings::{self, By},
    state::App,
};

/// Its seller takes a listing back that is on sale. Asked again, the answer is the same, and nothing changes.
#[utoipa::path(post, path = route::WITHDRAW_LISTING)]
pub async fn withdraw(
    State(app): State<App>,
    UserSide(seller): UserSide,
    call: CallContext,
    Id(id): Id,
) -> Answer<Listing> {
    let by =
        By { withdrawer: Withdrawer::Seller, session: &seller.session, call: &call, reason: None };
    Ok(Envelope::ok(listings::withdraw(&app, id, by).await?))
}
