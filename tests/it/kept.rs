//! Answers that are kept: the same bytes as those that are made, for strangers alone, for as long as they are true; and
//! what caches on the way make of them.

use std::collections::HashMap;

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, query_path};
use crate::contribution::Stage;

const LIST: &str = "{ goodPractices(first: 50) { totalCount nodes { slug title summary } } }";

fn counted(app: &TestApp, found: &str) -> u64 {
    let text = app.metrics();
    let name = format!("silkroutes_kept_answers_total{{found=\"{found}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or_else(|| panic!("{name} in {text}"))
}

#[test]
fn what_is_asked_again_is_the_same_and_comes_from_memory() {
    let app = TestApp::with(|_| {});
    let (first, second) = (app.post(&json!({ "query": LIST })), app.post(&json!({ "query": LIST })));
    assert_eq!((counted(&app, "miss"), counted(&app, "hit")), (1, 1));
    let told = |reply: &Reply| {
        let own = |(name, _): &(String, String)| !["x-request-id", "date"].contains(&name.as_str()) && !name.starts_with("ratelimit");
        (reply.status, reply.headers.iter().filter(|header| own(header)).cloned().collect::<Vec<_>>(), reply.body.clone())
    };
    assert_eq!(told(&first), told(&second));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let left = |reply: &Reply| reply.header("ratelimit-remaining").and_then(|left| left.parse::<u64>().ok()).expect("told");
    assert!(first.json()["extensions"]["cost"].is_u64() && left(&second) <= left(&first), "what is kept is charged, too");
    // The same words for another form, or written in another way, are another question.
    app.post_raw(&[("content-type", "application/json"), ("accept", "application/json")], json!({ "query": LIST }).to_string().as_bytes());
    app.post(&json!({ "query": format!("{LIST} ") }));
    app.post(&json!({ "query": "query($n: Int) { states(first: $n) { nodes { iso3 } } }", "variables": { "n": 1 } }));
    let two = app.post(&json!({ "query": "query($n: Int) { states(first: $n) { nodes { iso3 } } }", "variables": { "n": 2 } })).json();
    assert_eq!(two["data"]["states"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(counted(&app, "hit"), 1);
}

#[test]
fn packed_and_marked_a_kept_answer_is_what_a_made_one_is() {
    let (keeps, makes) = (TestApp::with(|_| {}), TestApp::with(|settings| settings.http.cache_bytes = 0));
    let path = query_path(LIST);
    for encoding in ["gzip", "br", "identity"] {
        let get = |app: &TestApp| app.get(&path, &[("accept-encoding", encoding)]);
        let (made, again, kept) = (get(&makes), get(&keeps), get(&keeps));
        for name in ["etag", "content-encoding", "cache-control", "vary", "content-type"] {
            assert_eq!((kept.header(name), again.header(name)), (made.header(name), made.header(name)), "{name} of {encoding}");
        }
        let mark = kept.header("etag").expect("marked").to_owned();
        let known = keeps.get(&path, &[("accept-encoding", encoding), ("if-none-match", &mark)]);
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(mark.as_str())));
    }
    let unpacked = |app: &TestApp| app.get(&path, &[]).body;
    assert_eq!(unpacked(&keeps), unpacked(&makes));
}

#[test]
fn only_what_is_true_for_all_is_kept() {
    // Points that come back slowly, so that what is left is never the same.
    let app = TestApp::with(|settings| {
        settings.http.rate_points_anonymous = 1_000;
        settings.http.rate_time = "1h".parse().expect("a time");
    });
    for query in [
        "{ states(filter: { iso3: [\"AFX\"] }) { nodes { iso3 } } }",
        "{ r: rateLimit { remaining } }",
        "{ ...F } fragment F on Query { rateLimit { cost } }",
        "{ nothing }",
    ] {
        app.query(query);
        app.query(query);
    }
    let (one, other) = (app.query("{ rateLimit { remaining } }"), app.query("{ rateLimit { remaining } }"));
    assert_ne!(one["data"], other["data"]);
    assert_eq!(counted(&app, "hit"), 0);
    let errors = |app: &TestApp| app.query("{ states(filter: { iso3: [\"AFX\"] }) { nodes { iso3 } } }")["errors"][0]["extensions"]["requestId"].clone();
    assert_ne!(errors(&app), errors(&app), "an error is of its own request");
    let key = app.key("UZB", Role::FocalPoint, "tashkent");
    let before = (counted(&app, "hit"), counted(&app, "miss"));
    assert_eq!(app.query_as(&key, "{ viewer { role } }"), app.query_as(&key, "{ viewer { role } }"));
    assert_eq!((counted(&app, "hit"), counted(&app, "miss")), before, "whoever says who he is gets his own");
}

#[test]
fn a_write_is_seen_at_once_and_what_is_withdrawn_is_gone() {
    let stage = Stage::new();
    let query = "{ goodPractices(filter: { text: \"walnut orchards\" }) { totalCount nodes { title } } }";
    let path = query_path(query);
    let count = || stage.app.query(query)["data"]["goodPractices"]["totalCount"].clone();
    let mark = || stage.app.get(&path, &[]).header("etag").expect("marked").to_owned();
    let (before, first) = (count(), mark());
    assert_eq!((count(), mark()), (before.clone(), first.clone()));
    let practice = stage.published(&json!({ "level": "PUBLIC" }));
    assert_eq!(count(), json!(before.as_u64().expect("a number") + 1));
    assert_ne!(mark(), first, "one visible row changes the mark");
    stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": practice["id"], "ifVersion": practice["version"], "reason": "Not any more." }));
    assert_eq!((count(), mark()), (before, first));
}

/// Headers of a request that an answer depends on.
type Sent = Vec<(String, String)>;

/// A cache between server and clients, as RFC 9111 lets it be: it keeps what it may, by everything that `Vary` names.
struct SharedCache<'a> {
    app: &'a TestApp,
    kept: HashMap<String, Vec<(Sent, Stored)>>,
    hits: usize,
}

