//! Log-ins beside the bare hash, and what others feel of them.

use std::thread;

use anyhow::{Result, anyhow};

use super::{
    figures::{Row, Series, Target, Unit},
    load::Load,
    origin::{NO_EDGE, VERIFY},
    stage::Stage,
};
use crate::{secrets::DEMO_USER_MOBILE, stack::Origin};

/// Log-ins at once.
const AT_ONCE: u64 = 8;
/// Other clients meanwhile.
const OTHERS: u64 = 4;

/// Log-ins with the right password, as fast as they come, beside as many hashes; then what another's request takes
/// while they go on, beside what it takes without them.
pub fn login(stage: &mut Stage) -> Result<Vec<Row>> {
    const CASE: &str = "origin login";
    let origin = stage.origin(NO_EDGE, &[])?;
    let load = logins(stage, &origin)?;
    let count = stage.size.of(400).max(AT_ONCE * 2);
    load.times(AT_ONCE).run(&stage.cpus, stage.dir())?;
    let (mut ours, mut floor, mut calm, mut beside) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stage.size.rounds {
        ours.push(load.times(count).run(&stage.cpus, stage.dir())?.rate);
        floor.push(stage.figure(&["hashes", &count.to_string()])?);
    }
    let token = stage.token("HS256")?;
    let other =
        Load { url: origin.url() + VERIFY, token, body: None, connections: OTHERS, requests: 0 };
    for _ in 0..stage.size.rounds {
        let requests = stage.size.of(10_000);
        calm.push(other.times(requests).run(&stage.cpus, stage.dir())?.percentile(99));
        let with = thread::scope(|scope| {
            let logging_in = scope.spawn(|| load.times(count).run(&stage.cpus, stage.dir()));
            let mut times = Vec::new();
            while !logging_in.is_finished() {
                times.push(other.times(requests / 5).run(&stage.cpus, stage.dir())?.percentile(99));
            }
            logging_in.join().map_err(|_| anyhow!("the log-ins panicked"))??;
            anyhow::Ok(times)
        })?;
        beside.push(super::figures::median(&with).unwrap_or(f64::NAN));
    }
    let pace = [Series::new("log-ins", ours)?, Series::new("bare Argon2id", floor)?];
    let others = [Series::new("p99 beside 8 log-ins", beside)?, Series::new("p99 without", calm)?];
    Ok(vec![
        Row::against(CASE, Unit::PerSecond, pace, Target::Ratio(0.9))?,
        Row::against(CASE, Unit::Millis, others, Target::Told)?,
    ])
}

fn logins(stage: &Stage, origin: &Origin) -> Result<Load> {
    let password = &stage.database()?.secrets.values.demo_user_password;
    let body = serde_json::json!({
        "mobile": DEMO_USER_MOBILE, "password": password, "client_type": "mini_program", "device_id": "bench" });
    Ok(Load {
        url: origin.url() + "/api/v4/auth/login",
        token: String::new(),
        body: Some(body.to_string()),
        connections: AT_ONCE,
        requests: 0,
    })
}
