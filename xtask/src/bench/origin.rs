//! The origin beside Express, on the same database and the same rows.

use anyhow::Result;

use super::{
    case::Side,
    figures::{Row, Series, Target, Unit},
    load::{Answered, Load},
    peers::Peer,
    stage::{POOL, Stage, USER},
};
use crate::stack::Origin;

/// Clients that ask at once.
const CONNECTIONS: u64 = 32;
/// An edge that nobody asks for anything here.
pub const NO_EDGE: &str = "http://127.0.0.1:9";

/// The whole check of a session.
pub const VERIFY: &str = "/api/v4/auth/verify";
/// A page of one's own listings.
pub const MY_LISTINGS: &str = "/api/v4/market/my-listings?limit=20";

/// Rounds of all sides by turns, after each has had a tenth of a round to warm up.
pub fn by_turns(stage: &Stage, sides: &[Side]) -> Result<Vec<Vec<Answered>>> {
    let run = |load: &Load, requests| load.times(requests).run(&stage.cpus, stage.dir());
    for side in sides {
        run(&side.load, stage.size.of(side.requests).div_ceil(10).max(CONNECTIONS))?;
    }
    let mut answered: Vec<Vec<_>> = sides.iter().map(|_| Vec::new()).collect();
    for _ in 0..stage.size.rounds {
        for (side, answered) in sides.iter().zip(&mut answered) {
            answered.push(run(&side.load, stage.size.of(side.requests))?);
        }
    }
    Ok(answered)
}

/// The rates of a side.
pub fn rates(name: &str, answered: &[Answered]) -> Result<Series> {
    Series::new(name, answered.iter().map(|one| one.rate).collect())
}

/// The times of a side that so many in a hundred answers did not exceed.
pub fn times(name: &str, answered: &[Answered], percent: usize) -> Result<Series> {
    Series::new(name, answered.iter().map(|one| one.percentile(percent)).collect())
}

/// The whole check of a session, of a token that the peer can read as well as of one of ours.
pub fn verify(stage: &mut Stage) -> Result<Vec<Row>> {
    let (origin, peer) = (stage.origin(NO_EDGE, &[])?, Peer::start(stage, "express/server.js")?);
    let (shared, own) = (stage.token("HS256")?, stage.token("EdDSA")?);
    let answered = by_turns(
        stage,
        &[
            side(&origin, VERIFY, &shared, 60_000),
            of_peer(&peer, VERIFY, &shared, 6_000),
            side(&origin, VERIFY, &own, 60_000),
        ],
    )?;
    let [ours, theirs, eddsa] = &answered[..] else { return Ok(Vec::new()) };
    let rate = |name, answered: &[Answered]| rates(name, answered);
    let express = || rate("Express", theirs);
    Ok(vec![
        Row::against(
            "origin verify",
            Unit::PerSecond,
            [rate("origin, HS256", ours)?, express()?],
            Target::Ratio(10.0),
        )?,
        Row::against(
            "origin verify",
            Unit::Millis,
            [times("origin, p99", ours, 99)?, times("Express, p99", theirs, 99)?],
            Target::Told,
        )?,
        Row::against(
            "origin verify",
            Unit::PerSecond,
            [rate("origin, EdDSA", eddsa)?, rate("Express, HS256", theirs)?],
            Target::Told,
        )?,
    ])
}

/// A page of 20 of 265 listings with the counts.
pub fn my_listings(stage: &mut Stage) -> Result<Vec<Row>> {
    let (origin, peer) = (stage.origin(NO_EDGE, &[])?, Peer::start(stage, "express/server.js")?);
    let token = stage.token("HS256")?;
    let sides =
        [side(&origin, MY_LISTINGS, &token, 20_000), of_peer(&peer, MY_LISTINGS, &token, 3_000)];
    let answered = by_turns(stage, &sides)?;
    let [ours, theirs] = &answered[..] else { return Ok(Vec::new()) };
    let beside = Row::against(
        "origin my-listings",
        Unit::PerSecond,
        [rates("origin", ours)?, rates("Express", theirs)?],
        Target::Ratio(6.0),
    )?;
    Ok(vec![beside, my_listings_floor(stage, &sides[0])?])
}

/// The same beside the bare queries, again by turns.
fn my_listings_floor(stage: &Stage, side: &Side) -> Result<Row> {
    let url = stage.database()?.url.clone();
    let times = stage.size.of(side.requests).to_string();
    let (seller, connections) = (USER.to_string(), POOL.to_string());
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..stage.size.rounds {
        let answered =
            side.load.times(stage.size.of(side.requests)).run(&stage.cpus, stage.dir())?;
        ours.push(answered.rate);
        floor.push(stage.figure(&[
            "my-listings",
            &url,
            "--seller",
            &seller,
            "--times",
            &times,
            "--connections",
            &connections,
        ])?);
    }
    let sides = [Series::new("origin", ours)?, Series::new("bare queries", floor)?];
    Row::against("origin my-listings", Unit::PerSecond, sides, Target::Ratio(0.7))
}

fn side(origin: &Origin, path: &str, token: &str, requests: u64) -> Side {
    Side { load: load(origin.url(), path, token), requests }
}

fn of_peer(peer: &Peer, path: &str, token: &str, requests: u64) -> Side {
    Side { load: load(peer.url(), path, token), requests }
}

fn load(base: String, path: &str, token: &str) -> Load {
    Load {
        url: base + path,
        token: token.to_owned(),
        body: None,
        connections: CONNECTIONS,
        requests: 0,
    }
}
