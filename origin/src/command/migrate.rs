use anyhow::Context as _;
use clap::Args;

use super::{Exit, Failure, answer::Out, open, reach_existing};
use crate::{
    clock::Ambient,
    config::{DatabaseArgs, DatabaseConfig},
    store::{
        Db,
        listing_counts::{CURE, Installed, install},
        schema::{Migration, Schema},
    },
};

/// What to bring up to date.
#[derive(Args)]
#[command(after_help = "\
Examples:
  origin migrate
  origin migrate --check --json | jq '.missing'

It can be run again, and by several at once: each migration is applied once. `origin serve` does the same at its \
start. --check changes nothing, and fails (1) where something is to do.")]
pub struct MigrateArgs {
    /// Change nothing: say which migrations are applied and which are missing, and fail where any is
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    database: DatabaseArgs,
}

impl MigrateArgs {
    /// Does it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let config = DatabaseConfig::try_from(self.database)?;
        let db = if self.check {
            reach_existing(config).await?
        } else {
            let db = open(config).await?;
            count_listings(&db).await?;
            db
        };
        let schema = db.schema().await.context("cannot read which migrations are applied")?;
        out.give(&schema, || lines(&schema))?;
        match failure(&schema) {
            Some(failure) if self.check => Err(failure.into()),
            _ => Ok(()),
        }
    }
}

/// Has listings be counted as they change. Where the server allows no triggers all works without them, and
/// only counting is slower.
async fn count_listings(db: &Db) -> anyhow::Result<()> {
    let installed = install(db, Ambient::system().now()).await;
    if let Installed::Refused(error) = installed.context("cannot count listings")? {
        eprintln!("warning: listings are counted each time they are asked for: {error}. {CURE}");
    }
    Ok(())
}

fn lines(schema: &Schema) -> String {
    let line = |state: &'static str| {
        move |one: &Migration| format!("{:04}  {state:<8} {}", one.version, one.description)
    };
    let is_changed = |one: &&Migration| !schema.changed.contains(one);
    let mut lines: Vec<_> = schema.applied.iter().filter(is_changed).map(line("applied")).collect();
    lines.extend(schema.changed.iter().map(line("CHANGED")));
    lines.extend(schema.missing.iter().map(line("MISSING")));
    lines.extend(schema.unknown.iter().map(|version| format!("{version:04}  UNKNOWN")));
    lines.join("\n")
}

/// What is wrong with a schema, the worst first.
fn failure(schema: &Schema) -> Option<Failure> {
    let fail = |what: String, cure: &str| Some(Failure::new(Exit::Failed, what, cure));
    if let Some(version) = schema.unfinished {
        return fail(
            format!("migration {version} was begun and not finished"),
            "Look at what it has done, finish it by hand, and set its `success` in _sqlx_migrations",
        );
    }
    if let Some(one) = schema.changed.first() {
        return fail(
            format!("migration {} was applied in another text", one.version),
            "Use the program that the database was migrated with, or a newer one",
        );
    }
    if let Some(version) = schema.unknown.first() {
        return fail(
            format!("the database has migration {version}, which this program does not know"),
            "Use a newer program: the one that the database was migrated with",
        );
    }
    if schema.missing.is_empty() {
        return None;
    }
    let what = match schema.missing.len() {
        1 => "1 migration is missing".to_owned(),
        count => format!("{count} migrations are missing"),
    };
    fail(what, "Apply what is missing with: origin migrate")
}
