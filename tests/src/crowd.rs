//! Users by the hundred, each with a session and a socket, straight into the database: their passwords
//! are not what is tested.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use origin::{
    clock::Ambient,
    keys::SigningKeys,
    store::{
        self,
        sessions::{Device, NewSession, Risk},
        users::NewUser,
    },
};
use shared::{
    route,
    session::SessionHash,
    token::Claims,
    user::{ClientType, Role, UserType},
};
use tokio::task::JoinHandle;

use crate::{
    reply::Reply,
    system::{Client, Door, System},
};

/// How long a socket may wait for its turn.
const PATIENCE: Duration = Duration::from_mins(10);
/// Sockets that are opened at once.
const AT_ONCE: usize = 50;

/// A session.
#[derive(Clone)]
pub struct Member {
    /// Its client.
    pub client: Client,
    /// What the edge knows it by.
    pub hash: SessionHash,
}

/// The end of a socket: the code that it was closed with, if it was closed and did not break, and when.
pub type SocketEnd = (Option<u16>, Instant);

/// A session with an open socket.
pub struct Connected {
    /// The session.
    pub member: Member,
    /// Its socket.
    pub socket: JoinHandle<SocketEnd>,
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Opens everyone's sockets.
pub async fn connect_all(system: &System, members: &[Member]) -> Vec<Connected> {
    let mut connected = Vec::with_capacity(members.len());
    for some in members.chunks(AT_ONCE) {
        let each = some.iter().map(async |one| connect(system, one).await.expect("a socket"));
        connected.extend(join_all(each).await);
    }
    connected
}

/// Opens a member's socket.
///
/// # Errors
/// What was answered instead of an upgrade.
pub async fn connect(system: &System, member: &Member) -> Result<Connected, Reply> {
    let socket = system.socket(&Door::Edge, &member.client).await?.greeted().await;
    // A word of the origin in KV, as a client that is in use has it.
    system.get(&Door::Edge, &member.client, route::ME).await.ok();
    let socket = tokio::spawn(async move { (socket.drained(PATIENCE).await, now()) });
    Ok(Connected { member: member.clone(), socket })
}

/// Makes users of their own with a session each.
pub async fn gather(system: &System, count: usize) -> Vec<Member> {
    let ambient = Ambient::system();
    let keys = std::fs::read_to_string(system.jwt_keys_file()).expect("the keys");
    let keys = SigningKeys::from_jwks(&keys).expect("a key set");
    let now = ambient.now();
    let mut members = Vec::with_capacity(count);
    let mut tx = system.db.begin().await.expect("a transaction");
    for n in 0..count {
        let user = NewUser {
            user_id: None,
            mobile: None,
            email: None,
            nickname: &format!("user {n}"),
            password_hash: None,
            role: Role::User,
        };
        let user_id = store::users::insert(tx.conn(), &user, now).await.expect("a user");
        let session_token = ambient.secret_name();
        let session = NewSession {
            authentication_session_id: None,
            session_token: &session_token,
            user_type: UserType::User,
            user_id,
            client_type: ClientType::MiniProgram,
            expires_at: now.plus(Duration::from_hours(1)),
            device: &Device::default(),
            risk: &Risk::default(),
            current_jti: None,
        };
        let session_id =
            store::sessions::insert(tx.conn(), &session, now).await.expect("a session");
        let claims = Claims {
            sub: user_id.to_string(),
            user_id,
            user_type: UserType::User,
            client_type: ClientType::MiniProgram,
            session_token,
            device: None,
            role: Role::User,
            scopes: Vec::new(),
            jti: ambient.unique_name(),
            iat: now.as_seconds(),
            exp: now.as_seconds() + 3600,
            nbf: None,
            iss: "drawbridge".into(),
            aud: "drawbridge-api".into(),
        };
        let token = keys.sign(&claims).expect("a token");
        let client = Client { token, refresh_token: String::new(), session_id, user_id };
        members.push(Member { client, hash: claims.session_hash() });
    }
    tx.commit().await.expect("a commit");
    members
}
