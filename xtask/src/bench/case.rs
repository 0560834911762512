//! The cases. To add one is to add an entry.

use anyhow::Result;

use super::{figures::Row, origin, stage::Stage};

/// What a case needs to have been built before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The origin, optimised, and a database.
    Origin,
    /// The edge.
    Edge,
    /// The peers' packages.
    Peers,
}

/// One case.
pub struct Case {
    pub name: &'static str,
    pub needs: &'static [Need],
    pub run: fn(&mut Stage) -> Result<Vec<Row>>,
}

impl Case {
    /// Whether one of these texts is in its name, or there are none.
    pub fn is_chosen(&self, texts: &[String]) -> bool {
        texts.is_empty() || texts.iter().any(|text| self.name.contains(text.as_str()))
    }
}

/// All cases.
pub const CASES: &[Case] = &[
    Case { name: "origin verify", needs: &[Need::Origin, Need::Peers], run: origin::verify },
    Case {
        name: "origin my-listings",
        needs: &[Need::Origin, Need::Peers],
        run: origin::my_listings,
    },
];
