//! The origin killed again and again while it works: whatever it was at, the database says nothing that
//! is half true, and everything that a client was told.

mod actor;
mod invariants;
mod listener;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use shared::user::Role;

use self::{actor::Actor, invariants::Invariants, listener::Listener};
use crate::{
    dice::Dice,
    system::{Door, System},
};

/// Users; each has so many clients that race.
const USERS: usize = 4;
const CLIENTS: usize = 2;
/// Live sessions that a user may have.
pub(crate) const ALLOWED: usize = 2;

/// What clients were told, and must find again.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Own ids of messages that were stored.
    pub messages: Vec<String>,
    /// Sessions that were given.
    pub opened: Vec<i64>,
    /// Sessions that have ended.
    pub ended: Vec<i64>,
    /// Calls that were answered with success.
    pub successes: usize,
    /// Answers that should not be.
    pub faults: Vec<String>,
}

/// What a run has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// How often the origin was killed.
    pub kills: usize,
    /// Calls that were answered with success.
    pub successes: usize,
    /// Sessions that were opened.
    pub sessions: usize,
    /// Messages that were stored.
    pub messages: usize,
}

/// Waits until so many calls more have succeeded, however fast the machine is.
async fn work(told: &Mutex<Told>, calls: u64) {
    let so_far = || told.lock().expect("nobody panics with it").successes;
    let enough = so_far() + usize::try_from(calls).expect("a count");
    while so_far() < enough {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Kills the origin so many times, looking each time whether all holds.
///
/// # Errors
/// What does not hold, with the round.
pub async fn run(mut system: System, rounds: usize, seed: u64) -> Result<Figures, String> {
    println!("kill: seed {seed}, {rounds} rounds");
    let listener = Listener::open().await;
    let policy = format!("user/app={ALLOWED},replace_oldest");
    let settings = [("EDGE_URL", listener.url.as_str()), ("SESSION_POLICY", policy.as_str())];
    system.restart_origin_with(&settings);
    let agent = system.person("agent", Role::Agent).await;
    let invariants = Invariants::from_now(&system).await;
    let mut dice = Dice::new(seed);
    let (told, stop) = (Arc::new(Mutex::new(Told::default())), Arc::new(AtomicBool::new(false)));
    let base = system.url(&Door::Origin);
    for user in 0..USERS {
        actor::register(&base, user).await;
    }
    let mut tasks = Vec::new();
    for n in 0..USERS * CLIENTS {
        let actor = Actor::new(&base, n % USERS, n, dice.split(), Arc::clone(&told));
        tasks.push(tokio::spawn(actor.act_until(Arc::clone(&stop))));
    }
    let number = USERS * CLIENTS;
    let agent = Actor::staff(&base, &agent, number, dice.split(), Arc::clone(&told));
    tasks.push(tokio::spawn(agent.answer_until(Arc::clone(&stop))));
    let mut kills = 0;
    let mut problems = Vec::new();
    for round in 1..=rounds {
        work(&told, dice.within(5..60)).await;
        tokio::time::sleep(Duration::from_millis(dice.within(0..40))).await;
        system.kill_origin();
        kills += 1;
        problems = invariants.broken(&system, &told, &listener).await;
        if !problems.is_empty() {
            problems.insert(0, format!("seed {seed}, after kill {round}"));
            break;
        }
        system.start_origin();
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.map_err(|error| error.to_string())?;
    }
    let told = told.lock().expect("nobody panics with it");
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    let figures = Figures {
        kills,
        successes: told.successes,
        sessions: told.opened.len(),
        messages: told.messages.len(),
    };
    // A run in which nothing happened shows nothing.
    if figures.sessions < rounds / 2 || figures.messages < rounds || told.ended.is_empty() {
        return Err(format!("too little happened: {figures:?}"));
    }
    Ok(figures)
}
