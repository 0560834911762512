use serde::{Deserialize, Serialize};

use crate::{
    session::SessionHash,
    user::{ClientType, Role, UserType},
};

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id as text, as RFC 7519 wants it.
    pub sub: String,
    /// The user's id.
    pub user_id: i64,
    /// The side of the system that the session belongs to.
    pub user_type: UserType,
    /// The kind of client that the session was opened from.
    pub client_type: ClientType,
    /// Names the session; an identifier, no credential.
    pub session_token: String,
    /// Hash of the device id, where the client sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What the user may do.
    pub role: Role,
    /// What the token is good for beyond the role.
    pub scopes: Vec<String>,
    /// The token's own id, for logs; never a check, since parallel refreshes would kill each other.
    pub jti: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// Where it ends, in seconds since 1970.
    pub exp: i64,
    /// Before when it does not hold, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Who made it.
    pub iss: String,
    /// Whom it is for.
    pub aud: Audience,
}

impl Claims {
    /// What stands for the session outside the origin.
    #[must_use]
    pub fn session_hash(&self) -> SessionHash {
        SessionHash::of(&self.session_token)
    }
}

/// `aud`: one recipient or several (RFC 7519, 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One recipient.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `recipient` is meant.
    #[must_use]
    pub fn contains(&self, recipient: &str) -> bool {
        match self {
            Self::One(one) => one == recipient,
            Self::Many(many) => many.iter().any(|one| one == recipient),
        }
    }
}

impl From<&str> for Audience {
    fn from(recipient: &str) -> Self {
        Self::One(recipient.to_owned())
    }
}
