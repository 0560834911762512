//! Conversations with customer service, console side: for agents and admins.

mod accept;
mod list;
mod queue;
mod stats;
mod transfer;

use shared::{
    error::ErrorCode::{Conflict, NotFound},
    route,
};

use crate::{
    document::api::{Api, Tag},
    extract::guard::Agent,
    handle,
    http::chat::{close, history, read, send},
};

/// The routes. Those of both sides have one handler each.
pub fn routes() -> Api {
    Api::of(
        Tag::CustomerService,
        [
            handle!(list::list),
            handle!(history::history::<Agent>).at(route::DESK_MESSAGES).refusing([NotFound]),
            handle!(send::send::<Agent>).at(route::DESK_SEND).refusing([Conflict, NotFound]),
            handle!(read::read::<Agent>).at(route::DESK_READ).refusing([NotFound]),
            handle!(accept::accept).refusing([Conflict, NotFound]),
            handle!(transfer::transfer).refusing([Conflict, NotFound]),
            handle!(close::close::<Agent>).at(route::DESK_CLOSE).refusing([Conflict, NotFound]),
            handle!(queue::queue),
            handle!(stats::stats),
        ],
    )
}
