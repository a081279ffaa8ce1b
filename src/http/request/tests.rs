//! Requests as clients send them, and as they should not.

use axum::http::HeaderValue;

use super::*;

fn json(body: &str) -> Result<Incoming<'_>, Refusal> {
    from_json(body.as_bytes(), &Limits::default())
}

fn url(query: &str) -> Result<Incoming<'_>, Refusal> {
    from_url(query, &Limits::default())
}

#[test]
fn a_body_is_read_member_by_member() {
    let body = r#"{"query":"{ a }\n","operationName":"A","variables":{"x":[1,{"y":null}]},"extensions":{},"other":[1]}"#;
    let incoming = json(body).unwrap();
    assert_eq!(incoming.query.as_deref(), Some("{ a }\n"));
    assert_eq!(incoming.operation.as_deref(), Some("A"));
    assert_eq!(serde_json::to_string(&incoming.variables).unwrap(), r#"{"x":[1,{"y":null}]}"#);
    let incoming = json(r#" {"query":"{a}","operationName":null,"variables":null,"extensions":null}"#).unwrap();
    assert!(matches!(incoming.query, Some(Cow::Borrowed("{a}"))));
    assert!(incoming.operation.is_none());
}

#[test]
fn every_malformed_body_gets_a_sentence_of_ours() {
    for (body, says) in [
        ("", "no body"),
        ("   ", "no body"),
        ("[]", "Batches"),
        (r#"[{"query":"{a}"}]"#, "Batches"),
        ("\"{a}\"", "must be a JSON object"),
        ("{", "ends too early"),
        (r#"{"query":"{a}"#, "ends too early"),
        (r#"{"query":"{a}"}x"#, "is not JSON"),
        (r#"{"query":'{a}'}"#, "is not JSON"),
        (r#"{"query":"{a}","query":"{b}"}"#, "twice"),
        ("{}", "no `query`"),
        (r#"{"query":null}"#, "no `query`"),
        (r#"{"query":0}"#, "`query` must be a string, not a number"),
        (r#"{"query":{"a":1}}"#, "`query` must be a string, not an object"),
        (r#"{"query":"{a}","operationName":["x"]}"#, "`operationName` must be a string, not a list"),
        (r#"{"query":"{a}","variables":"x"}"#, "`variables` must be an object, not a string"),
        (r#"{"query":"{a}","variables":false}"#, "`variables` must be an object, not a boolean"),
        (r#"{"query":"{a}","extensions":-1}"#, "`extensions` must be an object, not a number"),
        (r#"{"query":"{a}","variables":{"x":1e999}}"#, "out of range"),
        ("{\"query\":\"a\tb\"}", "is not JSON"),
        (r#"{"query":"\ud800"}"#, "is not JSON"),
    ] {
        let refusal = json(body).err().unwrap_or_else(|| panic!("accepted: {body}"));
        let text = format!("{refusal:?}");
        assert!(text.contains(says), "{body}: {text}");
    }
    assert!(format!("{:?}", from_json(b"{\"query\":\"\xff\"}", &Limits::default()).err()).contains("not UTF-8"));
}

#[test]
fn variables_may_nest_to_their_limit() {
    let nested = |depth: usize| format!(r#"{{"query":"{{a}}","variables":{{"x":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(json(&nested(31)).is_ok());
    assert!(json(&nested(32)).is_err());
    assert!(json(&nested(30_000)).is_err());
    // Members that nobody reads may be as deep as they like: they are skipped without recursion.
    assert!(json(&format!(r#"{{"query":"{{a}}","x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000))).is_ok());
}

#[test]
fn a_url_is_read_parameter_by_parameter() {
    let incoming = url("query=%7B+a(x%3A%20%22%C3%BC%22)%7D&variables=%7B%22x%22%3A1%7D&operationName=&utm=1").unwrap();
    assert_eq!(incoming.query.as_deref(), Some("{ a(x: \"ü\")}"));
    assert!(incoming.operation.is_none());
    assert_eq!(serde_json::to_string(&incoming.variables).unwrap(), r#"{"x":1}"#);
    for (query, says) in [
        ("", "no `query`"),
        ("query=", "no `query`"),
        ("query={a}&query={b}", "twice"),
        ("query=%7", "hexadecimal"),
        ("query=%zz", "hexadecimal"),
        ("query=%ff", "not UTF-8"),
        ("query={a}&variables=[]", "must be an object, not a list"),
        ("query={a}&variables=%7B", "ends too early"),
        ("query={a}&extensions=1", "must be an object, not a number"),
        ("query={a}&extensions=x", "is not JSON"),
    ] {
        let text = format!("{:?}", url(query).err().unwrap_or_else(|| panic!("accepted: {query}")));
        assert!(text.contains(says), "{query}: {text}");
    }
}

#[test]
fn only_plain_json_in_utf8_is_a_body() {
    let check = |headers: &[(&'static str, &'static str)]| {
        check_content(&headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect())
    };
    for good in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""] {
        assert!(check(&[("content-type", good)]).is_ok(), "{good}");
    }
    for bad in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1", "application/jsonp", ""]
    {
        assert!(check(&[("content-type", bad)]).is_err(), "{bad}");
    }
    assert!(check(&[]).is_err());
    assert!(check(&[("content-type", "application/json"), ("content-encoding", "identity")]).is_ok());
    for bad in ["gzip", "deflate", "br", "zstd"] {
        assert!(check(&[("content-type", "application/json"), ("content-encoding", bad)]).is_err(), "{bad}");
    }
}
