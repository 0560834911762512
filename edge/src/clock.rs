//! The one place that reads the clock.

use std::time::Duration;

use shared::time::Timestamp;

/// The time of the last input or output; in production the clock stands still in between.
pub fn now() -> Timestamp {
    // Between zero and the end of the calendar a float has every millisecond.
    #[expect(clippy::cast_possible_truncation, reason = "the cast stays within the type")]
    let millis = js_sys::Date::now() as i64;
    // By a clock that has left the calendar nothing is valid any more.
    Timestamp::from_millis(millis).unwrap_or_else(|| Timestamp::EPOCH.plus(Duration::MAX))
}
