//! The table on the terminal.

use std::fmt::Write as _;

use super::figures::{Row, Target};

const HEADS: [&str; 7] = ["case", "ours", "", "against", "", "ratio", "target"];

/// All rows, columns under their heads.
pub fn text(rows: &[Row]) -> String {
    let lines: Vec<[String; 7]> = rows.iter().map(cells).collect();
    let mut widths = HEADS.map(str::len);
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut table = String::new();
    for line in std::iter::once(HEADS.map(str::to_owned)).chain(lines) {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            let fill = " ".repeat(width - cell.chars().count());
            // Figures stand at the right.
            let _ = if matches!(column, 2 | 4 | 5) {
                write!(text, "{fill}{cell}  ")
            } else {
                write!(text, "{cell}{fill}  ")
            };
        }
        let _ = writeln!(table, "{}", text.trim_end());
    }
    table
}

fn cells(row: &Row) -> [String; 7] {
    let other = row.other.as_ref();
    [
        row.case.to_owned(),
        row.ours.name.clone(),
        row.unit.shown(row.ours.median),
        other.map(|other| other.name.clone()).unwrap_or_default(),
        other.map(|other| row.unit.shown(other.median)).unwrap_or_default(),
        row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        target(row),
    ]
}

fn target(row: &Row) -> String {
    let mark = match row.is_met {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "",
    };
    let wanted = match row.target {
        Target::Ratio(least) => format!("≥ {}", (least * 100.0).round() / 100.0),
        Target::AtLeast(least) => format!("≥ {}", row.unit.shown(least)),
        Target::AtMost(most) => format!("≤ {}", row.unit.shown(most)),
        Target::Told => String::new(),
    };
    format!("{mark} {wanted}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{Series, Unit};

    #[test]
    fn columns_stand_under_their_heads() {
        let series = |name, figure| Series::new(name, vec![figure]).unwrap();
        let sides = [series("origin", 13_500.0), series("Express", 1_350.0)];
        let rows = [
            Row::against("verify", Unit::PerSecond, sides, Target::Ratio(10.0)).unwrap(),
            Row::alone("bundle", Unit::Bytes, series("gzipped", 360e3), Target::AtMost(350e3)),
        ];
        let expected = "\
case    ours               against          ratio  target
verify  origin    13500/s  Express  1350/s  10.00  ✓ ≥ 10
bundle  gzipped  360.0 kB                          ✗ ≤ 350.0 kB
";
        assert_eq!(text(&rows), expected);
    }
}
