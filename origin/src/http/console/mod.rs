//! The console: what admins see and end of the sessions of others, customer
//! service, and the marketplace.

mod audit;
mod customer_service;
mod deactivate;
mod deactivate_user;
mod inspect_token;
mod marketplace;
mod search;
mod timeline;

use shared::error::ErrorCode::{Conflict, NotFound};

use crate::{
    document::api::{Api, Tag},
    handle,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Console,
        [
            handle!(deactivate::deactivate).refusing([Conflict, NotFound]),
            handle!(deactivate_user::deactivate_user).refusing([NotFound]),
            handle!(search::search),
            handle!(timeline::timeline).refusing([NotFound]),
            handle!(audit::audit),
            handle!(inspect_token::inspect_token),
        ],
    )
    .merge(customer_service::routes())
    .merge(marketplace::routes())
}
