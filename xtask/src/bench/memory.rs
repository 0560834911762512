//! What is held in memory, as the system sees it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{
    chat,
    edge::Pair,
    figures::{Row, Series, Target, Unit},
    load::Load,
    origin::{NO_EDGE, VERIFY},
    peers::Peer,
    stage::Stage,
};
use crate::process::{self, Group};

/// The most that an origin may hold, in bytes.
const MOST: f64 = 40e6;
/// For what a process does right after its start, and after it was asked much.
const REST: Duration = Duration::from_secs(3);

/// An origin that nobody asks anything, and one that has answered a million calls.
pub fn of_origin(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "origin memory";
    let mut origin = stage.origin(NO_EDGE, &[])?;
    thread::sleep(REST);
    let idle = Series::new("idle", vec![resident(origin.pid())?])?;
    let load = Load {
        url: origin.url() + VERIFY,
        token: stage.token("HS256")?,
        body: None,
        connections: 32,
        requests: stage.size.of(1_000_000) / 4,
    };
    // The first quarter warms up; of the others it is said whether they grow.
    let mut after = Vec::new();
    for _ in 0..4 {
        load.run(&stage.cpus, stage.dir())?;
        thread::sleep(REST);
        after.push(resident(origin.pid())?);
    }
    let growth = Series::new("growth over the last half", vec![(after[3] - after[1]).max(0.0)])?;
    let name = format!("after {} calls", load.requests * 4);
    let after = Series::new(&name, vec![after[3]])?;
    Ok(vec![
        Row::alone(CASE, Unit::Bytes, idle, Target::AtMost(MOST)),
        Row::alone(CASE, Unit::Bytes, after, Target::AtMost(MOST)),
        Row::alone(CASE, Unit::Bytes, growth, Target::AtMost(2e6)),
    ])
}

/// Sockets that are open and say nothing: what each of them costs the runtime, beside what it costs Socket.IO.
pub fn of_sockets(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "idle sockets";
    let count = stage.size.of(10_000);
    let (mut pair, mut peer) = (Pair::start(stage, &[])?, Peer::start(stage, "express/chat.js")?);
    let people = chat::people(stage, &pair, count.div_ceil(10), &["--waiting"])?;
    let (edge, pid) = (pair.edge.url(), pair.edge.pid());
    let ours = a_socket(stage, "edge", &edge, pid, &people, count)?;
    let theirs = a_socket(stage, "socket-io", &peer.url(), peer.pid(), &people, count)?;
    let name = |side: &str| format!("{side}, each of {count}");
    let sides =
        [Series::new(&name("edge"), vec![ours])?, Series::new(&name("Socket.IO"), vec![theirs])?];
    Ok(vec![Row::against(CASE, Unit::Bytes, sides, Target::Told)?])
}

fn a_socket(
    stage: &Stage,
    wire: &str,
    url: &str,
    pid: u32,
    people: &str,
    count: u64,
) -> Result<f64> {
    let count = u32::try_from(count)?;
    let before = resident(pid)?;
    let mut hold = stage.load_command(|program| process::command(program));
    hold.args(["hold", wire, url, people, &count.to_string()]).stdout(Stdio::piped());
    let mut holding = Group::spawn(&mut hold)?;
    let said = holding.child().stdout.take().context("no output")?;
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    anyhow::ensure!(line.contains("are open"), "the sockets cannot be held");
    // The runtime puts objects without work to sleep after ten seconds.
    thread::sleep(REST * 5);
    let after = resident(pid)?;
    holding.kill();
    Ok((after - before).max(1.0) / f64::from(count))
}

/// What a process holds, in bytes.
fn resident(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("no /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0)
}
