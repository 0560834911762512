//! The edge under `workerd serve`, beside a worker that does nothing and beside what one would write in JavaScript.

use std::fs;

use anyhow::{Context as _, Result};

use super::{
    case::Side,
    figures::{Row, Series, Target, Unit},
    load::Load,
    origin::{self, NO_EDGE, VERIFY},
    peers,
    stage::{Stage, USER},
    workerd::{Worker, Workerd, bundled},
};
use crate::{
    build::{self, edge_dir},
    http,
    process::now,
    stack::{Origin, free_port},
};

/// Clients that ask at once.
const CONNECTIONS: u64 = 32;

/// An origin with an edge in front of it.
pub struct Pair {
    pub origin: Origin,
    pub edge: Workerd,
}

impl Pair {
    /// Starts both, with these variables of the edge beside the usual ones.
    pub fn start(stage: &Stage, vars: &[(&str, &str)]) -> Result<Self> {
        let port = free_port()?;
        let origin = stage.origin(&format!("http://127.0.0.1:{port}"), &[])?;
        let edge = Workerd::serve_on(stage, &Worker::edge(stage, &origin.url(), vars)?, port)?;
        Ok(Self { origin, edge })
    }
}

/// An authenticated call that the edge answers: the token is verified, the session known to be live.
pub fn authenticated(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "edge authenticated";
    let pair = Pair::start(stage, &[])?;
    let floor = Workerd::serve(stage, &Worker::of(peers::dir().join("floor/constant.js")))?;
    let hono = Workerd::serve(
        stage,
        &with_keys(stage, bundled(stage, &peers::dir().join("hono/worker.js"))?)?,
    )?;
    let token = stage.token("HS256")?;
    let side = |base: String| Side {
        load: Load {
            url: base + VERIFY,
            token: token.clone(),
            body: None,
            connections: CONNECTIONS,
            requests: 0,
        },
        requests: 60_000,
    };
    let sides = [side(pair.edge.url()), side(floor.url()), side(hono.url())];
    let answered = origin::by_turns(stage, &sides)?;
    let [ours, floor, hono] = &answered[..] else { return Ok(Vec::new()) };
    let ours = origin::rates("edge", ours)?;
    let against = |name, other, target| {
        Row::against(CASE, Unit::PerSecond, [ours.clone(), origin::rates(name, other)?], target)
    };
    Ok(vec![
        against("constant worker", floor, Target::Ratio(0.8))?,
        against("Hono + jose", hono, Target::Ratio(1.3))?,
    ])
}

/// Tokens that the edge has not seen, of each kind.
pub fn first_verification(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "edge first verification";
    let pair = Pair::start(stage, &[])?;
    let script = peers::dir().join("webcrypto/worker.js");
    let mut rows = Vec::new();
    for algorithm in ["EdDSA", "HS256"] {
        let peer = Workerd::serve(stage, &with_keys(stage, script.clone())?)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first round warms both up.
        for round in 0..=stage.size.rounds {
            let file = tokens(stage, algorithm)?;
            let show = |base: String| {
                let url = base + VERIFY;
                let connections = CONNECTIONS.to_string();
                stage.load_figure(&["first", &url, &file, "--connections", &connections])
            };
            let (we, they) = (show(pair.edge.url())?, show(peer.url())?);
            if round > 0 {
                ours.push(we);
                theirs.push(they);
            }
        }
        let name = |side: &str| format!("{side}, {algorithm}");
        let sides = [Series::new(&name("edge"), ours)?, Series::new(&name("WebCrypto"), theirs)?];
        rows.push(Row::against(CASE, Unit::PerSecond, sides, Target::Ratio(1.0))?);
    }
    Ok(rows)
}

fn tokens(stage: &Stage, algorithm: &str) -> Result<String> {
    let database = stage.database()?;
    let keys = database.secrets.jwt_keys_file.display().to_string();
    let (user, count) = (USER.to_string(), stage.size.of(10_000).to_string());
    let of_one = ["--user", &user, "--count", &count, "--one-session"];
    let said = stage.measure(
        &[&["tokens", &database.url, "--keys", &keys, "--algorithm", algorithm][..], &of_one]
            .concat(),
    )?;
    let file = stage.dir().join("tokens");
    fs::write(&file, said)?;
    Ok(file.display().to_string())
}

/// What is uploaded, and how long the runtime takes from its start to the first answer, beyond that of a worker which
/// does nothing.
pub fn size_and_start(stage: &mut Stage) -> Result<Vec<Row>> {
    let bytes = u32::try_from(build::edge_upload(&edge_dir())?)?;
    let size = Series::new("edge, gzipped", vec![f64::from(bytes)])?;
    let origin = stage.origin(NO_EDGE, &[])?;
    let edge = Worker::edge(stage, &origin.url(), &[])?;
    let floor = Worker::of(peers::dir().join("floor/constant.js"));
    let mut starts = Vec::new();
    for _ in 0..stage.size.rounds * 2 {
        starts.push(start(stage, &edge)? - start(stage, &floor)?);
    }
    Ok(vec![
        Row::alone("edge bundle", Unit::Bytes, size, Target::AtMost(350e3)),
        Row::alone(
            "edge start-up",
            Unit::Millis,
            Series::new("beyond an empty worker", starts)?,
            Target::AtMost(50.0),
        ),
    ])
}

fn start(stage: &Stage, worker: &Worker) -> Result<f64> {
    let (port, began) = (free_port()?, now());
    let _running = Workerd::serve_on(stage, worker, port)?;
    http::get(port, "/").context("the worker does not answer")?;
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

fn with_keys(stage: &Stage, module: std::path::PathBuf) -> Result<Worker> {
    let keys = stage.database()?.secrets.jwt_public_keys.clone();
    Ok(Worker { vars: vec![("JWT_KEYS".to_owned(), keys)], ..Worker::of(module) })
}
