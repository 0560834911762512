//! The command line.

mod cleanup;
mod keys;
mod serve;
mod token;
mod user;

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, anyhow, bail};
use clap::{Parser, Subcommand};
use shared::error::Language;
use tracing_subscriber::EnvFilter;

use crate::{
    clock::Ambient,
    config::{DatabaseArgs, DatabaseConfig, LogFormat, ServeArgs},
    document::document,
    error::ApiError,
    seed,
    store::Db,
};

/// Owns the database of Drawbridge and answers session, listing and chat queries
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Origin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer calls until told to stop (SIGTERM or Ctrl-C)
    Serve(Box<ServeArgs>),
    /// Bring the database's schema up to date
    Migrate(DatabaseArgs),
    /// Fill the database
    #[command(subcommand)]
    Seed(SeedCommand),
    /// Remove what nobody will ask for again: sessions long past, and their refresh tokens
    Cleanup(cleanup::CleanupArgs),
    /// Keys that access tokens are signed with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Access tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print the API's document, OpenAPI 3.1
    Openapi,
}

#[derive(Subcommand)]
enum SeedCommand {
    /// Demo data: users, sessions, listings and a conversation
    Demo {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        passwords: seed::DemoPasswords,
    },
}

impl Origin {
    /// Does what was asked.
    ///
    /// # Errors
    /// What a person at the command line should read.
    pub fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            match self.command {
                Command::Serve(args) => serve::serve(*args).await,
                Command::Migrate(args) => open(args.try_into()?).await.map(drop),
                Command::Seed(SeedCommand::Demo { database, passwords }) => {
                    let db = open(database.try_into()?).await?;
                    seed::demo(&db, &Ambient::system(), &passwords).await
                }
                Command::Cleanup(args) => cleanup::cleanup(args).await,
                Command::Keys(command) => command.run(),
                Command::Token(command) => command.run().await,
                Command::User(command) => command.run().await,
                Command::Openapi => Ok(std::io::stdout().write_all(document().text.as_bytes())?),
            }
        })
    }
}

/// Connects and brings the schema up to date.
async fn open(config: DatabaseConfig) -> anyhow::Result<Db> {
    let db = reach(config).await?;
    db.migrate().await.context("cannot bring the database's schema up to date")?;
    Ok(db)
}

/// Connects to a database that is up to date, and leaves its schema alone.
async fn connect(config: DatabaseConfig) -> anyhow::Result<Db> {
    let db = reach(config).await?;
    if !db.is_current().await.unwrap_or(false) {
        bail!(
            "the database of DATABASE_URL is not up to date. Bring it there with: origin migrate"
        );
    }
    Ok(db)
}

async fn reach(config: DatabaseConfig) -> anyhow::Result<Db> {
    Db::connect(&config.url, config.zone, config.max_connections)
        .await
        .context("cannot reach the database of DATABASE_URL")
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
        LogFormat::Json => subscriber.json().init(),
    }
}

/// A refusal as a person at the command line should read it.
fn told(error: ApiError) -> anyhow::Error {
    match error {
        ApiError::Invalid(fields) => {
            let fields = fields.iter().map(|field| format!("{}: {}", field.field, field.message));
            anyhow!("{}", fields.collect::<Vec<_>>().join("; "))
        }
        ApiError::Database(error) => anyhow::Error::new(error).context("the database failed"),
        ApiError::Internal(error) => error,
        refused => {
            let code = refused.code();
            anyhow!("{code}: {}", code.message(Language::English))
        }
    }
}
