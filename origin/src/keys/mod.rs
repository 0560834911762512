//! The keys that access tokens are signed with: a JSON Web Key Set with private members.
//!
//! A key is *published*, *signs* from its time on, *verifies only* once the next has taken over, and
//! is *retired* by being taken out of the set.

mod entry;
mod file;
mod life;
mod ring;
mod set;
mod signer;

use std::time::Duration;

pub use entry::Algorithm;
pub use file::KeyFile;
pub use life::{KeyState, State};
pub use ring::{KeyRing, KeySource};
pub use set::{SigningKeys, first, generate};

use shared::token::{JWKS_COOL_DOWN_SECONDS, JWKS_MAX_AGE_SECONDS};

/// How long a changed file may go unnoticed by a running origin.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(2);
/// Between the last look at a clock and the last signature: processes' clocks differ.
const CLOCK_SLACK: Duration = Duration::from_secs(30);

/// How long a key is published before it signs, so that whoever verifies has it by then.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(
    JWKS_MAX_AGE_SECONDS
        + JWKS_COOL_DOWN_SECONDS
        + RELOAD_INTERVAL.as_secs()
        + CLOCK_SLACK.as_secs(),
);
/// How long a shared secret is in the set before it signs: nobody publishes it, a person has to bring
/// it to whoever verifies.
pub const DEPLOYED_AHEAD: Duration = Duration::from_hours(1);
/// How long after the next has taken over a process may still sign with a key.
const LATE_SIGNATURES: Duration =
    Duration::from_secs(RELOAD_INTERVAL.as_secs() + CLOCK_SLACK.as_secs());

#[cfg(test)]
mod tests {
    use std::fs;

    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::{Value, json};
    use shared::{
        time::Timestamp,
        token::{Claims, Expectations, KeySet, verify},
        user::{ClientType, Role, UserType},
    };

    use super::*;
    use crate::clock::Ambient;

    const DAY: Duration = Duration::from_hours(24);
    const ALL: [(Algorithm, &str); 4] = [
        (Algorithm::Ed25519, "EdDSA"),
        (Algorithm::Es256, "ES256"),
        (Algorithm::Rs256, "RS256"),
        (Algorithm::Hs256, "HS256"),
    ];

    fn ambient() -> Ambient {
        Ambient::system()
    }

    fn claims(now: Timestamp) -> Claims {
        Claims {
            sub: "31".into(),
            user_id: 31,
            user_type: UserType::User,
            client_type: ClientType::Web,
            session_token: "s".into(),
            device: None,
            role: Role::User,
            scopes: Vec::new(),
            jti: "j".into(),
            iat: now.as_seconds(),
            exp: now.as_seconds() + 60,
            nbf: None,
            iss: "i".into(),
            aud: "a".into(),
        }
    }

    fn holds(token: &str, keys: impl AsRef<KeySet>, now: Timestamp) -> bool {
        let expected = Expectations { issuer: "i".into(), audience: "a".into() };
        verify(token, keys, &expected, now).is_ok()
    }

    fn kid_of(token: &str) -> String {
        let header = token.split('.').next().unwrap();
        let header: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    }

    #[test]
    fn each_algorithm_signs_what_the_published_set_verifies_and_shows_nothing_private() {
        let now = ambient().now();
        for (algorithm, alg) in ALL {
            let (keys, kid) = first(algorithm, &ambient()).unwrap();
            let keys = SigningKeys::from_jwks(&keys.private_json().unwrap()).unwrap();
            let token = keys.sign(&claims(now)).unwrap();
            assert_eq!(kid_of(&token), kid);
            assert!(holds(&token, keys.verification(), now), "{alg}");
            let public: Value = serde_json::from_str(&keys.public()).unwrap();
            let published = KeySet::from_published_jwks(&keys.public()).unwrap();
            if algorithm == Algorithm::Hs256 {
                assert_eq!(public, json!({ "keys": [] }));
                continue;
            }
            assert!(holds(&token, &published, now), "{alg}");
            let key = public["keys"][0].as_object().unwrap();
            assert_eq!(key["alg"], alg);
            for private in ["d", "k", "p", "q", "drawbridge_signs_from"] {
                assert!(!key.contains_key(private), "{alg}: {private}");
            }
        }
    }

