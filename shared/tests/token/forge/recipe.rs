//! How the corpus says what to make.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    keys::{KeySetName, Signer},
    signature::Mutation,
};

const FILES: [&str; 8] = [
    include_str!("../corpus/malformed.json"),
    include_str!("../corpus/header.json"),
    include_str!("../corpus/signature.json"),
    include_str!("../corpus/claims.json"),
    include_str!("../corpus/expired.json"),
    include_str!("../corpus/public_keys.json"),
    include_str!("../corpus/legacy.json"),
    include_str!("../corpus/honest.json"),
];

/// All cases.
pub fn corpus() -> Vec<Case> {
    let read = |file| serde_json::from_str::<Vec<Case>>(file).expect("recipes");
    FILES.into_iter().flat_map(read).collect()
}

/// A token, and what becomes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// What the client is told: an error code, or `OK`.
    pub code: String,
    /// The check that it fails first.
    pub check: Option<String>,
    /// The keys that it is verified with.
    #[serde(default)]
    pub keys: KeySetName,
    /// Why it does not travel in a header of HTTP, where it does not.
    pub direct_only: Option<String>,
    /// The honest token that it is made from.
    #[serde(default)]
    pub(super) of: Template,
    #[serde(default)]
    pub(super) header: Change,
    #[serde(default)]
    pub(super) claims: Change,
    /// Who signs, where it is not the template's key.
    pub(super) sign: Option<Signer>,
    /// What becomes of the signature.
    pub(super) signature: Option<Mutation>,
    /// Members that are set after signing.
    pub(super) swapped_header: Option<Map<String, Value>>,
    pub(super) swapped_claims: Option<Map<String, Value>>,
    /// The finished token, from its parts.
    pub(super) whole: Option<Value>,
}

/// What becomes of the header or the claims, before signing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    pub(super) set: Map<String, Value>,
    pub(super) without: Vec<String>,
    /// Members as JSON text, put before the others, whether or not they are there already.
    pub(super) raw: BTreeMap<String, String>,
    /// The whole as text, in which `{}` stands for what it would have been.
    pub(super) text: Option<String>,
}

/// An honest token, by its key.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    #[default]
    Ed,
    Mac,
    Es,
    Rs,
    /// One of the old back end.
    Old,
}

impl Template {
    pub(super) const fn kid(self) -> &'static str {
        match self {
            Self::Ed => "ed",
            Self::Mac => "mac",
            Self::Es => "es",
            Self::Rs => "rs",
            Self::Old => "old",
        }
    }

    pub(super) const fn signer(self) -> Signer {
        match self {
            Self::Ed => Signer::Ed,
            Self::Mac => Signer::Mac,
            Self::Es => Signer::Es,
            Self::Rs => Signer::Rs,
            Self::Old => Signer::Old,
        }
    }
}
