//! The README is one document in two languages: what is not language is the same in both.

use std::collections::BTreeSet;

use super::{cells, code, links, prose, text};

const ENGLISH: &str = "README.md";
const CHINESE: &str = "README.zh-CN.md";

/// What a reader of either language finds in the same place.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// A heading of this depth.
    Heading(usize),
    /// A block of code, its language first.
    Block(String),
    /// A row of a table: how many cells, and the code of the first.
    Row(usize, Vec<String>),
    /// A point of a list.
    Point,
}

fn parts(document: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<String> = None;
    for line in document.lines() {
        if let Some(mut open) = block.take() {
            open.push('\n');
            open += line;
            if line == "```" {
                parts.push(Part::Block(open));
            } else {
                block = Some(open);
            }
        } else if line.starts_with("```") {
            block = Some(line.to_owned());
        } else if line.starts_with('#') {
            parts.push(Part::Heading(line.chars().take_while(|c| *c == '#').count()));
        } else if let Some(cells) = cells(line) {
            parts.push(Part::Row(cells.len(), code(cells[0]).map(str::to_owned).collect()));
        } else if line.starts_with("- ") {
            parts.push(Part::Point);
        }
    }
    parts
}

/// Code without what is said beside it.
fn bare(part: Part) -> Part {
    let Part::Block(block) = part else { return part };
    let said =
        |line: &str| line.split_once(" #").map_or(line, |(code, _)| code).trim_end().to_owned();
    Part::Block(block.lines().map(said).collect::<Vec<_>>().join("\n"))
}

#[test]
fn parts_are_told_from_prose() {
    let document =
        "# A\nprose | here\n| a | b |\n|---|---|\n| `x` y | z |\n```sh\nrun # it\n```\n- p\n";
    let expected = [
        Part::Heading(1),
        Part::Row(2, vec![]),
        Part::Row(2, vec!["x".to_owned()]),
        Part::Block("```sh\nrun\n```".to_owned()),
        Part::Point,
    ];
    assert_eq!(parts(document).into_iter().map(bare).collect::<Vec<_>>(), expected);
}

#[test]
fn both_have_the_same_headings_code_and_tables_in_the_same_order() {
    let [english, chinese] = [ENGLISH, CHINESE].map(|path| parts(&text(path)));
    for (english, chinese) in english.into_iter().map(bare).zip(chinese.into_iter().map(bare)) {
        assert_eq!(english, chinese);
    }
    let [english, chinese] = [ENGLISH, CHINESE].map(|path| parts(&text(path)).len());
    assert_eq!(english, chinese, "one of them ends before the other");
}

#[test]
fn both_lead_to_the_same_places_and_to_each_other() {
    let [english, chinese] = [ENGLISH, CHINESE].map(text);
    let to = |document: &str, other: &str| {
        let mut found: Vec<String> = links(document).map(str::to_owned).collect();
        let before = found.len();
        found.retain(|link| link != other);
        assert_eq!(before - found.len(), 1, "one link leads to {other}");
        found.sort();
        found
    };
    assert_eq!(to(&english, CHINESE), to(&chinese, ENGLISH));
}

#[test]
fn both_name_the_same_things() {
    let named = |path| -> BTreeSet<String> {
        let document = text(path);
        prose(&document).flat_map(code).map(str::to_owned).collect()
    };
    let [english, chinese] = [ENGLISH, CHINESE].map(named);
    let only: Vec<_> = english.symmetric_difference(&chinese).collect();
    assert!(only.is_empty(), "only one of them names {only:?}");
}
