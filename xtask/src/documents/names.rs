//! Settings, bindings, codes, paths and commands that a document names are in the code.

use std::{collections::BTreeSet, fs, path::Path};

use super::{all, blocks, code, links, prose, text};
use crate::{
    source::{is_name_part, program},
    workspace::workspace_root,
};

/// Names of other programs, which ours do not read by name.
const OF_OTHERS: &[&str] =
    &["AUTO_ID_CACHE", "GET_LOCK", "JWT_SECRET", "RUST_LOG", "VERIFY_IDENTITY"];

/// All names in capitals with a line between, such as settings and codes have.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !is_name_part(c) && !c.is_ascii_lowercase());
    words
        .filter(|word| word.contains('_') && word.chars().all(is_name_part))
        .map(|word| word.trim_matches('_'))
        .filter(|word| word.contains('_'))
        .collect()
}

/// The names that the code has: its own comments tell nothing.
fn known() -> String {
    let mut known = String::new();
    for folder in ["origin/src", "edge/src", "shared/src", "xtask/src", "tests"] {
        known += &program(folder).unwrap();
    }
    let code = known.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    code + &text("wrangler.toml")
}

#[test]
fn names_are_words_in_capitals_with_a_line_between() {
    let found = names("`A_B`, A_B=1; HTTP, x_Y, ER_LOCK_1 __C_D__ a_b _E");
    assert_eq!(found, BTreeSet::from(["A_B", "C_D", "ER_LOCK_1"]));
}

#[test]
fn every_name_is_in_the_code() {
    let code = known();
    let known = names(&code);
    for path in all() {
        let text = text(&path);
        let strange = |name: &&&str| !known.contains(**name) && !OF_OTHERS.contains(*name);
        let found = names(&text);
        let strange: Vec<_> = found.iter().filter(strange).collect();
        assert!(strange.is_empty(), "{path} names what the code does not have: {strange:?}");
    }
}

/// The paths of `shared/src/route.rs`, parameters as `{}`.
fn routes() -> Vec<Vec<String>> {
    let source = program("shared/src").unwrap();
    let routes = source.split('"').filter(|text| text.starts_with('/') && text.len() > 1);
    let segments = |route: &str| {
        let is_parameter = |segment: &str| segment.starts_with('{');
        let segment = |s: &str| if is_parameter(s) { "{}".to_owned() } else { s.to_owned() };
        route.trim_matches('/').split('/').map(segment).collect()
    };
    routes.map(segments).collect()
}

/// The path of `GET /a/b?c` or `/a/b/`, as segments; `None` where it is none of ours.
fn path_of(code: &str) -> Option<Vec<String>> {
    let path = code.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ' ' || c == ',');
    let path = path.split(['?', ' ', ',']).next()?;
    let ours = ["/api/", "/auth", "/internal", "/healthz", "/readyz", "/im", "/.well-known"];
    if path.contains('…') || !ours.iter().any(|start| path.starts_with(start)) {
        return None;
    }
    let segment = |s: &str| if s.starts_with([':', '{']) { "{}".to_owned() } else { s.to_owned() };
    Some(path.trim_matches('/').split('/').map(segment).collect())
}

#[test]
fn every_path_is_a_route() {
    let routes = routes();
    for path in all() {
        for wanted in prose(&text(&path)).flat_map(code).filter_map(path_of) {
            // What routes begin with may be named, too.
            let found = routes.iter().any(|route| route.starts_with(&wanted));
            let aliased = ["auth", "api/v1/auth"].contains(&wanted.join("/").as_str());
            assert!(found || aliased, "{path} names /{}, which is no route", wanted.join("/"));
        }
    }
}

/// The words of a command line that follow `program`: in blocks of code, and between backticks.
fn commands<'a>(text: &'a str, program: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = blocks(text).flat_map(str::lines).map(|line| line.trim_start_matches(['$', ' ']));
    let lines = lines.chain(prose(text).flat_map(code));
    let calls = lines.filter_map(move |line| line.strip_prefix(program)?.strip_prefix(' '));
    calls
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

/// The variants of a clap enum's source, as they are typed.
fn subcommands(source: &str) -> BTreeSet<String> {
    let body = source.split_once("enum Command {").map(|(_, rest)| rest);
    let body = body.and_then(|rest| rest.split("\n}\n").next()).unwrap_or_default();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let kebab = |variant: &str| {
        let name = variant.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let mut typed = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !typed.is_empty() {
                typed.push('-');
            }
            typed.push(c.to_ascii_lowercase());
        }
        typed
    };
    variants.map(kebab).collect()
}

#[test]
fn every_command_is_one() {
    let origin = subcommands(&text("origin/src/command/mod.rs"));
    let xtask = subcommands(&text("xtask/src/main.rs"));
    assert!(origin.contains("serve") && xtask.contains("build-edge"), "{origin:?} {xtask:?}");
    for path in all() {
        let text = text(&path);
        for (program, known) in [("origin", &origin), ("cargo xtask", &xtask)] {
            for word in commands(&text, program) {
                assert!(known.contains(word), "{path}: there is no `{program} {word}`");
            }
        }
        for bin in text.split("--bin ").skip(1) {
            let bin = bin.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let source = workspace_root().join("tests/src/bin");
            let is_there = source.join(bin).is_dir() || source.join(format!("{bin}.rs")).is_file();
            assert!(is_there, "{path}: there is no program {bin}");
        }
    }
}

#[test]
fn every_link_into_the_project_leads_somewhere() {
    for path in all().into_iter().chain(["ARCHITECTURE.md".to_owned()]) {
        let text = text(&path);
        let folder = Path::new(&path).parent().unwrap();
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = workspace_root().join(folder).join(file);
            let target = if file.is_empty() { workspace_root().join(&path) } else { target };
            assert!(target.exists(), "{path}: {link} leads nowhere");
            if !anchor.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                let heads = target.lines().filter(|line| line.starts_with('#'));
                let found = heads.map(anchor_of).any(|head| head == anchor);
                assert!(found, "{path}: {link} leads to no heading");
            }
        }
    }
}

/// A heading's anchor, as code hosts make them.
fn anchor_of(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
