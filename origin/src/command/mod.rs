//! The command line.

mod keys;
mod serve;

use clap::{Parser, Subcommand};

use crate::{
    clock::Ambient,
    config::{DatabaseArgs, DatabaseConfig, ServeArgs},
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
    /// Keys that access tokens are signed with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
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
                Command::Keys(command) => command.run(),
            }
        })
    }
}

/// Connects and brings the schema up to date.
async fn open(config: DatabaseConfig) -> anyhow::Result<Db> {
    use anyhow::Context as _;
    let db = Db::connect(&config.url, config.zone, config.max_connections)
        .await
        .context("cannot reach the database of DATABASE_URL")?;
    db.migrate().await.context("cannot bring the database's schema up to date")?;
    Ok(db)
}
