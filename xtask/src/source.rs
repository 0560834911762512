//! What the programs ask of their surroundings, read from their source: it is stated there, once.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, Result, ensure};

use crate::{hash::files_below, workspace::workspace_root};

/// What the edge asks of the platform.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EdgeAsks {
    /// Settings without which it does not serve.
    pub required: BTreeSet<String>,
    /// Settings that may be left out.
    pub optional: BTreeSet<String>,
    /// Bindings of KV namespaces.
    pub kv: BTreeSet<String>,
    /// Bindings of Durable Objects.
    pub objects: BTreeSet<String>,
}

/// What the edge asks of the platform, as `edge/src` and the names of `shared/src/chat` have it.
///
/// # Errors
/// A file cannot be read, or has nothing of what must be there.
pub fn edge_asks() -> Result<EdgeAsks> {
    let (edge, chat) = (program("edge/src")?, program("shared/src/chat")?);
    let asks = EdgeAsks {
        required: named(&edge, "required(\""),
        optional: &named(&edge, "optional(\"") | &named(&edge, "env.var(\""),
        kv: named(&edge, "const BINDING: &str = \""),
        objects: named(method(&chat, "fn binding("), "=> \""),
    };
    // A search that finds nothing looks in the wrong place.
    for (what, found) in
        [("settings", &asks.required), ("KV", &asks.kv), ("objects", &asks.objects)]
    {
        ensure!(!found.is_empty(), "the edge's source names no {what} where they are looked for");
    }
    Ok(asks)
}

/// The source below a folder, without its tests.
///
/// # Errors
/// A file cannot be read.
pub fn program(folder: &str) -> Result<String> {
    let mut source = String::new();
    for file in files_below(&workspace_root().join(folder))? {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            source += text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        }
    }
    Ok(source)
}

/// The names in capitals that follow `before`, up to the quotation mark.
fn named(source: &str, before: &str) -> BTreeSet<String> {
    let after = source.split(before).skip(1);
    let names = after.filter_map(|rest| rest.split('"').next());
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

/// Whether it is written as settings, bindings and codes are.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && text.chars().all(is_name_part)
}

/// Whether such a name may have it.
pub fn is_name_part(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

/// A method, from its name to the brace that closes it; nothing, where there is none.
fn method<'a>(source: &'a str, name: &str) -> &'a str {
    let (_, after) = source.split_once(name).unwrap_or_default();
    after.split("\n    }\n").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_edge_asks_for_is_found() {
        let asks = edge_asks().unwrap();
        assert!(asks.required.contains("ORIGIN_URL") && asks.required.contains("JWT_KEYS"));
        assert!(asks.optional.contains("DESK_SHARDS") && asks.optional.contains("TRACE_ROOMS"));
        assert!(asks.kv.contains("SESSIONS"));
        assert!(asks.objects.contains("USER_CHANNEL") && asks.objects.contains("GATEWAY"));
        assert!(asks.required.is_disjoint(&asks.optional));
    }
}
