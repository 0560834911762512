//! The edge as a child process: the real worker in workerd, under `wrangler dev`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use super::{
    server::{Health, Log, Server},
    web_origins,
};
use crate::{
    build::edge_dir,
    npm,
    private_file::{create_private_dir, write_private},
    process,
    secrets::Secrets,
    workspace::workspace_root,
};

const HEALTH: Health = Health { path: "/healthz", body: "\"success\":true" };
const HEALTH_WITH_ORIGIN: Health = Health { path: "/healthz", body: "\"origin\":\"ok\"" };
const GRACE: Duration = Duration::from_secs(5);

/// How to run an edge.
#[derive(Clone)]
pub struct EdgeOptions {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The base URL of the origin.
    pub origin_url: String,
    /// Shared with the origin.
    pub secrets: Secrets,
    /// This edge's own folder for KV, Durable Objects, variables and wrangler's files. An edge that is
    /// started with the folder of an earlier one remembers what that one knew.
    pub dir: PathBuf,
    /// By default `edge.log` in `dir`.
    pub log: Log,
    /// The worker's entry; by default the edge as it was built.
    pub main: PathBuf,
    /// Further variables of the worker.
    pub vars: Vec<(String, String)>,
}

impl EdgeOptions {
    /// Options with the defaults for what is not given.
    #[must_use]
    pub fn new(port: u16, origin_url: &str, secrets: &Secrets, dir: &Path) -> Self {
        Self {
            port,
            origin_url: origin_url.to_owned(),
            secrets: secrets.clone(),
            dir: dir.to_owned(),
            log: Log::File(dir.join("edge.log")),
            main: edge_dir().join("index.js"),
            vars: Vec::new(),
        }
    }

    /// The variables as a file: a command line could be read by anyone on the machine.
    fn vars_file(&self) -> Result<String> {
        let secrets = &self.secrets.values;
        let origin_port = self.origin_url.rsplit(':').next().unwrap_or_default();
        let web_origins = web_origins(origin_port);
        let mut vars = vec![
            ("ORIGIN_URL", self.origin_url.as_str()),
            ("JWT_KEYS", &self.secrets.jwt_public_keys),
            ("EDGE_TO_ORIGIN_KEY", &secrets.edge_to_origin_key),
            ("ORIGIN_TO_EDGE_KEY", &secrets.origin_to_edge_key),
            ("CORS_ALLOWED_ORIGINS", &web_origins),
        ];
        vars.extend(self.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut file = String::new();
        for (name, value) in vars {
            // Inside single quotes only these mean something to wrangler.
            ensure!(!value.contains(['\'', '\n', '$']), "{name} has a quote, a line break or a $");
            file.extend([name, "='", value, "'\n"]);
        }
        Ok(file)
    }
}

/// A running edge; its end, when dropped, is by force.
pub struct Edge(Server);

impl Edge {
    /// Start an edge; it must have been built (`cargo xtask build-edge`).
    ///
    /// # Errors
    /// The build or wrangler is not there, or the folder cannot be written.
    pub fn start(options: &EdgeOptions) -> Result<Self> {
        let wrangler = workspace_root().join("node_modules/wrangler/bin/wrangler.js");
        for file in [&options.main, &wrangler] {
            ensure!(file.exists(), "{} is missing: run `cargo xtask build-edge`", file.display());
        }
        let dir = std::path::absolute(&options.dir)?;
        create_private_dir(&dir)?;
        // Temporary files of an edge that was killed.
        for left in [".wrangler", "config"] {
            let _ = fs::remove_dir_all(dir.join(left));
        }
        write_private(&dir.join("vars"), options.vars_file()?.as_bytes())?;
        write_config(&options.main, &dir.join("wrangler.toml"))?;
        let mut command = process::command(npm::bin_dir().join("node"));
        command
            .arg(wrangler)
            .args(["dev", "--local", "--show-interactive-dev-session=false"])
            .args(["--ip", "127.0.0.1", "--port", &options.port.to_string()])
            // A debugger's port, taken at random so that several edges can run.
            .args(["--inspector-port", "0"])
            .arg("--config")
            .arg(dir.join("wrangler.toml"))
            .arg("--env-file")
            .arg(dir.join("vars"))
            .arg("--persist-to")
            .arg(dir.join("storage"))
            .current_dir(&dir)
            .env("PATH", process::path_with(&[&npm::bin_dir()])?)
            // Its registry of running workers and its own logs.
            .env("XDG_CONFIG_HOME", dir.join("config"))
            .env("WRANGLER_CACHE_DIR", dir.join("cache"));
        command.envs(WRANGLER_OFFLINE.iter().copied());
        Server::start("edge", options.port, options.log.clone(), &mut command).map(Self)
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Wait until it answers, whether or not it reaches the origin.
    ///
    /// # Errors
    /// It ended, or the time is up; with the last lines of its log.
    pub fn wait_until_healthy(&mut self, timeout: Duration) -> Result<()> {
        self.0.wait_until_healthy(&HEALTH, timeout)
    }

    /// Wait until it answers and reaches the origin.
    ///
    /// # Errors
    /// It ended, or the time is up; with the last lines of its log.
    pub fn wait_until_connected(&mut self, timeout: Duration) -> Result<()> {
        self.0.wait_until_healthy(&HEALTH_WITH_ORIGIN, timeout)
    }

    /// See that it is still there.
    ///
    /// # Errors
    /// It has ended by itself; with the last lines of its log.
    pub fn check_running(&mut self) -> Result<()> {
        self.0.check_running()
    }

    /// SIGTERM, and SIGKILL if that has not helped after five seconds.
    ///
    /// # Errors
    /// The system does not say how it ended.
    pub fn stop(mut self) -> Result<()> {
        self.0.stop(GRACE).map(drop)
    }

    /// SIGSTOP, as a machine that hangs: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.0.pause();
    }

