//! Users as admins see and change them.

mod list;
mod role;
mod show;
mod status;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::{extract::context::CallContext, extract::guard::Admin, state::App, users::By};

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::CONSOLE_USERS, get(list::list))
        .route(route::CONSOLE_USER, get(show::show))
        .route(route::USER_STATUS, post(status::set_status))
        .route(route::USER_ROLE, post(role::set_role))
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
