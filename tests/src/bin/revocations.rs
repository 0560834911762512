//! How long the end of a session takes to reach the edge: from the admin's call to the tombstone in
//! KV and to the closed socket, through the real origin and edge.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use clap::Parser;
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
use serde_json::json;
use shared::{
    route,
    session::SessionHash,
    token::Claims,
    user::{ClientType, Role, UserType},
};
use tests::{
    Backend,
    kv::{Manners, PlayedKv},
    system::{Client, Door, System, run},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Ends sessions that have a socket open and prints how long it took until the edge had acted
#[derive(Parser)]
struct Args {
    /// Sessions to end
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    count: u32,

    /// Sessions that are ended at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    at_once: u32,

    /// On the MySQL server of `TEST_MYSQL_URL` instead of SQLite
    #[arg(long)]
    mysql: bool,
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let backend = if args.mysql { Backend::MySql } else { Backend::Sqlite };
    run(backend, move |system| measure(system, args)).await;
}

/// How long a socket may wait for its turn.
const PATIENCE: Duration = Duration::from_mins(10);

/// A session with an open socket.
struct Open {
    client: Client,
    hash: SessionHash,
    closed: JoinHandle<Instant>,
}

async fn measure(mut system: System, args: Args) {
    let kv = PlayedKv::start(Manners { stale: Duration::ZERO, slow: Duration::ZERO }).await;
    system.share_kv(&kv);
    let (admin, clients) = (system.admin().await, sessions(&system, args.count).await);
    let mut open = Vec::new();
    for batch in clients.chunks(50) {
        open.extend(join_all(batch.iter().map(|one| connect(&system, one))).await);
    }
    println!("{} sockets are open; ending their sessions, {} at once", open.len(), args.at_once);

    let mut tombstones = kv.watch();
    let mut asked = HashMap::new();
    let mut closed = Vec::new();
    let mut refused_by = Vec::new();
    let at_once = usize::try_from(args.at_once).expect("a small number");
    while !open.is_empty() {
        let batch = open.split_off(open.len().saturating_sub(at_once));
        let ends = batch.iter().map(async |one| {
            let asked = now();
            let path = route::with_id(route::DEACTIVATE_SESSION, one.client.session_id);
            let body = json!({ "reason": "measured" });
            system.post(&Door::Origin, &admin, &path, &body).await.ok();
            (asked, asked.elapsed())
        });
        for (one, (at, answered)) in batch.iter().zip(join_all(ends).await) {
            asked.insert(format!("dead:{}", one.hash), at);
            refused_by.push(answered);
        }
        for one in batch {
            let at = asked[&format!("dead:{}", one.hash)];
            closed.push(one.closed.await.expect("a socket that closes") - at);
        }
    }
    let buried = buried(&mut tombstones, &asked).await;
    print("the call is answered (its transaction has committed before)", refused_by);
    print("tombstone in KV", buried);
    print("socket closed", closed);
}

/// When each tombstone was written, since its session's end was asked for.
async fn buried(
    tombstones: &mut mpsc::UnboundedReceiver<(String, Instant)>,
    asked: &HashMap<String, Instant>,
) -> Vec<Duration> {
    let mut buried = HashMap::new();
    while buried.len() < asked.len() {
        let (key, at) = tombstones.recv().await.expect("more tombstones");
        if let Some(asked) = asked.get(&key) {
            buried.entry(key).or_insert(at - *asked);
        }
    }
    buried.into_values().collect()
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index of a short list"
        )]
        let index = ((times.len() as f64 * share).ceil() as usize).saturating_sub(1);
        times[index]
    };
    println!(
        "{what}: p50 {:?}, p90 {:?}, p99 {:?}, most {:?} ({} times)",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        times.len()
    );
}

async fn connect(system: &System, (client, hash): &(Client, SessionHash)) -> Open {
    let socket = system.socket(&Door::Edge, client).await.expect("a socket").greeted().await;
    // A word of the origin in KV, as a client that is in use has it.
    system.get(&Door::Edge, client, route::ME).await.ok();
    let closed = tokio::spawn(async move {
        assert_eq!(socket.drained(PATIENCE).await, 4413);
        now()
    });
    Open { client: client.clone(), hash: hash.clone(), closed }
}

/// Users of their own with a session each, straight into the database: their passwords are not what
/// is measured.
async fn sessions(system: &System, count: u32) -> Vec<(Client, SessionHash)> {
    let ambient = Ambient::system();
    let keys = std::fs::read_to_string(system.jwt_keys_file()).expect("the keys");
    let keys = SigningKeys::from_jwks(&keys).expect("a key set");
    let now = ambient.now();
    let mut clients = Vec::new();
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
        clients.push((client, claims.session_hash()));
    }
    tx.commit().await.expect("a commit");
    clients
}
