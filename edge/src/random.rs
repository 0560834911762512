//! The one place that draws randomness.

use std::fmt::Write as _;

use crate::log;

/// A name that nothing else has: 128 random bits in hexadecimal.
///
/// Zeros where the platform gives no randomness, which within a request it always does: such names
/// find things in logs and guard nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the source that others are given values from"
)]
pub fn id() -> String {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        log::error("", &format!("no randomness: {error}"));
    }
    bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn ids_are_long_hexadecimal_and_different() {
        let (one, other) = (id(), id());
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }
}
