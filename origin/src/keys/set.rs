use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use shared::{
    time::Timestamp,
    token::{Claims, KeySet},
};

use super::{
    Algorithm, KeyState,
    entry::Entry,
    life::{self, State},
};
use crate::clock::Ambient;

/// Signs access tokens with the key whose time it is; verifies with all of the set.
pub struct SigningKeys {
    entries: Vec<Entry>,
    verification: Arc<KeySet>,
    public: Arc<str>,
    etag: String,
}

#[derive(Deserialize)]
struct PrivateSet {
    keys: Vec<Map<String, Value>>,
}

impl SigningKeys {
    /// Reads a set from its JSON.
    ///
    /// # Errors
    /// Where it is none, holds a weak or unsupported key, or none that can sign.
    pub fn from_jwks(json: &str) -> anyhow::Result<Self> {
        KeySet::from_jwks(json)?;
        let set: PrivateSet = serde_json::from_str(json).context("is not a JSON Web Key Set")?;
        Self::of(set.keys.into_iter().map(Entry::read).collect::<Result<_, _>>()?)
    }

    fn of(entries: Vec<Entry>) -> anyhow::Result<Self> {
        if entries.iter().all(|entry| entry.signer.is_none()) {
            bail!("holds no private key to sign with");
        }
        // Shared secrets verify too, and are nobody's to read.
        let public: Vec<_> = entries.iter().filter_map(Entry::public_part).collect();
        let public = json!({ "keys": public }).to_string();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&public));
        Ok(Self {
            verification: Arc::new(KeySet::from_jwks(&private_json(&entries)?)?),
            entries,
            public: public.into(),
            etag: format!("\"{hash}\""),
        })
    }

    /// The access token that says `claims`, signed with the key of `claims.iat`.
    ///
    /// # Errors
    /// Where the key does not sign.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let at = claims.iat.checked_mul(1000).and_then(Timestamp::from_millis);
        let place = life::signing(&self.entries, at.context("`iat` is no time")?);
        let entry = place.and_then(|place| self.entries.get(place)).context("no key signs")?;
        let signer = entry.signer.as_ref().context("the key that signs is not here")?;
        signer.sign(&entry.kid, claims)
    }

    /// The keys to verify with.
    #[must_use]
    pub fn verification(&self) -> Arc<KeySet> {
        Arc::clone(&self.verification)
    }

    /// The set without anything private (RFC 7517), as JSON.
    #[must_use]
    pub fn public(&self) -> Arc<str> {
        Arc::clone(&self.public)
    }

    /// Names what [`Self::public`] is now (RFC 9110, 8.8.3).
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// Each key's state at `now`, where a token lives for `lifetime` at most.
    #[must_use]
    pub fn states(&self, now: Timestamp, lifetime: Duration) -> Vec<KeyState> {
        life::states(&self.entries, now, lifetime)
    }

    /// The same set with a new key, which signs from `signs_from` on; and its name.
    ///
    /// # Errors
    /// Where no key can be made.
    pub fn with_new(
        self,
        algorithm: Algorithm,
        signs_from: Timestamp,
        ambient: &Ambient,
    ) -> anyhow::Result<(Self, String)> {
        let entry = Entry::generate(algorithm, signs_from, ambient)?;
        let kid = entry.kid.clone();
        let mut entries = self.entries;
        entries.push(entry);
        Ok((Self::of(entries)?, kid))
    }

    /// The same set without a key. Unless `force`d, only where no token of its can live.
    ///
    /// # Errors
    /// Where it is not there, is needed still, or the last that can sign.
    pub fn without(
        self,
        kid: &str,
        now: Timestamp,
        lifetime: Duration,
        force: bool,
    ) -> anyhow::Result<Self> {
        let states = self.states(now, lifetime);
        let known = states.iter().find(|key| key.kid == kid);
        let key = known.with_context(|| format!("there is no key {kid:?}"))?;
        if !force && key.retirable_from.is_none_or(|from| now < from) {
            match (key.state, key.retirable_from) {
                (State::Signs, _) => {
                    bail!("key {kid:?} signs: add another first (--force retires it all the same)")
                }
                (_, Some(from)) => bail!(
                    "tokens of key {kid:?} may live until {from} (--force retires it all the same, and they are refused)"
                ),
                (_, None) => bail!(
                    "nobody knows until when tokens of key {kid:?} live (--force retires it all the same)"
                ),
            }
        }
        let mut entries = self.entries;
        entries.retain(|entry| entry.kid != kid);
        Self::of(entries).context("without that key, the set")
    }

    /// The set as JSON, with all that is private.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn private_json(&self) -> anyhow::Result<String> {
        private_json(&self.entries)
    }
}

fn private_json(entries: &[Entry]) -> anyhow::Result<String> {
    let keys: Vec<_> = entries.iter().map(Entry::jwk).collect();
    serde_json::to_string_pretty(&json!({ "keys": keys })).context("cannot write a key set")
}

/// A new private set with one Ed25519 key that signs at once, as JSON.
///
/// # Errors
/// Where the key cannot be made.
pub fn generate(ambient: &Ambient) -> anyhow::Result<String> {
    first(Algorithm::Ed25519, ambient)?.0.private_json()
}

/// A new set with one key that signs at once; and its name.
///
/// # Errors
/// Where the key cannot be made.
pub fn first(algorithm: Algorithm, ambient: &Ambient) -> anyhow::Result<(SigningKeys, String)> {
    let entry = Entry::generate(algorithm, ambient.now(), ambient)?;
    let kid = entry.kid.clone();
    Ok((SigningKeys::of(vec![entry])?, kid))
}
