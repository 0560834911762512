//! Conversations with customer service, mini-program side; the console's side has its own routes to some
//! of the same handlers.

pub(in crate::http) mod close;
pub(in crate::http) mod history;
mod list;
mod open;
mod party;
mod rating;
pub(in crate::http) mod read;
pub(in crate::http) mod send;
pub(in crate::http) mod state;

use shared::error::ErrorCode::{Conflict, NotFound};

use crate::{
    document::api::{Api, Tag},
    extract::caller::{Caller, Reader},
    handle,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Chat,
        [
            handle!(open::open).refusing([Conflict]),
            handle!(list::list),
            handle!(history::history::<Reader>).refusing([NotFound]),
            handle!(send::send::<Caller>).refusing([Conflict, NotFound]),
            handle!(read::read::<Caller>).refusing([NotFound]),
            handle!(close::close::<Caller>).refusing([Conflict, NotFound]),
            handle!(rating::rating).refusing([Conflict, NotFound]),
        ],
    )
}
