//! Chat at its whole size: `cargo xtask soak` builds what this needs and runs it.

use std::{
    panic::AssertUnwindSafe,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use clap::{Parser, ValueEnum};
use futures_util::FutureExt as _;
use origin::clock::Ambient;
use tests::{
    chat::{
        Cut, Probe, Wire,
        loss::{self, Database, Plan, Size, SocketIo},
        scene::{
            Pair,
            away::{percentile, replays},
            idle, siege, slow,
        },
    },
    database::TestDatabase,
    kill,
    system::{System, run_on, settled},
};
use tokio::time::{Instant, sleep};
use xtask::mysql::Mysql;

/// Plays chat at its whole size and prints what it has shown
#[derive(Parser)]
struct Args {
    /// Decides what happens; another one each time by default
    #[arg(long)]
    seed: Option<u64>,

    /// Only this part (may be given several times)
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Nothing is lost: 10,000 messages, everything breaks
    Loss,
    /// The same with users of Socket.IO
    LossSocketIo,
    /// Heartbeats for ten minutes
    Idle,
    /// The same with a client of Socket.IO that is pinged every 240 s
    IdleSocketIo,
    /// Clients that were away
    Away,
    /// A reader that stops reading
    Slow,
    /// A million hostile frames
    Siege,
    /// A hundred thousand hostile packets of Socket.IO
    SiegeSocketIo,
    /// The origin killed fifty times
    Kill,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let now = Ambient::system().now();
    let seed = args.seed.unwrap_or_else(|| now.as_millis().cast_unsigned());
    println!("soak: seed {seed} (again with --seed {seed})");
    let server = match tokio::task::block_in_place(Mysql::private) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    println!("database server: {}", server.version());
    let server = Arc::new(Mutex::new(server));
    let mut failed = Vec::new();
    for part in Part::value_variants() {
        if !args.only.is_empty() && !args.only.contains(part) {
            continue;
        }
        println!("\n== {part:?}");
        let began = Instant::now();
        // A part that fails says why, and leaves the others their turn.
        let played = AssertUnwindSafe(play(*part, seed, Arc::clone(&server))).catch_unwind().await;
        let outcome = if played.is_ok() { "passed" } else { "FAILED" };
        println!("{part:?}: {outcome} after {:.1} s", began.elapsed().as_secs_f64());
        if played.is_err() {
            failed.push(*part);
        }
    }
    println!(
        "\nsoak with seed {seed}: {}",
        if failed.is_empty() { "passed".to_owned() } else { format!("{failed:?} failed") }
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play(part: Part, seed: u64, server: Arc<Mutex<Mysql>>) {
    let url = server.lock().expect("nobody panics with it").url().to_owned();
    let database = TestDatabase::create_at(&url).await;
    run_on(database, move |system| scene(system, part, seed, server)).await;
}

async fn scene(mut system: System, part: Part, seed: u64, server: Arc<Mutex<Mysql>>) {
    match part {
        Part::Loss | Part::LossSocketIo => {
            let mut plan = Plan::draw(seed, Size::WHOLE);
            if part == Part::LossSocketIo {
                system.restart_edge_with(&[("SOCKET_IO_PING_INTERVAL_MS", "5000")]);
                plan = plan.with(SocketIo::Users);
            }
            match loss::run(system, Database::Server(server), plan).await {
                Ok(figures) => println!("{figures:#?}"),
                Err(problems) => panic!("{problems}"),
            }
        }
        Part::Idle | Part::IdleSocketIo => {
            let seconds = if part == Part::Idle { 25 } else { 240 };
            system.restart_edge_with(&[
                ("TRACE_ROOMS", "1"),
                ("GATEWAY_OBJECTS", "1"),
                ("SOCKET_IO_PING_INTERVAL_MS", &(seconds * 1_000).to_string()),
            ]);
            let (raw, other) = (Pair::meet(&system).await, Pair::meet(&system).await);
            let time = Duration::from_mins(10);
            let (woken, by_socket_io) = tokio::join!(
                idle::heartbeats(&system, &raw, time),
                idle::socket_io(&system, &other, time)
            );
            println!("ten minutes of heartbeats: the object woke {woken} times");
            println!("ten minutes of Socket.IO, a ping each {seconds} s: {by_socket_io:?}");
            assert_eq!((woken, by_socket_io.room), (0, 0));
            // A ping may be early by a round, and every ten minutes it is looked who is still there.
            assert!(by_socket_io.gateway <= 600 / seconds + 2, "more often than there is a ping");
        }
        Part::Away => {
            let pair = Pair::meet(&system).await;
            pair.agent_says_much(&system, 500, |n| format!("missed {n}")).await;
            settled(&system).await;
            let idle = Probe::open(&pair.user_account(&system)).await;
            // Everything that sleeps has gone to sleep by then; the socket has said nothing.
            sleep(Duration::from_secs(70)).await;
            pair.agent_says(&system, "still there?").await;
            let (event, _) = idle.message("still there?").await;
            assert_eq!((event.as_str(), idle.is_over()), ("new_message", false));
            idle.cut(Cut::Polite);
            let times = replays(&system, &pair, 1, 200).await;
            println!(
                "500 missed messages, 200 times: p50 {:?}, p99 {:?}, most {:?}",
                percentile(&times, 50),
                percentile(&times, 99),
                percentile(&times, 100)
            );
        }
        Part::Slow => {
            let pair = Pair::meet(&system).await;
            println!("{:?}", slow::reader(&system, &pair).await);
        }
        Part::Kill => match kill::run(system, 50, seed).await {
            Ok(figures) => println!("{figures:#?}"),
            Err(problems) => panic!("{problems}"),
        },
        Part::Siege => {
            let pair = Pair::meet(&system).await;
            println!("{:?}", siege::lay(&system, &pair, Wire::Raw, seed, 1_000_000).await);
        }
        Part::SiegeSocketIo => {
            system.restart_edge_with(&[("GATEWAY_OBJECTS", "1")]);
            let pair = Pair::meet(&system).await;
            println!("{:?}", siege::lay(&system, &pair, Wire::SocketIo, seed, 100_000).await);
        }
    }
}
