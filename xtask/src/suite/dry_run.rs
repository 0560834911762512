//! Would the edge deploy? wrangler reads `wrangler.toml`, bundles what was built and says what would be
//! bound; what the edge asks for must be among it. Nothing is uploaded, and nobody is asked.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, Result, ensure};

use super::count::Count;
use crate::{
    build::{self, EdgeTools, edge_dir},
    npm, process,
    progress::say,
    source::{EdgeAsks, edge_asks, is_name_part},
    stack::WRANGLER_OFFLINE,
    workspace::{dev_dir, step_log, workspace_root},
};

/// How `wrangler.toml` names the secrets that are put beside it.
const SECRET_LINE: &str = "npx wrangler secret put ";

/// Has wrangler do all of a deployment but the upload, with the edge as it was built.
///
/// # Errors
/// The edge is not built as its source is now, or wrangler would not deploy it.
pub fn run(tools: &EdgeTools) -> Result<Count> {
    ensure!(build::is_current(tools)?, "the edge is not built: the step before this one does it");
    let root = workspace_root();
    let log = step_log("edge-dry-run");
    let mut wrangler = process::command(npm::bin_dir().join("node"));
    wrangler
        .arg(root.join("node_modules/wrangler/bin/wrangler.js"))
        .args(["deploy", "--dry-run", "--config"])
        .arg(root.join("wrangler.toml"))
        .arg("--outdir")
        .arg(dev_dir().join("dry-run"))
        .current_dir(root)
        .env("PATH", process::path_with(&[&npm::bin_dir()])?)
        .env("NO_COLOR", "1")
        .env("XDG_CONFIG_HOME", dev_dir().join("config"))
        .envs(WRANGLER_OFFLINE.iter().copied());
    process::run(&mut wrangler, &log)?;

    let said = fs::read_to_string(&log).context("wrangler's log is gone")?;
    let config = fs::read_to_string(root.join("wrangler.toml"))?;
    let problems = problems(&said, &config, &edge_asks()?);
    ensure!(problems.is_empty(), "{}; all is in {}", problems.join("; "), log.display());
    say(format!("  {} bindings, from {}", bindings(&said).count(), edge_dir().display()));
    Ok(Count::PASSED)
}

/// Why the edge would not run as it would be deployed.
fn problems(said: &str, config: &str, asks: &EdgeAsks) -> Vec<String> {
    let mut problems = Vec::new();
    // What wrangler does not know it leaves out, and goes on.
    if said.contains("Processing ") && said.contains(" configuration:") {
        problems.push("wrangler warns of wrangler.toml".to_owned());
    }
    let of = |kind: &str| -> BTreeSet<String> {
        bindings(said).filter(|found| found.kind == kind).map(|found| found.name.into()).collect()
    };
    let variables = of("Environment Variable");
    let secrets = secrets(config);

    for (kind, asked) in [("Durable Object", &asks.objects), ("KV Namespace", &asks.kv)] {
        let bound = of(kind);
        let missing = asked.difference(&bound).map(|name| format!("{name} is no {kind}"));
        problems.extend(missing);
        let idle = bound.difference(asked).map(|name| format!("nobody asks for {kind} {name}"));
        problems.extend(idle);
    }
    let given = &variables | &secrets;
    problems.extend(asks.required.difference(&given).map(|name| format!("{name} is not set")));
    let known = &asks.required | &asks.optional;
    problems.extend(given.difference(&known).map(|name| format!("nobody asks for {name}")));
    // JWT_KEYS may be either: it is a secret where it holds one.
    let bare = secrets.iter().filter(|name| *name != "JWT_KEYS" && variables.contains(*name));
    problems.extend(bare.map(|name| format!("{name} is a secret, and stands in wrangler.toml")));

    let classes = bindings(said).filter(|found| found.kind == "Durable Object");
    let made: Vec<&str> = after(config, "new_sqlite_classes = ").collect();
    for class in classes.filter_map(|found| found.class) {
        let quoted = format!("\"{class}\"");
        if made.iter().filter(|line| line.contains(&quoted)).count() != 1 {
            problems.push(format!("{class} is not in one migration"));
        }
    }
    let tags: Vec<&str> = after(config, "tag = ").collect();
    if tags.iter().collect::<BTreeSet<_>>().len() != tags.len() {
        problems.push("two migrations have one tag".to_owned());
    }
    problems
}

