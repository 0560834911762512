//! The one place that draws randomness.

use std::cell::RefCell;

use crate::log;

/// Bytes that are drawn at a time: a draw costs more than what it gives for an id.
const DRAWN: usize = 4096;
const ID_BYTES: usize = 16;

/// Random bytes, each given out once.
struct Pool {
    bytes: [u8; DRAWN],
    given: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; DRAWN], given: DRAWN }) };
}

/// A name that nothing else has: 128 random bits in hexadecimal.
///
/// Zeros where the platform gives no randomness, which within a request it always does: such names
/// find things in logs and guard nothing.
pub fn id() -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = bytes::<ID_BYTES>();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Random bytes; zeros where there is no randomness.
pub fn bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= DRAWN) };
    POOL.with_borrow_mut(|pool| {
        if pool.given + N > DRAWN {
            if !draw(&mut pool.bytes) {
                return [0; N];
            }
            pool.given = 0;
        }
        let given = pool.bytes[pool.given..].first_chunk().copied();
        pool.given += N;
        given.unwrap_or([0; N])
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the source that others are given values from"
)]
fn draw(bytes: &mut [u8]) -> bool {
    let drawn = getrandom::fill(bytes);
    if let Err(error) = &drawn {
        log::error("", &format!("no randomness: {error}"));
    }
    drawn.is_ok()
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

    #[test]
    fn nothing_is_given_out_twice() {
        let mut all: Vec<_> = (0..3 * DRAWN / ID_BYTES).map(|_| id()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
