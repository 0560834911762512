use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use shared::time::Timestamp;

use super::{
    Exit, Failure,
    answer::{Out, lines},
    open,
};
use crate::{
    clock::Ambient,
    config::DatabaseArgs,
    seed::{
        self, DemoPasswords,
        synthetic::{FIRST_KEY, Filled, Leave, Plan, Refused, Sizes, synthetic, today},
    },
};

/// What to fill the database with.
#[derive(Subcommand)]
pub enum SeedCommand {
    /// Demo data: users, sessions, listings and a conversation
    #[command(after_help = "\
Example:
  DEMO_ADMIN_PASSWORD='three words of mine' origin seed demo

Passwords are taken from DEMO_USER_PASSWORD (user 31, mobile 13612227930), DEMO_AGENT_PASSWORD (13800000001) and \
DEMO_ADMIN_PASSWORD (13800000002); one that is not set is made up and printed. Run again, it sets the passwords and \
leaves the rest alone.")]
    Demo(Demo),
    /// Synthetic data of any size, to measure with
    #[command(after_help = "\
Examples:
  origin seed synthetic --listings 10000000 --big-seller 31 --big-seller-listings 1000000
  origin seed synthetic --users 100000 --sessions 1000000 --conversations 50000 --messages 1000000
  origin seed synthetic --listings 10000000 --resume      # the same sizes, after it was stopped

The same --random-seed, sizes and --until make the same rows. Rows have keys from 1000000001 on. It is for a database \
of its own: it refuses one with users that no seed has made, and one that was seeded before (--resume goes on). \
Progress is on standard error.")]
    Synthetic(Synthetic),
}

/// The demo.
#[derive(Args)]
pub struct Demo {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What to measure with.
#[derive(Args)]
pub struct Synthetic {
    /// What all draws begin with
    #[arg(long, default_value_t = 1)]
    random_seed: u64,
    /// The time that all of it lies before: ISO 8601 with its offset; the beginning of today (UTC) where it is
    /// not said
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Go on where the same command stopped
    #[arg(long)]
    resume: bool,
    /// Even into a database with users that no seed has made
    #[arg(long)]
    beside_other_data: bool,
    #[command(flatten)]
    sizes: Sizes,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl SeedCommand {
    /// Does it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        match self {
            Self::Demo(demo) => demo.run(out).await,
            Self::Synthetic(synthetic) => synthetic.run(out).await,
        }
    }
}

impl Demo {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let mut made_up = serde_json::Map::new();
        let mut password = |setting: &str, who: &str| {
            let given = std::env::var(setting).ok().filter(|given| !given.is_empty());
            given.unwrap_or_else(|| {
                let password = ambient.unique_name();
                made_up.insert(who.to_owned(), password.clone().into());
                password
            })
        };
        let passwords = DemoPasswords {
            demo_user_password: password("DEMO_USER_PASSWORD", "user_password"),
            demo_agent_password: password("DEMO_AGENT_PASSWORD", "agent_password"),
            demo_admin_password: password("DEMO_ADMIN_PASSWORD", "admin_password"),
        };
        let db = open(self.database.try_into()?).await?;
        seed::demo(&db, &ambient, &passwords).await?;
        let answer = json!({ "made_up": made_up });
        out.give(&answer, || lines(&answer["made_up"]))
    }
}

impl Synthetic {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        if let Some((what, cure)) = self.sizes.contradiction() {
            return Err(Failure::new(Exit::Usage, what, cure).into());
        }
        let ambient = Ambient::system();
        let until = self.until.unwrap_or_else(|| today(ambient.now()));
        let plan = Plan { sizes: self.sizes, seed: self.random_seed, until };
        let leave = Leave { resume: self.resume, beside_other_data: self.beside_other_data };
        let db = open(self.database.try_into()?).await?;
        let mut bar = Progress::default();
        let filled =
            synthetic(&db, &ambient, &plan, leave, |table, rows, of| bar.tell(table, rows, of));
        let filled = filled.await.map_err(refused)?;
        bar.end();
        let answer = json!({
            "tables": filled,
            "first_key": FIRST_KEY,
            "random_seed": plan.seed,
            "until": plan.until,
        });
        out.give(&answer, || filled.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

fn line(filled: &Filled) -> String {
    let Filled { table, rows, added, seconds } = filled;
    #[expect(clippy::cast_precision_loss, reason = "a rate is no account")]
    let rate = *added as f64 / seconds.max(0.001);
    format!("{table}: {rows} rows, {added} of them added in {seconds:.1} s ({rate:.0}/s)")
}

fn refused(refused: Refused) -> anyhow::Error {
    let cure = match &refused {
        Refused::OtherData(_) => {
            "Give it a database of its own; if this is one to measure with, say --beside-other-data"
        }
        Refused::Again { .. } => {
            "Go on where the same command stopped with --resume, or use an empty database"
        }
        Refused::OtherPlan(_) => {
            "Give the same sizes, --random-seed and --until as before, or use an empty database"
        }
        Refused::Database(_) => {
            return anyhow::Error::new(refused).context("the database failed; go on with --resume");
        }
    };
    Failure::new(Exit::Refused, refused.to_string(), cure).into()
}

/// A bar a table; where standard error is no terminal, a line a table.
#[derive(Default)]
struct Progress {
    current: Option<(&'static str, ProgressBar)>,
}

impl Progress {
    fn tell(&mut self, table: &'static str, rows: i64, of: i64) {
        if self.current.as_ref().is_none_or(|(current, _)| *current != table) {
            self.end();
            let bar = ProgressBar::new(of.unsigned_abs());
            let style = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            if bar.is_hidden() {
                eprintln!("{table}: {of} rows");
            }
            self.current = Some((table, bar.with_message(table)));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position(rows.unsigned_abs());
        }
    }

    fn end(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
    }
}
