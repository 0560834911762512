//! The promise of chat, put to the test: every message that was acked and not durably refused is stored
//! once, in order, and reaches every client of both sides; whatever breaks meanwhile.

mod audit;
mod database;
mod plan;
mod stage;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};
use xtask::workspace_root;

use self::{audit::Stored, stage::Stage};
pub use self::{
    database::Database,
    plan::{Act, Line, Outage, Plan, Seat, Size, SocketIo},
};
use crate::system::System;

/// What a run has shown.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Messages that were written.
    pub written: usize,
    /// Messages that the server acked.
    pub acked: usize,
    /// Messages that are stored.
    pub stored: usize,
    /// Sockets that the clients opened.
    pub sockets: usize,
    /// Frames that they got.
    pub frames: usize,
    /// Times that a client asked for what it missed and got no answer in time.
    pub late_resumes: u32,
    /// From the end of the traffic until everyone had everything.
    pub settled_after: Duration,
    /// The whole run.
    pub took: Duration,
}

/// Runs a plan; the figures where the promise holds.
///
/// # Errors
/// What was broken, with the seed. The clients' frames and the logs are then kept under `target/loss`.
pub async fn run(mut system: System, database: Database, plan: Plan) -> Result<Figures, String> {
    println!(
        "loss test: seed {}, {} messages, Socket.IO: {:?}",
        plan.seed, plan.size.messages, plan.socket_io
    );
    let plan = Arc::new(plan);
    let began = Instant::now();
    let stage = Arc::new(Stage::set(&system, &plan).await);
    let traffic = tokio::spawn(play(Arc::clone(&stage), Arc::clone(&plan)));
    for (at, outage) in &plan.outages {
        sleep_until(began_at(&stage, *at)).await;
        println!("  {at} ms: {outage:?}");
        suffer(&mut system, &database, *outage, &plan.size).await;
    }
    traffic.await.expect("the traffic is played");
    let ended = Instant::now();
    let mut problems = stage.settle(&system, plan.size.patience).await;
    let settled_after = ended.elapsed();
    let stored = Stored::read(&system, &stage.ids).await;
    problems.extend(audit::problems(&plan, &stage, &stored));
    let figures = figures(&stage, &stored, settled_after, began.elapsed());
    if problems.is_empty() {
        return Ok(figures);
    }
    let kept = keep(&system, &stage, plan.seed);
    let shown: Vec<_> = problems.iter().take(25).cloned().collect();
    Err(format!(
        "seed {}: {} problems; frames and logs are in {}\n{}\n{figures:?}",
        plan.seed,
        problems.len(),
        kept.display(),
        shown.join("\n")
    ))
}

fn began_at(stage: &Stage, millis: u64) -> Instant {
    stage.began + Duration::from_millis(millis)
}

/// Does what the plan says of clients.
async fn play(stage: Arc<Stage>, plan: Arc<Plan>) {
    for (at, act) in &plan.acts {
        sleep_until(began_at(&stage, *at)).await;
        match act {
            Act::Write(line) => {
                let line = &plan.lines[*line];
                let conversation = stage.ids[line.conversation];
                stage.apps[&line.seat].write(conversation, &line.temp_id, &line.content);
            }
            Act::Storm { line, times, over_another } => {
                let line = &plan.lines[*line];
                stage.apps[&line.seat].again(&line.temp_id, *times);
                if *over_another {
                    tokio::spawn(Arc::clone(&stage).storm(line.clone(), *times));
                }
            }
            Act::Drop(seat, cut) => stage.apps[seat].cut(*cut),
            Act::Deafen(seat, millis) => stage.apps[seat].deafen(Duration::from_millis(*millis)),
        }
    }
}

async fn suffer(system: &mut System, database: &Database, outage: Outage, size: &Size) {
    match outage {
        Outage::EdgeKilled => {
            system.kill_edge();
            system.start_edge();
        }
        Outage::OriginStopped => {
            system.kill_origin();
            sleep(size.origin_stopped).await;
            system.start_origin();
        }
        Outage::DatabaseStopped => database.stop_for(size.database_stopped).await,
    }
}

fn figures(stage: &Stage, stored: &Stored, settled_after: Duration, took: Duration) -> Figures {
    let mut figures = Figures { stored: stored.count(), settled_after, took, ..Figures::default() };
    for app in stage.apps.values() {
        let known = app.state();
        figures.written += known.book.letters.len();
        figures.acked += known.book.letters.iter().filter(|letter| letter.acked).count();
        figures.sockets += known.sockets.len();
        figures.frames += known.sockets.iter().map(Vec::len).sum::<usize>();
        figures.late_resumes += known.late_resumes;
    }
    figures
}

/// Keeps what tells how it came about.
fn keep(system: &System, stage: &Stage, seed: u64) -> PathBuf {
    let folder = workspace_root().join("target/loss").join(seed.to_string());
    let mut files = BTreeMap::from([
        ("origin.log".to_owned(), system.origin_log()),
        ("edge.log".to_owned(), system.edge_log()),
    ]);
    for app in stage.apps.values() {
        let sockets = app.state().sockets.clone();
        let text: Vec<_> = sockets
            .iter()
            .enumerate()
            .flat_map(|(socket, frames)| {
                frames.iter().map(move |frame| format!("{} {frame}", socket + 1))
            })
            .collect();
        files.insert(format!("{}.frames", app.name), text.join("\n"));
    }
    // Where it cannot be written the problems are told all the same.
    let _ = fs::create_dir_all(&folder);
    for (name, text) in files {
        let _ = fs::write(folder.join(name), text);
    }
    folder
}
