//! How a command answers: for people, or for scripts.

use std::io::Write as _;

use serde::Serialize;
use serde_json::Value;

/// Where answers go: standard output, which carries nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    /// One JSON document instead of lines.
    pub json: bool,
}

impl Out {
    /// Writes the answer as it is to scripts, or as `text` has it to people.
    pub fn give(
        self,
        answer: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let text = if self.json { serde_json::to_string(answer)? } else { text() };
        Self::write(&text)
    }

    /// Writes the members of an object, a line each for people.
    pub fn members(self, answer: &Value) -> anyhow::Result<()> {
        self.give(answer, || lines(answer))
    }

    /// Writes lines that are what they are, for whomever.
    pub fn write(text: &str) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if !text.is_empty() {
            writeln!(out, "{}", text.trim_end_matches('\n'))?;
        }
        out.flush()?;
        Ok(())
    }
}

/// The members of an object, a line each; not those that are null.
pub fn lines(object: &Value) -> String {
    let members = object.as_object().into_iter().flatten();
    let lines =
        members.filter(|(_, value)| !value.is_null()).map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}: {}", printable(text)),
            None => format!("{name}: {}", printable(&value.to_string())),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text that came from outside, without what a terminal takes for a command.
pub fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// Columns of equal width; the first row names them.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_moves_no_terminal() {
        assert_eq!(printable("a\x1b[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let rows = [["A", "B"], ["long", "x"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "A     B\nlong  x");
    }
}
