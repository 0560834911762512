//! The command line.

mod adopt;
mod answer;
mod cleanup;
mod failure;
mod keys;
mod migrate;
mod password;
mod seed;
mod serve;
mod session;
mod token;
mod user;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
pub use failure::{Exit, Failure};
use sqlx::sqlite::SqliteConnectOptions;
use tracing_subscriber::EnvFilter;

use self::answer::Out;
use crate::{
    clock::Ambient,
    config::{Config, DatabaseConfig, LogFormat, ServeArgs},
    document::document,
    state::App,
    store::{Db, adoption},
};

/// Where to begin, and what holds for all commands.
const GUIDE: &str = "\
Where to begin:
  export DATABASE_URL=sqlite:///var/lib/drawbridge.db  # or mysql://user:password@host/name
  origin keys add --jwt-keys-file jwt-keys.json        # the keys that tokens are signed with
  origin migrate                                       # the tables
  origin user create --mobile 13800000002 --nickname Boss --role admin
  origin serve                                         # it names each setting that is missing

Settings are flags or environment variables, as each command's --help says beside the flag. Secrets are \
better kept in the environment: who lists processes sees flags.

Answers go to standard output, with --json as one JSON document whose fields are named as in the API. \
Everything else (progress, logs, why a command failed and what to do about it) goes to standard error.

Exit status: 0 done; 1 failed; 2 an argument or a setting is missing or wrong; 3 not found; 4 refused by a \
rule; 5 the database cannot be reached.";

/// Owns the database of Drawbridge and answers session, listing and chat queries
#[derive(Parser)]
#[command(
    name = "origin",
    version = env!("ORIGIN_VERSION"),
    about,
    after_help = GUIDE,
    arg_required_else_help = true
)]
pub struct Origin {
    /// Answer with one JSON document, for scripts
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer calls until told to stop (SIGTERM or Ctrl-C)
    #[command(after_help = "\
Example:
  DATABASE_URL=mysql://origin:secret@db/drawbridge JWT_KEYS_FILE=jwt-keys.json \\
  EDGE_URL=https://api.example.com EDGE_TO_ORIGIN_KEY=… ORIGIN_TO_EDGE_KEY=… \\
  DEVICE_TOKEN_KEY=… REFRESH_TOKEN_KEYS=… origin serve

It brings the schema up to date first. A setting that is missing or weak stops it at once, by name.")]
    Serve(Box<ServeArgs>),
    /// Bring the database's schema up to date, or say how it stands
    Migrate(migrate::MigrateArgs),
    /// Bring the database of an old back end to this program's schema, while that goes on using it
    Adopt(adopt::AdoptArgs),
    /// Fill the database with data to look at, or to measure with
    #[command(subcommand)]
    Seed(seed::SeedCommand),
    /// Remove what nobody will ask for again: sessions long past, and their refresh tokens
    Cleanup(cleanup::CleanupArgs),
    /// Keys that access tokens are signed with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Sessions of anyone: look for them, end them
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Access tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print the API's document, OpenAPI 3.1
    #[command(after_help = "\
Example:
  origin openapi > openapi.json")]
    Openapi,
    /// Print what makes a shell complete these commands
    #[command(after_help = "\
Example:
  origin completions bash > /etc/bash_completion.d/origin")]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

impl Origin {
    /// Does what was asked.
    ///
    /// # Errors
    /// What a person at the command line should read, and the status that the process ends with.
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from)?;
        match runtime.block_on(self.command.run(Out { json: self.json })) {
            Err(error) if !failure::is_of_the_reader(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Command {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::serve(*args).await,
            Self::Migrate(args) => args.run(out).await,
            Self::Adopt(args) => args.run(out).await,
            Self::Seed(command) => command.run(out).await,
            Self::Cleanup(args) => cleanup::cleanup(args, out).await,
            Self::Keys(command) => command.run(out),
            Self::Session(command) => command.run(out).await,
            Self::Token(command) => command.run(out).await,
            Self::User(command) => command.run(out).await,
            Self::Openapi => Out::write(&document().text),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Origin::command(), "origin", &mut script);
                Out::write(&String::from_utf8(script)?)
            }
        }
    }
}

/// Connects and brings the schema up to date.
async fn open(config: DatabaseConfig) -> anyhow::Result<Db> {
    let db = reach(config).await?;
    if adoption::is_due(&db).await.context("cannot read the database of DATABASE_URL")? {
        let what = "the database of DATABASE_URL is another program's";
        let cure = "See what it takes with: origin adopt --check";
        return Err(Failure::new(Exit::Refused, what, cure).into());
    }
    db.migrate().await.context("cannot bring the database's schema up to date")?;
    Ok(db)
}

/// Connects to a database that is up to date, and leaves its schema alone.
async fn connect(config: DatabaseConfig) -> anyhow::Result<Db> {
    let db = reach_existing(config).await?;
    if !db.is_current().await? {
        let what = "the database's schema is not up to date";
        return Err(Failure::new(Exit::Refused, what, "Bring it there with: origin migrate").into());
    }
    Ok(db)
}

/// Connects to a database, and makes none where there is none.
async fn reach_existing(config: DatabaseConfig) -> anyhow::Result<Db> {
    if config.url.starts_with("sqlite:") {
        let options: SqliteConnectOptions =
            config.url.parse().map_err(|error| Failure::unreachable(&anyhow::Error::new(error)))?;
        let file = options.get_filename();
        if !file.exists() {
            let what = format!("there is no database {}", file.display());
            let cure = "Set DATABASE_URL to one that is there, or make it with: origin migrate";
            return Err(Failure::new(Exit::Unreachable, what, cure).into());
        }
    }
    reach(config).await
}

async fn reach(config: DatabaseConfig) -> anyhow::Result<Db> {
    Db::connect(&config.url, config.zone, config.max_connections)
        .await
        .map_err(|error| Failure::unreachable(&error.into()).into())
}

/// The application: what ends sessions writes what the edge is to be told, as `origin serve` does, which
/// then tells it.
async fn app(settings: ServeArgs) -> anyhow::Result<App> {
    let config = Config::try_from(settings)?;
    let db = connect(config.database.clone()).await?;
    App::new(config, db, Ambient::system())
}

/// Writes what is logged to standard error, from `least` on where `RUST_LOG` says nothing else.
fn log(format: LogFormat, least: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(least));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for people, not for files.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        // The one span that there is, once.
        LogFormat::Json => subscriber.json().with_span_list(false).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Origin::command().debug_assert();
    }
}
