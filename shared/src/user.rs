//! Who people are: roles, states and the kinds of client they come in by.

use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, wire_enum::wire_enum};

wire_enum! {
    /// What a user may do (`users.role`).
    Role {
        /// A mini-program user.
        User = "user",
        /// Answers customer-service conversations.
        Agent = "agent",
        /// All that an agent may, and sessions, listings and users.
        Admin = "admin",
    }
}

impl Role {
    /// The kind of session that a person of this role gets.
    #[must_use]
    pub fn user_type(self) -> UserType {
        match self {
            Self::User => UserType::User,
            Self::Agent | Self::Admin => UserType::Admin,
        }
    }
}

wire_enum! {
    /// The side of the system that a session belongs to (`authentication_sessions.user_type`).
    UserType {
        /// The mini-program's side.
        User = "user",
        /// The console's side: agents and admins.
        Admin = "admin",
    }
}

wire_enum! {
    /// Whether an account may be used (`users.status`).
    UserStatus {
        /// May log in.
        Active = "active",
        /// Closed by its owner or dormant.
        Inactive = "inactive",
        /// Shut out by an admin.
        Banned = "banned",
    }
}

wire_enum! {
    /// The kind of client a session was opened from; sessions of different kinds never replace each other.
    ClientType {
        /// WeChat mini-program.
        MiniProgram = "mini_program",
        /// Browser.
        Web = "web",
        /// Native application.
        App = "app",
    }
}

/// What a response may say of a user: no hash, no openid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicUser {
    /// Key of the user.
    pub user_id: i64,
    /// Mobile number, where one is known.
    pub mobile: Option<String>,
    /// E-mail address in lower case, where one is known.
    pub email: Option<String>,
    /// Display name.
    pub nickname: String,
    /// Whether the account may be used.
    pub status: UserStatus,
    /// What the user may do.
    pub role: Role,
    /// Whether the user has paid for VIP.
    pub is_vip: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
}
