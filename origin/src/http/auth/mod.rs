//! Accounts and sessions of the caller.

pub mod cookie;
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

use shared::error::ErrorCode::{
    Conflict, CsrfRejected, InvalidCredentials, NotFound, RateLimited, SessionLimit, UserInactive,
    WechatBlocked, WechatBusy, WechatCodeInvalid,
};

use crate::{
    document::api::{Api, Route, Tag},
    handle,
};

/// The routes, each by all its names.
pub fn routes() -> Api {
    Api::of(
        Tag::Auth,
        [
            handle!(register::register).refusing([Conflict, RateLimited]),
            handle!(login::login).refusing([
                InvalidCredentials,
                RateLimited,
                SessionLimit,
                UserInactive,
            ]),
            handle!(wechat_login::wechat_login).refusing([
                NotFound,
                RateLimited,
                SessionLimit,
                UserInactive,
                WechatBlocked,
                WechatBusy,
                WechatCodeInvalid,
            ]),
            handle!(refresh::refresh).refusing([CsrfRejected, RateLimited]).refusing_tokens(),
            handle!(logout::logout).refusing([CsrfRejected]),
            handle!(verify::verify),
            handle!(me::me).refusing([NotFound]),
            handle!(sessions::list::list),
            handle!(sessions::revoke::revoke).refusing([NotFound]),
            handle!(sessions::revoke_all::revoke_all),
            handle!(password::password).refusing([InvalidCredentials, NotFound, RateLimited]),
        ]
        .map(Route::by_all_names),
    )
}
