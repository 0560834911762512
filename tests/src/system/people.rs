//! People beyond the demo's, straight into the database: their passwords are not what is tested.

use std::time::Duration;

use origin::{
    clock::Ambient,
    keys::SigningKeys,
    store::{
        self, Db,
        sessions::{Device, NewSession, Risk},
        users::NewUser,
    },
};
use shared::{
    token::Claims,
    user::{ClientType, Role, UserType},
};

use super::{Client, Door, System};
use crate::chat::{Account, Wire};

/// The life of their tokens.
const LIFE: Duration = Duration::from_hours(12);

impl System {
    /// Someone new.
    pub async fn enrol(&self, nickname: &str, role: Role) -> i64 {
        let user = NewUser {
            user_id: None,
            mobile: None,
            email: None,
            nickname,
            password_hash: None,
            role,
        };
        let mut tx = self.db.begin().await.expect("a transaction");
        let now = Ambient::system().now();
        let user_id = store::users::insert(tx.conn(), &user, now).await.expect("a user");
        tx.commit().await.expect("a commit");
        user_id
    }

    /// A session of someone who is there.
    pub async fn session(&self, user_id: i64, role: Role, client_type: ClientType) -> Client {
        let keys = std::fs::read_to_string(self.jwt_keys_file()).expect("the keys");
        let keys = SigningKeys::from_jwks(&keys).expect("a key set");
        open_session(&self.db, &keys, (user_id, role), client_type).await
    }

    /// Someone new, with a session: a user on a phone, or staff in a browser.
    pub async fn person(&self, nickname: &str, role: Role) -> Client {
        let user_id = self.enrol(nickname, role).await;
        let client_type =
            if role == Role::User { ClientType::MiniProgram } else { ClientType::Web };
        self.session(user_id, role, client_type).await
    }

    /// Where this client comes in, for its sockets.
    #[must_use]
    pub fn account(&self, client: &Client) -> Account {
        Account {
            base: self.url(&Door::Edge),
            token: client.token.clone(),
            user_id: client.user_id,
            wire: Wire::Raw,
        }
    }
}

/// A session of someone who is there, straight into the database, with its token.
///
/// # Panics
/// The database does not take it.
pub async fn open_session(
    db: &Db,
    keys: &SigningKeys,
    (user_id, role): (i64, Role),
    client_type: ClientType,
) -> Client {
    let ambient = Ambient::system();
    let user_type = match role {
        Role::User => UserType::User,
        Role::Agent | Role::Admin => UserType::Admin,
    };
    let now = ambient.now();
    let session_token = ambient.secret_name();
    let session = NewSession {
        authentication_session_id: None,
        session_token: &session_token,
        user_type,
        user_id,
        client_type,
        expires_at: now.plus(LIFE),
        device: &Device::default(),
        risk: &Risk::default(),
        current_jti: None,
    };
    let mut tx = db.begin().await.expect("a transaction");
    let session_id = store::sessions::insert(tx.conn(), &session, now).await.expect("a session");
    tx.commit().await.expect("a commit");
    let life = i64::try_from(LIFE.as_secs()).expect("a few hours");
    let claims = Claims {
        sub: user_id.to_string(),
        user_id,
        user_type,
        client_type,
        session_token,
        device: None,
        role,
        scopes: Vec::new(),
        jti: ambient.unique_name(),
        iat: now.as_seconds(),
        exp: now.as_seconds() + life,
        nbf: None,
        iss: "drawbridge".into(),
        aud: "drawbridge-api".into(),
    };
    let token = keys.sign(&claims).expect("a token");
    Client { token, refresh_token: String::new(), session_id, user_id }
}