    /// SIGCONT, after [`Self::pause`].
    pub fn resume(&self) {
        self.0.resume();
    }

    /// SIGKILL, as a crash.
    pub fn kill(mut self) {
        self.0.kill();
    }
}

/// wrangler asks nobody for anything (the banner would look for updates), reports nothing, and
/// records no traces of requests.
pub(crate) const WRANGLER_OFFLINE: &[(&str, &str)] = &[
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("X_LOCAL_EXPLORER", "false"),
    ("X_LOCAL_OBSERVABILITY", "false"),
];

/// The workspace's wrangler.toml in this edge's folder, where wrangler then keeps its temporary files.
fn write_config(main: &Path, to: &Path) -> Result<()> {
    let path = workspace_root().join("wrangler.toml");
    let config =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let moved =
        with_main(&config, main).with_context(|| format!("{} has no main", path.display()))?;
    fs::write(to, moved).with_context(|| format!("cannot write {}", to.display()))
}

fn with_main(config: &str, main: &Path) -> Option<String> {
    let line = config.lines().find(|line| line.starts_with("main = "))?;
    Some(config.replacen(line, &format!("main = {:?}", main.display().to_string()), 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Values;

    fn options() -> EdgeOptions {
        let secrets = Secrets {
            values: Values::random().unwrap(),
            jwt_keys_file: PathBuf::new(),
            jwt_public_keys: r#"{"keys":[]}"#.to_owned(),
        };
        EdgeOptions::new(8787, "http://127.0.0.1:8080", &secrets, Path::new("/nowhere"))
    }

    #[test]
    fn variables_are_quoted() {
        let file = options().vars_file().unwrap();
        assert!(file.contains("JWT_KEYS='{\"keys\":[]}'\n"), "{file}");
    }

    #[test]
    fn a_variable_that_would_be_read_otherwise_is_refused() {
        let mut options = options();
        options.vars.push(("DESK_SHARDS".to_owned(), "1'\nEVIL='1".to_owned()));
        assert!(options.vars_file().is_err());
    }

    #[test]
    fn only_the_main_of_the_config_changes() {
        let config = "name = \"a\"\nmain = \"b.js\"\n[vars]\nmain_thing = \"b.js\"\n";
        let moved = with_main(config, Path::new("/x/b.js")).unwrap();
        assert_eq!(moved, "name = \"a\"\nmain = \"/x/b.js\"\n[vars]\nmain_thing = \"b.js\"\n");
    }
}
