//! GraphQL over HTTP: what is answered, in which form, and what is refused.

use serde_json::json;

use crate::app::{Client, TestApp, query_path};
use crate::commands::run;

const AFGHANISTAN: &str = r#"{ state(iso3: "AFG") { name } }"#;
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_query_is_answered_by_post_and_by_get_alike() {
    let app = TestApp::shared();
    let posted = app.post(&json!({ "query": AFGHANISTAN }));
    assert_eq!(posted.status, 200);
    assert_eq!(posted.json()["data"], json!({ "state": { "name": "Afghanistan" } }));
    assert_eq!(posted.header("cache-control"), Some("no-store"));
    let got = app.get(&query_path(AFGHANISTAN), &[GRAPHQL]);
    assert_eq!(got.json(), posted.json());
    assert_eq!(app.query("{ states(first: 1) { totalCount } }")["data"], json!({ "states": { "totalCount": 195 } }));
}

#[test]
fn operation_names_and_variables_come_both_ways() {
    let app = TestApp::shared();
    let query = "query A($code: String!) { state(iso3: $code) { name } } query B { __typename }";
    let body = json!({ "query": query, "operationName": "A", "variables": { "code": "AFG" } });
    assert_eq!(app.post(&body).json()["data"]["state"]["name"], "Afghanistan");
    let path = format!("{}&operationName=A&variables=%7B%22code%22:%22AFG%22%7D", query_path(query));
    assert_eq!(app.get(&path, &[]).json()["data"]["state"]["name"], "Afghanistan");
    let unnamed = app.post(&json!({ "query": query }));
    assert_eq!(unnamed.status, 400);
    assert!(unnamed.code() == "GRAPHQL_VALIDATION_FAILED" || unnamed.code() == "BAD_REQUEST", "{}", unnamed.text());
}

#[test]
fn the_answer_has_the_form_that_was_asked_for() {
    let app = TestApp::shared();
    let body = json!({ "query": "{ __typename }" }).to_string();
    for (accept, kind) in [
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json; charset=utf-8"),
    ] {
        let reply = app.post_raw(&[JSON, ("accept", accept)], body.as_bytes());
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)), "{accept}");
    }
    for accept in ["text/html", "image/png", "text/event-stream", "application/json;q=0"] {
        app.post_raw(&[JSON, ("accept", accept)], body.as_bytes()).refused(406, "BAD_REQUEST");
    }
    app.get(&query_path("{ __typename }"), &[("accept", "image/png")]).refused(406, "BAD_REQUEST");
}

#[test]
fn a_browser_that_comes_to_the_endpoint_gets_a_page() {
    let app = TestApp::shared();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (path, accept) in [("/graphql", "text/html"), ("/graphql", browser), (query_path("{ __typename }").as_str(), "text/html")] {
        let page = app.get(path, &[("accept", accept)]);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path} {accept}");
        assert!(page.header("content-security-policy").is_some());
    }
    // A link to a query is worth showing.
    let answer = app.get(&query_path("{ __typename }"), &[("accept", browser)]);
    assert_eq!(answer.json()["data"]["__typename"], "Query");
}

#[test]
fn a_document_at_fault_is_400_or_for_older_clients_200_and_never_has_data() {
    let app = TestApp::shared();
    for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothingLikeThis }", "GRAPHQL_VALIDATION_FAILED")] {
        app.post(&json!({ "query": query })).refused(400, code);
        let body = json!({ "query": query }).to_string();
        app.post_raw(&[JSON, ("accept", "application/json")], body.as_bytes()).refused(200, code);
        app.get(&query_path(query), &[GRAPHQL]).refused(400, code);
    }
}

#[test]
fn a_mutation_by_get_is_refused_before_anything_else() {
    let app = TestApp::shared();
    let refused = app.get(&query_path("mutation { __typename }"), &[GRAPHQL]).refused(405, "BAD_REQUEST");
    assert_eq!(refused.header("allow"), Some("POST"));
    app.post(&json!({ "query": "subscription { __typename }" })).refused(400, "BAD_REQUEST");
}

