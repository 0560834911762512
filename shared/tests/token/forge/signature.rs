//! What is done to a finished signature.

use serde::Deserialize;

/// The order of the group of Ed25519, least byte first.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The order of the group of P-256, greatest byte first.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// What becomes of a signature.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutation {
    Empty,
    FirstHalf,
    OneMoreByte,
    ZeroBefore,
    FlipFirst,
    FlipLast,
    AllZero,
    AllOne,
    /// The number one, as long as the signature was.
    NumberOne,
    /// The same again and again.
    Repeated(usize),
    /// Ed25519: what a lax library takes for another valid signature.
    AddOrder,
    /// ES256: the two numbers as ASN.1 has them, as OpenSSL signs.
    Der,
    HighS,
    RZero,
    SZero,
    ROrder,
    SOrder,
    Swapped,
}

impl Mutation {
    pub fn of(self, mut signature: Vec<u8>) -> Vec<u8> {
        let length = signature.len();
        let (r, s) = signature.split_at(length / 2);
        match self {
            Self::Empty => Vec::new(),
            Self::FirstHalf => r.to_vec(),
            Self::OneMoreByte => [&signature[..], &[0]].concat(),
            Self::ZeroBefore => [&[0], &signature[..]].concat(),
            Self::FlipFirst => {
                signature[0] ^= 1;
                signature
            }
            Self::FlipLast => {
                signature[length - 1] ^= 0x80;
                signature
            }
            Self::AllZero => vec![0; length],
            Self::AllOne => vec![0xff; length],
            Self::NumberOne => [vec![0; length - 1], vec![1]].concat(),
            Self::Repeated(times) => signature.repeat(times),
            Self::AddOrder => with_order_added(signature),
            Self::Der => {
                let body = [der_number(r), der_number(s)].concat();
                [vec![0x30, u8::try_from(body.len()).expect("short")], body].concat()
            }
            Self::HighS => with_high_s(&signature),
            Self::RZero => [&[0; 32], s].concat(),
            Self::SZero => [r, &[0; 32]].concat(),
            Self::ROrder => [&P256_ORDER, s].concat(),
            Self::SOrder => [r, &P256_ORDER].concat(),
            Self::Swapped => [s, r].concat(),
        }
    }
}

fn with_order_added(mut signature: Vec<u8>) -> Vec<u8> {
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ED25519_ORDER) {
        let [low, high] = (u16::from(*byte) + u16::from(add) + carry).to_le_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    signature
}

/// The one of the two signatures with the same `r` whose `s` is over half the order.
fn with_high_s(signature: &[u8]) -> Vec<u8> {
    let signature = p256::ecdsa::Signature::from_slice(signature).expect("a signature");
    let low = signature.normalize_s().unwrap_or(signature);
    let (r, s) = low.split_scalars();
    p256::ecdsa::Signature::from_scalars(r, -s).expect("a signature").to_bytes().to_vec()
}

fn der_number(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + number.len()).expect("short");
    [&[2, length], sign, number].concat()
}
