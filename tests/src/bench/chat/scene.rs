//! What is played, and how long it takes. No scene sends more than a socket may send at once (20 frames) or opens
//! more sockets than a user may have (10).

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use futures_util::future::{join_all, try_join_all};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::{sleep, timeout},
};

use super::{
    People,
    wire::{Heard, Socket, Wire},
};
use crate::bench::{now, rate};

/// Frames that a socket may send at once.
const BURST: u64 = 20;
/// Sockets that a user may have.
const SOCKETS: u64 = 10;
/// The pause between two messages whose way is timed one by one.
const PACE: Duration = Duration::from_millis(15);
/// For all that is on its way.
const PATIENCE: Duration = Duration::from_mins(1);
/// Sockets that are opened at once.
const AT_ONCE: usize = 50;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scene {
    /// Messages one after the other, each timed until the other side's socket has it.
    Paced,
    /// As many as may be sent at once, timed until the other side's socket has them all.
    Burst,
    /// The same, each timed until it is acknowledged.
    Acked,
    /// What one sends, to many sockets of one object.
    FanOut,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Messages, or deliveries, a second.
    pub rate: f64,
    /// The time of each, where each was timed, shortest first.
    pub times: Vec<Duration>,
}

/// Plays a scene; `listeners` is how many sockets hear a fan-out.
///
/// # Errors
/// A socket is refused or lost, or something does not come.
pub async fn play(
    scene: Scene,
    wire: Wire,
    base: &str,
    people: &People,
    listeners: usize,
) -> Result<Measured> {
    let users = people.users();
    ensure!(!users.is_empty(), "nobody is there");
    let room = format!("{}-{}", std::process::id(), users[0].1);
    let played = async {
        match scene {
            Scene::Paced | Scene::Burst => talk(scene, wire, base, people, &users).await,
            Scene::Acked => {
                let (mut count, mut spent, mut times) = (0, Duration::ZERO, Vec::new());
                for (index, (token, conversation)) in users.iter().enumerate() {
                    let room = format!("{room}-{index}");
                    let of_one = acked(wire, base, token, *conversation, &room).await?;
                    count += of_one.1.len();
                    spent += of_one.0;
                    times.extend(of_one.1);
                }
                times.sort();
                Ok(Measured { rate: rate(count, spent), times })
            }
            Scene::FanOut => fan_out(wire, base, people, &users, &room, listeners).await,
        }
    };
    timeout(PATIENCE, played).await.context("something does not come")?
}

/// Numbers of messages, with when they came.
type News = UnboundedReceiver<(Heard, Instant)>;

/// Reads a socket on, in a task of its own.
fn listen(mut socket: Socket) -> News {
    let (tell, news) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok(heard) = socket.next().await {
            if heard != Heard::Other && tell.send((heard, now())).is_err() {
                return;
            }
        }
    });
    news
}

async fn talk(
    scene: Scene,
    wire: Wire,
    base: &str,
    people: &People,
    users: &[(String, i64)],
) -> Result<Measured> {
    let agents = people.agents();
    let agent = agents.first().context("there is no agent")?;
    let mut agent = listen(Socket::open(wire, base, agent, "").await?);
    let (mut spent, mut count, mut times) = (Duration::ZERO, 0, Vec::new());
    for (index, (token, conversation)) in (0_u64..).zip(users) {
        let sockets = if scene == Scene::Burst { SOCKETS } else { 1 };
        let open = (0..sockets).map(|_| Socket::open(wire, base, token, ""));
        let mut open = try_join_all(open).await?;
        let number = |socket: u64, n: u64| (index * SOCKETS + socket) * BURST + n + 1;
        let (start, mut awaited) = (now(), HashMap::new());
        for (which, socket) in (0_u64..).zip(&mut open) {
            for n in 0..BURST {
                awaited.insert(number(which, n), now());
                socket.send(*conversation, number(which, n)).await?;
                if scene == Scene::Paced {
                    sleep(PACE).await;
                }
            }
        }
        let wanted = awaited.len();
        let mut last = start;
        for _ in 0..wanted {
            let (heard, at) = agent.recv().await.context("the agent's socket is lost")?;
            let Heard::Message(number) = heard else { continue };
            let since =
                awaited.remove(&number).context("a message came twice, or was not awaited")?;
            times.push(at - since);
            last = at;
        }
        ensure!(awaited.is_empty(), "messages did not come");
        spent += last - start;
        count += wanted;
    }
    times.sort();
    Ok(Measured { rate: rate(count, spent), times })
}

