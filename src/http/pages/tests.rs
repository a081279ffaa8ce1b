//! Tests of the pages: every file is found and unpacks, headers say what they should, examples are well formed.
//! They hold with and without GraphiQL built.

use super::*;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn fetch(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let (parts, body) = routes::<()>().oneshot(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status, parts.headers, body.into())
}

fn accepting(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().expect("a header"))])
}

#[test]
fn every_listed_file_is_found() {
    for file in FILES {
        assert!(find(file.path).is_some_and(|found| found.path == file.path), "{} is not found", file.path);
        assert_ne!(content_type(file.path), "application/octet-stream", "{} has no type", file.path);
    }
    assert!(find(CONSOLE).is_some());
    assert!(find("console").is_none());
}

#[test]
fn every_twin_unpacks() {
    for file in FILES.iter().filter(|file| file.raw.is_empty()) {
        let mut bytes = Vec::new();
        GzDecoder::new(file.gz).read_to_end(&mut bytes).expect(file.path);
        assert_eq!(inflate(file.gz), bytes, "{}", file.path);
        assert!(!bytes.is_empty() && !file.br.is_empty(), "{} is empty", file.path);
    }
}

#[test]
fn the_best_encoding_that_the_client_takes() {
    for (accepted, expected) in [
        ("gzip, deflate, br, zstd", Encoding::Brotli),
        ("gzip;q=1.0, br;q=0", Encoding::Gzip),
        ("*", Encoding::Brotli),
        ("br;q=0, *;q=0.5", Encoding::Gzip),
        ("GZIP", Encoding::Gzip),
        ("deflate", Encoding::Identity),
        ("br; q=0.0, gzip; q=0", Encoding::Identity),
        ("", Encoding::Identity),
        (";;q=,=", Encoding::Identity),
    ] {
        assert_eq!(best_encoding(&accepting(accepted)), expected, "{accepted}");
    }
    assert_eq!(best_encoding(&HeaderMap::new()), Encoding::Identity);
}

#[tokio::test]
async fn the_console_is_strict_and_is_not_sent_twice() {
    let (status, headers, body) = fetch("/console", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[CONTENT_SECURITY_POLICY], CONSOLE_POLICY);
    assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[CACHE_CONTROL], "no-cache");
    assert_eq!(headers[VARY], "accept-encoding");
    let page = String::from_utf8(body).expect("text");
    assert!(page.starts_with("<!doctype html>"));
    assert!(!page.contains("<style") && !page.contains(" style="), "a style in the page");

    let etag = headers[ETAG].to_str().expect("text");
    let (status, headers, body) = fetch("/console", &[("if-none-match", etag)]).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(headers[ETAG], etag);
}

#[tokio::test]
async fn each_answer_with_graphiql_has_a_nonce_of_its_own() {
    let (status, headers, first) = fetch("/graphiql", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    if !has_graphiql() {
        assert_eq!(first, fetch("/console", &[]).await.2);
        return;
    }
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().expect("text");
    let page = String::from_utf8(first.clone()).expect("text");
    assert!(!page.contains(NONCE) && !policy.contains(NONCE));
    let nonce = page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
    assert!(policy.contains(&format!("style-src 'self' 'nonce-{nonce}'")));
    assert!(!policy.contains("unsafe-eval"));
    assert_ne!(first, fetch("/graphiql", &[]).await.2);
}

#[tokio::test]
async fn assets_are_kept_for_ever_in_the_form_that_the_client_takes() {
    let Some(file) = FILES.iter().find(|file| file.path.starts_with(ASSETS) && file.raw.is_empty()) else {
        return;
    };
    let path = format!("/{}", file.path);
    let (_, headers, packed) = fetch(&path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(headers[CONTENT_ENCODING], "br");
    assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(packed, file.br);
    let (_, headers, plain) = fetch(&path, &[]).await;
    assert!(headers.get(CONTENT_ENCODING).is_none());
    assert_eq!(plain, inflate(file.gz));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for path in ["/graphiql/nothing.js", "/graphiql/index.html", "/console/nothing.css", "/graphiql/../console"] {
        assert_eq!(fetch(path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, headers, _) = fetch("/", &[]).await;
    assert_eq!(status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(headers["location"], if has_graphiql() { "/graphiql" } else { "/console" });
}

#[tokio::test]
async fn the_examples_say_what_they_ask() {
    let (_, headers, body) = fetch("/examples.json", &[]).await;
    assert_eq!(headers[CONTENT_TYPE], "application/json; charset=utf-8");
    let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["examples"].as_array().map_or(0, Vec::len), examples().count());
    assert!(examples().count() >= 12);
    for (name, query, variables) in examples() {
        assert!(query.starts_with("# "), "{name} does not say what it asks");
        assert!(query.contains("\nquery "), "{name} has no named query");
        assert!(variables.is_empty() || serde_json::from_str::<serde_json::Value>(variables).is_ok(), "{name}: variables are no JSON");
    }
}
