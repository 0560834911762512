//! Configuration: read and checked once an isolate.

use std::{sync::OnceLock, time::Duration};

use shared::{
    chat::gateway::MAX_GATEWAYS,
    seal::{Secret, WeakSecret},
    token::{Expectations, JWKS_COOL_DOWN_SECONDS, JWKS_MAX_AGE_SECONDS, KeySet, KeySetError},
    web_origin::{AllowedOrigins, WebOrigin},
};
use worker::Env;

use crate::refused::Refused;

/// Who makes our tokens, where nothing else is set.
const DEFAULT_ISSUER: &str = "drawbridge";
/// Whom our tokens are for, where nothing else is set.
const DEFAULT_AUDIENCE: &str = "drawbridge-api";
/// The most Desk objects that agents can be spread over.
const MAX_DESK_SHARDS: u32 = 64;
/// The Gateway objects that sockets without a token are spread over, where nothing else is set.
const DEFAULT_GATEWAYS: u32 = 16;

/// Bounds of the time between heartbeats, and of the wait for one's answer.
const PING_MILLIS: (u64, u64) = (100, 300_000);
/// Bounds of what a client may send at once: at least a frame of ours, at most what a WebSocket carries.
const PAYLOAD_BYTES: (u64, u64) = (100_000, 1_048_576);

/// What the edge has been told of its surroundings.
#[derive(Debug)]
pub struct Config {
    /// Base URL of the origin: scheme, host and port, without a slash at the end.
    pub origin_url: String,
    /// Keys of the access tokens, until the origin has been asked for those of now.
    pub keys: KeySet,
    /// How long the origin's word about its keys is good.
    pub jwks_max_age: Duration,
    /// The shortest time between two questions for a key that is not known.
    pub jwks_cool_down: Duration,
    /// Who makes access tokens, and for whom.
    pub expectations: Expectations,
    /// Signs what we assert to the origin.
    pub edge_to_origin: Secret,
    /// Signs what the origin pushes to us.
    pub origin_to_edge: Secret,
    /// Browser origins that may call.
    pub allowed_origins: AllowedOrigins,
    /// Number of Desk objects.
    pub desk_shards: u32,
    /// Number of Gateway objects.
    pub gateways: u32,
    /// How often links of Engine.IO 4 are pinged, and those of 3 are told to ping.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
    /// The most bytes that a client of Engine.IO may send at once.
    pub max_payload: usize,
}

/// A setting without which, or with which, we do not serve.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {name} {problem}")]
pub struct BadSetting {
    name: &'static str,
    problem: Problem,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("is missing")]
    Missing,
    #[error("must be https://host, or http://host on this machine, without a path")]
    NotABaseUrl,
    #[error(transparent)]
    Keys(KeySetError),
    #[error(transparent)]
    Secret(WeakSecret),
    #[error("must not be the same as EDGE_TO_ORIGIN_KEY")]
    SameSecret,
    #[error("has {0:?}, which is not the origin of a page, such as https://app.example.com")]
    NotAnOrigin(String),
    #[error("must be a number from 1 to {0}")]
    NotACount(u32),
    #[error("must be a number of seconds from 1 to 3600")]
    NotSeconds,
    #[error("must be a number from {0} to {1}")]
    NotWithin(u64, u64),
}

static CONFIG: OnceLock<Result<Config, BadSetting>> = OnceLock::new();

/// The configuration of this isolate, once it has been read.
pub fn known() -> Option<&'static Config> {
    CONFIG.get()?.as_ref().ok()
}

/// The configuration of this isolate.
pub fn config(env: &Env) -> Result<&'static Config, Refused> {
    let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
    let config = CONFIG.get_or_init(|| Config::read(setting));
    config.as_ref().map_err(|bad| Refused::Fault(bad.to_string()))
}

impl Config {
    fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        let optional = |name| setting(name).filter(|value| !value.trim().is_empty());
        let required = |name| optional(name).ok_or(BadSetting { name, problem: Problem::Missing });
        let bad = |name| move |problem| BadSetting { name, problem };