#[test]
fn only_json_is_a_request() {
    let app = TestApp::shared();
    let body = json!({ "query": "{ __typename }" }).to_string();
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[("content-type", "application/graphql")],
        &[("content-type", "application/json; charset=utf-16")],
        &[("content-type", "text/plain"), ("cookie", "a=b")],
        &[JSON, ("content-encoding", "gzip")],
        &[JSON, ("content-encoding", "deflate")],
    ] {
        app.post_raw(headers, body.as_bytes()).refused(415, "BAD_REQUEST");
    }
    assert_eq!(app.post_raw(&[("content-type", "application/json; charset=UTF-8")], body.as_bytes()).status, 200);
}

#[test]
fn malformed_bodies_get_a_sentence_and_no_rust() {
    let app = TestApp::shared();
    for body in [
        "",
        "{",
        "nonsense",
        "\"text\"",
        "[]",
        r#"[{"query":"{ __typename }"}]"#,
        "{}",
        r#"{"query":null}"#,
        r#"{"query":1}"#,
        r#"{"query":["a"]}"#,
        r#"{"query":"{ __typename }","variables":"x"}"#,
        r#"{"query":"{ __typename }","variables":[1]}"#,
        r#"{"query":"{ __typename }","operationName":{}}"#,
        r#"{"query":"{ __typename }","extensions":[]}"#,
        r#"{"query":"{ __typename }","query":"{ __typename }"}"#,
    ] {
        for accept in ["application/json", "application/graphql-response+json"] {
            let refused = app.post_raw(&[JSON, ("accept", accept)], body.as_bytes()).refused(400, "BAD_REQUEST");
            let text = refused.text();
            for rust in ["Error(", "line:", "Some(", "::", "expected `", "usize", "struct"] {
                assert!(!text.contains(rust), "{body}: {text}");
            }
        }
    }
    app.post_raw(&[JSON], b"{\"query\":\"\xff\"}").refused(400, "BAD_REQUEST");
    for path in ["/graphql", "/graphql?query=", "/graphql?query=%", "/graphql?query=%ff", "/graphql?query=a&query=b"] {
        app.get(path, &[]).refused(400, "BAD_REQUEST");
    }
    for parameter in ["operationName", "variables", "extensions"] {
        let body = format!(r#"{{"query":"{{ __typename }}","{parameter}":null}}"#);
        assert_eq!(app.post_raw(&[JSON], body.as_bytes()).status, 200, "{parameter}");
    }
}

#[test]
fn every_answer_has_a_request_id_and_a_safe_one_of_the_client_is_kept() {
    let app = TestApp::shared();
    let get = |id: Option<&str>| {
        let headers: Vec<_> = id.map(|id| ("x-request-id", id)).into_iter().collect();
        app.get("/health/live", &headers).header("x-request-id").map(str::to_owned).expect("an id")
    };
    assert_eq!(get(Some("abc-123_X.9")), "abc-123_X.9");
    assert_eq!(get(Some(&"a".repeat(64))), "a".repeat(64));
    for unsafe_one in ["a b", "a\"b", "<x>", &"a".repeat(65)] {
        assert_eq!(get(Some(unsafe_one)).len(), 32, "{unsafe_one}");
    }
    assert_ne!(get(None), get(None));
    for (method, path) in [("GET", "/nothing"), ("PUT", "/graphql"), ("GET", "/graphiql"), ("OPTIONS", "/graphql"), ("GET", "/metrics")] {
        assert!(app.send(method, path, &[], b"").header("x-request-id").is_some(), "{method} {path}");
    }
    let refused = app.post_raw(&[JSON, ("x-request-id", "mine")], b"{").refused(400, "BAD_REQUEST");
    assert_eq!(refused.header("x-request-id"), Some("mine"));
}

#[test]
fn an_answer_by_get_is_not_sent_twice() {
    let app = TestApp::shared();
    let path = query_path("{ states(first: 30) { nodes { iso3 name } } }");
    let first = app.get(&path, &[]);
    let tag = first.header("etag").expect("a mark").to_owned();
    assert!(tag.starts_with('"'), "a strong one: {tag}");
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    for varies in ["accept", "accept-encoding", "accept-language", "authorization", "cookie"] {
        assert!(first.header("vary").is_some_and(|vary| vary.split(", ").any(|name| name == varies)), "{varies}");
    }
    let again = app.get(&path, &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())));
    assert_eq!(app.get(&path, &[("if-none-match", "\"other\"")]).status, 200);
    // Another encoding is another body, but the same content.
    let packed = app.get(&path, &[("accept-encoding", "gzip")]);
    let packed_tag = packed.header("etag").expect("a mark").to_owned();
    assert!(packed_tag != tag && packed_tag.ends_with("-gzip\""), "{packed_tag}");
    assert_eq!(app.get(&path, &[("accept-encoding", "gzip"), ("if-none-match", &packed_tag)]).status, 304);
    // Who says who he is, is not answered from a cache; and errors are not kept.
    let personal = app.get(&path, &[("cookie", "who=x")]);
    assert_eq!((personal.header("cache-control"), personal.header("etag")), (Some("private, no-store"), None));
    assert_eq!(app.get(&query_path("{ nope }"), &[]).header("etag"), None);
    // HEAD tells the same without the body.
    let mut client = app.connect();
    let head = client.ask("HEAD", &path, &[], b"").expect("an answer");
    assert_eq!((head.status, head.header("etag")), (200, Some(tag.as_str())));
}

