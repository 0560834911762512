//! The marketplace, as admins see it.

mod list;
mod stats;
mod withdraw;

use shared::error::ErrorCode::{Conflict, NotFound};

use crate::{
    document::api::{Api, Tag},
    handle,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Market,
        [
            handle!(list::list),
            handle!(stats::stats),
            handle!(withdraw::withdraw).refusing([Conflict, NotFound]),
        ],
    )
}
