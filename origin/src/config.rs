//! Settings: read from flags and environment, checked before anything starts.

mod console;
mod database;
mod inspect;
mod keys;
pub mod log_in;
mod operation;
mod retention;
mod secrets;

use std::{net::SocketAddr, time::Duration};

use clap::Args;
pub use console::{Console, ConsoleArgs};
pub use database::{DatabaseArgs, DatabaseConfig};
pub use inspect::{InspectArgs, InspectConfig};
pub use keys::{KeyArgs, TokenLifeArgs};
pub use operation::{Operation, OperationArgs};
pub use retention::{Retention, RetentionArgs};
use shared::{seal::Secret, token::Expectations, web_origin::AllowedOrigins};

use self::log_in::LogInArgs;
use crate::{
    keys::KeySource,
    sessions::{attempts::limit::LoginLimits, limits::Limits, refresh_keys::RefreshKeys},
    wechat::WechatConfig,
};

/// A setting that is missing or wrong, and how to set it.
#[derive(Debug, thiserror::Error)]
#[error("{setting} {problem}. {cure}")]
pub struct ConfigError {
    pub(crate) setting: &'static str,
    pub(crate) problem: String,
    pub(crate) cure: &'static str,
}

/// The shortest idle limit: some times what `last_activity` may lag behind.
const MIN_IDLE_LIMIT: Duration = Duration::from_mins(5);

const RANDOM_CURE: &str = "Make one with: head -c 32 /dev/urandom | basenc --base64url | tr -d '='";

/// All settings of `origin serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address to listen on
    #[arg(long, env = "ORIGIN_LISTEN", default_value = "127.0.0.1:8080", help_heading = "Server")]
    pub origin_listen: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub database: DatabaseArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub keys: KeyArgs,

    /// `iss` of access tokens; the same at the edge
    #[arg(long, env = "JWT_ISSUER", default_value = "drawbridge", help_heading = "Access tokens")]
    pub jwt_issuer: String,

    /// `aud` of access tokens; the same at the edge
    #[arg(
        long,
        env = "JWT_AUDIENCE",
        default_value = "drawbridge-api",
        help_heading = "Access tokens"
    )]
    pub jwt_audience: String,

    /// Base URL of the edge, which is told of ended sessions and stored messages
    #[arg(long, env = "EDGE_URL", help_heading = "Edge")]
    pub edge_url: Option<String>,

    /// Secret that the edge signs its calls with: base64url of at least 32 random bytes
    #[arg(long, env = "EDGE_TO_ORIGIN_KEY", hide_env_values = true, help_heading = "Edge")]
    pub edge_to_origin_key: Option<String>,

    /// Secret that calls to the edge are signed with: base64url of at least 32 random bytes
    #[arg(long, env = "ORIGIN_TO_EDGE_KEY", hide_env_values = true, help_heading = "Edge")]
    pub origin_to_edge_key: Option<String>,

    /// Secret that device tokens are signed with: base64url of at least 32 random bytes
    #[arg(long, env = "DEVICE_TOKEN_KEY", hide_env_values = true, help_heading = "Log-in")]
    pub device_token_key: Option<String>,

    /// Secrets that refresh tokens are derived with, separated by commas: the one in use first, then
    /// those that it has taken over from; each base64url of at least 32 random bytes
    #[arg(long, env = "REFRESH_TOKEN_KEYS", hide_env_values = true, help_heading = "Sessions")]
    pub refresh_token_keys: Option<String>,

    /// Browser origins whose pages may refresh and log out by cookie, separated by commas; the same
    /// at the edge
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", default_value = "", help_heading = "Server")]
    pub cors_allowed_origins: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub token_life: TokenLifeArgs,

    /// Life of a refresh token; each refresh gives one with a new life, under the session's absolute end
    #[arg(long, env = "REFRESH_TOKEN_LIFETIME", default_value = "7d", value_parser = duration, help_heading = "Sessions")]
    pub refresh_token_lifetime: Duration,

    /// Absolute end of a session after its log-in
    #[arg(long, env = "SESSION_LIFETIME", default_value = "30d", value_parser = duration, help_heading = "Sessions")]
    pub session_lifetime: Duration,

    /// End of a session after its last use
    #[arg(long, env = "SESSION_IDLE_LIMIT", default_value = "7d", value_parser = duration, help_heading = "Sessions")]
    pub session_idle_limit: Duration,

    /// Live sessions by user type and client type, and what a log-in beyond does (`replace_oldest` or
    /// `refuse`): `user/mini_program=1,replace_oldest; user/web=5,refuse; admin/*=2,replace_oldest`; one,
    /// the oldest out, where nothing is said
    #[arg(long, env = "SESSION_POLICY", default_value = "", help_heading = "Sessions")]
    pub session_policy: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub retention: RetentionArgs,

    /// The longest that the end of a session waits for the alert that tells its user why
    #[arg(long, env = "ALERT_HEAD_START", default_value = "500ms", value_parser = humantime::parse_duration, help_heading = "Edge")]
    pub alert_head_start: Duration,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub console: ConsoleArgs,

    /// Hosts that pictures in chat may come from
    #[arg(long, env = "CHAT_IMAGE_HOSTS", value_delimiter = ',', help_heading = "Chat")]
    pub chat_image_hosts: Vec<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub log_in: LogInArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group's own help says it")]
    pub operation: OperationArgs,

    /// How log lines are written
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, help_heading = "Server")]
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line, for collectors.
    Json,
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let ten_years = Duration::from_hours(87600);
    if duration < Duration::from_secs(1) || duration > ten_years {
        return Err("must be between 1s and 3650days".to_owned());
    }
    Ok(duration)
}

