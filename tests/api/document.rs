//! The API's document: it is the one that is kept, it names what there is, and answers are held against it.

use std::{collections::BTreeSet, fs, net::IpAddr};

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use shared::route::{self, FORWARDED};
use tests::{Reply, TestApp, both_databases, contract::Contract};

both_databases!(it_is_answered_and_kept_by_its_tag, the_page_is_made_of_nothing_from_elsewhere);

const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn document() -> Value {
    serde_json::from_str(&origin::document::document().text).unwrap()
}

fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| (method.to_ascii_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn the_one_that_is_kept_is_current() {
    let kept = xtask::workspace_root().join("docs/openapi.json");
    assert!(
        fs::read_to_string(&kept).unwrap_or_default() == origin::document::document().text,
        "docs/openapi.json is not current. Renew it: \
         cargo run -q -p origin -- openapi > docs/openapi.json"
    );
}

#[test]
fn it_has_all_that_the_edge_forwards_and_the_edge_forwards_all_of_the_api() {
    let own = [
        route::HEALTHZ,
        route::READYZ,
        route::METRICS,
        route::OPENAPI,
        route::DOCS,
        route::DOCS_FILE,
    ];
    let own = own.map(|path| ("GET".to_owned(), path.to_owned()));
    let forwarded = FORWARDED.iter().flat_map(|route| {
        route::spellings(route.path).map(|path| (route.method.as_str().to_owned(), path))
    });
    assert_eq!(operations(&document()), forwarded.chain(own).collect());
}

#[test]
fn its_references_lead_somewhere_and_its_operations_have_names_of_their_own() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').expect("all of it is in one document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let id = |of: &Value| of["operationId"].as_str().unwrap().to_owned();
    let all = operations(&document);
    let ids: BTreeSet<_> = all
        .iter()
        .map(|(method, path)| id(&document["paths"][path][method.to_ascii_lowercase()]))
        .collect();
    assert_eq!(ids.len(), all.len());
}

#[test]
fn old_spellings_are_deprecated_and_say_what_is_new() {
    let document = document();
    for path in ["/api/v1/auth/login", "/auth/login"] {
        let operation = &document["paths"][path]["post"];
        assert_eq!(operation["deprecated"], true, "{path}");
        assert!(operation["description"].as_str().unwrap().contains(route::LOGIN), "{path}");
    }
    assert!(document["paths"][route::LOGIN]["post"].get("deprecated").is_none());
}

/// What was answered, with another body.
fn answered(status: u16, body: Value) -> Reply {
    Reply {
        status: status.try_into().unwrap(),
        headers: [("content-type".parse().unwrap(), "application/json".parse().unwrap())]
            .into_iter()
            .collect(),
        json: body,
        text: String::new(),
    }
}

#[test]
fn an_answer_that_it_does_not_promise_is_noticed() {
    let contract = Contract::of(&origin::document::document().text);
    let check = |path: &str, status: u16, body: Value| {
        contract.check(Method::GET.as_str(), path, &answered(status, body))
    };
    let queue =
        |total: Value| json!({ "success": true, "data": { "total": total, "waiting": [] } });
    assert_eq!(check(route::DESK_QUEUE, 200, queue(json!(0))), Ok(()));
    let failure = |code: &str| {
        json!({
            "success": false,
            "code": code,
            "message": "-",
            "request_id": "-",
            "server_time": "2026-02-19T08:56:52.000+08:00",
        })
    };
    assert_eq!(check(route::DESK_QUEUE, 403, failure("FORBIDDEN")), Ok(()));
    assert_eq!(check("/nowhere", 404, failure("NOT_FOUND")), Ok(()));

    let mut more = queue(json!(0));
    more["data"]["secret"] = json!(1);
    let mut no_time = failure("FORBIDDEN");
    no_time["server_time"] = json!("yesterday");
    let broken = [
        ("a type", check(route::DESK_QUEUE, 200, queue(json!("0")))),
        ("a member too many", check(route::DESK_QUEUE, 200, more)),
        ("a member too few", check(route::DESK_QUEUE, 200, json!({ "success": true, "data": {} }))),
        ("a status", check(route::DESK_QUEUE, 204, queue(json!(0)))),
        ("a code of another status", check(route::DESK_QUEUE, 403, failure("TOKEN_EXPIRED"))),
        ("a code of another route", check(route::DESK_QUEUE, 403, failure("WECHAT_BLOCKED"))),
        ("a time that is none", check(route::DESK_QUEUE, 403, no_time)),
        ("a route", check("/nowhere", 200, queue(json!(0)))),
    ];
    for (what, broken) in broken {
        assert!(broken.is_err(), "{what}");
    }
    let posted = contract.check("POST", route::DESK_QUEUE, &answered(200, queue(json!(0))));
    assert!(posted.is_err(), "a method");
}

async fn get(app: &TestApp, path: &str, tag: Option<&str>) -> Reply {
    let mut request = Request::get(path);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    app.send(request.body(Body::empty()).unwrap(), FROM).await
}

async fn it_is_answered_and_kept_by_its_tag(app: TestApp) {
    let reply = get(&app, route::OPENAPI, None).await;
    assert_eq!((reply.status.as_u16(), &reply.json["openapi"]), (200, &json!("3.1.0")));
    assert_eq!(reply.headers["cache-control"], "public, max-age=300");
    let tag = reply.headers["etag"].to_str().unwrap();
    let again = get(&app, route::OPENAPI, Some(tag)).await;
    assert_eq!((again.status.as_u16(), &again.json), (304, &Value::Null));
    assert_eq!(get(&app, route::OPENAPI, Some("\"another\"")).await.status, 200);
}

async fn the_page_is_made_of_nothing_from_elsewhere(app: TestApp) {
    for path in ["", "/start.js", "/swagger-ui.css", "/swagger-ui-bundle.js"] {
        let reply = get(&app, &format!("{}{path}", route::DOCS), None).await;
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        let length: usize = reply.headers["content-length"].to_str().unwrap().parse().unwrap();
        assert!(length > 100, "{path}: {length}");
    }
    get(&app, "/docs/another.js", None).await.refused(404, "NOT_FOUND");
    let page = include_str!("../../origin/src/http/document/page.html");
    assert!(!page.contains("//") && !page.contains("style="), "{page}");
}
