//! Documents that are known by a name: those that clients send once, and those that an operator trusts.

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::app::{Reply, TestApp, query_path};

const QUERY: &str = "query Names($n: Int) { states(first: $n) { nodes { iso3 } } }";

fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text))
}

fn apollo(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

fn states(reply: &Reply) -> usize {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["data"]["states"]["nodes"].as_array().map_or(0, Vec::len)
}

/// As Apollo's clients know it: by its code, or by its very words.
fn is_unknown(reply: &Reply) -> bool {
    let error = &reply.json()["errors"][0];
    error["message"] == "PersistedQueryNotFound"
        && error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        && reply.header("cache-control") == Some("no-store")
}

#[test]
fn a_client_sends_its_document_once_and_then_names_it() {
    let app = TestApp::with(|_| {});
    let named = json!({ "extensions": apollo(&hash(QUERY)), "variables": { "n": 3 } });
    let reply = app.post(&named);
    assert!(is_unknown(&reply) && reply.status == 400, "{}", reply.text());
    let old = app.post_raw(&[("content-type", "application/json"), ("accept", "application/json")], named.to_string().as_bytes());
    assert!(is_unknown(&old) && old.status == 200, "older clients get it under 200");
    let sent = json!({ "query": QUERY, "extensions": apollo(&hash(QUERY)), "variables": { "n": 2 } });
    assert_eq!(states(&app.post(&sent)), 2);
    assert_eq!(states(&app.post(&sent)), 2, "sending it again is no fault");
    assert_eq!(states(&app.post(&named)), 3);
    let path = format!("/graphql?extensions={}&variables=%7B%22n%22%3A4%7D", percent(&apollo(&hash(QUERY)).to_string()));
    let by_get = app.get(&path, &[]);
    assert_eq!(states(&by_get), 4);
    let mark = by_get.header("etag").expect("a mark").to_owned();
    let known = app.get(&path, &[("if-none-match", &mark)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    let upper = hash(QUERY).to_ascii_uppercase();
    assert_eq!(states(&app.post(&json!({ "extensions": apollo(&upper), "variables": { "n": 1 } }))), 1);
    let file = app.get(&format!("{path}&format=csv"), &[]);
    assert_eq!((file.status, file.text().lines().count()), (200, 5), "a file can be asked for by name, too");
}

fn percent(text: &str) -> String {
    query_path(text).trim_start_matches("/graphql?query=").to_owned()
}

#[test]
fn a_hash_of_another_text_and_what_does_not_parse_are_refused_and_not_remembered() {
    let app = TestApp::with(|_| {});
    let mismatch = app.post(&json!({ "query": "{ __typename }", "extensions": apollo(&hash(QUERY)) }));
    assert!(mismatch.refused(400, "BAD_REQUEST").text().contains("is not the SHA-256 of `query`"));
    assert!(is_unknown(&app.post(&json!({ "extensions": apollo(&hash(QUERY)) }))));
    app.post(&json!({ "query": "{ nonsense", "extensions": apollo(&hash("{ nonsense")) })).refused(400, "GRAPHQL_PARSE_FAILED");
    assert!(is_unknown(&app.post(&json!({ "extensions": apollo(&hash("{ nonsense")) }))));
    for wrong in [json!({ "version": 2, "sha256Hash": hash(QUERY) }), json!({ "version": 1 }), json!({ "version": 1, "sha256Hash": "x" }), json!(7)] {
        app.post(&json!({ "query": QUERY, "extensions": { "persistedQuery": wrong } })).refused(400, "BAD_REQUEST");
    }
    app.post(&json!({ "query": QUERY, "documentId": "x" })).refused(400, "BAD_REQUEST");
    let none = TestApp::with(|settings| settings.http.persisted_bytes = 0);
    let reply = none.post(&json!({ "extensions": apollo(&hash(QUERY)) }));
    assert_eq!((reply.code().as_str(), &reply.json()["errors"][0]["message"]), ("PERSISTED_QUERY_NOT_SUPPORTED", &json!("PersistedQueryNotSupported")));
    assert_eq!(states(&none.post(&json!({ "query": QUERY, "extensions": apollo(&hash(QUERY)), "variables": { "n": 1 } }))), 1);
}

#[test]
fn a_mutation_that_is_named_is_not_run_by_get() {
    let app = TestApp::with(|_| {});
    let text = "mutation { draftGoodPractice(input: { content: { title: \"x\" } }) { errors { code } } }";
    app.post(&json!({ "query": text, "extensions": apollo(&hash(text)) }));
    let by_get = app.get(&format!("/graphql?extensions={}", percent(&apollo(&hash(text)).to_string())), &[]);
    assert!(matches!(by_get.status, 400 | 405), "{}", by_get.text());
    assert!(by_get.json().get("data").is_none());
}

#[test]
fn a_server_that_trusts_some_documents_runs_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("names.graphql"), QUERY).expect("written");
    std::fs::write(folder.path().join("relay.json"), json!({ "flows": "{ flows(first: 1) { nodes { code } } }" }).to_string()).expect("written");
    let app = TestApp::with(|settings| {
        settings.http.documents = silkroutes::http::persisted::DocumentMode::TrustedOnly;
        settings.http.document_source = folder.path().display().to_string();
    });
    let id = hash(QUERY);
    assert_eq!(states(&app.post(&json!({ "documentId": id, "variables": { "n": 2 } }))), 2);
    assert_eq!(states(&app.post(&json!({ "documentId": format!("sha256:{id}"), "variables": { "n": 2 } }))), 2);
    assert_eq!(states(&app.post(&json!({ "extensions": apollo(&id), "variables": { "n": 2 } }))), 2);
    assert_eq!(states(&app.post(&json!({ "query": QUERY, "extensions": apollo(&id), "variables": { "n": 2 } }))), 2, "a text that is proved to be one of them");
    assert_eq!(app.get("/graphql?documentId=flows", &[]).json()["data"]["flows"]["nodes"].as_array().map(Vec::len), Some(1));
    for unknown in [
        json!({ "documentId": "none" }),
        json!({ "extensions": apollo(&hash("{ __typename }")) }),
        json!({ "query": "{ __typename }", "extensions": apollo(&hash("{ __typename }")) }),
    ] {
        app.post(&unknown).refused(400, "DOCUMENT_NOT_FOUND");
    }
    let counted = app.metrics();
    let line = r#"silkroutes_operation_seconds_count{operation="Names"} 4"#;
    assert!(counted.contains(line), "what is trusted is measured by its name: {counted}");
    let introspection = "{ __schema { types { name } } }";
    for text in [QUERY, "{ __typename }", introspection, "mutation { x }", "not GraphQL"] {
        let refused = app.post(&json!({ "query": text })).refused(400, "BAD_REQUEST").text();
        assert!(refused.contains("documentId"), "{refused}");
        app.get(&query_path(text), &[]).refused(400, "BAD_REQUEST");
        app.get(&format!("{}&format=csv", query_path(text)), &[]).refused(400, "BAD_REQUEST");
    }
}

#[test]
fn a_trusted_document_at_fault_is_told_when_the_server_starts() {
    use crate::commands::{err, run};
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("documents")).expect("made");
    std::fs::create_dir(folder.path().join("empty")).expect("made");
    std::fs::write(folder.path().join("documents/bad.graphql"), "{ states").expect("written");
    std::fs::write(folder.path().join("documents/old.graphql"), "query Old { states { nodes { iso } } }\nquery New { states { nodes { iso3 } } }")
        .expect("written");
    std::fs::write(folder.path().join("documents/page.json"), "<html>").expect("written");
    let start = |arguments: &[&str]| {
        let done = run(folder.path(), &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        assert!(!done.status.success());
        err(&done)
    };
    let fault = start(&["--documents", "trusted-only", "--document-source", "documents"]);
    for told in
        ["3 faults.", "documents/bad.graphql: line 1, ", "documents/old.graphql: operation `Old`, line 1, column 30: ", "documents/page.json: it is not JSON"]
    {
        assert!(fault.contains(told), "{told} is not in {fault}");
    }
    assert!(fault.contains("iso3") && !fault.contains("New"), "the near name is told, and what is sound is not: {fault}");
    let fault = start(&["--documents", "trusted-only", "--document-source", "empty"]);
    assert!(fault.contains("empty holds no document") && fault.contains(".graphql"), "{fault}");
    assert!(start(&["--documents", "trusted-only"]).contains("http.document_source"));
    assert!(start(&["--documents", "some"]).contains("http.documents"));
}
