//! The console's pages as browsers are given them; what they do there, `tests/e2e/console.rs` sees.

use axum::body::Body;
use http::{Request, header};
use serde_json::json;
use shared::route;
use tests::{Reply, TestApp, both_databases};

both_databases!(
    every_place_is_the_page,
    the_files_of_the_page_are_there_and_kept_for_ever,
    what_is_gone_is_not_the_page,
    a_page_may_do_what_it_needs_and_no_more,
    it_is_told_where_the_edge_is_and_no_secret,
    the_page_to_look_into_the_system_is_there_where_it_is_switched_on,
);

const BUILT: &str = "the console is not built into this origin: run `cargo xtask build-console`";

async fn ask(app: &TestApp, method: &str, path: &str, header: Option<(&str, &str)>) -> Reply {
    let request = Request::builder().method(method).uri(path);
    let request = match header {
        Some((name, value)) => request.header(name, value),
        None => request,
    };
    app.send(request.body(Body::empty()).unwrap(), [8, 8, 8, 8].into()).await
}

async fn get(app: &TestApp, path: &str) -> Reply {
    ask(app, "GET", path, None).await
}

fn said<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default()
}

/// The files that a page names.
fn named(page: &str) -> Vec<String> {
    let after = |mark: &'static str| page.split(mark).skip(1);
    let names = after("src=\"").chain(after("href=\"")).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

async fn every_place_is_the_page(app: TestApp) {
    let page = get(&app, route::CONSOLE_PAGE).await;
    assert_eq!(page.status, 200, "{BUILT}");
    assert!(page.text.contains("id=\"app\""), "{page:?}");
    assert_eq!(said(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(said(&page, "cache-control"), "no-cache");
    assert_eq!(said(&page, "x-content-type-options"), "nosniff");
    for place in ["/", "/desk", "/users/31/timeline?from=x", "/a/place/that/is/none"] {
        let there = get(&app, &format!("{}{place}", route::CONSOLE_PAGE)).await;
        assert_eq!((there.status.as_u16(), &there.text), (200, &page.text), "{place}");
    }
    let etag = said(&page, "etag").to_owned();
    let again = ask(&app, "GET", route::CONSOLE_PAGE, Some(("if-none-match", &etag))).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(said(&again, "content-security-policy"), said(&page, "content-security-policy"));
    let head = ask(&app, "HEAD", route::CONSOLE_PAGE, None).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(said(&head, "content-length"), page.text.len().to_string());
    ask(&app, "POST", route::CONSOLE_PAGE, None).await.refused(405, "METHOD_NOT_ALLOWED");
}

async fn the_files_of_the_page_are_there_and_kept_for_ever(app: TestApp) {
    let files = named(&get(&app, route::CONSOLE_PAGE).await.text);
    assert!(files.iter().any(|file| ending(file) == "js"), "{BUILT}: {files:?}");
    assert!(files.iter().any(|file| ending(file) == "css"), "{files:?}");
    for path in &files {
        let file = get(&app, path).await;
        assert_eq!(file.status, 200, "{path}");
        let content_type = match ending(path) {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        assert_eq!(said(&file, "content-type"), content_type, "{path}");
        let is_hashed = path.contains("/assets/");
        let kept = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(said(&file, "cache-control"), kept, "{path}");
        assert_eq!(said(&file, "content-encoding"), "");
        assert_eq!(said(&file, "vary"), "accept-encoding");
        let zipped = ask(&app, "GET", path, Some(("accept-encoding", "br, gzip"))).await;
        if ending(path) == "js" {
            assert_eq!(said(&zipped, "content-encoding"), "gzip", "{path}");
            assert_ne!(said(&zipped, "etag"), said(&file, "etag"), "they are two things");
            let length = |reply: &Reply| said(reply, "content-length").parse::<usize>().unwrap();
            assert!(length(&zipped) < length(&file), "{path}");
        }
        let tag = said(&zipped, "etag").to_owned();
        let request = Request::get(path).header("accept-encoding", "gzip");
        let request = request.header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
        assert_eq!(app.send(request, [8, 8, 8, 8].into()).await.status, 304, "{path}");
    }
}

async fn what_is_gone_is_not_the_page(app: TestApp) {
    for gone in [
        "/assets/index-gone.js",
        "/assets/gone",
        "/gone.css",
        "/.env",
        "/index.htm",
        "/..%2f..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        let path = format!("{}{gone}", route::CONSOLE_PAGE);
        get(&app, &path).await.refused(404, "NOT_FOUND");
    }
    get(&app, "/consoles").await.refused(404, "NOT_FOUND");
    assert!(route::FORWARDED.iter().all(|route| !route.path.starts_with(route::CONSOLE_PAGE)));
}

async fn a_page_may_do_what_it_needs_and_no_more(app: TestApp) {
    let policy = said(&get(&app, "/console/desk").await, "content-security-policy").to_owned();
    let rules: Vec<_> = policy.split("; ").collect();
    assert_eq!(
        rules,
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "img-src 'self' data: https://img.example.com",
            "connect-src 'self' https://edge.example.com wss://edge.example.com",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    );
    let hostile = app
        .process_with(|config| {
            config.policy.chat_image_hosts = vec!["a.example; script-src *".into(), "*".into()];
            config.console.edge_public_url = "http://127.0.0.1:8787".into();
        })
        .await;
    let page = get(&hostile, route::CONSOLE_PAGE).await;
    let policy = said(&page, "content-security-policy");
    assert!(policy.contains("img-src 'self' data:; connect-src"), "{policy}");
    assert!(policy.contains(" ws://127.0.0.1:8787;"), "{policy}");
    assert_eq!(said(&page, "referrer-policy"), "no-referrer");
    assert_eq!(said(&page, "cross-origin-opener-policy"), "same-origin");
}

async fn it_is_told_where_the_edge_is_and_no_secret(app: TestApp) {
    let told = get(&app, "/console/config.json").await;
    assert_eq!(told.status, 200);
    assert_eq!(said(&told, "cache-control"), "no-cache");
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        json!({ "socket_url": "https://edge.example.com", "version": version, "debug": false });
    assert_eq!(told.json, expected);
}

async fn the_page_to_look_into_the_system_is_there_where_it_is_switched_on(app: TestApp) {
    get(&app, route::DEBUG_PAGE).await.refused(404, "NOT_FOUND");
    let switched_on = app.process_with(|config| config.console.debug_page = true).await;
    let sent = get(&switched_on, route::DEBUG_PAGE).await;
    assert_eq!((sent.status.as_u16(), said(&sent, "location")), (307, "/console/debug"));
    assert_eq!(get(&switched_on, "/console/config.json").await.json["debug"], true);
    assert_eq!(get(&switched_on, "/console/debug").await.status, 200, "{BUILT}");
}
