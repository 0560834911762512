//! A stretch of time that was asked for.

use serde::Deserialize;
use shared::time::Timestamp;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};

use crate::error::ApiError;

/// 9999-01-01T00:00:00Z: what lies beyond is in no DATETIME column.
const END_OF_COLUMNS: i64 = 253_370_764_800_000;

/// A point in time in a query string: ISO 8601 with its offset, from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Moment(pub Timestamp);

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .ok()
            .filter(|time: &Timestamp| (0..END_OF_COLUMNS).contains(&time.as_millis()))
            .map(Self)
            .ok_or(
                "must be a time from 1970 on in ISO 8601 with its offset, such as \
                 2026-02-19T08:56:52+08:00 (the + written as %2B)",
            )
    }
}

/// What is not of it: 1970 before noon of its first day, 29 February, the last years that columns hold.
const IN_THE_DOCUMENT: &str = r"^(197[1-9]|19[89]\d|[2-8]\d{3}|9[0-8]\d\d)-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$";

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(IN_THE_DOCUMENT))
            .description(Some("ISO 8601 with its offset, from 1970 on."))
            .examples(["2026-02-19T08:56:52+08:00"])
            .into()
    }
}

impl ToSchema for Moment {}

/// A stretch of time; open where no end was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: Option<Timestamp>,
    /// The moment after its last.
    pub to: Option<Timestamp>,
}

impl Period {
    /// From `from` until `to`.
    ///
    /// # Errors
    /// Where it would end before it begins.
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Result<Self, ApiError> {
        let (from, to) = (from.map(|from| from.0), to.map(|to| to.0));
        if from.is_some_and(|from| to.is_some_and(|to| to < from)) {
            return Err(ApiError::invalid("to", "must not be before from"));
        }
        Ok(Self { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_an_offset_and_fits_its_column() {
        let read = |text: &str| Moment::try_from(text.to_owned());
        let moment = read("2026-02-19T08:56:52+08:00").unwrap();
        assert_eq!(read("2026-02-19T00:56:52.000Z"), Ok(moment));
        for wrong in [
            "",
            "today",
            "2026-02-19",
            "2026-02-19T08:56:52",
            // What a + that was not escaped becomes.
            "2026-02-19T08:56:52 08:00",
            "2026-02-30T00:00:00Z",
            "0000-01-01T00:00:00+14:00",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-12:00",
            "1771462612",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
