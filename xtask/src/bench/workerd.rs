//! Workers under `workerd serve`: the runtime alone, without wrangler's proxy in front.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::stage::{PATIENCE, Stage};
use crate::{
    build::edge_dir,
    npm, process,
    stack::{Log, Server, free_port},
    workspace::workspace_root,
};

/// What a worker is made of.
#[derive(Default)]
pub struct Worker {
    /// Its modules, the entry first: a `.js` or a `.wasm` each.
    pub modules: Vec<PathBuf>,
    /// Variables.
    pub vars: Vec<(String, String)>,
    /// Durable objects: binding and class.
    pub objects: Vec<(String, String)>,
    /// A KV namespace, in memory.
    pub kv: Option<String>,
}

/// A runtime that serves one worker; its end, when dropped, is by force.
pub struct Workerd(Server);

impl Worker {
    /// A worker of one module.
    pub fn of(module: PathBuf) -> Self {
        Self { modules: vec![module], ..Self::default() }
    }

    /// The edge as it was built, in front of an origin.
    pub fn edge(stage: &Stage, origin_url: &str, vars: &[(&str, &str)]) -> Result<Self> {
        let secrets = &stage.database()?.secrets;
        let own = [
            ("ORIGIN_URL", origin_url),
            ("JWT_KEYS", &secrets.jwt_public_keys),
            ("EDGE_TO_ORIGIN_KEY", &secrets.values.edge_to_origin_key),
            ("ORIGIN_TO_EDGE_KEY", &secrets.values.origin_to_edge_key),
            ("CORS_ALLOWED_ORIGINS", "https://app.example.com"),
            ("DESK_SHARDS", "1"),
            ("GATEWAY_OBJECTS", "16"),
        ];
        let vars = own.iter().chain(vars);
        let objects = [("USER_CHANNEL", "UserChannel"), ("DESK", "Desk"), ("GATEWAY", "Gateway")];
        Ok(Self {
            modules: ["index.js", "index_bg.wasm"].map(|file| edge_dir().join(file)).to_vec(),
            vars: vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            objects: objects.map(|(name, class)| (name.to_owned(), class.to_owned())).to_vec(),
            kv: Some("SESSIONS".to_owned()),
        })
    }
}

impl Workerd {
    /// Serves a worker on a free port.
    pub fn serve(stage: &Stage, worker: &Worker) -> Result<Self> {
        Self::serve_on(stage, worker, free_port()?)
    }

    /// Serves a worker.
    pub fn serve_on(stage: &Stage, worker: &Worker, port: u16) -> Result<Self> {
        let dir = stage.dir().join(format!("workerd-{port}"));
        fs::create_dir_all(dir.join("objects"))?;
        for module in worker.modules.iter().chain(&[kv_module()]) {
            fs::copy(module, dir.join(name(module)?))
                .with_context(|| format!("cannot read {}", module.display()))?;
        }
        fs::write(dir.join("config.capnp"), config(worker, port)?)?;
        let mut command = process::command(npm::bin_dir().join("workerd"));
        command.args(["serve", "config.capnp", "--experimental"]).current_dir(&dir);
        let log = Log::File(dir.join("log"));
        let mut server = Server::start("workerd", port, log, &mut command)?;
        server.wait_until_it_listens(PATIENCE)?;
        Ok(Self(server))
    }

    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn pid(&mut self) -> u32 {
        self.0.pid()
    }
}

/// One file of a worker that has several, with its packages, by esbuild.
pub fn bundled(stage: &Stage, file: &Path) -> Result<PathBuf> {
    let out = stage.dir().join(format!("bundled-{}", name(file)?));
    let mut esbuild = process::command(npm::bin_dir().join("esbuild"));
    esbuild.arg(file).args(["--bundle", "--format=esm", "--minify", "--log-level=warning"]);
    esbuild.arg("--external:cloudflare:*").arg(format!("--outfile={}", out.display()));
    process::run(&mut esbuild, &stage.dir().join("esbuild.log"))?;
    Ok(out)
}

