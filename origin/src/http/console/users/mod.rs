//! Users as admins see and change them.

mod list;
mod role;
mod show;
mod status;

use shared::error::ErrorCode::{Conflict, NotFound};

use crate::{
    document::api::{Api, Tag},
    extract::{context::CallContext, guard::Admin},
    handle,
    users::By,
};

/// The routes.
pub fn routes() -> Api {
    Api::of(
        Tag::Console,
        [
            handle!(list::list),
            handle!(show::show).refusing([NotFound]),
            handle!(status::set_status).refusing([Conflict, NotFound]),
            handle!(role::set_role).refusing([Conflict, NotFound]),
        ],
    )
}

/// An admin who changes an account, and why.
fn by<'a>(Admin(admin): &Admin, call: &'a CallContext, reason: &'a str) -> By<'a> {
    By {
        user_id: Some(admin.session.user_id),
        session_id: Some(admin.session.authentication_session_id),
        call: Some(call),
        note: Some(reason),
    }
}