#[derive(Clone)]
struct Stored {
    body: Vec<u8>,
    mark: Option<String>,
    is_fresh: bool,
    carries: Vec<(String, String)>,
}

impl<'a> SharedCache<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, kept: HashMap::new(), hits: 0 }
    }

    fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Stored {
        let sent = |name: &str| headers.iter().find(|(known, _)| *known == name).map_or(String::new(), |(_, value)| (*value).to_owned());
        let fits = |names: &[(String, String)]| names.iter().all(|(name, value)| sent(name) == *value);
        let known = self.kept.get(path).and_then(|all| all.iter().find(|(names, _)| fits(names))).map(|(_, stored)| stored.clone());
        if let Some(stored) = known.as_ref().filter(|stored| stored.is_fresh) {
            self.hits += 1;
            return stored.clone();
        }
        let mark = known.as_ref().and_then(|stored| stored.mark.clone());
        let conditional: Vec<(&str, &str)> = headers.iter().copied().chain(mark.as_deref().map(|mark| ("if-none-match", mark))).collect();
        let reply = self.app.get(path, &conditional);
        if let (304, Some(stored)) = (reply.status, known) {
            self.hits += 1;
            return stored;
        }
        let control = reply.header("cache-control").unwrap_or_default().to_owned();
        let says = |word: &str| control.split(',').any(|part| part.trim().split('=').next() == Some(word));
        let stored = Stored {
            body: reply.body.clone(),
            mark: reply.header("etag").map(str::to_owned),
            is_fresh: says("max-age") && !says("no-cache"),
            carries: reply.headers.clone(),
        };
        // 3: what may be stored; 3.5: what came with a credential, only where it says `public`.
        let may = reply.status == 200 && !says("no-store") && !says("private") && (sent("authorization").is_empty() || says("public"));
        if may {
            let names = reply.header("vary").unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
            let names = names.map(|name| (name.clone(), sent(&name))).collect();
            self.kept.entry(path.to_owned()).or_default().push((names, stored.clone()));
        }
        stored
    }
}

