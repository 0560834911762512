//! Tokens of the old back end: HS256, without `kid`, `iss` and `aud`.

use serde::Deserialize;

use super::{Audience, Claims, Expectations};
use crate::user::{ClientType, Role, UserType};

/// `typ` that the old back end's library writes by itself; RFC 7519 lets it be absent.
pub(super) const TOKEN_TYPE: &str = "JWT";

/// What such a token says: as [`Claims`], with what the old back end never wrote left out.
#[derive(Deserialize)]
pub(super) struct LegacyClaims {
    user_id: i64,
    role: Role,
    user_type: UserType,
    session_token: String,
    iat: i64,
    exp: i64,
    sub: Option<String>,
    client_type: Option<ClientType>,
    device: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    jti: String,
    nbf: Option<i64>,
    iss: Option<String>,
    aud: Option<Audience>,
}

impl LegacyClaims {
    /// The same in full. What is there is kept, and so judged as in any token; what is not is what
    /// the old back end meant: `sub` the user, issuer and audience its own. Its users came by the
    /// mini-program, its admins by browser; the session's row knows better, and is what counts.
    pub(super) fn completed(self, expected: &Expectations) -> Claims {
        let client_type = self.client_type.unwrap_or(match self.user_type {
            UserType::User => ClientType::MiniProgram,
            UserType::Admin => ClientType::Web,
        });
        Claims {
            sub: self.sub.unwrap_or_else(|| self.user_id.to_string()),
            user_id: self.user_id,
            user_type: self.user_type,
            client_type,
            session_token: self.session_token,
            device: self.device,
            role: self.role,
            scopes: self.scopes,
            jti: self.jti,
            iat: self.iat,
            exp: self.exp,
            nbf: self.nbf,
            iss: self.iss.unwrap_or_else(|| expected.issuer.clone()),
            aud: self.aud.unwrap_or_else(|| expected.audience.as_str().into()),
        }
    }
}
