//! Who may call what, said in the handler's signature. Every guard is a [`Caller`] and one thing more,
//! judged by the rows of session and user as they are now: what the token says was true when it was
//! made, and a right that was taken away is gone at once.
//!
//! ```ignore
//! async fn audit(_: Scoped<ReadAudit>, …)
//! async fn stats(Agent(agent): Agent, …)
//! ```

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use shared::{
    error::ErrorCode,
    user::{ClientType, Role, UserType},
};

use super::caller::Caller;
use crate::{error::ApiError, state::App, store::sessions::Session};

async fn caller_if(
    parts: &mut Parts,
    app: &App,
    may: impl Fn(&Session) -> bool,
) -> Result<Caller, ApiError> {
    let caller = Caller::from_request_parts(parts, app).await?;
    if may(&caller.session) { Ok(caller) } else { Err(ErrorCode::Forbidden.into()) }
}

macro_rules! guard {
    ($(#[$doc:meta])* $name:ident: $may:expr) => {
        $(#[$doc])*
        pub struct $name(pub Caller);

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                caller_if(parts, app, $may).await.map(Self)
            }
        }
    };
}

guard! {
    /// A caller with the role of an admin, in a session of the console's side.
    Admin: |session| session.role == Role::Admin && is_of(session, UserType::Admin)
}

guard! {
    /// A caller who may answer conversations: an agent or an admin, in a session of the console's side.
    Agent: |session| matches!(session.role, Role::Agent | Role::Admin) && is_of(session, UserType::Admin)
}

guard! {
    /// A caller who has paid for VIP.
    Vip: |session| session.rights.is_vip
}

guard! {
    /// A caller with a token of the mini-program's side.
    UserSide: |session| is_of(session, UserType::User)
}

guard! {
    /// A caller with a token of the console's side.
    StaffSide: |session| is_of(session, UserType::Admin)
}

/// Whether a session is of a side of the system, and its user still is.
fn is_of(session: &Session, user_type: UserType) -> bool {
    session.user_type == user_type && session.role.user_type() == user_type
}

/// A caller who has the scope `S`.
pub struct Scoped<S: Scope>(pub Caller, pub PhantomData<S>);

/// A scope, as the name of a type.
pub trait Scope: Send {
    /// The word in `users.scopes`.
    const NAME: &'static str;
}

impl<S: Scope> FromRequestParts<App> for Scoped<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let has = |session: &Session| session.rights.scopes.iter().any(|scope| scope == S::NAME);
        caller_if(parts, app, has).await.map(|caller| Self(caller, PhantomData))
    }
}

/// A caller who is in the team `T`.
pub struct OfTeam<T: Team>(pub Caller, pub PhantomData<T>);

/// A team, as the name of a type.
pub trait Team: Send {
    /// The word in `users.team`.
    const NAME: &'static str;
}

impl<T: Team> FromRequestParts<App> for OfTeam<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let is_in = |session: &Session| session.rights.team.as_deref() == Some(T::NAME);
        caller_if(parts, app, is_in).await.map(|caller| Self(caller, PhantomData))
    }
}

/// A caller with a token of the kind of client `K`.
pub struct FromClient<K: ClientKind>(pub Caller, pub PhantomData<K>);

/// A kind of client, as the name of a type.
pub trait ClientKind: Send {
    /// The word in `authentication_sessions.client_type`.
    const TYPE: ClientType;
}

/// The WeChat mini-program.
pub struct MiniProgram;

impl ClientKind for MiniProgram {
    const TYPE: ClientType = ClientType::MiniProgram;
}

/// A browser.
pub struct Web;

impl ClientKind for Web {
    const TYPE: ClientType = ClientType::Web;
}

/// A native application.
pub struct NativeApp;

impl ClientKind for NativeApp {
    const TYPE: ClientType = ClientType::App;
}

impl<K: ClientKind> FromRequestParts<App> for FromClient<K> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let comes_by = |session: &Session| session.client_type == K::TYPE;
        caller_if(parts, app, comes_by).await.map(|caller| Self(caller, PhantomData))
    }
}
