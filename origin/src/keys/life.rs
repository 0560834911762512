use std::time::Duration;

use serde::Serialize;
use shared::time::Timestamp;
use utoipa::ToSchema;

use super::{LATE_SIGNATURES, entry::Entry};

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known to verifiers; its time to sign has not come.
    Published,
    /// The one that signs.
    Signs,
    /// Another has taken over; what it has signed still holds.
    VerifiesOnly,
    /// Verifies the old back end's tokens until its sunset.
    Legacy,
}

impl State {
    /// As it is listed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signs => "signs",
            Self::VerifiesOnly => "verifies only",
            Self::Legacy => "legacy",
        }
    }
}

/// What is told of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyState {
    /// Its name.
    pub kid: String,
    /// `alg` of its tokens.
    pub algorithm: String,
    /// Where it stands.
    pub state: State,
    /// Since when; of a published key, when it will sign. `None`: since before that was noted.
    pub since: Option<Timestamp>,
    /// From when on no token of its can live; `None` where that is not known.
    pub retirable_from: Option<Timestamp>,
}

/// The place of the key that signs at `now`: of those whose time has come, the last to begin; the
/// first of the set among equals. Before the first has begun, the one that will.
pub(super) fn signing(entries: &[Entry], now: Timestamp) -> Option<usize> {
    let can_sign = || entries.iter().enumerate().filter(|(_, entry)| entry.signer.is_some());
    let begun = can_sign().filter(|(_, entry)| entry.begins() <= now);
    // `max_by_key` takes the last of equals.
    begun
        .rev()
        .max_by_key(|(_, entry)| entry.begins())
        .or_else(|| can_sign().min_by_key(|(_, entry)| entry.begins()))
        .map(|(place, _)| place)
}

/// Each key's state at `now`, where a token lives for `lifetime` at most.
pub(super) fn states(entries: &[Entry], now: Timestamp, lifetime: Duration) -> Vec<KeyState> {
    let signing = signing(entries, now);
    let state = |(place, entry): (usize, &Entry)| {
        let (state, since, retirable_from) = if let Some(sunset) = entry.sunset {
            (State::Legacy, None, Some(sunset))
        } else if Some(place) == signing {
            (State::Signs, entry.signs_from, None)
        } else if entry.signer.is_some() && entry.begins() > now {
            (State::Published, entry.signs_from, Some(now))
        } else {
            let since = taken_over(entries, entry, now);
            let last = since.map(|since| since.plus(LATE_SIGNATURES).plus(lifetime));
            (State::VerifiesOnly, since, last)
        };
        let (kid, algorithm) = (entry.kid.clone(), entry.algorithm().to_owned());
        KeyState { kid, algorithm, state, since, retirable_from }
    };
    entries.iter().enumerate().map(state).collect()
}

/// When the key after this one began to sign; of a key whose private part is elsewhere, nobody
/// knows.
fn taken_over(entries: &[Entry], entry: &Entry, now: Timestamp) -> Option<Timestamp> {
    entry.signer.as_ref()?;
    let successors = entries.iter().filter(|other| other.signer.is_some());
    successors
        .filter_map(|other| other.signs_from)
        .filter(|from| *from > entry.begins() && *from <= now)
        .min()
}

impl Entry {
    fn begins(&self) -> Timestamp {
        self.signs_from.unwrap_or(Timestamp::EPOCH)
    }
}
