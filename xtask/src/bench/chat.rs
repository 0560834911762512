//! Chat through the real edge and origin, beside Socket.IO and beside the runtime's own loop.

use std::fs;

use anyhow::{Context as _, Result};

use super::{
    edge::Pair,
    figures::{Row, Series, Target, Unit},
    peers::{self, Peer},
    stage::Stage,
    workerd::{Worker, Workerd},
};

/// What a scene has shown.
struct Shown {
    rate: f64,
    p50: f64,
    p99: f64,
}

/// A side of a comparison: how it is spoken with, and where it is.
struct Side<'a> {
    wire: &'a str,
    url: String,
}

/// A message from its sender to the other side's socket, stored on the way.
pub fn end_to_end(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "chat end to end";
    let (pair, peer) = (Pair::start(stage, &[])?, Peer::start(stage, "express/chat.js")?);
    let sides =
        [Side { wire: "edge", url: pair.edge.url() }, Side { wire: "socket-io", url: peer.url() }];
    let paced = by_turns(stage, &pair, "paced", &sides, stage.size.of(40).max(5))?;
    let burst = by_turns(stage, &pair, "burst", &sides, stage.size.of(20).max(3))?;
    let row = |what: &str, unit, shown: &[Vec<Shown>], of: fn(&Shown) -> f64, target| {
        let series = |name: &str, shown: &[Shown]| {
            Series::new(&format!("{name}, {what}"), shown.iter().map(of).collect())
        };
        Row::against(
            CASE,
            unit,
            [series("edge", &shown[0])?, series("Socket.IO", &shown[1])?],
            target,
        )
    };
    Ok(vec![
        row("p50", Unit::Millis, &paced, |shown| shown.p50, Target::Ratio(1.0))?,
        row("p99", Unit::Millis, &paced, |shown| shown.p99, Target::Ratio(1.0))?,
        row("200 at once", Unit::PerSecond, &burst, |shown| shown.rate, Target::Ratio(2.0))?,
    ])
}

/// Messages into one conversation until each is acknowledged: it is in the room's outbox, on disk.
pub fn durable_sends(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "chat durable sends";
    let (pair, floor) = (Pair::start(stage, &[])?, objects(stage)?);
    let sides =
        [Side { wire: "edge", url: pair.edge.url() }, Side { wire: "kept", url: floor.url() }];
    let shown = by_turns(stage, &pair, "acked", &sides, stage.size.of(20).max(3))?;
    let series = |name: &str, side: &[Shown], of: fn(&Shown) -> f64| {
        Series::new(name, side.iter().map(of).collect())
    };
    let rates = [
        series("edge", &shown[0], |shown| shown.rate)?,
        series("an insert each", &shown[1], |shown| shown.rate)?,
    ];
    let mut rate = Row::against(CASE, Unit::PerSecond, rates, Target::Told)?;
    rate = rate.reaching(Target::AtLeast(8_000.0));
    let p99 = series("edge, p99", &shown[0], |shown| shown.p99)?;
    Ok(vec![rate, Row::alone(CASE, Unit::Millis, p99, Target::AtMost(10.0))])
}

/// One message to a thousand sockets of one object.
pub fn fan_out(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "chat fan-out";
    let (pair, floor) = (Pair::start(stage, &[])?, objects(stage)?);
    let listeners = stage.size.of(1_000).max(200);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..stage.size.rounds {
        // Each may have ten sockets.
        let agents = (listeners / 10).to_string();
        let people = people(stage, &pair, 2, &["--waiting", "--agents", &agents])?;
        let play = |wire: &str, url: &str| {
            play(
                stage,
                &["chat", "fan-out", wire, url, &people, "--listeners", &listeners.to_string()],
            )
        };
        ours.push(play("edge", &pair.edge.url())?.rate);
        theirs.push(play("loop", &floor.url())?.rate);
    }
    let sides =
        [Series::new("edge, deliveries", ours)?, Series::new("the runtime's loop", theirs)?];
    Ok(vec![Row::against(CASE, Unit::PerSecond, sides, Target::Ratio(0.95))?])
}

/// The runtime's own objects, in JavaScript.
fn objects(stage: &Stage) -> Result<Workerd> {
    let object = |binding: &str, class: &str| (binding.to_owned(), class.to_owned());
    let worker = Worker {
        objects: vec![object("KEPT", "Kept"), object("LOOP", "Loop")],
        ..Worker::of(peers::dir().join("objects/worker.js"))
    };
    Workerd::serve(stage, &worker)
}

/// A scene of all sides by turns, each time with people of their own; the first round warms up.
fn by_turns(
    stage: &Stage,
    pair: &Pair,
    scene: &str,
    sides: &[Side<'_>],
    users: u64,
) -> Result<Vec<Vec<Shown>>> {
    let mut shown: Vec<Vec<_>> = sides.iter().map(|_| Vec::new()).collect();
    for round in 0..=stage.size.rounds {
        for (side, shown) in sides.iter().zip(&mut shown) {
            let people = people(stage, pair, users, &[])?;
            let one = play(stage, &["chat", scene, side.wire, &side.url, &people])?;
            if round > 0 {
                shown.push(one);
            }
        }
    }
    Ok(shown)
}

/// New users with a conversation each, as a file.
pub fn people(stage: &Stage, pair: &Pair, users: u64, more: &[&str]) -> Result<String> {
    let database = stage.database()?;
    let keys = database.secrets.jwt_keys_file.display().to_string();
    let (users, origin) = (users.to_string(), pair.origin.url());
    let mut args =
        vec!["people", &database.url, "--keys", &keys, "--origin", &origin, "--users", &users];
    args.extend(more);
    let file = stage.dir().join("people.json");
    fs::write(&file, stage.measure(&args)?)?;
    Ok(file.display().to_string())
}

fn play(stage: &Stage, args: &[&str]) -> Result<Shown> {
    let said = stage.load(args)?;
    let mut figures = said.split_whitespace().map(str::parse::<f64>);
    let mut next = || figures.next().context("a figure is missing")?.context("no figure");
    Ok(Shown { rate: next()?, p50: next()?, p99: next()? })
}