#[test]
fn no_shared_cache_gives_the_answer_of_one_viewer_to_another() {
    let stage = Stage::new();
    stage.draft();
    let id = sha256(LIST);
    let sent = stage.app.post(&json!({ "query": LIST, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": id } } }));
    assert_eq!(sent.status, 200, "{}", sent.text());
    for path in [query_path(LIST), format!("/graphql?documentId={id}"), "/schema.graphql".to_owned(), "/graphql?query=%7Bnothing%7D".to_owned()] {
        let mut cache = SharedCache::new(&stage.app);
        let bearers: Vec<String> = [&stage.tashkent, &stage.desk, &stage.bern].iter().map(|key| format!("Bearer {key}")).collect();
        let viewers: Vec<Vec<(&str, &str)>> =
            bearers.iter().map(|bearer| vec![("authorization", bearer.as_str())]).chain([vec![], vec![("cookie", "a=b")]]).collect();
        for round in 0..3 {
            for (n, viewer) in viewers.iter().enumerate() {
                let direct = stage.app.get(&path, viewer);
                let through = cache.get(&path, viewer);
                // Errors carry the id of their request.
                if direct.status == 200 && !direct.text().contains("requestId") {
                    assert_eq!(String::from_utf8_lossy(&through.body), direct.text(), "{path} for viewer {n} in round {round}");
                }
                if viewer.first().is_some_and(|(name, _)| *name == "authorization") && path.starts_with("/graphql") {
                    let control = direct.header("cache-control").unwrap_or_default();
                    assert_eq!(control, "private, no-store", "{path}");
                }
            }
        }
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text))
}

#[test]
fn whatever_is_answered_to_a_credential_is_private_refusals_too() {
    let app = TestApp::with(|settings| {
        settings.http.rate_points = 40;
        settings.http.rate_time = "1h".parse().expect("a time");
        settings.http.revision_time = "50ms".parse().expect("a time");
    });
    let key = app.key("UZB", Role::FocalPoint, "tashkent");
    let bearer = format!("Bearer {key}");
    let good = ("authorization", bearer.as_str());
    let (path, json) = (query_path("{ __typename }"), ("content-type", "application/json"));
    let mut seen = Vec::new();
    let mut look = |reply: Reply| {
        assert_eq!(reply.header("cache-control"), Some("private, no-store"), "{reply:?}");
        assert_eq!(reply.header("vary"), Some("accept, accept-encoding, accept-language, authorization, cookie"), "{reply:?}");
        seen.push(reply.status);
    };
    look(app.get(&path, &[("authorization", "Bearer wrong")]));
    look(app.get(&path, &[("cookie", "a=b"), ("accept", "image/png")]));
    look(app.get(&path, &[good, ("at-least-revision", "1000000")]));
    look(app.get(&query_path("mutation { __typename }"), &[good]));
    look(app.post_raw(&[good, ("content-type", "text/plain")], b"{}"));
    look(app.post_raw(&[good, json], &vec![b' '; 70_000]));
    look(app.post_raw(&[good, json], b"{"));
    look(app.get(&format!("/graphql?query={}", "x".repeat(9_000)), &[good]));
    look(app.get("/health/live", &[good]));
    look(app.get("/nothing", &[good]));
    for _ in 0..60 {
        look(app.get(&path, &[good]));
    }
    seen.dedup();
    assert_eq!(seen, [401, 406, 503, 405, 415, 413, 400, 414, 200, 404, 200, 429]);
    let open = app.get(&path, &[("accept", "image/png")]);
    assert_eq!((open.status, open.header("cache-control")), (406, Some("no-store")), "what any stranger is told is nobody's own");
}

#[test]
fn an_operator_may_let_caches_use_what_documents_with_a_name_answer() {
    let documents = tempfile::tempdir().expect("a folder");
    std::fs::write(documents.path().join("list.graphql"), LIST).expect("written");
    let app = TestApp::with(|settings| {
        settings.http.shared_time = "60s".parse().expect("a time");
        settings.http.document_source = documents.path().display().to_string();
    });
    let path = format!("/graphql?documentId={}", sha256(LIST));
    let mut cache = SharedCache::new(&app);
    for _ in 0..3 {
        let reply = cache.get(&path, &[]);
        let header = |name: &str| reply.carries.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(
            (header("cache-control"), header("vary")),
            (Some("public, max-age=60"), Some("accept, accept-encoding, accept-language, authorization, cookie"))
        );
        assert_eq!(header("ratelimit-remaining"), None, "what one client has left is not for all");
    }
    assert_eq!(cache.hits, 2);
    let key = app.key("UZB", Role::FocalPoint, "tashkent");
    let bearer = format!("Bearer {key}");
    assert_eq!(app.get(&path, &[("authorization", &bearer)]).header("cache-control"), Some("private, no-store"));
    assert_eq!(app.get(&path, &[("cookie", "a=b")]).header("cache-control"), Some("private, no-store"));
    assert_eq!(app.get(&query_path(LIST), &[]).header("cache-control"), Some("no-cache"), "what has no name is asked for each time");
    app.get(&query_path("{ nothing }"), &[]);
    let wrong: Value = app.get("/graphql?documentId=none", &[]).json();
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "DOCUMENT_NOT_FOUND");
}