fn kv_module() -> PathBuf {
    workspace_root().join("tests/bench/workers/kv.js")
}

fn name(path: &Path) -> Result<&str> {
    path.file_name().and_then(|name| name.to_str()).context("a file without a name")
}

/// The configuration, in Cap'n Proto's text form, whose strings are quoted as JSON's are.
fn config(worker: &Worker, port: u16) -> Result<String> {
    let quoted = |text: &str| Value::from(text).to_string();
    let modules = worker.modules.iter().map(|module| {
        let is_wasm = module.extension().is_some_and(|extension| extension == "wasm");
        let (name, kind) = (name(module)?, if is_wasm { "wasm" } else { "esModule" });
        Ok(format!("(name = {}, {kind} = embed {})", quoted(name), quoted(name)))
    });
    let vars = worker
        .vars
        .iter()
        .map(|(name, text)| format!("(name = {}, text = {})", quoted(name), quoted(text)));
    let objects = worker.objects.iter().map(|(name, class)| {
        format!("(name = {}, durableObjectNamespace = {})", quoted(name), quoted(class))
    });
    let kv =
        worker.kv.iter().map(|name| format!("(name = {}, kvNamespace = \"kv\")", quoted(name)));
    let bindings: Vec<_> = vars.chain(objects).chain(kv).collect();
    let classes = worker.objects.iter().map(|(_, class)| {
        let class = quoted(class);
        format!("(className = {class}, uniqueKey = {class}, enableSql = true)")
    });
    let modules = modules.collect::<Result<Vec<_>>>()?.join(", ");
    let classes = classes.collect::<Vec<_>>().join(", ");
    Ok(format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
           services = [\n\
             (name = \"main\", worker = .main),\n\
             (name = \"kv\", worker = .kv),\n\
             (name = \"objects\", disk = (path = \"objects\", writable = true)),\n\
             (name = \"internet\", network = (allow = [\"public\", \"private\"])),\n\
           ],\n\
           sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"main\")],\n\
         );\n\
         const kv :Workerd.Worker = (modules = [(name = \"kv.js\", esModule = embed \"kv.js\")], compatibilityDate = {date});\n\
         const main :Workerd.Worker = (\n\
           modules = [{modules}],\n\
           compatibilityDate = {date},\n\
           bindings = [{}],\n\
           durableObjectNamespaces = [{classes}],\n\
           durableObjectStorage = (localDisk = \"objects\"),\n\
         );\n",
        bindings.join(", "),
        date = quoted(&compatibility_date()?),
    ))
}

/// The one that the edge is deployed with.
fn compatibility_date() -> Result<String> {
    let path = workspace_root().join("wrangler.toml");
    let file =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let date = file.lines().find_map(|line| line.strip_prefix("compatibility_date = \""));
    let date = date.and_then(|rest| rest.strip_suffix('"'));
    ensure!(date.is_some(), "{} has no compatibility_date", path.display());
    Ok(date.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_cannot_leave_its_place() {
        let worker = Worker {
            modules: vec!["/x/index.js".into(), "/x/index_bg.wasm".into()],
            vars: vec![("KEYS".into(), "{\"a\": \"b\\\"\"}\n".into())],
            objects: vec![("DESK".into(), "Desk".into())],
            kv: Some("SESSIONS".into()),
        };
        let config = config(&worker, 8787).unwrap();
        for part in [
            r#"(name = "index.js", esModule = embed "index.js"), (name = "index_bg.wasm", wasm = embed"#,
            r#"(name = "KEYS", text = "{\"a\": \"b\\\"\"}\n")"#,
            r#"(className = "Desk", uniqueKey = "Desk", enableSql = true)"#,
            r#"(name = "SESSIONS", kvNamespace = "kv")"#,
            "127.0.0.1:8787",
        ] {
            assert!(config.contains(part), "{part}\n{config}");
        }
    }
}
