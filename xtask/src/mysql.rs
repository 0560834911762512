//! A MySQL-protocol server for tests: one that is named, else a private one.

use std::{
    env,
    io::Read as _,
    net::{Ipv4Addr, TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{
    apt, interrupt,
    process::{self, Group, now, tail},
    stack::free_port,
};

/// The environment variable that names a server.
pub const URL_VARIABLE: &str = "TEST_MYSQL_URL";

const PATIENCE: Duration = Duration::from_mins(1);

/// A server with an administrator's access, stopped when dropped if it is a private one.
pub struct Mysql {
    url: String,
    version: String,
    private: Option<Private>,
}

/// A server of our own.
struct Private {
    // In this order: the server ends before its folder goes.
    server: Group,
    dir: TempDir,
    binary: PathBuf,
    port: u16,
}

impl Mysql {
    /// The server of `TEST_MYSQL_URL`, else an installed MySQL or MariaDB started on a free port
    /// with data of its own; on Debian MariaDB is installed if there is none.
    ///
    /// # Errors
    /// The named server does not answer, or there is no server and none may be installed.
    pub fn start() -> Result<Self> {
        match env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => Self::named(url),
            _ => Self::private(),
        }
    }

    /// The URL without a database, such as `mysql://root@127.0.0.1:3306`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The version that the server says it is.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    fn named(url: String) -> Result<Self> {
        let address = address_of(&url).with_context(|| {
            format!("{URL_VARIABLE} is not like mysql://user:password@host:3306")
        })?;
        let mut addresses = address.to_socket_addrs().context(URL_VARIABLE)?;
        let version = addresses.find_map(|address| greeting(TcpStream::connect(address).ok()?));
        let version = version
            .with_context(|| format!("no MySQL server answers at {address} ({URL_VARIABLE})"))?;
        Ok(Self { url, version, private: None })
    }

    /// A server of one's own, which can be killed, whatever `TEST_MYSQL_URL` says.
    ///
    /// # Errors
    /// There is no server and none may be installed, or it does not start.
    pub fn private() -> Result<Self> {
        if find_server().is_none() {
            apt::ensure(&["mariadb-server"], "a MySQL or MariaDB server")?;
        }
        let binary = find_server().context("there is no mysqld and no mariadbd")?;
        // In /tmp: the name of a socket may have a hundred bytes only.
        let dir = tempfile::Builder::new().prefix("drawbridge-mysql-").tempdir()?;
        initialize(&binary, dir.path())?;
        let port = free_port()?;
        let log = dir.path().join("server.log");
        let mut server = Group::spawn(&mut serve(&binary, dir.path(), port, &log)?)?;
        let version = wait_until_it_greets(port, &mut server, &log)?;
        let url = format!("mysql://root@127.0.0.1:{port}");
        Ok(Self { url, version, private: Some(Private { server, dir, binary, port }) })
    }

    /// Ends a private server as a crash does. What was committed is in its files.
    pub fn kill(&mut self) {
        if let Some(private) = &mut self.private {
            private.server.kill();
        }
    }

    /// Starts a private server that was killed, on the same port with the same data.
    ///
    /// # Errors
    /// It is not a private one, or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        let Private { server, dir, binary, port } =
            self.private.as_mut().context("the server is not ours")?;
        let log = dir.path().join("again.log");
        *server = Group::spawn(&mut serve(binary, dir.path(), *port, &log)?)?;
        wait_until_it_greets(*port, server, &log).map(|_| ())
    }
}

fn find_server() -> Option<PathBuf> {
    const ELSEWHERE: &[&str] = &["/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin"];
    ["mysqld", "mariadbd"].iter().find_map(|name| {
        let elsewhere = ELSEWHERE.iter().map(|dir| Path::new(dir).join(name));
        process::find(name).or_else(|| elsewhere.into_iter().find(|path| path.is_file()))
    })
}