/// A line of wrangler's table.
struct Binding<'a> {
    name: &'a str,
    /// What stands in brackets: the class, the namespace's id, the value.
    class: Option<&'a str>,
    kind: &'a str,
}

fn bindings(said: &str) -> impl Iterator<Item = Binding<'_>> {
    said.lines().filter_map(|line| {
        let (named, kind) = line.strip_prefix("env.")?.trim_end().rsplit_once("  ")?;
        let (name, rest) = named.trim_end().split_once(' ').unwrap_or((named.trim_end(), ""));
        let class = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        Some(Binding { name, class, kind: kind.trim() })
    })
}

/// What follows `before` on each line that has it.
fn after<'a>(config: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    config.lines().filter_map(move |line| line.split_once(before)).map(|(_, rest)| rest.trim())
}

fn secrets(config: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.split(|c| !is_name_part(c)).next().unwrap_or_default().to_owned();
    after(config, SECRET_LINE).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Total Upload: 984.74 KiB / gzip: 385.88 KiB
Your Worker has access to the following bindings:
Binding                                           Resource
env.DESK (Desk)                                   Durable Object
env.SESSIONS (0000)                               KV Namespace
env.ORIGIN_URL (\"https://origin.example.com\")     Environment Variable
env.DESK_SHARDS (\"1\")                             Environment Variable

--dry-run: exiting now.
";
    const CONFIG: &str = r#"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Desk"]
#   npx wrangler secret put KEY   signs
"#;

    fn asks() -> EdgeAsks {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        EdgeAsks {
            required: names(&["ORIGIN_URL", "KEY"]),
            optional: names(&["DESK_SHARDS", "TRACE"]),
            kv: names(&["SESSIONS"]),
            objects: names(&["DESK"]),
        }
    }

    fn told(said: &str, config: &str) -> Vec<String> {
        problems(said, config, &asks())
    }

    #[test]
    fn what_is_all_there_would_deploy() {
        assert_eq!(told(SAID, CONFIG), Vec::<String>::new());
    }

    #[test]
    fn a_binding_of_another_name_or_kind_is_told() {
        let renamed = SAID.replace("env.DESK (Desk)     ", "env.DESKS (Desk)    ");
        assert_eq!(
            told(&renamed, CONFIG),
            ["DESK is no Durable Object", "nobody asks for Durable Object DESKS"]
        );
        let mistaken = SAID.replace("KV Namespace", "R2 Bucket");
        assert_eq!(told(&mistaken, CONFIG), ["SESSIONS is no KV Namespace"]);
        assert_eq!(told("", CONFIG).len(), 3);
    }

    #[test]
    fn a_setting_that_is_missing_misspelt_or_bare_is_told() {
        let misspelt = SAID.replace("env.ORIGIN_URL", "env.ORIGIN_URI");
        assert_eq!(
            told(&misspelt, CONFIG),
            ["ORIGIN_URL is not set", "nobody asks for ORIGIN_URI"]
        );
        let forgotten = CONFIG.replace("secret put KEY", "");
        assert_eq!(told(SAID, &forgotten), ["KEY is not set"]);
        let bare = SAID.replace("env.DESK_SHARDS", "env.KEY");
        assert_eq!(told(&bare, CONFIG), ["KEY is a secret, and stands in wrangler.toml"]);
    }

    #[test]
    fn a_class_without_its_migration_is_told() {
        let misspelt = CONFIG.replace("new_sqlite_classes", "new_sqlite_clases");
        assert_eq!(told(SAID, &misspelt), ["Desk is not in one migration"]);
        let twice = format!("{CONFIG}tag = \"v1\"\nnew_sqlite_classes = [\"Desk\"]\n");
        let expected = ["Desk is not in one migration", "two migrations have one tag"];
        assert_eq!(told(SAID, &twice), expected);
    }

    #[test]
    fn a_warning_of_the_configuration_is_told() {
        let warned = format!("WARNING Processing wrangler.toml configuration:\n{SAID}");
        assert_eq!(told(&warned, CONFIG), ["wrangler warns of wrangler.toml"]);
    }
}