    #[test]
    fn sets_that_cannot_sign_or_contradict_themselves_are_refused() {
        let set = |algorithm| {
            let (keys, _) = first(algorithm, &ambient()).unwrap();
            serde_json::from_str::<Value>(&keys.private_json().unwrap()).unwrap()
        };
        let refused = |set: &Value| {
            format!("{:#}", SigningKeys::from_jwks(&set.to_string()).err().expect("refused"))
        };
        let mut public_only = set(Algorithm::Ed25519);
        public_only["keys"][0].as_object_mut().unwrap().remove("d");
        assert!(refused(&public_only).contains("no private key"));
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256, Algorithm::Rs256] {
            let (mut one, other) = (set(algorithm), set(algorithm));
            one["keys"][0]["d"] = other["keys"][0]["d"].clone();
            assert!(refused(&one).contains("key "), "{algorithm:?}");
        }
        let mut legacy_alone = set(Algorithm::Hs256);
        legacy_alone["keys"][0]["drawbridge_legacy"] =
            json!({ "sunset": "2027-01-01T00:00:00+08:00" });
        assert!(
            refused(&legacy_alone).contains("no private key"),
            "the old back end's never signs"
        );
    }

    #[test]
    fn a_key_is_published_signs_verifies_and_is_retired() {
        let start = Timestamp::from_millis(ambient().now().as_seconds() * 1000).unwrap();
        let (keys, old) = first(Algorithm::Ed25519, &ambient()).unwrap();
        let begins = start.plus(PUBLISHED_AHEAD);
        let (keys, new) = keys.with_new(Algorithm::Es256, begins, &ambient()).unwrap();
        let state = |keys: &SigningKeys, kid: &str, now| {
            keys.states(now, DAY).into_iter().find(|key| key.kid == kid).unwrap()
        };
        let signs = |keys: &SigningKeys, now| kid_of(&keys.sign(&claims(now)).unwrap());
        let second = Duration::from_secs(1);

        let before = begins.minus(second);
        assert_eq!(
            (state(&keys, &old, before).state, signs(&keys, before)),
            (State::Signs, old.clone())
        );
        assert_eq!(state(&keys, &new, before).state, State::Published);
        assert!(keys.public().contains(&new), "verifiers hear of it before it signs");

        assert_eq!(
            (state(&keys, &new, begins).state, signs(&keys, begins)),
            (State::Signs, new.clone())
        );
        let over = state(&keys, &old, begins);
        assert_eq!((over.state, over.since), (State::VerifiesOnly, Some(begins)));
        let last = over.retirable_from.unwrap();
        assert!(last > begins.plus(DAY) && last < begins.plus(DAY + Duration::from_mins(1)));

        let copy = || SigningKeys::from_jwks(&keys.private_json().unwrap()).unwrap();
        let refused = |kid: &str, now, force| {
            format!("{:#}", copy().without(kid, now, DAY, force).err().expect("refused"))
        };
        assert!(refused(&old, last.minus(second), false).contains("may live until"));
        assert!(refused(&new, last, false).contains("signs"));
        assert!(refused("x", last, true).contains("no key"));
        let retired = copy().without(&old, last, DAY, false).unwrap();
        assert!(!retired.public().contains(&old));
        assert!(copy().without(&old, begins, DAY, true).is_ok(), "by force, at once");
        assert!(retired.without(&new, last, DAY, true).is_err(), "the last that can sign stays");
    }

    #[test]
    fn a_key_that_never_signed_goes_without_force() {
        let now = ambient().now();
        let (keys, _) = first(Algorithm::Ed25519, &ambient()).unwrap();
        let (keys, new) = keys.with_new(Algorithm::Ed25519, now.plus(DAY), &ambient()).unwrap();
        assert!(keys.without(&new, now, DAY, false).is_ok());
    }

    #[test]
    fn a_running_ring_takes_a_changed_file_and_shrugs_off_a_broken_one() {
        use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

        /// Another look at the file each time.
        struct Hurrying(std::sync::atomic::AtomicI64);
        impl crate::clock::Clock for Hurrying {
            fn now(&self) -> Timestamp {
                let seconds = self.0.fetch_add(10, std::sync::atomic::Ordering::Relaxed);
                Timestamp::from_millis(seconds * 1000).unwrap()
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let file = KeyFile::lock(&path).unwrap();
        assert!(file.read().unwrap().is_none());
        let (keys, old) = first(Algorithm::Ed25519, &ambient()).unwrap();
        file.write(&keys).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let clock = Hurrying(1_800_000_000.into());
        let ring = KeyRing::new(
            KeySource::file(&path).unwrap(),
            Ambient::new(clock, crate::clock::SystemEntropy),
        );
        let before = ring.current();
        assert!(Arc::ptr_eq(&before, &ring.current()), "nothing has changed");
        let (keys, new) = keys.with_new(Algorithm::Ed25519, Timestamp::EPOCH, &ambient()).unwrap();
        file.write(&keys).unwrap();
        assert!(ring.current().public().contains(&new) && ring.current().public().contains(&old));
        assert_ne!(ring.current().etag(), before.etag());

        let good = ring.current();
        for broken in ["", "{", r#"{"keys":[]}"#] {
            fs::write(&path, broken).unwrap();
            assert!(Arc::ptr_eq(&good, &ring.current()), "{broken:?}");
        }
        fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&good, &ring.current()));
        file.write(&keys.without(&old, ambient().now(), DAY, true).unwrap()).unwrap();
        assert!(!ring.current().public().contains(&old));
    }

    #[test]
    fn writers_wait_for_one_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let add = || {
            let file = KeyFile::lock(&path).unwrap();
            let keys = match file.read().unwrap() {
                None => first(Algorithm::Hs256, &ambient()).unwrap().0,
                Some(keys) => {
                    keys.with_new(Algorithm::Hs256, ambient().now(), &ambient()).unwrap().0
                }
            };
            file.write(&keys).unwrap();
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| add()));
            }
        });
        let keys = KeyFile::lock(&path).unwrap().read().unwrap().unwrap();
        assert_eq!(keys.states(ambient().now(), DAY).len(), 40, "no key is lost");
    }
}
