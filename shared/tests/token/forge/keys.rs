//! The corpus' keys, ours and another's, and all that can be done with them.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, Mac as _};
use rsa::{
    BigUint, RsaPrivateKey, pkcs1v15, pss,
    rand_core::{self, CryptoRng, RngCore},
    signature::{RandomizedSigner as _, SignatureEncoding as _},
    traits::{PrivateKeyParts as _, PublicKeyParts as _},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// `DigestInfo` of SHA-256 up to the hash (RFC 8017, 9.2).
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// The same without the NULL of the algorithm's parameters.
const SHA256_INFO_WITHOUT_NULL: &[u8] = &[
    0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04,
    0x20,
];
/// The same with the name of SHA-1.
const SHA1_INFO: &[u8] =
    &[0x30, 0x2d, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x20];

/// The keys that a token is verified with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySetName {
    /// Ours of all four algorithms, and the old back end's.
    #[default]
    All,
    WithoutLegacy,
    /// All, and the old back end's time is over.
    PastSunset,
}

/// What a token is signed with.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signer {
    Ed,
    Mac,
    Es,
    Rs,
    Old,
    OtherEd,
    OtherMac,
    OtherEs,
    OtherRs,
    Nothing,
    /// HMAC with what anyone knows.
    HmacOfNothing,
    HmacOfEdX,
    HmacOfEsX,
    HmacOfRsN,
    HmacOfRsPem,
    /// Our own RSA key, otherwise than RS256 wants it.
    RsPss,
    RsPaddingOfEncryption,
    RsRubbishBehind,
    RsNamelessHash,
    RsMisnamedHash,
    RsWithoutNull,
    RsUnpadded,
}

#[derive(Deserialize)]
pub struct Keys {
    ours: Vec<Value>,
    anothers: Vec<Value>,
    rs_public_pem: String,
}

impl Keys {
    pub fn read() -> Self {
        serde_json::from_str(include_str!("../corpus/keys.json")).expect("keys")
    }

    /// Our key of this name.
    pub fn of(&self, kid: &str) -> &Value {
        find(&self.ours, kid)
    }

    pub fn jwks(&self, name: KeySetName, now: i64) -> Value {
        let mut keys = self.ours.clone();
        if name == KeySetName::WithoutLegacy {
            keys.retain(|key| key["kid"] != "old");
        }
        let sunset = if name == KeySetName::PastSunset { now } else { now + 86_400 };
        for key in &mut keys {
            if key["kid"] == "old" {
                key["drawbridge_legacy"] = json!({ "sunset": iso(sunset) });
            }
            let members = key.as_object_mut().expect("a key");
            members.retain(|member, _| !["d", "p", "q"].contains(&member.as_str()));
        }
        json!({ "keys": keys })
    }

    pub fn sign(&self, signer: Signer, message: &[u8]) -> Vec<u8> {
        let (ours, theirs) = (|kid| find(&self.ours, kid), |kid| find(&self.anothers, kid));
        match signer {
            Signer::Ed => ed25519(ours("ed"), message),
            Signer::OtherEd => ed25519(theirs("ed"), message),
            Signer::Mac => hmac(&bytes(ours("mac"), "k"), message),
            Signer::Old => hmac(&bytes(ours("old"), "k"), message),
            Signer::OtherMac => hmac(&bytes(theirs("mac"), "k"), message),
            Signer::Es => es256(ours("es"), message),
            Signer::OtherEs => es256(theirs("es"), message),
            Signer::Rs => rs256(ours("rs"), message),
            Signer::OtherRs => rs256(theirs("rs"), message),
            Signer::Nothing => Vec::new(),
            Signer::HmacOfNothing => hmac(b"", message),
            Signer::HmacOfEdX => hmac(&bytes(ours("ed"), "x"), message),
            Signer::HmacOfEsX => hmac(&bytes(ours("es"), "x"), message),
            Signer::HmacOfRsN => hmac(&bytes(ours("rs"), "n"), message),
            Signer::HmacOfRsPem => hmac(self.rs_public_pem.as_bytes(), message),
            Signer::RsPss => pss::SigningKey::<Sha256>::new(rsa_key(ours("rs")))
                .sign_with_rng(&mut Counting(1), message)
                .to_vec(),
            Signer::RsPaddingOfEncryption => {
                self.raw_rs(2, &[0xab; 202], SHA256_INFO, message, &[])
            }
            Signer::RsRubbishBehind => {
                self.raw_rs(1, &[0xff; 8], SHA256_INFO, message, &[0xab; 194])
            }
            Signer::RsNamelessHash => self.raw_rs(1, &[0xff; 221], &[], message, &[]),
            Signer::RsMisnamedHash => self.raw_rs(1, &[0xff; 206], SHA1_INFO, message, &[]),
            Signer::RsWithoutNull => {
                self.raw_rs(1, &[0xff; 204], SHA256_INFO_WITHOUT_NULL, message, &[])
            }
            Signer::RsUnpadded => self.raw_rs(0, &[0; 202], SHA256_INFO, message, &[]),
        }
    }

    /// Our RSA key on `00 kind padding 00 info hash behind`.
    fn raw_rs(
        &self,
        kind: u8,
        padding: &[u8],
        info: &[u8],
        message: &[u8],
        behind: &[u8],
    ) -> Vec<u8> {
        let key = rsa_key(find(&self.ours, "rs"));
        let block =
            [&[0, kind], padding, &[0], info, &Sha256::digest(message)[..], behind].concat();
        assert_eq!(block.len(), key.size());
        let signature = BigUint::from_bytes_be(&block).modpow(key.d(), key.n()).to_bytes_be();
        [vec![0; key.size() - signature.len()], signature].concat()
    }
}

fn find<'a>(keys: &'a [Value], kid: &str) -> &'a Value {
    keys.iter().find(|key| key["kid"] == kid).expect("a key of the corpus")
}

fn bytes(key: &Value, member: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(key[member].as_str().expect("a text")).expect("base64url")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn ed25519(key: &Value, message: &[u8]) -> Vec<u8> {
    let seed = bytes(key, "d").try_into().expect("32 bytes");
    ed25519_dalek::SigningKey::from_bytes(&seed).sign(message).to_vec()
}

fn es256(key: &Value, message: &[u8]) -> Vec<u8> {
    let key = p256::ecdsa::SigningKey::from_slice(&bytes(key, "d")).expect("a key of P-256");
    let signature: p256::ecdsa::Signature = key.sign(message);
    signature.to_vec()
}

fn rs256(key: &Value, message: &[u8]) -> Vec<u8> {
    pkcs1v15::SigningKey::<Sha256>::new(rsa_key(key)).sign(message).to_vec()
}

fn rsa_key(key: &Value) -> RsaPrivateKey {
    let number = |member| BigUint::from_bytes_be(&bytes(key, member));
    let primes = vec![number("p"), number("q")];
    RsaPrivateKey::from_components(number("n"), number("e"), number("d"), primes).expect("a key")
}

fn iso(second: i64) -> String {
    shared::time::Timestamp::from_millis(second * 1000).expect("a time").to_string()
}

/// No randomness at all: what is drawn here keeps no secret.
struct Counting(u64);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).expect("32 bits")
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counting {}
