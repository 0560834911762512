//! What a payload says, before it is known which of it had to be said.

use serde::Deserialize;

use super::{Audience, Claims, Expectations};
use crate::user::{ClientType, Role, UserType};

/// The claims of a token, of ours or of the old back end; one shape, so that the edge holds one
/// parser.
#[derive(Deserialize)]
pub(super) struct Said {
    user_id: i64,
    role: Role,
    user_type: UserType,
    session_token: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
    device: Option<String>,
    // From here on, what the old back end never wrote.
    sub: Option<String>,
    client_type: Option<ClientType>,
    scopes: Option<Vec<String>>,
    jti: Option<String>,
    iss: Option<String>,
    aud: Option<Audience>,
}

impl Said {
    /// The claims of a token of ours: all of them, or none.
    pub(super) fn in_full(self) -> Option<Claims> {
        Some(Claims {
            sub: self.sub?,
            user_id: self.user_id,
            user_type: self.user_type,
            client_type: self.client_type?,
            session_token: self.session_token,
            device: self.device,
            role: self.role,
            scopes: self.scopes?,
            jti: self.jti?,
            iat: self.iat,
            exp: self.exp,
            nbf: self.nbf,
            iss: self.iss?,
            aud: self.aud?,
        })
    }

    /// What the old back end meant by what it left out; what it did say is kept, and so judged as
    /// in any token. `sub` is the user, issuer and audience are ours. Its users came by the
    /// mini-program, its admins by browser; the session's row knows better, and is what counts.
    pub(super) fn completed(mut self, expected: &Expectations) -> Self {
        self.sub.get_or_insert_with(|| self.user_id.to_string());
        self.client_type.get_or_insert(match self.user_type {
            UserType::User => ClientType::MiniProgram,
            UserType::Admin => ClientType::Web,
        });
        self.scopes.get_or_insert_default();
        self.jti.get_or_insert_default();
        self.iss.get_or_insert_with(|| expected.issuer.clone());
        self.aud.get_or_insert_with(|| expected.audience.as_str().into());
        self
    }
}
