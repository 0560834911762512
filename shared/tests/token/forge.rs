//! Makes tokens, honest and not, from fixed keys.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The time at which tokens are looked at, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;
/// The secret of the key `mac`.
pub const SECRET: [u8; 32] = [5; 32];

/// What a token is signed with.
#[derive(Clone, Copy)]
pub enum Key {
    Ed,
    OtherEd,
    Hmac(&'static [u8]),
    /// HMAC with the bytes of the Ed25519 public key, which anyone knows.
    PublicBytes,
    Nothing,
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn ed() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub fn sign(key: Key, message: &str) -> Vec<u8> {
    match key {
        Key::Ed => ed().sign(message.as_bytes()).to_bytes().to_vec(),
        Key::OtherEd => {
            SigningKey::from_bytes(&[2; 32]).sign(message.as_bytes()).to_bytes().to_vec()
        }
        Key::Hmac(key) => hmac(key, message),
        Key::PublicBytes => hmac(ed().verifying_key().as_bytes(), message),
        Key::Nothing => Vec::new(),
    }
}

/// A token of two texts, whatever they are.
pub fn token(header: &str, claims: &str, key: Key) -> String {
    let message = format!("{}.{}", b64(header), b64(claims));
    let signature = b64(sign(key, &message));
    format!("{message}.{signature}")
}

pub fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "ed"})
}

pub fn claims() -> Value {
    json!({
        "sub": "31", "user_id": 31, "user_type": "user", "client_type": "web",
        "session_token": "s-1", "role": "user", "scopes": [], "jti": "j",
        "iat": NOW, "exp": NOW + 60, "iss": "drawbridge", "aud": "drawbridge-api",
    })
}

pub fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

pub fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member);
    object
}

/// A well-signed token with another header.
pub fn headed(member: &str, value: Value) -> String {
    token(&with(header(), member, value).to_string(), &claims().to_string(), Key::Ed)
}

/// A well-signed token with another claim.
pub fn claiming(member: &str, value: Value) -> String {
    token(&header().to_string(), &with(claims(), member, value).to_string(), Key::Ed)
}

pub fn lacking(member: &str) -> String {
    token(&header().to_string(), &without(claims(), member).to_string(), Key::Ed)
}

/// A well-signed token whose claims are this text.
pub fn of_claims(claims: &str) -> String {
    token(&header().to_string(), claims, Key::Ed)
}

/// A well-signed token whose header is this text.
pub fn of_header(header: &str) -> String {
    token(header, &claims().to_string(), Key::Ed)
}

pub fn good() -> String {
    token(&header().to_string(), &claims().to_string(), Key::Ed)
}

/// A good token in its parts, changed.
pub fn torn(change: impl FnOnce([String; 3]) -> String) -> String {
    let good = good();
    let mut parts = good.split('.').map(str::to_owned);
    change(std::array::from_fn(|_| parts.next().unwrap()))
}

/// A good token with another signature.
pub fn resigned(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    torn(|[header, claims, signature]| {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        format!("{header}.{claims}.{}", b64(change(signature)))
    })
}

/// The same signature plus the group's order: what a lax library takes for another valid one.
pub fn malleated(mut signature: Vec<u8>) -> Vec<u8> {
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + add + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    signature
}
