//! Accounts and sessions of the caller.

mod forms;
mod login;
mod logout;
mod me;
mod register;
mod verify;
mod view;
mod wechat_login;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::state::App;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route(route::REGISTER, post(register::register))
        .route(route::LOGIN, post(login::login))
        .route(route::WECHAT_LOGIN, post(wechat_login::wechat_login))
        .route(route::LOGOUT, post(logout::logout))
        .route(route::VERIFY, get(verify::verify))
        .route(route::ME, get(me::me))
}
