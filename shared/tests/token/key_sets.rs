//! Which key sets are refused at load.

use serde_json::{Value, json};
use shared::token::KeySet;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Forge, KeySetName, NOW};

fn with(mut key: Value, member: &str, value: Value) -> Value {
    key[member] = value;
    key
}

fn without(mut key: Value, member: &str) -> Value {
    key.as_object_mut().unwrap().remove(member);
    key
}

fn load(keys: &Value) -> Result<(), String> {
    let set = json!({ "keys": keys }).to_string();
    KeySet::from_jwks(&set).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_key_set_that_is_weak_or_unclear_is_refused() {
    let set = Forge::at(NOW).jwks(KeySetName::All);
    let key = |kid: &str| {
        set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone()
    };
    let (ed, mac, es, rs, old) = (key("ed"), key("mac"), key("es"), key("rs"), key("old"));
    let b64 = |bytes: &[u8]| {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
        json!(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    };
    // Odd, and of so many bytes with the highest bit set.
    let modulus = |bytes: usize| b64(&[&[0x80], &vec![7; bytes - 1][..]].concat());
    let refused = [
        ("no key", json!([])),
        ("a short secret", json!([with(mac.clone(), "k", b64(&[5; 31]))])),
        ("a secret without alg", json!([without(mac.clone(), "alg")])),
        ("a secret for none", json!([with(mac.clone(), "alg", json!("none"))])),
        ("a secret for HS512", json!([with(mac.clone(), "alg", json!("HS512"))])),
        ("a public key for HMAC", json!([with(ed.clone(), "alg", json!("HS256"))])),
        ("a short public key", json!([with(ed.clone(), "x", b64(&[1; 31]))])),
        ("a long public key", json!([with(ed.clone(), "x", b64(&[1; 33]))])),
        ("a public key of small order", json!([with(ed.clone(), "x", b64(&[0; 32]))])),
        (
            "a public key of order eight",
            json!([with(ed.clone(), "x", json!("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU"))]),
        ),
        ("no point of the curve", json!([with(ed.clone(), "x", b64(&[2; 32]))])),
        ("another curve", json!([with(ed.clone(), "crv", json!("X25519"))])),
        ("a key without a name", json!([without(ed.clone(), "kid")])),
        ("one name twice", json!([ed.clone(), with(mac.clone(), "kid", json!("ed"))])),
        ("one bad key among good ones", json!([ed.clone(), with(mac.clone(), "k", json!("AA"))])),
        ("a key to encrypt with", json!([with(ed.clone(), "use", json!("enc"))])),
        ("a key that signs only", json!([with(ed.clone(), "key_ops", json!(["sign"]))])),
        ("a key for nothing", json!([with(ed.clone(), "key_ops", json!([]))])),
        ("P-256 for ES384", json!([with(es.clone(), "alg", json!("ES384"))])),
        ("P-384", json!([with(es.clone(), "crv", json!("P-384"))])),
        ("an EC key without y", json!([without(es.clone(), "y")])),
        ("an EC point off the curve", json!([with(es.clone(), "y", b64(&[1; 32]))])),
        ("an EC coordinate over the field", json!([with(es.clone(), "x", b64(&[0xff; 32]))])),
        (
            "the EC point at nought",
            json!([with(with(es.clone(), "x", b64(&[0; 32])), "y", b64(&[0; 32]))]),
        ),
        ("a short EC coordinate", json!([with(es.clone(), "x", b64(&[1; 31]))])),
        ("RSA without alg", json!([without(rs.clone(), "alg")])),
        ("RSA for PSS", json!([with(rs.clone(), "alg", json!("PS256"))])),
        ("RSA for encryption", json!([with(rs.clone(), "alg", json!("RSA-OAEP"))])),
        ("RSA without n", json!([without(rs.clone(), "n")])),
        ("RSA of 1024 bits", json!([with(rs.clone(), "n", modulus(128))])),
        (
            "RSA of 2047 bits",
            json!([with(rs.clone(), "n", b64(&[&[0x40], &[7; 255][..]].concat()))]),
        ),
        ("RSA of 8192 bits", json!([with(rs.clone(), "n", modulus(1024))])),
        (
            "RSA of 1024 bits with zeros before",
            json!([with(rs.clone(), "n", b64(&[&[0; 128], &[7; 128][..]].concat()))]),
        ),
        ("an even modulus", json!([with(rs.clone(), "n", b64(&[0x88; 256]))])),
        ("exponent one", json!([with(rs.clone(), "e", json!("AQ"))])),
        ("exponent three", json!([with(rs.clone(), "e", json!("Aw"))])),
        ("exponent 37", json!([with(rs.clone(), "e", json!("JQ"))])),
        ("exponent 65539", json!([with(rs.clone(), "e", json!("AQAD"))])),
        ("exponent 65537 with a zero before", json!([with(rs.clone(), "e", json!("AAEAAQ"))])),
        ("no exponent", json!([without(rs.clone(), "e")])),
        ("an even exponent", json!([with(rs.clone(), "e", json!("AQAC"))])),
        ("a huge exponent", json!([with(rs.clone(), "e", b64(&[1, 0, 0, 0, 1]))])),
        ("two old back ends", json!([old.clone(), with(old.clone(), "kid", json!("older"))])),
        (
            "an old back end with a public key",
            json!([with(ed.clone(), "drawbridge_legacy", old["drawbridge_legacy"].clone())]),
        ),
        ("an old back end for ever", json!([with(old.clone(), "drawbridge_legacy", json!({}))])),
        (
            "an old back end until some day",
            json!([with(old.clone(), "drawbridge_legacy", json!({"sunset": "some day"}))]),
        ),
        (
            "an old back end with a short secret",
            json!([with(old.clone(), "k", b64(b"JWT_SECRET"))]),
        ),
    ];
    for (name, keys) in refused {
        let error = load(&keys).expect_err(name);
        assert!(!error.contains("BQUF"), "{name}: {error}");
    }
    for (name, keys) in [
        ("all", json!([ed.clone(), mac, es.clone(), rs.clone(), old])),
        (
            "said thrice",
            json!([with(with(ed, "use", json!("sig")), "key_ops", json!(["verify", "sign"]))]),
        ),
        ("RSA of 4096 bits", json!([with(rs, "n", modulus(512))])),
        ("P-256 without alg", json!([without(es, "alg")])),
    ] {
        assert_eq!(load(&keys), Ok(()), "{name}");
    }
}
