//! Hashes of passwords: how they are made, and what of stored ones is believed.
//!
//! New ones are Argon2id of the password in Unicode's form NFKC (NIST SP 800-63B, 3.1.1.2), so that
//! full-width digits of a Chinese keyboard and accents put together differently are one password.
//! Hashes from before hold the password as it was typed: where that differs, both are tried, and what
//! holds is hashed anew. For ASCII the two are the same.
//!
//! bcrypt hashes of an adopted database are believed as the back end that made them believed them:
//! of a longer password its first 72 bytes. The hash that takes their place is of all of it.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Context as _;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};

/// The dearest bcrypt hash that is computed; each step doubles the time, and 15 takes seconds.
pub const MAX_BCRYPT_COST: u32 = 15;
/// The most memory that a stored Argon2 hash may ask for, in KiB.
const MAX_ARGON2_MEMORY: u32 = 256 * 1024;
/// The most passes over it.
const MAX_ARGON2_PASSES: u32 = 16;
/// The most lanes.
const MAX_ARGON2_LANES: u32 = 16;

/// What a password is to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the one.
    Holds {
        /// The stored hash is a weak one: make another.
        stale: bool,
    },
    /// It is another.
    Wrong,
    /// There is no hash that can be read.
    Unreadable,
}

/// What is computed where there is nothing to check, so that it takes the same time.
pub struct Decoys {
    /// A hash as we make them.
    pub argon2: String,
    /// A hash as an adopted database holds them, where there is one.
    pub bcrypt: Option<String>,
}

impl Decoys {
    /// With the cost of an adopted database's bcrypt hashes, where there is one.
    ///
    /// # Errors
    /// Where Argon2 refuses its own defaults.
    pub fn new(salt: [u8; 16], bcrypt_cost: Option<u32>) -> anyhow::Result<Self> {
        // Well formed, and of no password that anyone knows.
        let bcrypt = bcrypt_cost.map(|cost| format!("$2b${cost:02}${}", ".".repeat(53)));
        Ok(Self { argon2: hash_now("a password that nobody has", salt)?, bcrypt })
    }
}

/// How many hashes were computed.
#[derive(Debug, Default)]
pub struct Work {
    /// Of Argon2.
    pub argon2: AtomicU64,
    /// Of bcrypt.
    pub bcrypt: AtomicU64,
}

/// A password as it is hashed.
#[must_use]
pub fn normal(password: &str) -> Cow<'_, str> {
    if is_nfkc(password) { Cow::Borrowed(password) } else { Cow::Owned(password.nfkc().collect()) }
}

/// The PHC string of a password, on this thread.
///
/// # Errors
/// Where Argon2 refuses its own defaults.
pub fn hash_now(password: &str, salt: [u8; 16]) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password_with_salt(normal(password).as_bytes(), &salt)
        .context("Argon2 refuses its own defaults")?;
    Ok(hash.to_string())
}

/// The bcrypt hash of a password as it was typed, as back ends on Node make and read them; on this thread.
///
/// # Errors
/// Where bcrypt cannot hash it.
pub fn bcrypt_now(password: &str, cost: u32, salt: [u8; 16]) -> anyhow::Result<String> {
    let hash = bcrypt::hash_with_salt(password, cost, salt).context("bcrypt cannot hash this")?;
    Ok(hash.format_for_version(bcrypt::Version::TwoB))
}

enum Stored<'a> {
    Nothing,
    Argon2 { hash: Box<PasswordHash>, is_weak: bool },
    Bcrypt(&'a str),
    Unreadable,
}

/// Checks a password on this thread. What is computed depends on the password alone and not on what
/// is stored: the decoys stand in for what is not there.
///
/// # Errors
/// Where the decoy itself cannot be read.
pub fn check(
    password: &str,
    stored: Option<&str>,
    decoys: &Decoys,
    work: &Work,
) -> anyhow::Result<Checked> {
    let normal = normal(password);
    let mut forms = vec![normal.as_ref()];
    if normal != password {
        forms.push(password);
    }
    let stored = stored.map_or(Stored::Nothing, read);
    let decoy = PasswordHash::new(&decoys.argon2).context("the decoy cannot be read")?;
    let argon2 = if let Stored::Argon2 { hash, .. } = &stored { hash } else { &decoy };
    let bcrypt = match &stored {
        Stored::Bcrypt(hash) => Some(*hash),
        _ => decoys.bcrypt.as_deref(),
    };
    let (mut by_argon2, mut by_bcrypt) = (Vec::new(), Vec::new());
    for form in &forms {
        work.argon2.fetch_add(1, Ordering::Relaxed);
        by_argon2.push(Argon2::default().verify_password(form.as_bytes(), argon2).is_ok());
        if let Some(hash) = bcrypt {
            work.bcrypt.fetch_add(1, Ordering::Relaxed);
            by_bcrypt.push(bcrypt::verify(form.as_bytes(), hash).unwrap_or(false));
        }
    }
    let held = |by: &[bool], is_weak: bool| match by.iter().position(|holds| *holds) {
        Some(form) => Checked::Holds { stale: is_weak || form > 0 },
        None => Checked::Wrong,
    };
    Ok(match stored {
        Stored::Argon2 { is_weak, .. } => held(&by_argon2, is_weak),
        Stored::Bcrypt(_) => held(&by_bcrypt, true),
        Stored::Nothing => Checked::Wrong,
        Stored::Unreadable => Checked::Unreadable,
    })
}

