//! Which page of a list was asked for: by its number, or by where the page before it ended.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::page::{DEFAULT_LIMIT, MAX_LIMIT, Pagination};

use crate::{
    error::ApiError,
    store::{
        counted::Counted,
        slice::{Position, Slice},
    },
};

/// A page that was asked for, with its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// 1 to 100.
    pub limit: u32,
    /// Where the page before it ended, where it was asked for by that: its rows are sought, not counted.
    pub after: Option<Position>,
}

impl Page {
    /// What was asked for, where it was.
    #[must_use]
    pub fn new(page: Option<u32>, limit: Option<u32>) -> Self {
        Self { number: page.unwrap_or(1), limit: limit.unwrap_or(DEFAULT_LIMIT), after: None }
    }

    /// The same of a list that can be long, by number or by a cursor that was given out for this `order`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where the cursor is none of this list's, or a number came with it.
    pub fn of_long_list(
        order: &str,
        page: Option<u32>,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Self, ApiError> {
        let Some(cursor) = cursor else { return Ok(Self::new(page, limit)) };
        if page.is_some() {
            return Err(ApiError::invalid("cursor", "cannot be given together with page"));
        }
        let (page, after) = read(order, cursor)
            .ok_or_else(|| ApiError::invalid("cursor", "is not a cursor of this list"))?;
        Ok(Self { after: Some(after), ..Self::new(Some(page), limit) })
    }

    /// Rows in front of it, which are to be skipped; none where its start is sought.
    #[must_use]
    pub fn offset(self) -> u64 {
        match self.after {
            Some(_) => 0,
            None => u64::from(self.number.saturating_sub(1)) * u64::from(self.limit),
        }
    }

    /// The rows to fetch: one more than the page has, which tells whether there is a next page.
    #[must_use]
    pub fn slice(self) -> Slice {
        Slice { limit: self.limit + 1, offset: self.offset(), after: self.after }
    }

    /// Cuts what was fetched to the page, and says where it stands in a list that has so many rows.
    #[must_use]
    pub fn finish<T>(
        self,
        order: &str,
        total: impl Into<Counted>,
        rows: &mut Vec<T>,
        position: impl Fn(&T) -> Position,
    ) -> Pagination {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_next);
        let next_cursor = last.map(|row| self.cursor_of_next(order, position(row)));
        Pagination { next_cursor, ..self.pagination(total) }
    }

    /// Where it stands in a list that has so many rows.
    #[must_use]
    pub fn pagination(self, total: impl Into<Counted>) -> Pagination {
        let total = total.into();
        Pagination {
            total_is_at_least: total.at_least,
            ..Pagination::new(total.rows, self.number, self.limit)
        }
    }

    /// The cursor of the page after this one, where this one ends at `last`.
    #[must_use]
    pub fn cursor_of_next(self, order: &str, last: Position) -> String {
        write(order, self.number.saturating_add(1), last)
    }
}

fn write(order: &str, page: u32, Position { by, key }: Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{order}.{page}.{by}.{key}"))
}

fn read(order: &str, cursor: &str) -> Option<(u32, Position)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let mut parts = text.strip_prefix(order)?.strip_prefix('.')?.split('.');
    let page = parts.next()?.parse().ok().filter(|page| *page > 0)?;
    let position = Position { by: parts.next()?.parse().ok()?, key: parts.next()?.parse().ok()? };
    parts.next().is_none().then_some((page, position))
}

/// Checks a page number.
///
/// # Errors
/// Where it is 0.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "the signature is garde's"
)]
pub fn page_number(page: &Option<u32>, _: &()) -> garde::Result {
    match page {
        Some(0) => Err(garde::Error::new("must be at least 1")),
        _ => Ok(()),
    }
}

/// Checks the rows of a page.
///
/// # Errors
/// Where it is 0 or over 100.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "the signature is garde's"
)]
pub fn page_limit(limit: &Option<u32>, _: &()) -> garde::Result {
    match limit {
        Some(limit) if !(1..=MAX_LIMIT).contains(limit) => {
            Err(garde::Error::new("must be 1 to 100"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor_of(page: Page, rows: &mut Vec<i64>) -> Option<String> {
        page.finish("newest", 9, rows, |row| Position { by: row * 10, key: *row }).next_cursor
    }

    #[test]
    fn a_page_ends_in_the_cursor_of_the_next() {
        let first = Page::new(None, Some(3));
        let mut rows = vec![9, 8, 7, 6];
        let cursor = cursor_of(first, &mut rows).unwrap();
        assert_eq!(rows, [9, 8, 7]);
        let second = Page::of_long_list("newest", None, Some(3), Some(&cursor)).unwrap();
        let after = Some(Position { by: 70, key: 7 });
        assert_eq!(second, Page { number: 2, limit: 3, after });
        assert_eq!(second.slice(), Slice { limit: 4, offset: 0, after });
        assert_eq!(cursor_of(second, &mut vec![6, 5, 4]), None);
    }

    #[test]
    fn what_is_no_cursor_of_the_list_is_refused() {
        let good = write("newest", 2, Position { by: -5, key: 7 });
        let asked = |order, page, cursor: &str| {
            Page::of_long_list(order, page, None, Some(cursor)).map(|page| page.number).ok()
        };
        assert_eq!(asked("newest", None, &good), Some(2));
        assert_eq!(asked("newest", Some(2), &good), None);
        assert_eq!(asked("cheapest", None, &good), None);
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in ["newest", "newest.0.1.2", "newest.2.1", "newest.2.1.2.3", "newest.2.x.1"] {
            assert_eq!(asked("newest", None, &encoded(text)), None, "{text}");
        }
        for cursor in ["", "***", "AAAA"] {
            assert_eq!(asked("newest", None, cursor), None, "{cursor}");
        }
    }
}
