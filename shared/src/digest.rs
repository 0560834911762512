//! The one way in which we write a digest.

use sha2::{Digest as _, Sha256};

/// SHA-256 of a text, as 64 hexadecimal digits in lower case.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