/// The time from the first message to the last acknowledgement, and that of each.
async fn acked(
    wire: Wire,
    base: &str,
    token: &str,
    conversation: i64,
    room: &str,
) -> Result<(Duration, Vec<Duration>)> {
    let open = (0..SOCKETS).map(|_| Socket::open(wire, base, token, room));
    let open = try_join_all(open).await?;
    let start = now();
    let each = (0_u64..).zip(open).map(async |(which, mut socket)| {
        let (mut awaited, mut times) = (HashMap::new(), Vec::new());
        for n in 0..BURST {
            let number = which * BURST + n + 1;
            awaited.insert(number, now());
            socket.send(conversation, number).await?;
        }
        while !awaited.is_empty() {
            if let Heard::Acked(number) = socket.next().await? {
                let since = awaited.remove(&number).context("acknowledged twice")?;
                times.push(since.elapsed());
            }
        }
        anyhow::Ok((times, now()))
    });
    let (mut times, mut last) = (Vec::new(), start);
    for one in join_all(each).await {
        let (some, at) = one?;
        times.extend(some);
        last = last.max(at);
    }
    Ok((last - start, times))
}

async fn fan_out(
    wire: Wire,
    base: &str,
    people: &People,
    users: &[(String, i64)],
    room: &str,
    listeners: usize,
) -> Result<Measured> {
    let agents = people.agents();
    let mut open = Vec::with_capacity(listeners);
    while open.len() < listeners {
        let some = open.len()..listeners.min(open.len() + AT_ONCE);
        let some = some.map(|n| Socket::open(wire, base, agents[n % agents.len()], room));
        open.extend(try_join_all(some).await?);
    }
    let (mut spent, mut count) = (Duration::ZERO, 0);
    for (index, (token, conversation)) in (0_u64..).zip(users) {
        let mut sender = Socket::open(wire, base, token, room).await?;
        let start = now();
        for n in 0..BURST {
            sender.send(*conversation, index * BURST + n + 1).await?;
        }
        let last = index * BURST + BURST;
        let heard = open.iter_mut().map(async |socket| {
            while socket.next().await? != Heard::Message(last) {}
            anyhow::Ok(())
        });
        for one in join_all(heard).await {
            one?;
        }
        spent += start.elapsed();
        count += usize::try_from(BURST)? * listeners;
    }
    Ok(Measured { rate: rate(count, spent), times: Vec::new() })
}

/// Opens so many sockets, ten a user, says so on standard output, and holds them until standard input ends.
///
/// # Errors
/// One is refused, or there are too few users.
pub async fn hold(wire: Wire, base: &str, people: &People, count: usize) -> Result<()> {
    let users = people.users();
    let tokens = users.iter().flat_map(|(token, _)| (0..SOCKETS).map(move |_| token));
    let tokens: Vec<_> = tokens.take(count).collect();
    ensure!(tokens.len() == count, "there are too few users");
    for some in tokens.chunks(AT_ONCE) {
        let open = some.iter().map(|token| Socket::open(wire, base, token, ""));
        for socket in try_join_all(open).await? {
            // Read on: pings are to be answered.
            listen(socket);
        }
    }
    println!("{count} are open");
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut tokio::io::stdin(), &mut rest).await?;
    Ok(())
}
