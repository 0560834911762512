//! Long lists, and how soon the end of a session is known.

use anyhow::{Context as _, Result};

use super::{
    case::Side,
    figures::{Row, Series, Target, Unit},
    load::Load,
    origin::{MY_LISTINGS, NO_EDGE, by_turns, times},
    stage::{Stage, USER},
};
use crate::{process, workspace::step_log};

/// A seller of very many listings.
const BIG_SELLER: i64 = 77;
/// Clients that ask at once: few, since it is the time of a page that counts.
const CONNECTIONS: u64 = 4;

/// Pages by cursor of a seller with a million listings, the first and one far behind, beside the first one of 265.
pub fn cursors(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "my-listings by cursor";
    let listings = stage.size.of(1_000_000).max(40_000);
    let pages = (listings / 100).to_string();
    let url = stage.database()?.url.clone();
    let big = BIG_SELLER.to_string();
    let mut seed = process::command(&stage.programs.origin);
    seed.args(["seed", "synthetic", "--beside-other-data", "--listings", &listings.to_string()])
        .args(["--big-seller", &big, "--big-seller-listings", &listings.to_string()])
        .env("DATABASE_URL", url);
    process::run(&mut seed, &step_log("bench-synthetic"))?;
    let origin = stage.origin(NO_EDGE, &[])?;
    let token =
        |user| anyhow::Ok(stage.tokens("HS256", user, 1)?.into_iter().next().context("no token")?);
    let (own, other) = (token(USER)?, token(BIG_SELLER)?);
    let list = origin.url() + MY_LISTINGS;
    let cursor = stage.measure(&["cursor", &list, &other, &pages])?;
    let side = |url: String, token: &str| Side {
        load: Load {
            url,
            token: token.to_owned(),
            body: None,
            connections: CONNECTIONS,
            requests: 0,
        },
        requests: 4_000,
    };
    let far = format!("{list}&cursor={cursor}");
    let sides = [side(list.clone(), &other), side(far, &other), side(list, &own)];
    let answered = by_turns(stage, &sides)?;
    let name = |what: &str| format!("{what} of {listings}");
    let p50 = |name: &str, which: usize| times(name, &answered[which], 50);
    let (first, far) = (p50(&name("page 1"), 0)?, p50(&name(&format!("page {pages}")), 1)?);
    let short = p50("page 1 of 265", 2)?;
    // Within one and a half times.
    let flat = Target::Ratio(1.0 / 1.5);
    Ok(vec![
        Row::against(CASE, Unit::Millis, [far.clone(), first.clone()], flat)?,
        Row::against(CASE, Unit::Millis, [first.clone(), short.clone()], flat)?,
        Row::against(CASE, Unit::Millis, [far, short], flat)?,
        Row::alone(CASE, Unit::Millis, first, Target::AtMost(50.0)),
    ])
}

/// From the call that ends a session to what its client and every other isolate sees of it.
pub fn revocations(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "revocation";
    let count = stage.size.of(500).max(50).to_string();
    let said = stage.measure_on_server(&["revocations", &count])?;
    let mut figures = said.split_whitespace().map(str::parse::<f64>);
    let mut row = |name: &str| {
        let figure = figures.next().context("a figure is missing")??;
        let series = Series::new(&format!("{name}, p99 of {count}"), vec![figure])?;
        anyhow::Ok(Row::alone(CASE, Unit::Millis, series, Target::AtMost(1000.0)))
    };
    Ok(vec![row("tombstone in KV")?, row("socket closed")?])
}
