//! Ctrl-C and SIGTERM: noted, so that every wait ends early and everything is put away.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, bail};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The shell's exit status for a program that Ctrl-C ended.
pub const EXIT_STATUS: u8 = 130;

/// From here on a signal is noted; a second one ends the program at once.
pub fn watch() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_conditional_shutdown(signal, EXIT_STATUS.into(), REQUESTED.clone())?;
        flag::register(signal, REQUESTED.clone())?;
    }
    Ok(())
}

/// Has a signal come?
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// An error if a signal has come.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
