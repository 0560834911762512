//! The cases. To add one is to add an entry.

use anyhow::Result;

use super::{chat, edge, figures::Row, lists, load::Load, login, memory, origin, stage::Stage};

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

/// A server that answers, and how many requests of it make a round.
pub struct Side {
    pub load: Load,
    pub requests: u64,
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
    Case { name: "my-listings by cursor", needs: &[Need::Origin], run: lists::cursors },
    Case { name: "origin memory", needs: &[Need::Origin], run: memory::of_origin },
    Case { name: "origin login", needs: &[Need::Origin], run: login::login },
    Case { name: "edge authenticated", needs: ALL, run: edge::authenticated },
    Case { name: "edge first verification", needs: ALL, run: edge::first_verification },
    Case { name: "edge size and start", needs: ALL, run: edge::size_and_start },
    Case { name: "chat end to end", needs: ALL, run: chat::end_to_end },
    Case { name: "chat durable sends", needs: ALL, run: chat::durable_sends },
    Case { name: "chat fan-out", needs: ALL, run: chat::fan_out },
    Case { name: "idle sockets", needs: ALL, run: memory::of_sockets },
    Case { name: "revocation", needs: ALL, run: lists::revocations },
];

const ALL: &[Need] = &[Need::Origin, Need::Edge, Need::Peers];
