use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use shared::{
    route,
    time::Timestamp,
    user::{ClientType, UserType},
};
use utoipa::ToSchema;

use crate::{
    error::ApiError,
    extract::guard::Admin,
    http::{Answer, Envelope},
    keys::State as KeyLife,
    sessions::limits::Beyond,
    state::{App, Parts},
    store::{self, server::DatabaseKind},
};

/// How it is set up, and whether its parts reach each other. Never a secret.
#[derive(Serialize, ToSchema)]
pub struct Configuration {
    /// Of this program.
    version: &'static str,
    /// Browser origins whose pages may call.
    allowed_origins: Vec<String>,
    /// Hosts that pictures in chat may come from.
    chat_image_hosts: Vec<String>,
    /// Whether users may log in by WeChat.
    wechat: bool,
    /// Whether the console has a page to look into the system with.
    debug: bool,
    edge: EdgeConfiguration,
    database: DatabaseConfiguration,
    sessions: SessionConfiguration,
    /// The keys that access tokens are signed and verified with.
    keys: Vec<KeyConfiguration>,
}

/// The edge, as it is seen from here, now.
#[derive(Serialize, ToSchema)]
pub struct EdgeConfiguration {
    /// Where this origin calls it.
    url: String,
    /// Where browsers call it.
    public_url: String,
    /// Whether it answered.
    is_reachable: bool,
    /// What kept it from answering; `null` where nothing did.
    problem: Option<String>,
    /// Of its program.
    version: Option<String>,
    /// Whether it reaches this origin.
    reaches_origin: Option<bool>,
    /// How long its answer took, in milliseconds.
    milliseconds: Option<u64>,
    /// What its clock shows less what ours does, in milliseconds; as exact as half of `milliseconds`.
    clock_skew_ms: Option<i64>,
}

/// The database.
#[derive(Serialize, ToSchema)]
pub struct DatabaseConfiguration {
    #[schema(inline)]
    kind: DatabaseKind,
    /// Its version, in its own words.
    version: String,
    /// How long its answer took, in milliseconds.
    milliseconds: u64,
    /// What its clock shows less what ours does, in milliseconds; `null` where it has none of its own.
    clock_skew_ms: Option<i64>,
    /// Whether reads that may lag go to a copy of it; `null` where there is none.
    replica_is_used: Option<bool>,
}

/// How long sessions and tokens live, and how many there may be.
#[derive(Serialize, ToSchema)]
pub struct SessionConfiguration {
    access_token_seconds: u64,
    refresh_token_seconds: u64,
    /// From log-in to the absolute end.
    session_seconds: u64,
    /// From the last use to the end.
    idle_seconds: u64,
    /// For how long what is over is kept.
    kept_seconds: u64,
    /// For how long audit events are kept; `null`: for ever.
    audit_kept_seconds: Option<u64>,
    /// For every side of the system and kind of client.
    limits: Vec<SessionLimit>,
}

/// How many live sessions a user may have.
#[derive(Serialize, ToSchema)]
pub struct SessionLimit {
    #[schema(inline)]
    user_type: UserType,
    #[schema(inline)]
    client_type: ClientType,
    max_sessions: usize,
    /// Whether one more takes the place of the oldest; else it is refused.
    replaces_oldest: bool,
}

/// A key that access tokens are signed or verified with.
#[derive(Serialize, ToSchema)]
pub struct KeyConfiguration {
    /// Its name.
    kid: String,
    /// `alg` of its tokens.
    alg: String,
    #[schema(inline)]
    state: KeyLife,
    /// Since when; of a published key, when it will sign. `null`: since before that was noted.
    since: Option<Timestamp>,
    /// From when on no token of its can live; `null` where that is not known.
    retirable_from: Option<Timestamp>,
}