        let to_origin = required("EDGE_TO_ORIGIN_KEY")?;
        let to_edge = required("ORIGIN_TO_EDGE_KEY")?;
        let mut values = to_origin.split(',').map(str::trim);
        if values.any(|value| to_edge.split(',').any(|other| other.trim() == value)) {
            return Err(bad("ORIGIN_TO_EDGE_KEY")(Problem::SameSecret));
        }
        Ok(Self {
            origin_url: base_url(&required("ORIGIN_URL")?).map_err(bad("ORIGIN_URL"))?,
            keys: KeySet::from_jwks(&required("JWT_KEYS")?)
                .map_err(Problem::Keys)
                .map_err(bad("JWT_KEYS"))?,
            jwks_max_age: seconds(optional("JWKS_MAX_AGE_SECONDS"), JWKS_MAX_AGE_SECONDS)
                .map_err(bad("JWKS_MAX_AGE_SECONDS"))?,
            jwks_cool_down: seconds(optional("JWKS_COOL_DOWN_SECONDS"), JWKS_COOL_DOWN_SECONDS)
                .map_err(bad("JWKS_COOL_DOWN_SECONDS"))?,
            expectations: Expectations {
                issuer: optional("JWT_ISSUER").unwrap_or_else(|| DEFAULT_ISSUER.to_owned()),
                audience: optional("JWT_AUDIENCE").unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned()),
            },
            edge_to_origin: Secret::parse(&to_origin)
                .map_err(Problem::Secret)
                .map_err(bad("EDGE_TO_ORIGIN_KEY"))?,
            origin_to_edge: Secret::parse(&to_edge)
                .map_err(Problem::Secret)
                .map_err(bad("ORIGIN_TO_EDGE_KEY"))?,
            allowed_origins: AllowedOrigins::parse(
                &optional("CORS_ALLOWED_ORIGINS").unwrap_or_default(),
            )
            .map_err(Problem::NotAnOrigin)
            .map_err(bad("CORS_ALLOWED_ORIGINS"))?,
            desk_shards: optional("DESK_SHARDS")
                .map_or(Ok(1), |text| count(&text, MAX_DESK_SHARDS))
                .map_err(bad("DESK_SHARDS"))?,
            gateways: optional("GATEWAY_OBJECTS")
                .map_or(Ok(DEFAULT_GATEWAYS), |text| count(&text, MAX_GATEWAYS))
                .map_err(bad("GATEWAY_OBJECTS"))?,
            ping_interval: within(optional("SOCKET_IO_PING_INTERVAL_MS"), 25_000, PING_MILLIS)
                .map(Duration::from_millis)
                .map_err(bad("SOCKET_IO_PING_INTERVAL_MS"))?,
            ping_timeout: within(optional("SOCKET_IO_PING_TIMEOUT_MS"), 20_000, PING_MILLIS)
                .map(Duration::from_millis)
                .map_err(bad("SOCKET_IO_PING_TIMEOUT_MS"))?,
            max_payload: within(optional("SOCKET_IO_MAX_PAYLOAD_BYTES"), 1_000_000, PAYLOAD_BYTES)
                .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
                .map_err(bad("SOCKET_IO_MAX_PAYLOAD_BYTES"))?,
        })
    }
}

/// Tokens and passwords travel this way: in clear only within a machine. A path is refused because
/// the assertion names the path that the origin sees.
fn base_url(text: &str) -> Result<String, Problem> {
    let text = text.trim().trim_end_matches('/');
    match WebOrigin::parse(text) {
        Some(origin) if origin.is_private() => Ok(text.to_owned()),
        _ => Err(Problem::NotABaseUrl),
    }
}

fn count(text: &str, most: u32) -> Result<u32, Problem> {
    let count = text.trim().parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or(Problem::NotACount(most))
}

fn seconds(text: Option<String>, default: u64) -> Result<Duration, Problem> {
    let seconds = text.map_or(Ok(default), |text| text.trim().parse());
    match seconds {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err(Problem::NotSeconds),
    }
}

