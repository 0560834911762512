//! Load over HTTP, by `h2load` (of nghttp2): a process of its own, in C, on one thread, with a bounded number of
//! requests, which logs the time of each. It comes from Debian's packages.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

use super::{cpus::Cpus, figures::percentile};
use crate::{apt, process};

/// What is asked, how often.
#[derive(Clone)]
pub struct Load {
    /// The whole URL.
    pub url: String,
    /// The access token.
    pub token: String,
    /// JSON to post; GET where there is none.
    pub body: Option<String>,
    /// Connections that ask at once.
    pub connections: u64,
    /// Requests in all.
    pub requests: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Answers a second.
    pub rate: f64,
    /// The time of each answer in milliseconds, shortest first.
    millis: Vec<f64>,
}

impl Answered {
    /// The time that so many in a hundred answers did not exceed, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.millis, percent).unwrap_or(f64::NAN)
    }
}

/// See that `h2load` is there.
pub fn ensure_tool() -> Result<()> {
    if process::find("h2load").is_none() {
        apt::ensure(&["nghttp2-client"], "h2load, of nghttp2")?;
    }
    Ok(())
}

impl Load {
    /// The same with so many requests.
    pub fn times(&self, requests: u64) -> Self {
        Self { requests, ..self.clone() }
    }

    /// Asks, and sees that every single answer is a good one: a server that refuses is fast.
    pub fn run(&self, cpus: &Cpus, dir: &Path) -> Result<Answered> {
        let dir = tempfile::tempdir_in(dir)?;
        let (log, times) = (dir.path().join("out"), dir.path().join("times"));
        let connections = self.connections.min(self.requests);
        let mut command = cpus.load("h2load", |program| process::command(program));
        command
            .args(["--h1", "--threads", "1", "--clients", &connections.to_string()])
            .args(["--requests", &self.requests.to_string()])
            .args(["--header", &format!("authorization: Bearer {}", self.token)])
            .arg(format!("--log-file={}", times.display()));
        if let Some(body) = &self.body {
            let file = dir.path().join("body");
            fs::write(&file, body)?;
            command.args(["--header", "content-type: application/json"]);
            command.arg(format!("--data={}", file.display()));
        }
        process::run(command.arg(&self.url), &log)?;
        let said = fs::read_to_string(&log)?;
        let rate = rate(&said, self.requests).with_context(|| format!("{}\n{said}", self.url))?;
        let millis = read_times(&fs::read_to_string(&times)?)?;
        Ok(Answered { rate, millis })
    }
}

/// Requests a second, where all were answered with 2xx.
fn rate(said: &str, requests: u64) -> Result<f64> {
    let line = |start| said.lines().find_map(|line| line.strip_prefix(start));
    let finished = line("finished in ").context("h2load has not finished")?;
    let rate = finished.split(", ").find_map(|part| part.strip_suffix(" req/s"));
    let codes = line("status codes: ").context("h2load tells no status codes")?;
    let good = codes.split(", ").find_map(|part| part.trim().strip_suffix(" 2xx"));
    let good: u64 = good.context("no 2xx")?.parse()?;
    ensure!(good == requests, "{good} of {requests} answers are good: {codes}");
    Ok(rate.context("no req/s")?.parse()?)
}

/// The times of the answers in milliseconds, shortest first; lines of start, status and time in microseconds.
fn read_times(log: &str) -> Result<Vec<f64>> {
    let mut millis = Vec::new();
    for line in log.lines() {
        let [_, _, time] = line.split('\t').collect::<Vec<_>>()[..] else {
            bail!("h2load logs {line:?}")
        };
        millis.push(time.parse::<f64>()? / 1000.0);
    }
    millis.sort_by(f64::total_cmp);
    Ok(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "starting benchmark...\nfinished in 1.23s, 16260.16 req/s, 2.1MB/s\n\
        requests: 20000 total, 20000 started, 20000 done, 20000 succeeded, 0 failed, 0 errored, 0 timeout\n\
        status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx\n";

    #[test]
    fn the_rate_counts_only_where_every_answer_is_good() {
        assert!((rate(SAID, 20_000).unwrap() - 16_260.16).abs() < 1e-9);
        let refused = SAID.replace("20000 2xx, 0 3xx, 0 4xx", "19999 2xx, 0 3xx, 1 4xx");
        assert!(rate(&refused, 20_000).unwrap_err().to_string().contains("1 4xx"));
        assert!(rate(SAID, 20_001).is_err());
        assert!(rate("", 1).is_err());
    }

    #[test]
    fn times_are_sorted_and_in_milliseconds() {
        let read = read_times("1700\t200\t2500\n1701\t200\t500\n").unwrap();
        assert_eq!(read, [0.5, 2.5]);
        assert!(read_times("nonsense").is_err());
    }
}
