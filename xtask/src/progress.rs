//! Steps: what is being done, and how long it took.

use std::{
    io::{IsTerminal as _, stderr},
    sync::Mutex,
    time::Duration,
};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::process::now;

static SPINNER: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Print a line of progress on standard error, above the spinner if one turns.
pub fn say(line: impl AsRef<str>) {
    let line = line.as_ref();
    match SPINNER.lock().ok().and_then(|spinner| spinner.clone()) {
        Some(spinner) => spinner.suspend(|| eprintln!("{line}")),
        None => eprintln!("{line}"),
    }
}

/// Print an error with its causes.
pub fn say_error(error: &anyhow::Error) {
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    say(format!("\nerror: {}", causes.join("\n  because: ")));
}

/// Do one step and print its time; a failure carries the step's name.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = now();
    let spinner = stderr().is_terminal().then(|| turn(name));
    if spinner.is_none() {
        say(format!("· {name}"));
    }
    set(spinner);
    let done = work();
    if let Some(spinner) = set(None) {
        spinner.finish_and_clear();
    }
    let mark = if done.is_ok() { "✓" } else { "✗" };
    say(format!("{mark} {name}  {}", seconds(start.elapsed())));
    done.with_context(|| format!("{name} failed"))
}

/// A time as it is printed: `12.3 s`.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn turn(name: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(name.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn set(spinner: Option<ProgressBar>) -> Option<ProgressBar> {
    let mut current = SPINNER.lock().ok()?;
    std::mem::replace(&mut current, spinner)
}