/// A number within bounds, both of which are good.
fn within(text: Option<String>, default: u64, (least, most): (u64, u64)) -> Result<u64, Problem> {
    let number = text.map_or(Ok(default), |text| text.trim().parse());
    number
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or(Problem::NotWithin(least, most))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("ORIGIN_URL", "http://127.0.0.1:8080"),
        (
            "JWT_KEYS",
            r#"{"keys":[{"kid":"a","kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ),
        ("EDGE_TO_ORIGIN_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"),
        ("ORIGIN_TO_EDGE_KEY", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com, http://localhost:5173"),
    ];

    fn read_with(name: &str, value: Option<&str>) -> Result<Config, String> {
        let good =
            |asked: &str| GOOD.iter().find(|(name, _)| *name == asked).map(|(_, value)| *value);
        let setting =
            |asked: &str| if asked == name { value } else { good(asked) }.map(str::to_owned);
        Config::read(setting).map_err(|bad| bad.to_string())
    }

    #[test]
    fn what_may_be_left_out_has_a_default() {
        let config = read_with("CORS_ALLOWED_ORIGINS", None).unwrap();
        assert_eq!(config.expectations.issuer, "drawbridge");
        assert_eq!(config.expectations.audience, "drawbridge-api");
        assert_eq!(config.desk_shards, 1);
        assert_eq!(config.gateways, 16);
        assert_eq!(config.ping_interval, Duration::from_secs(25));
        assert_eq!(config.ping_timeout, Duration::from_secs(20));
        assert_eq!(config.max_payload, 1_000_000);
        assert_eq!(config.jwks_max_age, Duration::from_mins(5));
        assert_eq!(config.jwks_cool_down, Duration::from_secs(30));
    }

    #[test]
    fn what_is_missing_or_weak_is_named() {
        let cases = [
            ("ORIGIN_URL", None),
            ("ORIGIN_URL", Some("http://origin.example.com")),
            ("ORIGIN_URL", Some("https://origin.example.com/base")),
            ("ORIGIN_URL", Some("https://user@origin.example.com")),
            ("ORIGIN_URL", Some("origin")),
            ("JWT_KEYS", Some(" ")),
            ("JWT_KEYS", Some(r#"{"keys":[]}"#)),
            ("EDGE_TO_ORIGIN_KEY", Some("c2hvcnQ")),
            ("ORIGIN_TO_EDGE_KEY", None),
            ("ORIGIN_TO_EDGE_KEY", Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE")),
            ("CORS_ALLOWED_ORIGINS", Some("*")),
            ("CORS_ALLOWED_ORIGINS", Some("https://app.example.com/")),
            ("JWKS_MAX_AGE_SECONDS", Some("0")),
            ("JWKS_MAX_AGE_SECONDS", Some("3601")),
            ("JWKS_COOL_DOWN_SECONDS", Some("30s")),
            ("DESK_SHARDS", Some("0")),
            ("DESK_SHARDS", Some("65")),
            ("DESK_SHARDS", Some("many")),
            ("GATEWAY_OBJECTS", Some("0")),
            ("GATEWAY_OBJECTS", Some("1025")),
            ("SOCKET_IO_PING_INTERVAL_MS", Some("99")),
            ("SOCKET_IO_PING_TIMEOUT_MS", Some("300001")),
            ("SOCKET_IO_MAX_PAYLOAD_BYTES", Some("99999")),
            ("SOCKET_IO_MAX_PAYLOAD_BYTES", Some("1048577")),
            ("SOCKET_IO_MAX_PAYLOAD_BYTES", Some("1e5")),
        ];
        for (name, value) in cases {
            let refusal = read_with(name, value).map(|_| ()).unwrap_err();
            assert!(
                refusal.starts_with(&format!("setting {name} ")),
                "{name}={value:?}: {refusal}"
            );
        }
    }

    #[test]
    fn a_slash_at_the_end_is_forgiven() {
        let config = read_with("ORIGIN_URL", Some("https://origin.example.com/")).unwrap();
        assert_eq!(config.origin_url, "https://origin.example.com");
    }

    #[test]
    fn no_secret_is_printed() {
        let shown = format!("{:?}", read_with("", None).unwrap());
        assert!(!shown.contains("AQEB") && !shown.contains("AgIC"), "{shown}");
    }
}