/// What rules depend on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Life of an access token.
    pub access_token_lifetime: Duration,
    /// Life of a refresh token.
    pub refresh_token_lifetime: Duration,
    /// Absolute end of a session after its log-in.
    pub session_lifetime: Duration,
    /// End of a session after its last use.
    pub session_idle_limit: Duration,
    /// How many live sessions a user may have.
    pub session_limits: Limits,
    /// How long what is over is kept.
    pub retention: Retention,
    /// The longest that the end of a session waits for the alert that tells its user why.
    pub alert_head_start: Duration,
    /// Hosts that pictures in chat may come from.
    pub chat_image_hosts: Vec<String>,
    /// How many tries there are at what, and how long the waits grow.
    pub login_limits: LoginLimits,
    /// The old back end still reads and writes the tables.
    pub old_back_end_beside: bool,
}

/// All settings of `origin serve`, checked.
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The database.
    pub database: DatabaseConfig,
    /// Keys that access tokens are signed with.
    pub keys: KeySource,
    /// Who makes access tokens, and for whom.
    pub expectations: Expectations,
    /// Base URL of the edge, without a slash at its end.
    pub edge_url: String,
    /// What the console's pages are told.
    pub console: Console,
    /// What the edge signs with.
    pub edge_to_origin: Secret,
    /// What calls to the edge are signed with.
    pub origin_to_edge: Secret,
    /// What device tokens are signed with.
    pub device_tokens: Secret,
    /// What refresh tokens are derived with.
    pub refresh_keys: RefreshKeys,
    /// Browser origins whose cookies count.
    pub allowed_origins: AllowedOrigins,
    /// Where and as whom we ask WeChat; `None` where log-in by WeChat is off.
    pub wechat: Option<WechatConfig>,
    /// Cost of the bcrypt hashes that an adopted database holds.
    pub adopted_bcrypt_cost: Option<u32>,
    /// What rules depend on.
    pub policy: Policy,
    /// How the process is run, watched and stopped.
    pub operation: Operation,
}

impl TryFrom<ServeArgs> for Config {
    type Error = ConfigError;

    fn try_from(args: ServeArgs) -> Result<Self, ConfigError> {
        let listen = args.origin_listen.parse().map_err(|_| ConfigError {
            setting: "ORIGIN_LISTEN",
            problem: format!("is {:?}, which is no address", args.origin_listen),
            cure: "Set it to an address with a port, such as 127.0.0.1:8080",
        })?;
        secrets::none_twice(&args)?;
        let [edge_to_origin, origin_to_edge, device_tokens] = [
            secret("EDGE_TO_ORIGIN_KEY", args.edge_to_origin_key.clone())?,
            secret("ORIGIN_TO_EDGE_KEY", args.origin_to_edge_key.clone())?,
            secret("DEVICE_TOKEN_KEY", args.device_token_key.clone())?,
        ];
        if args.session_idle_limit < MIN_IDLE_LIMIT {
            return Err(ConfigError {
                setting: "SESSION_IDLE_LIMIT",
                problem: "is under 5 minutes, and the use of a session is noted only once a minute"
                    .to_owned(),
                cure: "Make it longer",
            });
        }
        if args.session_idle_limit > args.session_lifetime {
            return Err(ConfigError {
                setting: "SESSION_IDLE_LIMIT",
                problem: "is longer than SESSION_LIFETIME and would never come".to_owned(),
                cure: "Make it shorter",
            });
        }
        let database: DatabaseConfig = args.database.try_into()?;
        let old_back_end_beside = args.log_in.beside(&database.url)?;
        let edge_url = edge_url(args.edge_url)?;
        Ok(Self {
            console: args.console.check(&edge_url)?,
            listen,
            database,
            keys: args.keys.load()?,
            expectations: Expectations { issuer: args.jwt_issuer, audience: args.jwt_audience },
            edge_url,
            edge_to_origin,
            origin_to_edge,
            device_tokens,
            refresh_keys: refresh_keys(args.refresh_token_keys)?,
            allowed_origins: allowed_origins(&args.cors_allowed_origins)?,
            wechat: args.log_in.wechat()?,
            adopted_bcrypt_cost: args.log_in.adopted_bcrypt_cost,
            policy: Policy {
                access_token_lifetime: args.token_life.access_token_lifetime,
                refresh_token_lifetime: args.refresh_token_lifetime,
                session_lifetime: args.session_lifetime,
                session_idle_limit: args.session_idle_limit,
                session_limits: session_limits(&args.session_policy)?,
                retention: (&args.retention).into(),
                alert_head_start: args.alert_head_start,
                chat_image_hosts: args
                    .chat_image_hosts
                    .iter()
                    .map(|host| host.trim().to_lowercase())
                    .collect(),
                login_limits: args.log_in.limits(),
                old_back_end_beside,
            },
            operation: args.operation.check()?,
        })
    }
}

