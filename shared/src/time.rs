//! Points in time, as every part of the system writes them.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, FixedOffset, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Seconds east of Greenwich of the offset that the API prints: China has one and no summer time.
const API_OFFSET_SECONDS: i32 = 8 * 3600;

/// A point in time in whole milliseconds.
///
/// Printed as ISO 8601 with milliseconds and offset: `2026-02-19T08:56:52.000+08:00`. Whole
/// milliseconds because the databases keep no more, and a value must compare equal to itself
/// after a round trip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The same point in time without what is finer than a millisecond.
    #[must_use]
    pub fn new(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(3))
    }

    /// From milliseconds since 1970-01-01T00:00:00Z; `None` some 260,000 years away from it.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down, as JWT claims count them.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// As a `chrono` value, for the layers that talk to a database.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This long after; stays at the far end of the calendar where it would leave it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        TimeDelta::from_std(duration)
            .ok()
            .and_then(|delta| self.0.checked_add_signed(delta))
            .map_or(Self(DateTime::<Utc>::MAX_UTC.trunc_subsecs(3)), Self::new)
    }

    /// This long before; stays at the far end of the calendar where it would leave it.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        TimeDelta::from_std(duration)
            .ok()
            .and_then(|delta| self.0.checked_sub_signed(delta))
            .map_or(Self(DateTime::<Utc>::MIN_UTC), Self::new)
    }

    /// How long `self` is after `earlier`; zero where it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = FixedOffset::east_opt(API_OFFSET_SECONDS).ok_or(fmt::Error)?;
        let local = self.0.with_timezone(&offset);
        f.write_str(&local.to_rfc3339_opts(SecondsFormat::Millis, false))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|time| Self::new(time.to_utc()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$"))
            .description(Some("A point in time: ISO 8601 with milliseconds and offset."))
            .examples(["2026-02-19T08:56:52.000+08:00"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_milliseconds_and_offset() {
        let time: Timestamp = "2026-02-19T00:56:52Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-02-19T08:56:52.000+08:00");
        assert_eq!(serde_json::to_string(&time).unwrap(), r#""2026-02-19T08:56:52.000+08:00""#);
    }

    #[test]
    fn drops_what_databases_do_not_keep() {
        let time: Timestamp = "2026-02-19T00:56:52.123999Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-02-19T08:56:52.123+08:00");
        assert_eq!(Timestamp::from_millis(time.as_millis()), Some(time));
        let third = Duration::from_secs(1) / 3;
        assert_eq!(time.plus(third).to_string(), "2026-02-19T08:56:52.456+08:00");
        for sum in [time.plus(third), time.minus(third)] {
            assert_eq!(Timestamp::from_millis(sum.as_millis()), Some(sum));
        }
    }

    #[test]
    fn arithmetic_stays_on_the_calendar() {
        let time: Timestamp = "2026-02-19T00:56:52Z".parse().unwrap();
        assert!(time.plus(Duration::MAX) > time);
        assert!(time.minus(Duration::MAX) < time);
        assert_eq!(time.since(time.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}
