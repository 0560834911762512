//! Every setting has its row in `docs/settings.md`, with the default that the code has.

use std::collections::{BTreeMap, BTreeSet};

use super::{cells, code, text};
use crate::source::{edge_asks, is_name, program};

/// The origin's settings, each with its default as the source writes it: a text, a number, or
/// nothing where there is none or it is computed.
fn origin_settings(source: &str) -> BTreeMap<String, Option<String>> {
    let between = |text: &str, before: &str, end: char| {
        let (_, after) = text.split_once(before)?;
        after.split_once(end).map(|(found, _)| found.trim().to_owned())
    };
    let mut settings = BTreeMap::new();
    for attribute in source.split("#[arg(").skip(1) {
        let attribute = attribute.split(")]").next().unwrap_or_default();
        let Some(name) = between(attribute, "env = \"", '"') else { continue };
        let written = between(attribute, "default_value = \"", '"');
        let number = between(attribute, "default_value_t = ", ',');
        let number = number.filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
        settings.insert(name, written.or(number).filter(|value| !value.is_empty()));
    }
    settings
}

/// The rows under a heading: each name with the cell beside it.
fn rows(heading: &str) -> BTreeMap<String, String> {
    let document = text("docs/settings.md");
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(cells);
    let named = rows.flat_map(|cells| {
        let names = code(cells[0]).filter(|name| is_name(name));
        names.map(|name| (name.to_owned(), cells[1].to_owned())).collect::<Vec<_>>()
    });
    named.collect()
}

fn keys<V>(of: &BTreeMap<String, V>) -> BTreeSet<String> {
    of.keys().cloned().collect()
}

fn assert_same(documented: &BTreeSet<String>, asked: &BTreeSet<String>) {
    let missing: Vec<_> = asked.difference(documented).collect();
    assert!(missing.is_empty(), "docs/settings.md has no row for {missing:?}");
    let strange: Vec<_> = documented.difference(asked).collect();
    assert!(strange.is_empty(), "docs/settings.md has what nobody asks for: {strange:?}");
}

#[test]
fn settings_are_read_with_their_defaults() {
    let source = r#"
        #[arg(long, env = "A_URL")]
        pub a: Option<String>,
        #[arg(long, env = "B_LIFE", default_value = "7d", value_parser = duration)]
        pub b: Duration,
        #[arg(long, env = "C_MOST", default_value_t = 16, value_parser = range())]
        pub c: u32,
        #[arg(long, env = "D_FREE", default_value_t = Limits::default().free, value_parser = x)]
        pub d: u32,
        #[arg(long)]
        dry_run: bool,
    "#;
    let expected =
        [("A_URL", None), ("B_LIFE", Some("7d")), ("C_MOST", Some("16")), ("D_FREE", None)];
    let expected = expected.map(|(name, default)| (name.to_owned(), default.map(str::to_owned)));
    assert_eq!(origin_settings(source), BTreeMap::from(expected));
}

#[test]
fn the_origins_settings_are_documented_with_their_defaults() {
    let mut settings = origin_settings(&program("origin/src").unwrap());
    // Of the demo data alone, which is made to be looked at.
    settings.retain(|name, _| !name.starts_with("DEMO_"));
    assert!(settings.contains_key("DATABASE_URL"));
    let rows = rows("Origin");
    assert_same(&keys(&rows), &keys(&settings));
    for (name, default) in settings {
        if let Some(default) = default {
            assert_eq!(rows[&name], format!("`{default}`"), "the default of {name}");
        }
    }
}

#[test]
fn the_edges_settings_are_documented() {
    let asks = edge_asks().unwrap();
    let rows = rows("Edge");
    let settings = &asks.required | &asks.optional;
    assert_same(&keys(&rows), &(&(&settings | &asks.kv) | &asks.objects));
    for (name, default) in rows {
        let is_binding = asks.kv.contains(&name) || asks.objects.contains(&name);
        assert_eq!(default == "required", asks.required.contains(&name) || is_binding, "{name}");
    }
}
