//! Pages of lists.

use serde::{Deserialize, Serialize};

/// Rows of a page where the client does not say.
pub const DEFAULT_LIMIT: u32 = 20;
/// The most rows of one page.
pub const MAX_LIMIT: u32 = 100;

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pagination {
    /// Rows of the whole list.
    pub total: i64,
    /// This page, from 1.
    pub page: u32,
    /// Rows of a page, 1 to 100.
    pub limit: u32,
    /// Pages of the whole list; 0 when it is empty.
    pub total_pages: i64,
    /// Where the next page begins, for `?cursor=`; of a list that can be long, while there is a next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub next_cursor: Option<String>,
    /// Whether `total` is where counting stopped, and not the end of the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub total_is_at_least: bool,
}

impl Pagination {
    /// The place of page `page` of `limit` rows in a list of `total` rows.
    #[must_use]
    pub fn new(total: i64, page: u32, limit: u32) -> Self {
        let limit = limit.max(1);
        let total_pages = total.max(0).saturating_add(i64::from(limit) - 1) / i64::from(limit);
        Self { total, page, limit, total_pages, next_cursor: None, total_is_at_least: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_pages_and_begun_pages() {
        let pages = |total, limit| Pagination::new(total, 1, limit).total_pages;
        assert_eq!(
            [pages(0, 20), pages(1, 20), pages(20, 20), pages(21, 20), pages(265, 100)],
            [0, 1, 1, 2, 3]
        );
    }
}
