//! The documents, held against the code and against each other: what they name must be there.

mod names;
mod readme;
mod settings;

use std::fs;

use crate::{hash::files_below, workspace::workspace_root};

/// A document's text, by its path in the workspace.
fn text(path: &str) -> String {
    let read = fs::read_to_string(workspace_root().join(path));
    read.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of what people read to run the programs.
fn all() -> Vec<String> {
    let root = workspace_root();
    let docs = files_below(&root.join("docs")).unwrap();
    let docs = docs.iter().filter(|file| file.extension().is_some_and(|ext| ext == "md"));
    let docs = docs.map(|file| file.strip_prefix(root).unwrap().display().to_string());
    ["README.md", "README.zh-CN.md"].map(str::to_owned).into_iter().chain(docs).collect()
}

/// The cells of a table's row; `None` where the line is no row, or rules one off.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let rules_off = cells.iter().all(|cell| cell.trim_matches([':', '-']).is_empty());
    (!rules_off).then_some(cells)
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The targets of the links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// What stands in blocks of code, the language's name first.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").skip(1).step_by(2)
}

/// What stands between them.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2)
}
