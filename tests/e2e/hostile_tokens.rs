//! The corpus of hostile and honest tokens, sent through the running edge.

use std::time::Duration;

use futures_util::future::join_all;
use origin::clock::Ambient;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use shared::route;
use tests::{Reply, socket::Socket};

use crate::stand_in::{SLOW, StandIn};
use forge::{Case, Forge, KeySetName, corpus};

/// The same that `shared`'s own tests use.
#[path = "../../shared/tests/token/forge/mod.rs"]
mod forge;

async fn read(client: &reqwest::Client, edge: &StandIn, token: &str) -> Reply {
    let url = format!("{}{}", edge.url, route::VERIFY);
    Reply::fetch(client.get(url).header(AUTHORIZATION, format!("Bearer {token}"))).await
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn assert_told(case: &Case, reply: &Reply, door: &str) {
    let check = case.check.as_deref().unwrap_or("passes");
    let code = reply.json["code"].as_str().unwrap_or_default();
    if case.code == "OK" {
        // The token holds: what is refused is the origin's, which is out of order.
        assert_eq!(code, "ORIGIN_UNAVAILABLE", "{door}: {}: {reply:?}", case.name);
        return;
    }
    assert_eq!(
        (reply.status.as_u16(), code),
        (401, case.code.as_str()),
        "{door}: {} ({check}): {reply:?}",
        case.name
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_running_edge_judges_each_token_of_the_corpus_as_it_must_be() {
    let client = client();
    let mut sent = 0;
    for keys in [KeySetName::All, KeySetName::WithoutLegacy, KeySetName::PastSunset] {
        let now = || Ambient::system().now().as_seconds();
        let edge = StandIn::start(&Forge::at(now()).jwks(keys)).await;
        let socket_url = format!("{}{}", edge.url.replacen("http", "ws", 1), route::CHAT_SOCKET);
        let travels = |case: &Case| case.keys == keys && case.direct_only.is_none();
        for case in corpus().into_iter().filter(travels) {
            let token = Forge::at(now()).token(&case);
            assert_told(&case, &read(&client, &edge, &token).await, "read");
            let headers = [(AUTHORIZATION, format!("Bearer {token}"))];
            let refused = Socket::open(&socket_url, &headers).await.err().expect("no socket");
            assert_told(&case, &refused, "handshake");
            sent += 1;
        }
        // After all that, and when it has asked for the keys: each algorithm still passes.
        for case in corpus().into_iter().filter(|case| case.code == "OK" && travels(case)) {
            assert_told(
                &case,
                &read(&client, &edge, &Forge::at(now()).token(&case)).await,
                "after",
            );
        }
    }
    assert!(sent >= 250, "{sent}");
}

/// A token under a key that nobody has.
fn unknown(forge: &Forge, number: usize) -> String {
    let recipe = json!({ "name": "unknown", "code": "TOKEN_INVALID", "check": "UnknownKey",
        "header": { "set": { "kid": format!("unknown-{number}") } } });
    forge.token(&serde_json::from_value(recipe).unwrap())
}

/// A token that holds, under the key of Ed25519.
fn good(forge: &Forge) -> String {
    forge.token(&corpus().into_iter().find(|case| case.name == "EdDSA").unwrap())
}

/// An edge that has not heard yet of the key of Ed25519.
async fn edge_that_has_not_heard(forge: &Forge) -> StandIn {
    let jwks = forge.jwks(KeySetName::All);
    let mut older: Value = jwks.clone();
    older["keys"].as_array_mut().unwrap().retain(|key| key["alg"] != "EdDSA");
    assert_ne!(older, jwks);
    StandIn::start_with(&older, &jwks, &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_keys_costs_one_question() {
    let client = client();
    let forge = Forge::at(Ambient::system().now().as_seconds());
    let jwks = forge.jwks(KeySetName::All);
    // However slow the machine is, the test is over within one.
    let cool_down = [("JWKS_COOL_DOWN_SECONDS", "3600")];
    let edge = StandIn::start_with(&jwks, &jwks, &cool_down).await;
    let good = good(&forge);
    // The first call of an isolate asks by itself, behind the caller's back.
    read(&client, &edge, &good).await.refused(503, "ORIGIN_UNAVAILABLE");
    for _ in 0..100 {
        if edge.asked() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(edge.asked(), 1);
    for batch in 0..10 {
        let tokens: Vec<_> = (0..20).map(|number| unknown(&forge, batch * 20 + number)).collect();
        let replies = join_all(tokens.iter().map(|token| read(&client, &edge, token))).await;
        for reply in &replies {
            reply.refused(401, "TOKEN_INVALID");
        }
    }
    assert_eq!(edge.asked(), 2, "one for two hundred unknown keys");
    // What is no token, or names no key, is not worth a question either.
    read(&client, &edge, "a.b.c").await.refused(401, "TOKEN_MALFORMED");
    read(&client, &edge, &good).await.refused(503, "ORIGIN_UNAVAILABLE");
    assert_eq!(edge.asked(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_keys_are_not_to_be_had_no_unknown_key_is_called_invalid() {
    let client = client();
    let forge = Forge::at(Ambient::system().now().as_seconds());
    let edge = edge_that_has_not_heard(&forge).await;
    let good = good(&forge);
    edge.set_fails(true);
    // Who asks, who waits for that, and who comes within the short cool-down.
    for _ in 0..2 {
        for reply in join_all((0..5).map(|_| read(&client, &edge, &good))).await {
            reply.refused(503, "ORIGIN_UNAVAILABLE");
        }
    }
    assert!(edge.asked() >= 1);
    assert_eq!(edge.reached(), 0, "no token has passed");
    edge.set_fails(false);
    // Soon: the cool-down of a question without an answer is one of 2 s.
    let back = async {
        while edge.reached() == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            // Never 401: the token holds, and what is refused then is the origin's.
            read(&client, &edge, &good).await.refused(503, "ORIGIN_UNAVAILABLE");
        }
    };
    tokio::time::timeout(Duration::from_secs(15), back).await.expect("the token passes");
    // Now the origin has been heard.
    read(&client, &edge, &unknown(&forge, 1)).await.refused(401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_outlives_its_client_and_all_others_wait_for_its_answer() {
    let client = client();
    let forge = Forge::at(Ambient::system().now().as_seconds());
    let edge = edge_that_has_not_heard(&forge).await;
    let (bad, good) = (unknown(&forge, 1), good(&forge));
    edge.be_slow();
    let gone = tokio::time::timeout(SLOW / 3, read(&client, &edge, &bad)).await;
    assert!(gone.is_err(), "{gone:?}");
    assert_eq!(edge.asked(), 1);
    for reply in join_all((0..5).map(|_| read(&client, &edge, &good))).await {
        reply.refused(503, "ORIGIN_UNAVAILABLE");
    }
    assert_eq!(edge.reached(), 5, "all five tokens have passed");
    assert_eq!(edge.asked(), 1, "by the answer to a client that is gone");
}
