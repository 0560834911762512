//! Ports on the loopback address.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, bail};

/// Below the ports that Linux and macOS give to outgoing connections, so that none of these takes
/// one between our look and its use.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A port on which nothing listens, given out only once by this process.
///
/// # Errors
/// None is free, or the system gives no randomness.
pub fn free_port() -> Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    // A random start: several test processes look at the same time.
    let start = random()? % COUNT;
    let ports = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    for port in ports {
        if !given.contains(&port) && listen(port).is_ok() {
            given.insert(port);
            return Ok(port);
        }
    }
    bail!("no free port from {FIRST} on")
}

/// An error that names `port` and the flag to choose another with, if something listens there.
///
/// # Errors
/// The port is taken, or may not be listened on.
pub fn check_free(port: u16, flag: &str) -> Result<()> {
    match listen(port) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is in use; choose another with {flag}")
        }
        Err(error) => Err(error).with_context(|| {
            format!("port {port} cannot be listened on; choose another with {flag}")
        }),
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[expect(clippy::disallowed_methods, reason = "only to keep out of the way of other processes")]
fn random() -> Result<u16> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(u16::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_flag() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check_free(port, "--edge-port").unwrap_err().to_string();
        assert_eq!(error, format!("port {port} is in use; choose another with --edge-port"));
        drop(listener);
        assert!(check_free(port, "--edge-port").is_ok());
    }

    #[test]
    fn no_port_is_given_twice() {
        let ports: BTreeSet<_> = (0..50).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 50);
    }
}
