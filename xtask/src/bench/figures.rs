//! What was measured, and the arithmetic on it.

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

/// What a figure counts, and so which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// More is better.
    PerSecond,
    /// Less is better.
    Millis,
    /// Less is better.
    Bytes,
}

impl Unit {
    /// How many times better `ours` is than `theirs`.
    fn better(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::PerSecond => ours / theirs,
            Self::Millis | Self::Bytes => theirs / ours,
        }
    }

    /// A figure as a person reads it.
    pub fn shown(self, figure: f64) -> String {
        match self {
            Self::PerSecond if figure >= 100.0 => format!("{figure:.0}/s"),
            Self::PerSecond => format!("{figure:.1}/s"),
            Self::Millis if figure >= 100.0 => format!("{figure:.0} ms"),
            Self::Millis => format!("{figure:.2} ms"),
            Self::Bytes if figure >= 1e6 => format!("{:.1} MB", figure / 1e6),
            Self::Bytes if figure >= 1e3 => format!("{:.1} kB", figure / 1e3),
            Self::Bytes => format!("{figure:.0} B"),
        }
    }
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So many times as good as the other, at least.
    Ratio(f64),
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Told for comparison only.
    Told,
}

/// One side of a comparison: a figure a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What was measured.
    pub name: String,
    /// The figure of each round.
    pub rounds: Vec<f64>,
    /// The middle one.
    pub median: f64,
}

impl Series {
    /// # Errors
    /// There is no figure, or one is none.
    pub fn new(name: &str, rounds: Vec<f64>) -> Result<Self> {
        let median = median(&rounds).with_context(|| format!("{name} has no figures"))?;
        Ok(Self { name: name.to_owned(), rounds, median })
    }
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The case that it is of.
    pub case: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// Us.
    pub ours: Series,
    /// The floor or the peer, where there is one.
    pub other: Option<Series>,
    /// How many times better we are: the median of the rounds' ratios.
    pub ratio: Option<f64>,
    /// What is to be reached.
    pub target: Target,
    /// Whether it is; nothing where there is no target.
    pub is_met: Option<bool>,
}

impl Row {
    /// A comparison. Rounds are compared one by one: what the machine did to both at the time cancels out.
    ///
    /// # Errors
    /// The two do not have the same rounds.
    pub fn against(
        case: &'static str,
        unit: Unit,
        [ours, other]: [Series; 2],
        target: Target,
    ) -> Result<Self> {
        ensure!(ours.rounds.len() == other.rounds.len(), "{case} has rounds of one side alone");
        let ratios: Vec<_> =
            ours.rounds.iter().zip(&other.rounds).map(|(a, b)| unit.better(*a, *b)).collect();
        let ratio = median(&ratios);
        let is_met = is_met(target, ours.median, ratio);
        Ok(Self { case, unit, ours, other: Some(other), ratio, target, is_met })
    }

    /// The same with another target.
    pub fn reaching(mut self, target: Target) -> Self {
        self.is_met = is_met(target, self.ours.median, self.ratio);
        self.target = target;
        self
    }

    /// A figure by itself.
    pub fn alone(case: &'static str, unit: Unit, ours: Series, target: Target) -> Self {
        let is_met = is_met(target, ours.median, None);
        Self { case, unit, ours, other: None, ratio: None, target, is_met }
    }
}

fn is_met(target: Target, ours: f64, ratio: Option<f64>) -> Option<bool> {
    match target {
        Target::Ratio(least) => Some(ratio? >= least),
        Target::AtLeast(least) => Some(ours >= least),
        Target::AtMost(most) => Some(ours <= most),
        Target::Told => None,
    }
}

/// The middle figure; of an even number, the mean of the two in the middle. Nothing of none, and nothing where one is
/// no finite number.
pub fn median(figures: &[f64]) -> Option<f64> {
    if figures.is_empty() || figures.iter().any(|figure| !figure.is_finite()) {
        return None;
    }
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted[sorted.len() / 2];
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// The figure that so many in a hundred do not exceed (nearest rank).
pub fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, rounds: &[f64]) -> Series {
        Series::new(name, rounds.to_vec()).unwrap()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
        assert!(close(median(&[9.0, 1.0, 5.0]).unwrap(), 5.0));
        assert!(close(median(&[9.0, 1.0, 5.0, 7.0]).unwrap(), 6.0));
        assert!(close(median(&[100.0, 2.0, 3.0]).unwrap(), 3.0));
    }

    #[test]
    fn a_percentile_is_a_figure_that_was_measured() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 50), Some(100.0));
        assert_eq!(percentile(&sorted, 99), Some(198.0));
        assert_eq!(percentile(&sorted, 100), Some(200.0));
        assert_eq!(percentile(&[4.0], 99), Some(4.0));
        assert_eq!(percentile(&[], 99), None);
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        // The machine was half as fast in the second round: for both.
        let sides = || [series("we", &[100.0, 50.0, 100.0]), series("they", &[50.0, 25.0, 40.0])];
        let row = Row::against("case", Unit::PerSecond, sides(), Target::Ratio(2.0)).unwrap();
        assert!(close(row.ratio.unwrap(), 2.0));
        assert_eq!(row.is_met, Some(true));
        // Of times, the shorter one is the better one.
        let row = Row::against("case", Unit::Millis, sides(), Target::Ratio(1.0)).unwrap();
        assert!(close(row.ratio.unwrap(), 0.5));
        assert_eq!(row.is_met, Some(false));
    }

    #[test]
    fn a_round_of_one_side_alone_is_refused() {
        let sides = [series("we", &[1.0, 2.0]), series("they", &[1.0])];
        assert!(Row::against("case", Unit::PerSecond, sides, Target::Told).is_err());
        assert!(Series::new("nobody", vec![]).is_err());
    }

    #[test]
    fn a_limit_is_met_at_the_limit() {
        let alone = |target| Row::alone("case", Unit::Bytes, series("we", &[5.0]), target).is_met;
        assert_eq!(alone(Target::AtMost(5.0)), Some(true));
        assert_eq!(alone(Target::AtMost(4.9)), Some(false));
        assert_eq!(alone(Target::AtLeast(5.0)), Some(true));
        assert_eq!(alone(Target::Told), None);
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(Unit::PerSecond.shown(13_512.4), "13512/s");
        assert_eq!(Unit::PerSecond.shown(9.25), "9.2/s");
        assert_eq!(Unit::Millis.shown(0.123), "0.12 ms");
        assert_eq!(Unit::Bytes.shown(252_340.0), "252.3 kB");
        assert_eq!(Unit::Bytes.shown(34_000_000.0), "34.0 MB");
    }
}
