use clap::Args;

use super::{Exit, Failure, answer::Out, reach_existing};
use crate::{
    config::DatabaseArgs,
    store::adoption::{self, Plan},
};

/// What to do, and how to say so.
#[derive(Args)]
#[command(after_help = "\
Examples:
  origin adopt --check
  origin adopt

Nothing of what is there is changed: columns, keys and tables are added. It may be killed, and run again.")]
pub struct AdoptArgs {
    /// Change nothing: say what is there, what would be done, and what stands in the way
    #[arg(long)]
    check: bool,

    /// Where the server cannot change a table beside writers, let them wait meanwhile
    #[arg(long)]
    allow_blocking: bool,

    #[command(flatten)]
    database: DatabaseArgs,
}

impl AdoptArgs {
    /// Brings the database of an old back end to our schema; it may go on using it.
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        let db = reach_existing(self.database.try_into()?).await?;
        let plan = if self.check {
            adoption::check(&db).await?
        } else {
            let mut nth = 0;
            let progress = |done: &str| {
                nth += 1;
                eprintln!("{nth}. {done}");
            };
            adoption::adopt(&db, self.allow_blocking, progress).await?
        };
        out.give(&plan, || for_people(&plan, self.check))?;
        if plan.conflicts.is_empty() {
            return Ok(());
        }
        let what = format!("{} conflicts must be settled first", plan.conflicts.len());
        let cure = "Settle them in the old tables, and run it again; docs/adopting.md says how";
        Err(Failure::new(Exit::Refused, what, cure).into())
    }
}

fn for_people(plan: &Plan, is_check: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut line = |line: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{line}");
    };
    for (table, rows) in &plan.rows {
        line(&format!("rows of {table}: {rows}"));
    }
    for conflict in &plan.conflicts {
        line(&format!("CONFLICT: {conflict}"));
    }
    for note in &plan.notes {
        line(&format!("note: {note}"));
    }
    if is_check {
        line(&format!("privileges needed: {}", plan.privileges.join(", ")));
        for step in &plan.steps {
            line(&format!("would: {}", step.what));
        }
        line(&format!("about {} s", plan.estimated_seconds));
    }
    line(&match (plan.steps.len(), is_check) {
        (0, _) => "nothing is left to do".to_owned(),
        (steps, true) => format!("{steps} steps would be done"),
        (steps, false) => format!("{steps} steps are done"),
    });
    text
}