fn is_mariadb(binary: &Path) -> bool {
    process::output(Command::new(binary).arg("--version"))
        .is_some_and(|version| version.contains("MariaDB"))
}

/// Empty data with a `root` who needs no password: the server listens on the loopback only.
fn initialize(binary: &Path, dir: &Path) -> Result<()> {
    let mut command = if is_mariadb(binary) {
        let mut install = process::command("mariadb-install-db");
        install.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);
        install
    } else {
        let mut mysqld = process::command(binary);
        mysqld.args(["--no-defaults", "--initialize-insecure"]);
        mysqld
    };
    command.arg(data_argument(dir)).args(user_argument());
    process::run(&mut command, &dir.join("initialize.log")).context("cannot make an empty database")
}

fn serve(binary: &Path, dir: &Path, port: u16, log: &Path) -> Result<Command> {
    let mut command = process::command(binary);
    command
        .args(["--no-defaults", "--bind-address=127.0.0.1", "--max-connections=500"])
        .args(["--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"])
        // Data that nobody misses after a crash need not reach the disk at each commit.
        .args([
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
        ])
        .arg(format!("--port={port}"))
        .arg(format!("--socket={}", dir.join("socket").display()))
        .arg(format!("--pid-file={}", dir.join("pid").display()))
        .arg(data_argument(dir))
        .args(user_argument());
    if !is_mariadb(binary) {
        command.arg("--mysqlx=OFF");
    }
    let file = process::create_log(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    Ok(command)
}

fn data_argument(dir: &Path) -> String {
    format!("--datadir={}", dir.join("data").display())
}

fn user_argument() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

fn wait_until_it_greets(port: u16, server: &mut Group, log: &Path) -> Result<String> {
    let deadline = now() + PATIENCE;
    loop {
        if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            && let Some(version) = greeting(stream)
        {
            return Ok(version);
        }
        interrupt::check()?;
        if server.exited()?.is_some() || now() > deadline {
            bail!("the database server does not start:\n{}", tail(log, 20));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The version in the first packet that a server sends.
fn greeting(mut stream: TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut packet = [0; 128];
    let length = stream.read(&mut packet).ok()?;
    version_in(&packet[..length])
}

fn version_in(packet: &[u8]) -> Option<String> {
    // Three bytes of length, one of sequence, then protocol 10 and a text that ends with a zero.
    let rest = packet.get(4..)?.strip_prefix(&[10])?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let version = String::from_utf8(rest[..end].to_vec()).ok()?;
    // MariaDB puts this before its own version, for clients that know MySQL only.
    Some(version.strip_prefix("5.5.5-").unwrap_or(&version).to_owned())
}

/// `host:port` of a `mysql://` URL.
fn address_of(url: &str) -> Option<String> {
    let authority = url.strip_prefix("mysql://")?.split(['/', '?']).next()?;
    let address = authority.rsplit('@').next()?;
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(if has_port { address.to_owned() } else { format!("{address}:3306") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_greeting() {
        assert_eq!(version_in(b"\x4a\0\0\0\x0a9.7.0\0rest").as_deref(), Some("9.7.0"));
        let mariadb = b"\x4a\0\0\0\x0a5.5.5-10.11.19-MariaDB\0rest";
        assert_eq!(version_in(mariadb).as_deref(), Some("10.11.19-MariaDB"));
        assert_eq!(version_in(b"HTTP/1.1 400 Bad Request"), None);
        assert_eq!(version_in(b"\x01"), None);
    }

    #[test]
    fn address_is_read_from_the_url() {
        let of = |url| address_of(url).unwrap();
        assert_eq!(of("mysql://root@127.0.0.1:3397"), "127.0.0.1:3397");
        assert_eq!(of("mysql://a:p%40ss@db.local/test?ssl-mode=disabled"), "db.local:3306");
        assert_eq!(address_of("postgres://x"), None);
    }
}