#[test]
fn long_answers_are_compressed_for_those_who_can_read_them() {
    let app = TestApp::shared();
    let body = json!({ "query": "{ states(first: 50) { nodes { iso3 name } } }" }).to_string();
    let plain = app.post_raw(&[JSON], body.as_bytes());
    assert_eq!(plain.header("content-encoding"), None);
    let packed = app.post_raw(&[JSON, ("accept-encoding", "gzip")], body.as_bytes());
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut text).expect("gzip");
    assert_eq!(text, plain.text());
    assert!(packed.body.len() * 2 < plain.body.len());
    let brotli = app.post_raw(&[JSON, ("accept-encoding", "gzip, br")], body.as_bytes());
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    let short = app.post_raw(&[JSON, ("accept-encoding", "gzip, br")], br#"{"query":"{ __typename }"}"#);
    assert_eq!(short.header("content-encoding"), None);
}

#[test]
fn the_schema_is_served_as_text_and_kept() {
    let app = TestApp::shared();
    let schema = app.get("/schema.graphql", &[]);
    assert_eq!(schema.status, 200);
    assert!(schema.text().contains("type Query") && schema.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    let tag = schema.header("etag").expect("a mark").to_owned();
    assert_eq!(app.get("/schema.graphql", &[("if-none-match", &tag)]).status, 304);
}

#[test]
fn wrong_paths_and_methods_say_what_is_right() {
    let app = TestApp::shared();
    let missing = app.get("/nothing/here", &[]).refused(404, "BAD_REQUEST");
    assert!(missing.text().contains("/graphql"));
    for (method, path, allowed) in
        [("PUT", "/graphql", "POST"), ("DELETE", "/graphql", "GET"), ("POST", "/health/live", "GET"), ("POST", "/schema.graphql", "GET")]
    {
        let refused = app.send(method, path, &[JSON], b"").refused(405, "BAD_REQUEST");
        assert!(refused.header("allow").is_some_and(|allow| allow.contains(allowed)), "{method} {path}: {refused:?}");
    }
}

#[test]
fn answers_carry_the_headers_that_keep_browsers_from_guessing() {
    let app = TestApp::shared();
    for path in [query_path("{ __typename }").as_str(), "/nothing", "/health/live", "/schema.graphql", "/metrics"] {
        let reply = app.get(path, &[]);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(reply.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")), "{path}");
        assert_eq!(reply.header("server"), None);
    }
}

#[test]
fn other_origins_are_shut_out_until_they_are_named() {
    let closed = TestApp::shared();
    let body = json!({ "query": "{ __typename }" }).to_string();
    let from = |origin: &'static str| [JSON, ("origin", origin)];
    assert_eq!(closed.post_raw(&from("https://a.example"), body.as_bytes()).header("access-control-allow-origin"), None);
    let preflight = [("origin", "https://a.example"), ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    let answer = closed.send("OPTIONS", "/graphql", &preflight, b"");
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("access-control-allow-methods")), (None, None));

    let open = TestApp::with(|settings| settings.http.cors_origins = vec!["https://a.example".into()]);
    let granted = open.post_raw(&from("https://a.example"), body.as_bytes());
    assert_eq!(granted.header("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(granted.header("access-control-allow-credentials"), None);
    assert!(granted.headers.iter().any(|(name, value)| name == "vary" && value == "origin"));
    assert_eq!(open.post_raw(&from("https://b.example"), body.as_bytes()).header("access-control-allow-origin"), None);
    let answer = open.send("OPTIONS", "/graphql", &preflight, b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("https://a.example")));
    assert!(answer.header("access-control-allow-headers").is_some_and(|names| names.contains("content-type")));

    let public = TestApp::with(|settings| settings.http.cors_origins = vec!["*".into()]);
    assert_eq!(public.post_raw(&from("https://b.example"), body.as_bytes()).header("access-control-allow-origin"), Some("*"));
}

#[test]
fn what_is_counted_is_told_on_a_listener_of_its_own_and_nowhere_else() {
    let app = TestApp::shared();
    for path in ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/./metrics", "/graphql/../metrics", "/METRICS", "/metrics;x", "/metrics%20", "/metrics?x"]
    {
        let reply = app.get(path, &[]);
        assert!(reply.status >= 400 && !reply.text().contains("silkroutes_"), "{path}: {reply:?}");
    }
    let address = app.metrics_address();
    let ask = |method: &str, path: &str| Client::to(address).expect("it listens").ask(method, path, &[], b"").expect("an answer");
    assert!(ask("GET", "/metrics").text().contains("silkroutes_build_info"));
    assert_eq!(ask("GET", "/metrics").header("connection"), Some("close"));
    for (method, path, status) in [("POST", "/metrics", 405), ("GET", "/", 404), ("GET", "/graphql?query={__typename}", 404), ("GET", "/health/live", 404)] {
        assert_eq!(ask(method, path).status, status, "{method} {path}");
    }
    // Whoever opens connections there and says nothing keeps no scraper away for long.
    let silent: Vec<_> = (0..20).map(|_| Client::to(address).expect("it listens")).collect();
    assert!(app.metrics().contains("silkroutes_build_info"));
    drop(silent);
}

#[test]
fn a_port_for_metrics_that_is_taken_is_no_mystery() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port();
    let folder = tempfile::tempdir().expect("a folder");
    let set = format!("metrics_listen={port}");
    let ended = run(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--set", &set]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains(&format!("Cannot listen on 127.0.0.1:{port} for /metrics: another program is using the port.")), "{said}");
    for wrong in ["9464x", "example.org:9464", "70000"] {
        let ended = run(folder.path(), &["config", "--set", &format!("metrics_listen={wrong}")]);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && said.contains("a port of this machine alone, as 9464"), "{wrong}: {said}");
    }
}

#[test]
fn numbers_are_kept_under_labels_of_ours_alone() {
    let app = TestApp::with(|_| {});
    app.query("{ __typename }");
    app.post(&json!({ "query": "query Mine { nope }" }));
    app.post_raw(&[], b"x");
    app.get("/health/live", &[]);
    let text = app.metrics();
    for line in [
        r#"silkroutes_http_requests_total{route="graphql",status="2xx"} 1"#,
        r#"silkroutes_http_requests_total{route="graphql",status="4xx"} 2"#,
        r#"silkroutes_http_requests_total{route="other",status="2xx"} 1"#,
        r#"silkroutes_http_request_seconds_count{route="graphql"} 3"#,
        r#"silkroutes_refusals_total{code="GRAPHQL_VALIDATION_FAILED"} 1"#,
        r#"silkroutes_refusals_total{code="BAD_REQUEST"} 1"#,
        "silkroutes_http_requests_in_flight 0",
        "silkroutes_snapshot_revision ",
        "silkroutes_snapshot_entries ",
        "silkroutes_build_info{version=",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("Mine"));
    // However many names clients make up, there is one line for all of them.
    for n in 0..150 {
        app.post(&json!({ "query": format!("query Mine{n} {{ __typename }}") }));
    }
    let text = app.metrics();
    let named: Vec<&str> = text.lines().filter(|line| line.starts_with("silkroutes_operation_seconds_count")).collect();
    assert_eq!(named, [r#"silkroutes_operation_seconds_count{operation="other"} 152"#]);
    for line in [r#"silkroutes_database_connections{state="used"} "#, r#"silkroutes_database_connections{state="idle"} "#, "silkroutes_database_log_bytes "] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
