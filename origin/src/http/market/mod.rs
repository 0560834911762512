//! Market listings.

mod my_listings;

use crate::{
    document::api::{Api, Tag},
    handle,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(Tag::Market, [handle!(my_listings::my_listings)])
}
