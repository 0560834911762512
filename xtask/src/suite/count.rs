//! Counting passed and failed tests from what test programs print.

use std::{fmt, iter::Sum, ops::Add};

/// Passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl Count {
    /// A check, such as the format, that passed.
    pub const PASSED: Self = Self { passed: 1, failed: 0 };
    /// A check or a whole step that failed.
    pub const FAILED: Self = Self { passed: 0, failed: 1 };

    /// The counts of a line like `test result: ok. 12 passed; 0 failed; …` (Rust) or `ℹ pass 12` (Node), if it is one.
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.trim_start();
        if let Some(summed) = line.strip_prefix("ℹ ") {
            return Self::of_node(summed);
        }
        let result = line.strip_prefix("test result: ")?;
        let (_, counts) = result.split_once(". ")?;
        let mut count = Self::default();
        for part in counts.split(';') {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => count.passed = number.parse().ok()?,
                // A test that is left out has not passed: nothing is skipped in silence.
                Some((number, "failed" | "ignored")) => {
                    count.failed += number.parse::<u64>().ok()?;
                }
                _ => break,
            }
        }
        Some(count)
    }

    /// A line of Node's sums, each of which has a line of its own.
    fn of_node(summed: &str) -> Option<Self> {
        let (name, number) = summed.trim_end().split_once(' ')?;
        let number = number.parse().ok()?;
        match name {
            "pass" => Some(Self { passed: number, failed: 0 }),
            "fail" | "cancelled" | "skipped" | "todo" => Some(Self { passed: 0, failed: number }),
            _ => None,
        }
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted() {
        let libtest = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(Count::of_line(libtest), Some(Count { passed: 12, failed: 4 }));
        let wasm =
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.02s";
        assert_eq!(Count::of_line(wasm), Some(Count { passed: 1, failed: 0 }));
    }

    #[test]
    fn the_lines_of_node_are_counted() {
        let said = "ℹ tests 9\nℹ suites 1\nℹ pass 4\nℹ fail 2\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\nℹ duration_ms 11";
        let total = said.lines().filter_map(Count::of_line).sum::<Count>();
        assert_eq!(total, Count { passed: 4, failed: 5 });
        assert_eq!(Count::of_line("ℹ Error: passes are few"), None);
    }

    #[test]
    fn other_lines_are_not() {
        assert_eq!(Count::of_line("test result_is_kept ... ok"), None);
        assert_eq!(Count::of_line("running 3 tests"), None);
    }

    #[test]
    fn the_closing_line_is_plain() {
        let total: Count = [Count::PASSED, Count::FAILED, Count::PASSED].into_iter().sum();
        assert_eq!(total.to_string(), "2 passed, 1 failed");
    }
}
