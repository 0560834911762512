//! The same as a picture: a bar a ratio, on a logarithmic scale, with a tick where the target is.
//!
//! Written by hand: a chart library would be many times as much code as these rectangles.

use std::fmt::Write as _;

use super::figures::{Row, Target};

const WIDTH: f64 = 960.0;
/// Where bars begin, and how long the longest may be.
const LEFT: f64 = 330.0;
const SPAN: f64 = 380.0;
const LINE: f64 = 28.0;
const TOP: f64 = 64.0;

/// The rows that have a ratio.
pub fn svg(rows: &[Row], facts: &str) -> String {
    let bars: Vec<(&Row, f64)> = rows.iter().filter_map(|row| Some((row, row.ratio?))).collect();
    let wanted = |row: &Row| if let Target::Ratio(least) = row.target { Some(least) } else { None };
    let all = bars.iter().flat_map(|(row, ratio)| [Some(*ratio), wanted(row)]).flatten();
    let (low, high) =
        all.fold((0.5, 2.0), |(low, high): (f64, f64), one| (low.min(one), high.max(one)));
    let at = |ratio: f64| LEFT + SPAN * (ratio / low).ln() / (high / low).ln();
    let lines = u32::try_from(bars.len()).unwrap_or(u32::MAX);
    let height = TOP + LINE * f64::from(lines) + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"16\">How many times as good: ours against floor or peer</text>\n\
         <text x=\"16\" y=\"44\" font-size=\"11\" fill=\"#666\">{}</text>\n",
        escaped(facts)
    );
    for (line, (row, ratio)) in (0_u32..).zip(&bars) {
        let y = TOP + LINE * f64::from(line);
        let (one, end) = (at(1.0), at(*ratio));
        let (x, width) = (one.min(end), (end - one).abs().max(1.0));
        let colour = if row.is_met == Some(false) { "#c0392b" } else { "#2e7d52" };
        let other = row.other.as_ref().map(|other| other.name.as_str()).unwrap_or_default();
        let label = format!("{} ({} : {other})", row.case, row.ours.name);
        let figures = format!("{ratio:.2}  {}", row.unit.shown(row.ours.median));
        let _ = write!(
            svg,
            "<text x=\"16\" y=\"{:.1}\">{}</text>\n<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            y + 13.0,
            escaped(&label),
            one.max(end) + 8.0,
            y + 13.0,
            escaped(&figures),
        );
        if let Some(least) = wanted(row) {
            let tick = at(least);
            let _ = writeln!(
                svg,
                "<line x1=\"{tick:.1}\" x2=\"{tick:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#111\" stroke-width=\"2\"/>",
                y - 3.0,
                y + 19.0
            );
        }
    }
    let one = at(1.0);
    let _ = write!(
        svg,
        "<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#999\"/>\n</svg>\n",
        TOP - 6.0,
        height - 12.0
    );
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{Series, Unit};

    fn row(case: &'static str, ours: f64, target: Target) -> Row {
        let series = |name, figure| Series::new(name, vec![figure]).unwrap();
        Row::against(case, Unit::PerSecond, [series("we", ours), series("<they>", 100.0)], target)
            .unwrap()
    }

    fn attribute(svg: &str, element: &str, name: &str) -> Vec<f64> {
        let of = |line: &str| {
            let rest = line.split(&format!(" {name}=\"")).nth(1)?;
            rest.split('"').next()?.parse().ok()
        };
        svg.lines().filter(|line| line.starts_with(element)).filter_map(of).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_its_ratio_and_the_target_stands_on_the_same_scale() {
        let rows = [
            row("a", 200.0, Target::Ratio(4.0)),
            row("b", 400.0, Target::Told),
            row("c", 50.0, Target::Ratio(1.0)),
        ];
        let svg = svg(&rows, "facts & more");
        let (x, width) = (attribute(&svg, "<rect x", "x"), attribute(&svg, "<rect x", "width"));
        // Twice is half as long as four times; half as good goes as far to the other side as twice does.
        assert!((width[1] - 2.0 * width[0]).abs() < 0.2, "{width:?}");
        assert!(
            (width[2] - width[0]).abs() < 0.2 && (x[2] + width[2] - x[0]).abs() < 0.2,
            "{x:?} {width:?}"
        );
        let ticks = attribute(&svg, "<line", "x1");
        assert!(
            (ticks[0] - (x[1] + width[1])).abs() < 0.2,
            "four times is where the second bar ends"
        );
        assert!(svg.contains("facts &amp; more") && svg.contains("&lt;they&gt;"));
        let red = svg.lines().filter(|line| line.contains("#c0392b")).count();
        assert_eq!(red, 2, "a and c do not reach theirs");
    }

    #[test]
    fn rows_without_a_ratio_have_no_bar() {
        let alone =
            Row::alone("a", Unit::Bytes, Series::new("we", vec![1.0]).unwrap(), Target::Told);
        assert!(!svg(&[alone], "").contains("<rect x"));
    }
}
