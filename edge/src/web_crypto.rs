//! Signatures by public keys, checked by the runtime: our own code would make the edge larger by a
//! sixth, and is slower.

use std::cell::RefCell;

use js_sys::{Array, JSON, Promise, Uint8Array};
use shared::token::PublicKey;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::wasm_bindgen_futures::JsFuture;

use crate::log;

/// Imported keys that an isolate remembers: more than a set ever has.
const REMEMBERED_KEYS: usize = 32;

/// An imported key and its algorithm, as the runtime names it; `None` where it refused the key.
type Imported = Option<(JsValue, JsValue)>;

thread_local! {
    static IMPORTED: RefCell<Vec<(String, Imported)>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        message: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// Whether `signature` is that of `key` on `message`; what the runtime cannot say is a no.
pub async fn holds(key: &PublicKey, message: &[u8], signature: &[u8], request_id: &str) -> bool {
    let Some((key, algorithm)) = imported(key, request_id).await else { return false };
    let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
    settled(verify(&algorithm, &key, &signature, &message)).await == Ok(JsValue::TRUE)
}

async fn imported(key: &PublicKey, request_id: &str) -> Imported {
    let known = |keys: &Vec<(String, Imported)>| {
        keys.iter().find(|(jwk, _)| jwk == key.jwk()).map(|(_, imported)| imported.clone())
    };
    if let Some(known) = IMPORTED.with_borrow(known) {
        return known;
    }
    let imported = import(key).await.ok();
    if imported.is_none() {
        log::error(request_id, &format!("the runtime refuses a key of {}", key.algorithm()));
    }
    IMPORTED.with_borrow_mut(|keys| {
        if keys.len() >= REMEMBERED_KEYS {
            keys.clear();
        }
        keys.push((key.jwk().to_owned(), imported.clone()));
    });
    imported
}

async fn import(key: &PublicKey) -> Result<(JsValue, JsValue), JsValue> {
    let (jwk, algorithm) = (JSON::parse(key.jwk())?, algorithm(key)?);
    let uses = Array::of1(&"verify".into());
    let key = settled(import_key("jwk", &jwk, &algorithm, false, &uses)).await?;
    Ok((key, algorithm))
}

async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

fn algorithm(key: &PublicKey) -> Result<JsValue, JsValue> {
    JSON::parse(match key.algorithm() {
        "EdDSA" => r#"{"name":"Ed25519"}"#,
        "ES256" => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        _ => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
    })
}

#[cfg(test)]
mod tests {
    use shared::{
        time::Timestamp,
        token::{KeySet, open},
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Signed by Node, whose crypto is neither ours nor the code under test.
    const KEYS: &str = include_str!("web_crypto/keys.json");
    const TOKENS: [&str; 3] = [
        include_str!("web_crypto/eddsa.jwt"),
        include_str!("web_crypto/es256.jwt"),
        include_str!("web_crypto/rs256.jwt"),
    ];

    #[test]
    async fn the_runtime_tells_a_signature_from_another() {
        let keys = KeySet::from_jwks(KEYS).unwrap();
        for token in TOKENS {
            let opened = open(token.trim(), &keys, Timestamp::EPOCH).ok().unwrap();
            let key = opened.public_key().unwrap();
            assert!(holds(key, opened.message(), opened.signature(), "r").await, "{token}");
            assert!(!holds(key, b"another message", opened.signature(), "r").await, "{token}");
            assert!(!holds(key, opened.message(), b"", "r").await, "{token}");
        }
    }
}