fn read(stored: &str) -> Stored<'_> {
    // $2x$ is left out: it names hashes of a library that computed them wrongly.
    if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)) {
        let cost = stored.parse::<bcrypt::HashParts>().map(|parts| parts.get_cost());
        return match cost {
            Ok(cost) if cost <= MAX_BCRYPT_COST => Stored::Bcrypt(stored),
            _ => Stored::Unreadable,
        };
    }
    let Ok(hash) = PasswordHash::new(stored) else {
        return Stored::Unreadable;
    };
    let (Ok(algorithm), Ok(params)) =
        (Algorithm::try_from(hash.algorithm.as_str()), Params::try_from(&hash))
    else {
        return Stored::Unreadable;
    };
    if hash.salt.is_none() || hash.hash.is_none() {
        return Stored::Unreadable;
    }
    if params.m_cost() > MAX_ARGON2_MEMORY
        || params.t_cost() > MAX_ARGON2_PASSES
        || params.p_cost() > MAX_ARGON2_LANES
    {
        return Stored::Unreadable;
    }
    // What an attacker pays is memory times passes.
    let price = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    let is_weak = algorithm != Algorithm::Argon2id
        || hash.version != Some(Version::V0x13.into())
        || price(&params) < price(&Params::DEFAULT);
    Stored::Argon2 { hash: Box::new(hash), is_weak }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoys(bcrypt_cost: Option<u32>) -> Decoys {
        Decoys::new([7; 16], bcrypt_cost).unwrap()
    }

    fn checked(password: &str, stored: &str) -> Checked {
        check(password, Some(stored), &decoys(None), &Work::default()).unwrap()
    }

    fn argon2(password: &str, algorithm: Algorithm, memory: u32, passes: u32) -> String {
        let params = Params::new(memory, passes, 1, None).unwrap();
        Argon2::new(algorithm, Version::V0x13, params)
            .hash_password_with_salt(password.as_bytes(), &[7; 16])
            .unwrap()
            .to_string()
    }

    #[test]
    fn hashes_that_are_weaker_than_ours_are_stale() {
        let fresh = Checked::Holds { stale: false };
        let stale = Checked::Holds { stale: true };
        let ours = hash_now("correct horse", [7; 16]).unwrap();
        assert!(ours.starts_with("$argon2id$v=19$"), "{ours}");
        assert_eq!(checked("correct horse", &ours), fresh);
        assert_eq!(checked("wrong horse", &ours), Checked::Wrong);
        let other = |algorithm, memory, passes| {
            checked("correct horse", &argon2("correct horse", algorithm, memory, passes))
        };
        assert_eq!(other(Algorithm::Argon2id, 4096, 1), stale);
        assert_eq!(other(Algorithm::Argon2i, 19 * 1024, 2), stale);
        assert_eq!(other(Algorithm::Argon2id, 40 * 1024, 1), fresh, "as dear in another way");
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).unwrap();
            let hash = hash.format_for_version(version);
            assert_eq!(checked("correct horse", &hash), stale);
            assert_eq!(checked("wrong horse", &hash), Checked::Wrong);
        }
    }

    #[test]
    fn of_a_long_password_bcrypt_saw_72_bytes() {
        let (short, long) = ("x".repeat(72), "x".repeat(100));
        let hash = bcrypt::hash_with_salt(&short, 4, [7; 16]).unwrap().to_string();
        assert_eq!(checked(&long, &hash), Checked::Holds { stale: true });
        assert_eq!(checked(&"x".repeat(71), &hash), Checked::Wrong);
        let ours = hash_now(&long, [7; 16]).unwrap();
        assert_eq!(checked(&short, &ours), Checked::Wrong);
    }

    #[test]
    fn what_cannot_be_computed_in_time_is_not() {
        let dear = format!("$2b$31${}", ".".repeat(53));
        let huge = argon2("x", Algorithm::Argon2id, 64, 1).replace("m=64", "m=4194304");
        for hash in [&dear, &huge, "$2x$04$", "$2b$", "plain text", "", "$argon2id$v=19$m=8"] {
            assert_eq!(checked("x", hash), Checked::Unreadable, "{hash}");
        }
    }

    #[test]
    fn one_password_however_it_is_typed_and_what_was_hashed_as_typed_still_holds() {
        let ours = hash_now("１２３４cafe\u{301}", [7; 16]).unwrap();
        assert_eq!(checked("1234caf\u{e9}", &ours), Checked::Holds { stale: false });
        let as_typed = argon2("１２３４cafe\u{301}", Algorithm::Argon2id, 19 * 1024, 2);
        assert_eq!(checked("１２３４cafe\u{301}", &as_typed), Checked::Holds { stale: true });
        assert_eq!(checked("1234café", &as_typed), Checked::Wrong);
    }

    #[test]
    fn the_work_is_the_same_whatever_is_stored() {
        let ours = hash_now("correct horse", [7; 16]).unwrap();
        let bcrypt = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).unwrap().to_string();
        let dear = format!("$2b$31${}", ".".repeat(53));
        for password in ["correct horse", "wrong horse", "ｗｒｏｎｇ　ｈｏｒｓｅ"] {
            let works = [None, Some(ours.as_str()), Some(&bcrypt), Some(&dear)].map(|stored| {
                let work = Work::default();
                check(password, stored, &decoys(Some(4)), &work).unwrap();
                (work.argon2.into_inner(), work.bcrypt.into_inner())
            });
            let forms = if password.is_ascii() { 1 } else { 2 };
            assert_eq!(works, [(forms, forms); 4], "{password}");
        }
    }
}
