use clap::Args;
use serde::Serialize;

use super::answer::Out;
use crate::{
    background::cleanup::{Cleanup, Removed},
    clock::Ambient,
    config::{DatabaseArgs, RetentionArgs},
};

/// A line of progress is written after so many rows.
const ROWS_A_LINE: u64 = 10_000;

/// What to clean up.
#[derive(Args)]
#[command(after_help = "\
Examples:
  origin cleanup --dry-run
  origin cleanup --session-retention 30d --json

It goes in batches of at most 1,000 rows with rests between them, and may be stopped at any time. `origin serve` \
does the same in the background.")]
pub struct CleanupArgs {
    /// Remove nothing: say how many rows would go
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    retention: RetentionArgs,

    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    removed: Removed,
    batches: u64,
    largest_batch: u64,
    seconds: f64,
}

/// Removes what is long past, and says how many rows that were.
pub async fn cleanup(args: CleanupArgs, out: Out) -> anyhow::Result<()> {
    let db = super::connect(args.database.try_into()?).await?;
    let ambient = Ambient::system();
    let cleanup = Cleanup { db: &db, ambient: &ambient, retention: (&args.retention).into() };
    let begun = ambient.now();
    let (mut batches, mut largest_batch, mut told) = (0, 0, 0);
    let removed = if args.dry_run {
        cleanup.count().await?
    } else {
        let progress = |rows: u64, so_far: Removed| {
            batches += 1;
            largest_batch = largest_batch.max(rows);
            if so_far.total() >= told + ROWS_A_LINE {
                told = so_far.total();
                eprintln!("{told} rows removed");
            }
        };
        cleanup.drain(progress).await?
    };
    let seconds = ambient.now().since(begun).as_secs_f64();
    let report = Report { dry_run: args.dry_run, removed, batches, largest_batch, seconds };
    out.give(&report, || {
        let done = if args.dry_run { "would go" } else { "removed" };
        let Removed { refresh_tokens, sessions, login_attempts, wechat_codes, audit_events } =
            removed;
        let lines = [
            format!("refresh tokens {done}: {refresh_tokens}"),
            format!("sessions {done}: {sessions}"),
            format!("log-in attempts {done}: {login_attempts}"),
            format!("WeChat codes {done}: {wechat_codes}"),
            format!("audit events {done}: {audit_events}"),
        ];
        lines.join("\n")
    })
}
