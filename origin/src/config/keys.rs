use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{ConfigError, duration};
use crate::keys::KeySource;

const KEYS_CURE: &str =
    "Make a new file of keys with: origin keys add --jwt-keys-file jwt-keys.json";

/// Where the signing keys are.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access tokens")]
pub struct KeyArgs {
    /// File with the private JSON Web Key Set that access tokens are signed with
    #[arg(long, env = "JWT_KEYS_FILE")]
    pub jwt_keys_file: Option<PathBuf>,

    /// The same set itself as JSON, where there is no file; `origin keys add` and `retire` cannot
    /// change it
    #[arg(long, env = "JWT_KEYS", hide_env_values = true)]
    pub jwt_keys: Option<String>,
}

/// How long tokens live.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access tokens")]
pub struct TokenLifeArgs {
    /// Life of an access token
    #[arg(long, env = "ACCESS_TOKEN_LIFETIME", default_value = "24h", value_parser = duration)]
    pub access_token_lifetime: Duration,
}

impl KeyArgs {
    /// Reads the key set.
    ///
    /// # Errors
    /// Where there is none, or it is weak.
    pub fn load(self) -> Result<KeySource, ConfigError> {
        let wrong = |setting, problem| ConfigError { setting, problem, cure: KEYS_CURE };
        let json = self.jwt_keys.filter(|json| !json.trim().is_empty());
        match (self.jwt_keys_file, json) {
            (Some(_), Some(_)) => Err(ConfigError {
                setting: "JWT_KEYS",
                problem: "is set, and JWT_KEYS_FILE too".to_owned(),
                cure: "Set one of them",
            }),
            (Some(file), None) => KeySource::file(&file).map_err(|error| {
                wrong("JWT_KEYS_FILE", format!("is {}, which {error:#}", file.display()))
            }),
            (None, Some(json)) => {
                KeySource::fixed(&json).map_err(|error| wrong("JWT_KEYS", format!("{error:#}")))
            }
            (None, None) => Err(wrong("JWT_KEYS_FILE", "is not set".to_owned())),
        }
    }
}
