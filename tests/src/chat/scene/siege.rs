//! Hostile frames against a live object, in which others talk undisturbed.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::json;
use shared::user::{ClientType, Role};
use tokio::time::{Instant, sleep, timeout};

use super::Pair;
use crate::{
    chat::{
        Account, App, LetterState, Manner, Probe, Wire,
        fuzz::{Frames, Hostile},
    },
    dice::Dice,
    socket_io::hostile,
    system::System,
};

/// Sockets that attack at once; the good one makes them fewer than a user may have.
const ATTACKERS: usize = 6;
/// Frames that a socket sends before it is looked whether it is closed.
const VOLLEY: usize = 120;
/// How often the good client writes.
const PACE: Duration = Duration::from_millis(400);

/// What a siege has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Siege {
    /// Hostile frames that were sent.
    pub frames: usize,
    /// Sockets that were closed for them.
    pub closed: usize,
    /// Messages that the good clients have exchanged meanwhile.
    pub messages: usize,
}

/// Sends so many hostile frames to the room of a user, while the user and an agent talk; over Socket.IO to the
/// gateway where the user's client is.
pub async fn lay(system: &System, pair: &Pair, wire: Wire, seed: u64, frames: usize) -> Siege {
    println!("siege: seed {seed}, {frames} frames, {wire:?}");
    let hostile = match wire {
        Wire::Raw => system.session(pair.user.user_id, Role::User, ClientType::Web).await,
        // Of the sockets of one user that come faster than those before them are known to be gone, the oldest
        // goes, which would be the good one.
        Wire::SocketIo => system.person("路人", Role::User).await,
    };
    let hostile = system.account(&hostile).over(wire);
    let user = pair.user_account(system).over(wire);
    let user = App::start("user", user, Manner::user(seed));
    let agent = App::start("agent", pair.agent_account(system), Manner::staff(seed));
    for app in [&user, &agent] {
        app.join(pair.conversation);
    }
    let (sent, closed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut dice = Dice::new(seed);
    let attacks = (0..ATTACKERS).map(|number| {
        let (hostile, seed, conversation) = (&hostile, dice.next_u64(), pair.conversation);
        let (sent, closed) = (&sent, &closed);
        async move {
            if wire == Wire::Raw {
                attack(hostile, Frames::new(seed, conversation), frames, sent, closed).await;
            } else {
                hostile::attack(hostile, number, seed, conversation, frames, sent, closed).await;
            }
        }
    });
    let is_over = || sent.load(Ordering::Relaxed) >= frames;
    let (_, messages) = tokio::join!(join_all(attacks), talk(pair, &user, &agent, is_over));
    for app in [&user, &agent] {
        let state = app.state();
        assert!(state.book.violations.is_empty(), "{}: {:?}", app.name, state.book.violations);
        assert_eq!(state.sockets.len(), 1, "{} was disturbed", app.name);
    }
    assert_unharmed(&system.edge_log());
    Siege { frames: sent.into_inner(), closed: closed.into_inner(), messages }
}

/// Both sides write, until it is over; all of it arrives.
async fn talk(pair: &Pair, user: &App, agent: &App, is_over: impl Fn() -> bool) -> usize {
    let mut written = 0;
    while !is_over() || written < 4 {
        let app = if written % 2 == 0 { user } else { agent };
        app.write(pair.conversation, &format!("calm-{written}"), &format!("calm {written}"));
        written += 1;
        sleep(PACE).await;
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let is_there = |app: &App| {
        let state = app.state();
        let there = state.book.shelves[&pair.conversation].pages.values();
        let calm = there.filter(|page| page.content.starts_with("calm ")).count();
        let is_sent = |letter: &super::super::Letter| matches!(letter.state, LetterState::Sent(_));
        calm == written && state.book.letters.iter().all(is_sent)
    };
    while !(is_there(user) && is_there(agent)) {
        assert!(Instant::now() < deadline, "of {written} messages some did not arrive");
        sleep(Duration::from_millis(50)).await;
    }
    written
}

async fn attack(
    account: &Account,
    mut drawn: Frames,
    frames: usize,
    sent: &AtomicUsize,
    closed: &AtomicUsize,
) {
    while sent.load(Ordering::Relaxed) < frames {
        let mut probe = Probe::open(account).await;
        for _ in 0..VOLLEY {
            match drawn.draw() {
                Hostile::Text(text) => probe.text(text),
                Hostile::Binary(bytes) => probe.binary(bytes),
            }
        }
        sent.fetch_add(VOLLEY, Ordering::Relaxed);
        // The last word of the volley is answered, or the socket is closed for those before it.
        let last = probe.emit("no such event", &json!({}));
        let answered = timeout(Duration::from_secs(30), probe.answered_or_over(last)).await;
        if answered.expect("an answer or an end") {
            continue;
        }
        let (code, reason) = probe.closed().await;
        assert_eq!((code, reason.as_str()), (4400, "BAD_REQUEST"));
        closed.fetch_add(1, Ordering::Relaxed);
    }
}

/// The runtime has not had to give anything up.
fn assert_unharmed(log: &str) {
    let harm = ["panicked", "RuntimeError", "unreachable", "Uncaught", "exceeded"];
    let bad: Vec<_> =
        log.lines().filter(|line| harm.iter().any(|word| line.contains(word))).take(5).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
