//! Accounts and sessions of the caller.

mod cookie;
pub mod forms;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod register;
mod sessions;
mod verify;
mod view;
mod wechat_login;

use axum::{
    Router,
    routing::{get, post},
};
use shared::route;

use crate::state::App;

/// The routes, each by all its names.
pub fn router() -> Router<App> {
    [
        (route::REGISTER, post(register::register)),
        (route::LOGIN, post(login::login)),
        (route::WECHAT_LOGIN, post(wechat_login::wechat_login)),
        (route::REFRESH, post(refresh::refresh)),
        (route::LOGOUT, post(logout::logout)),
        (route::VERIFY, get(verify::verify)),
        (route::ME, get(me::me)),
        (route::SESSIONS, get(sessions::list::list)),
        (route::REVOKE_SESSION, post(sessions::revoke::revoke)),
        (route::REVOKE_ALL_SESSIONS, post(sessions::revoke_all::revoke_all)),
        (route::PASSWORD, post(password::password)),
    ]
    .into_iter()
    .flat_map(|(path, methods)| route::spellings(path).map(move |path| (path, methods.clone())))
    .fold(Router::new(), |router, (path, methods)| router.route(&path, methods))
}
