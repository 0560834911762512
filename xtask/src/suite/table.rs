//! The table at the end of a run.

use std::{fmt::Write as _, time::Duration};

use super::count::Count;
use crate::progress::seconds;

pub struct Row {
    pub name: &'static str,
    pub count: Count,
    pub time: Duration,
}

pub fn text(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let mut table = format!("{:width$}  passed  failed       time\n", "step");
    for Row { name, count, time } in rows {
        let (passed, failed, time) = (count.passed, count.failed, seconds(*time));
        let _ = writeln!(table, "{name:width$}  {passed:>6}  {failed:>6}  {time:>9}");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_heads() {
        let rows =
            [Row { name: "format", count: Count::PASSED, time: Duration::from_millis(1540) }];
        let text = text(&rows);
        assert_eq!(text, "step    passed  failed       time\nformat       1       0      1.5 s\n");
    }
}
