//! Accounts and sessions of the caller.

mod cookie;
mod forms;
mod login;
mod logout;
mod me;
mod refresh;
mod register;
mod verify;
mod view;

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
        .route(route::REFRESH, post(refresh::refresh))
        .route(route::LOGOUT, post(logout::logout))
        .route(route::VERIFY, get(verify::verify))
        .route(route::ME, get(me::me))
}
