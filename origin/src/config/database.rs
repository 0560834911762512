use std::str::FromStr as _;

use clap::Args;

use super::{ConfigError, required};
use crate::store::DbZone;

/// Where the database is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// `mysql://user:password@host:3306/name`, or `sqlite:///path/to/file.db` (made where there is none)
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Offset of the wall-clock time that DATETIME columns hold; `+08:00` for a database of a back
    /// end that wrote Beijing time
    #[arg(long, env = "DATABASE_TIME_ZONE", default_value = "+00:00", allow_hyphen_values = true)]
    pub database_time_zone: String,

    /// Most connections to the database
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_max_connections: u32,
}

/// The database's settings, checked.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Where it is.
    pub url: String,
    /// Zone of its DATETIME columns.
    pub zone: DbZone,
    /// Size of the pool.
    pub max_connections: u32,
}

impl TryFrom<DatabaseArgs> for DatabaseConfig {
    type Error = ConfigError;

    fn try_from(args: DatabaseArgs) -> Result<Self, ConfigError> {
        const CURE: &str =
            "Set it to mysql://user:password@host:3306/name or sqlite:///path/to/file.db";
        let url = required("DATABASE_URL", args.database_url, CURE)?;
        if !["mysql://", "mariadb://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme)) {
            // The URL itself may hold a password.
            return Err(ConfigError {
                setting: "DATABASE_URL",
                problem: "has another scheme".to_owned(),
                cure: CURE,
            });
        }
        if url.contains(":memory:") {
            let problem =
                "asks for a database in memory, which every connection would have for itself"
                    .to_owned();
            return Err(ConfigError { setting: "DATABASE_URL", problem, cure: CURE });
        }
        let zone = DbZone::from_str(&args.database_time_zone).map_err(|_| ConfigError {
            setting: "DATABASE_TIME_ZONE",
            problem: format!("is {:?}, which is no offset", args.database_time_zone),
            cure: "Set it to an offset such as +00:00 or +08:00",
        })?;
        Ok(Self { url, zone, max_connections: args.database_max_connections })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let database = |url: Option<&str>| {
            DatabaseConfig::try_from(DatabaseArgs {
                database_url: url.map(Into::into),
                database_time_zone: "+00:00".into(),
                database_max_connections: 1,
            })
        };
        assert!(database(None).unwrap_err().to_string().starts_with("DATABASE_URL is not set"));
        let error = database(Some("postgres://u:hunter2@h/d")).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(database(Some("sqlite::memory:")).is_err());
        assert!(database(Some("sqlite:///tmp/x.db")).is_ok());
    }
}
