//! What the inspection of a token at the command line needs to know.

use std::time::Duration;

use clap::Args;
use shared::{seal::Secret, token::Expectations};

use super::{ConfigError, DatabaseArgs, DatabaseConfig, KeyArgs, duration, edge_url, secret};
use crate::keys::KeySource;

/// Settings of an inspection, all of them also of `origin serve`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub database: DatabaseArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub keys: KeyArgs,

    /// `iss` of access tokens
    #[arg(long, env = "JWT_ISSUER", default_value = "drawbridge", help_heading = "Access tokens")]
    pub jwt_issuer: String,

    /// `aud` of access tokens
    #[arg(
        long,
        env = "JWT_AUDIENCE",
        default_value = "drawbridge-api",
        help_heading = "Access tokens"
    )]
    pub jwt_audience: String,

    /// End of a session after its last use
    #[arg(long, env = "SESSION_IDLE_LIMIT", default_value = "7d", value_parser = duration, help_heading = "Sessions")]
    pub session_idle_limit: Duration,

    /// Base URL of the edge; without it, the edge is not asked
    #[arg(long, env = "EDGE_URL", help_heading = "Edge")]
    pub edge_url: Option<String>,

    /// Secret that calls to the edge are signed with; without it, the edge is not asked
    #[arg(long, env = "ORIGIN_TO_EDGE_KEY", hide_env_values = true, help_heading = "Edge")]
    pub origin_to_edge_key: Option<String>,
}

/// The same, checked.
pub struct InspectConfig {
    /// The database.
    pub database: DatabaseConfig,
    /// Keys that access tokens are verified with.
    pub keys: KeySource,
    /// Who makes access tokens, and for whom.
    pub expectations: Expectations,
    /// End of a session after its last use.
    pub session_idle_limit: Duration,
    /// Base URL of the edge, and what calls to it are signed with.
    pub edge: Option<(String, Secret)>,
}

impl TryFrom<InspectArgs> for InspectConfig {
    type Error = ConfigError;

    fn try_from(args: InspectArgs) -> Result<Self, ConfigError> {
        let edge = match (args.edge_url, args.origin_to_edge_key) {
            (url @ Some(_), key @ Some(_)) => {
                Some((edge_url(url)?, secret("ORIGIN_TO_EDGE_KEY", key)?))
            }
            _ => None,
        };
        Ok(Self {
            database: args.database.try_into()?,
            keys: args.keys.load()?,
            expectations: Expectations { issuer: args.jwt_issuer, audience: args.jwt_audience },
            session_idle_limit: args.session_idle_limit,
            edge,
        })
    }
}