fn edge_url(value: Option<String>) -> Result<String, ConfigError> {
    const CURE: &str = "Set it to the base URL of the edge, such as https://api.example.com";
    http_url("EDGE_URL", &required("EDGE_URL", value, CURE)?, CURE)
}

/// A base URL, without a slash at its end.
fn http_url(setting: &'static str, url: &str, cure: &'static str) -> Result<String, ConfigError> {
    let parsed = reqwest::Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if parsed.is_none() {
        let problem = format!("is {url:?}, which is no http URL");
        return Err(ConfigError { setting, problem, cure });
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn refresh_keys(value: Option<String>) -> Result<RefreshKeys, ConfigError> {
    let setting = "REFRESH_TOKEN_KEYS";
    let list = required(setting, value, RANDOM_CURE)?;
    RefreshKeys::parse(&list).map_err(|bad| ConfigError {
        setting,
        problem: bad.to_string(),
        cure: RANDOM_CURE,
    })
}

fn session_limits(text: &str) -> Result<Limits, ConfigError> {
    text.parse().map_err(|problem| ConfigError {
        setting: "SESSION_POLICY",
        problem,
        cure: "Set it to entries such as user/web=5,refuse; admin/*=1,replace_oldest",
    })
}

fn allowed_origins(list: &str) -> Result<AllowedOrigins, ConfigError> {
    AllowedOrigins::parse(list).map_err(|entry| ConfigError {
        setting: "CORS_ALLOWED_ORIGINS",
        problem: format!("has {entry:?}, which is not the origin of a page"),
        cure: "Set it to origins as browsers write them, such as https://app.example.com",
    })
}

fn secret(setting: &'static str, value: Option<String>) -> Result<Secret, ConfigError> {
    let value = required(setting, value, RANDOM_CURE)?;
    Secret::parse(&value).map_err(|weak| ConfigError {
        setting,
        problem: weak.to_string(),
        cure: RANDOM_CURE,
    })
}

fn required(
    setting: &'static str,
    value: Option<String>,
    cure: &'static str,
) -> Result<String, ConfigError> {
    value.filter(|value| !value.trim().is_empty()).ok_or_else(|| ConfigError {
        setting,
        problem: "is not set".to_owned(),
        cure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_setting_and_the_cure_and_show_no_secret() {
        let error = secret("DEVICE_TOKEN_KEY", Some("c2hvcnQ".into())).unwrap_err().to_string();
        assert!(error.starts_with("DEVICE_TOKEN_KEY has 5 bytes"), "{error}");
        assert!(error.contains("Make one with"), "{error}");
        assert!(!error.contains("c2hvcnQ"), "{error}");
    }

    #[test]
    fn lifetimes_have_limits() {
        assert!(duration("30d").is_ok());
        assert!(duration("0s").is_err());
        assert!(duration("100years").is_err());
        assert!(duration("soon").is_err());
    }

    #[test]
    fn a_policy_that_means_nothing_is_told_with_its_cure() {
        let error = session_limits("user/web=0,refuse").unwrap_err().to_string();
        assert!(error.starts_with("SESSION_POLICY has \"user/web=0,refuse\": "), "{error}");
        assert!(error.contains("Set it to entries such as user/web=5,refuse"), "{error}");
        assert!(session_limits("").is_ok());
    }

    #[test]
    fn the_edge_has_a_url() {
        assert_eq!(
            edge_url(Some("https://api.example.com/".into())).unwrap(),
            "https://api.example.com"
        );
        assert!(edge_url(Some("api.example.com".into())).is_err());
        assert!(edge_url(None).is_err());
    }
}
