//! Market listings.

pub mod browse;
mod listing;
mod my_listings;
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
            handle!(my_listings::my_listings),
            handle!(browse::browse),
            handle!(listing::listing).refusing([NotFound]),
            handle!(withdraw::withdraw).refusing([Conflict, NotFound]),
        ],
    )
}