/// How it is set up, and whether its parts reach each other: asked now, for three seconds at most.
#[utoipa::path(get, path = route::CONFIGURATION)]
pub async fn configuration(State(app): State<App>, _: Admin) -> Answer<Configuration> {
    let database = database(&app).await?;
    Ok(Envelope::ok(Configuration {
        version: env!("CARGO_PKG_VERSION"),
        allowed_origins: app.allowed_origins.iter().map(str::to_owned).collect(),
        chat_image_hosts: app.policy.chat_image_hosts.clone(),
        wechat: app.wechat.is_some(),
        debug: app.console.debug_page,
        edge: edge(&app).await,
        database,
        sessions: sessions(&app),
        keys: keys(&app),
    }))
}

async fn edge(app: &App) -> EdgeConfiguration {
    let asked = app.ambient.now();
    let looked = app.edge.look().await;
    let answered = app.ambient.now();
    let told = EdgeConfiguration {
        url: app.edge.base_url().to_owned(),
        public_url: app.console.edge_public_url.clone(),
        is_reachable: looked.is_ok(),
        problem: looked.as_ref().err().map(|error| format!("{error:#}")),
        version: None,
        reaches_origin: None,
        milliseconds: None,
        clock_skew_ms: None,
    };
    let Ok(health) = looked else { return told };
    EdgeConfiguration {
        clock_skew_ms: health.time.map(|theirs| skew(theirs, asked, answered)),
        version: Some(health.version),
        reaches_origin: Some(health.origin == "ok"),
        milliseconds: Some(millis(answered.since(asked))),
        ..told
    }
}

async fn database(app: &App) -> Result<DatabaseConfiguration, ApiError> {
    let mut handle = app.db.acquire().await?;
    let asked = app.ambient.now();
    let server = store::server::server(handle.conn()).await?;
    let answered = app.ambient.now();
    Ok(DatabaseConfiguration {
        kind: server.kind,
        version: server.version,
        milliseconds: millis(answered.since(asked)),
        clock_skew_ms: server.time.map(|theirs| skew(theirs, asked, answered)),
        replica_is_used: app.db.replica().map(|(is_used, _)| is_used),
    })
}

/// What another's clock shows less what ours does, where it looked between these two moments of ours.
fn skew(theirs: Timestamp, asked: Timestamp, answered: Timestamp) -> i64 {
    theirs.as_millis() - i64::midpoint(asked.as_millis(), answered.as_millis())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn sessions(app: &Parts) -> SessionConfiguration {
    let policy = &app.policy;
    let pairs = UserType::ALL.into_iter().flat_map(|user_type| {
        ClientType::ALL.into_iter().map(move |client_type| (user_type, client_type))
    });
    SessionConfiguration {
        access_token_seconds: policy.access_token_lifetime.as_secs(),
        refresh_token_seconds: policy.refresh_token_lifetime.as_secs(),
        session_seconds: policy.session_lifetime.as_secs(),
        idle_seconds: policy.session_idle_limit.as_secs(),
        kept_seconds: policy.retention.sessions.as_secs(),
        audit_kept_seconds: policy.retention.audit_events.map(|kept| kept.as_secs()),
        limits: pairs
            .map(|(user_type, client_type)| {
                let limit = policy.session_limits.of(user_type, client_type);
                SessionLimit {
                    user_type,
                    client_type,
                    max_sessions: limit.max_sessions,
                    replaces_oldest: limit.beyond == Beyond::ReplaceOldest,
                }
            })
            .collect(),
    }
}

fn keys(app: &Parts) -> Vec<KeyConfiguration> {
    let states = app.keys.current().states(app.ambient.now(), app.policy.access_token_lifetime);
    states
        .into_iter()
        .map(|key| KeyConfiguration {
            kid: key.kid,
            alg: key.algorithm,
            state: key.state,
            since: key.since,
            retirable_from: key.retirable_from,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_held_against_the_middle_of_the_question() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        assert_eq!(skew(at(1_050), at(1_000), at(1_100)), 0);
        assert_eq!(skew(at(3_000), at(1_000), at(1_100)), 1_950);
        assert_eq!(skew(at(0), at(1_000), at(1_000)), -1_000);
    }
}
