//! Packages of Debian: named first, installed where we may, else the command is told.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::{
    interrupt,
    process::{self, now},
    progress::say,
    workspace::step_log,
};

/// How long another installation on this machine may take.
const LOCK_PATIENCE: Duration = Duration::from_mins(5);

/// See that Debian packages are installed.
pub fn ensure(packages: &[&str], purpose: &str) -> Result<()> {
    if process::find("apt-get").is_none() {
        bail!("{purpose} is missing, and this is no Debian on which to install it");
    }
    let missing: Vec<_> = packages.iter().copied().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = ["install", "--yes", "--no-install-recommends"];
    let told = format!("apt-get {} {}", install.join(" "), missing.join(" "));
    if !rustix::process::geteuid().is_root() {
        bail!("{purpose} is missing; install it with\n\n    sudo {told}\n\nand start again");
    }
    say(format!("  {purpose} comes from Debian packages: {told}"));
    let log = step_log("apt-get");
    // What an interrupted run has left half done is finished first; otherwise this does nothing.
    let mut configure = process::command("dpkg");
    configure.args(["--configure", "--pending"]).env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut configure, &log)?;
    update(&log)?;
    apt_get(&[&install[..], &missing].concat(), &log)
        .with_context(|| format!("cannot install Debian packages: try `{told}` by hand"))
}

/// `apt-get update`, which unlike `install` does not wait by itself for another that is going on.
fn update(log: &std::path::Path) -> Result<()> {
    let deadline = now() + LOCK_PATIENCE;
    loop {
        match apt_get(&["update"], log) {
            Err(error)
                if format!("{error:#}").contains("Could not get lock") && now() < deadline =>
            {
                interrupt::check()?;
                thread::sleep(Duration::from_secs(1));
            }
            done => return done,
        }
    }
}

fn installed(package: &str) -> bool {
    let mut query = std::process::Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::output(&mut query).is_some_and(|status| status == "installed")
}

fn apt_get(args: &[&str], log: &std::path::Path) -> Result<()> {
    let mut command = process::command("apt-get");
    // Another installation may be going on: wait for it.
    let timeout = format!("DPkg::Lock::Timeout={}", LOCK_PATIENCE.as_secs());
    command.args(["-o", &timeout]).args(args);
    process::run(command.env("DEBIAN_FRONTEND", "noninteractive"), log)
}
