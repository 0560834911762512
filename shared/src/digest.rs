//! The one way in which we write a digest.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a text, as 64 hexadecimal digits in lower case.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
