use std::io::Write as _;

use anyhow::bail;
use clap::Args;

use crate::{
    config::DatabaseArgs,
    store::adoption::{self, Plan},
};

/// What to do, and how to say so.
#[derive(Args)]
pub struct AdoptArgs {
    /// Change nothing: say what is there, what would be done, and what stands in the way
    #[arg(long)]
    check: bool,

    /// Where the server cannot change a table beside writers, let them wait meanwhile
    #[arg(long)]
    allow_blocking: bool,

    /// Answer as a JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    database: DatabaseArgs,
}

/// Brings the database of an old back end to our schema; it may go on using it.
pub async fn adopt(args: AdoptArgs) -> anyhow::Result<()> {
    let db = super::reach(args.database.try_into()?).await?;
    let plan = if args.check {
        adoption::check(&db).await?
    } else {
        let mut nth = 0;
        let progress = |done: &str| {
            nth += 1;
            eprintln!("{nth}. {done}");
        };
        adoption::adopt(&db, args.allow_blocking, progress).await?
    };
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&plan)?)?;
    } else {
        write!(out, "{}", for_people(&plan, args.check))?;
    }
    if !plan.conflicts.is_empty() {
        bail!("{} conflicts must be settled first", plan.conflicts.len());
    }
    Ok(())
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
