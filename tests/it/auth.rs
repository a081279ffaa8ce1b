//! Who asks: keys, what is answered to bad ones, what is told of the viewer, and how much he may ask.

mod oidc;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use silkroutes::app::keys;
use silkroutes::config::Settings;
use silkroutes::domain::key::{Key, Material, NewKey, PREFIX};
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, query_path};
use crate::ask::{at, list, texts};
use crate::place::has_no_file;

/// Whom the server takes the sender for.
const WHO: &str = "{ viewer { role expiresAt party { code } workingGroups { code } } }";

/// A refusal for want of good credentials; its body without the one thing that may differ.
fn refused(reply: Reply) -> String {
    let reply = reply.refused(401, "UNAUTHENTICATED");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    assert_eq!(reply.header("ratelimit-limit"), None);
    let id = reply.header("x-request-id").expect("an id").to_owned();
    reply.text().replace(&id, "")
}

/// Asks a few times within a second, until that is so.
fn soon(is_so: impl Fn() -> bool) -> bool {
    (0..40).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        is_so()
    })
}

#[test]
fn a_key_is_good_at_once_and_no_more_when_it_is_revoked() {
    let app = TestApp::with(|_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    assert_eq!(app.query_as(&key, "{ state(iso3: \"UZB\") { iso3 } }")["data"]["state"]["iso3"], "UZB");
    app.revoke(&key);
    assert!(soon(|| app.get_as(&key, "{ __typename }").status == 401), "a second after it was revoked");
    refused(app.get_as(&key, "{ __typename }"));
    let is_noted = || app.beside(async |store| store.keys(Some("UZB")).await.expect("keys").iter().all(|key| key.last_used_at.is_some()));
    assert!(soon(is_noted), "when a key that is gone was used last is known");
    assert_eq!(app.get(&query_path("{ __typename }"), &[]).status, 200, "reading what is public needs no key");
}

#[test]
fn every_bad_credential_is_answered_alike() {
    static CLOCK: AtomicI64 = AtomicI64::new(1_760_000_000);
    let app = TestApp::at(|| jiff::Timestamp::from_second(CLOCK.load(Ordering::Relaxed)).expect("a time"), |_| {});
    let (key, short, revoked) =
        (app.key("UZB", Role::FocalPoint, "desk"), app.key_for("UZB", Role::FocalPoint, "short", 1), app.key("PAK", Role::FocalPoint, "old"));
    app.revoke(&revoked);
    CLOCK.fetch_add(3600, Ordering::Relaxed);
    assert!(soon(|| app.get_as(&revoked, "{ __typename }").status == 401));

    let stranger = Key::of(&Material { id: [1; 10], secret: [2; 32] }).reveal();
    let other_secret = {
        let id = key.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()).expect("an id");
        format!("{PREFIX}{id}_{}", stranger.rsplit('_').next().expect("a secret"))
    };
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let mut bad: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("expired", bearer(&short)),
        ("revoked", bearer(&revoked)),
        ("unknown", bearer(&stranger)),
        ("the secret of another", bearer(&other_secret)),
        ("cut short", bearer(&key[..key.len() - 1])),
        ("in capitals", bearer(&key.to_uppercase())),
        ("no key at all", bearer("hunter2")),
        ("empty", bearer("")),
        ("a token, and no issuer", bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")),
        ("too long", bearer(&"a".repeat(9_000))),
        ("no scheme", vec![("authorization", key.clone())]),
        ("another scheme", vec![("authorization", format!("Basic {key}"))]),
        ("as a password", vec![("authorization", "Basic c2Vja2V5Og==".into())]),
        ("nothing", vec![("authorization", String::new())]),
    ];
    bad.push(("twice", [bearer(&key), bearer(&key)].concat()));
    bad.push(("a good one and a bad one", [bearer(&key), bearer(&stranger)].concat()));
    let mut bodies = BTreeSet::new();
    for (what, headers) in &bad {
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        for accept in ["application/json", "application/graphql-response+json"] {
            headers.push(("accept", accept));
            let posted = app.post_raw(&headers, json!({ "query": WHO }).to_string().as_bytes());
            let got = app.get(&query_path(WHO), &headers);
            assert_eq!((posted.status, got.status), (401, 401), "{what}");
            bodies.extend([refused(posted), refused(got)]);
            headers.pop();
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(app.get_as(&key, "{ __typename }").status, 200);
}

#[test]
fn a_key_ends_with_its_time() {
    static CLOCK: AtomicI64 = AtomicI64::new(1_760_000_000);
    let app = TestApp::at(|| jiff::Timestamp::from_second(CLOCK.load(Ordering::Relaxed)).expect("a time"), |_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    CLOCK.fetch_add(24 * 3600 - 1, Ordering::Relaxed);
    assert_eq!(app.query_as(&key, WHO)["data"]["viewer"]["expiresAt"], "2025-10-10T08:53:20.000Z");
    CLOCK.fetch_add(1, Ordering::Relaxed);
    refused(app.get_as(&key, WHO));
}

#[test]
fn the_database_holds_no_key() {
    if has_no_file("no file of the database holds a key") {
        return;
    }
    let app = TestApp::with(|_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let secret = key.rsplit('_').next().expect("a secret");
    let bytes = data_encoding::BASE32_NOPAD.decode(secret[..52].to_ascii_uppercase().as_bytes()).expect("bytes");
    let files: Vec<Vec<u8>> = std::fs::read_dir(app.database().parent().expect("a folder"))
        .expect("readable")
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path()).ok())
        .collect();
    let holds = |wanted: &[u8]| files.iter().any(|file| file.windows(wanted.len()).any(|window| window == wanted));
    let id = key.strip_prefix(PREFIX).expect("a key").split('_').next().expect("an id");
    assert!(holds(id.as_bytes()), "the files that were looked at hold the key's row");
    assert!(!holds(&secret.as_bytes()[..20]) && !holds(&bytes), "the files of the database hold the secret");
}

#[test]
fn a_key_is_of_no_use_under_another_secret_of_the_operator() {
    let app = TestApp::with(|settings| settings.auth.key_secret = "kept outside of the database".into());
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let new = NewKey { party: "UZB".into(), role: Role::FocalPoint, subject: "desk".into(), note: None, expires_at: jiff::Timestamp::MAX };
    let foreign = app.beside(async |store| {
        let without = keys::pepper(store, &Settings::default().auth).await.expect("a secret");
        store.create_key(new, &without).await.expect("a key").0.reveal()
    });
    let again = app.key("PAK", Role::FocalPoint, "desk");
    assert_eq!((app.get_as(&key, WHO).status, app.get_as(&again, WHO).status), (200, 200), "both are known by now");
    refused(app.get_as(&foreign, WHO));
}

#[test]
fn each_viewer_is_told_who_he_is() {
    let app = TestApp::with(|_| {});
    assert_eq!(
        app.query("{ viewer { role expiresAt party { code } workingGroups { code } keys { totalCount nodes { prefix } } } }")["data"]["viewer"],
        json!({ "role": "READER", "expiresAt": null, "party": null, "workingGroups": [], "keys": { "totalCount": 0, "nodes": [] } })
    );
    let desk = app.key("PAK", Role::FocalPoint, "desk");
    let viewer = app.query_as(&desk, WHO)["data"]["viewer"].clone();
    assert_eq!((&viewer["role"], &viewer["party"]["code"]), (&json!("FOCAL_POINT"), &json!("PAK")));
    assert_eq!(viewer["expiresAt"], "2025-10-10T08:53:20.000Z");
    let groups = texts(&viewer["workingGroups"], "code");
    let listed = app.query(r#"{ state(iso3: "PAK") { workingGroups(first: 100) { nodes { code } } } }"#);
    assert!(!groups.is_empty());
    assert_eq!(groups, texts(at(&listed, "data.state.workingGroups.nodes"), "code"));

    let office = app.key("ICMPD", Role::Secretariat, "office");
    let viewer = app.query_as(&office, "{ viewer { role party { __typename code } } }")["data"]["viewer"].clone();
    assert_eq!(viewer, json!({ "role": "SECRETARIAT", "party": { "__typename": "Organisation", "code": "ICMPD" } }));
}

#[test]
fn a_party_sees_its_own_keys_and_no_others_and_never_a_secret() {
    let app = TestApp::with(|_| {});
    let (first, second, foreign) =
        (app.key("PAK", Role::FocalPoint, "one"), app.key("PAK", Role::FocalPoint, "two"), app.key("UZB", Role::FocalPoint, "three"));
    let told = app.query_as(
        &first,
        "{ viewer { keys { totalCount pageInfo { hasNextPage } nodes { prefix role subject note createdAt expiresAt revokedAt lastUsedAt } } } }",
    );
    let keys = at(&told, "data.viewer.keys");
    assert_eq!(keys["totalCount"], 2);
    assert_eq!(texts(&keys["nodes"], "subject").into_iter().collect::<BTreeSet<_>>(), ["one".to_owned(), "two".to_owned()].into());
    for node in list(&keys["nodes"]) {
        let prefix = node["prefix"].as_str().expect("text");
        assert!(first.starts_with(prefix) || second.starts_with(prefix));
        assert_eq!((&node["role"], &node["createdAt"], &node["revokedAt"]), (&json!("FOCAL_POINT"), &json!("2025-10-09T08:53:20.000Z"), &Value::Null));
    }
    for key in [&first, &second, &foreign] {
        assert!(!told.to_string().contains(key.rsplit('_').next().expect("a secret")));
    }
    app.revoke(&second);
    let told = app.query_as(&first, "{ viewer { keys { nodes { subject revokedAt } } } }");
    let ended: Vec<_> = list(at(&told, "data.viewer.keys.nodes")).iter().filter(|key| !key["revokedAt"].is_null()).collect();
    assert_eq!(ended.iter().map(|key| &key["subject"]).collect::<Vec<_>>(), ["two"]);

    let pages = "query($after: String) { viewer { keys(first: 1, after: $after) { nodes { subject } pageInfo { endCursor hasNextPage } } } }";
    let page = |after: &Value| app.post_as(&first, &json!({ "query": pages, "variables": { "after": after } })).json()["data"]["viewer"]["keys"].clone();
    let one = page(&Value::Null);
    let two = page(&one["pageInfo"]["endCursor"]);
    assert_eq!((&one["pageInfo"]["hasNextPage"], &two["pageInfo"]["hasNextPage"]), (&json!(true), &json!(false)));
    assert_ne!(one["nodes"], two["nodes"]);
    // A cursor of one party's keys is none of another's.
    let foreign = app.post_as(&foreign, &json!({ "query": pages, "variables": { "after": one["pageInfo"]["endCursor"] } }));
    assert_eq!(foreign.code(), "BAD_USER_INPUT");
}

#[test]
fn revoking_is_for_the_own_party() {
    use silkroutes::domain::key::KeyId;
    use silkroutes::store::Revocation;
    let app = TestApp::with(|_| {});
    let key = app.key("PAK", Role::FocalPoint, "one");
    let id = KeyId::parse(&key).expect("a key");
    app.beside(async |store| {
        assert_eq!(store.revoke_own("UZB", &id).await.expect("an answer"), Revocation::Unknown);
        assert_eq!(store.revoke_own("PAK", &id).await.expect("an answer"), Revocation::Done);
        assert!(matches!(store.revoke_own("PAK", &id).await.expect("an answer"), Revocation::Already(_)));
        assert_eq!(store.revoke_own("UZB", &id).await.expect("an answer"), Revocation::Unknown, "not even that it was");
    });
}

#[test]
fn an_answer_to_a_key_is_kept_by_nobody() {
    let app = TestApp::with(|_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    for reply in [app.get_as(&key, WHO), app.post_as(&key, &json!({ "query": WHO }))] {
        assert_eq!((reply.status, reply.header("cache-control"), reply.header("etag")), (200, Some("private, no-store"), None));
        assert!(reply.header("vary").is_some_and(|vary| vary.split(", ").any(|name| name == "authorization")));
    }
}

#[test]
fn headers_and_field_tell_the_same_of_the_rate() {
    let app = TestApp::with(|settings| {
        settings.http.rate_points_anonymous = 100;
        settings.http.rate_points = 1000;
        settings.http.rate_time = "1h".parse().expect("a time");
    });
    let same = |reply: Reply| {
        let json = reply.json();
        let told = json["data"]["rateLimit"].clone();
        let header = |name: &str| reply.header(name).and_then(|value| value.parse::<i64>().ok()).expect("a number");
        assert_eq!(told["limit"], header("ratelimit-limit"));
        assert_eq!(told["remaining"], header("ratelimit-remaining"));
        assert_eq!(told["cost"], json["extensions"]["cost"]);
        let full: jiff::Timestamp = told["resetAt"].as_str().expect("text").parse().expect("an instant");
        assert_eq!(full.as_second() - 1_760_000_000, header("ratelimit-reset"));
        (told["cost"].as_i64().expect("a number"), told["remaining"].as_i64().expect("a number"))
    };
    let query = "{ rateLimit { limit cost remaining resetAt } states(first: 100) { nodes { goodPractices(first: 10) { totalCount nodes { slug } } } } }";
    let first = app.post(&json!({ "query": query }));
    let (cost, remaining) = same(first);
    assert!(cost > 5 && remaining == 100 - cost, "{cost} {remaining}");
    assert_eq!(same(app.get(&query_path("{ rateLimit { limit cost remaining resetAt } }"), &[])).1, 99 - cost);
    // What is refused takes a point, too, and says what is left.
    let refused = app.post(&json!({ "query": "{ nothing" }));
    assert_eq!(refused.code(), "GRAPHQL_PARSE_FAILED");
    assert_eq!(refused.header("ratelimit-remaining"), Some((98 - cost).to_string().as_str()));

    let throttled = (0..100).map(|_| app.post(&json!({ "query": query }))).find(|reply| reply.status != 200).expect("an end");
    let wait: u64 = throttled.header("retry-after").and_then(|value| value.parse().ok()).expect("seconds");
    assert!((1..=3600).contains(&wait));
    assert_eq!(throttled.header("ratelimit-limit"), Some("100"));
    let throttled = throttled.refused(429, "THROTTLED");
    assert_eq!(throttled.json()["errors"][0]["extensions"]["retryable"], true);

    // A flood of strangers empties no member's bucket; two keys of one subject share one.
    let (key, again) = (app.key("UZB", Role::FocalPoint, "desk"), app.key("UZB", Role::FocalPoint, "desk"));
    let (cost, left) = same(app.post_as(&key, &json!({ "query": query })));
    let (_, less) = same(app.post_as(&again, &json!({ "query": query })));
    assert_eq!(less, left - cost);
}

#[test]
fn guessing_keys_costs_points_of_the_address_and_hinders_no_one_who_has_one() {
    let app = TestApp::with(|settings| {
        settings.http.rate_points_anonymous = 20;
        settings.http.rate_time = "1h".parse().expect("a time");
        settings.http.client_header = "x-client".into();
    });
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let ask = |token: &str, client: &str| {
        let bearer = format!("Bearer {token}");
        app.get(&query_path("{ __typename }"), &[("authorization", &bearer), ("x-client", client)])
    };
    let guess = |n: u8| Key::of(&Material { id: [n; 10], secret: [n; 32] }).reveal();
    for n in 0..20 {
        refused(ask(&if n % 2 == 0 { guess(n) } else { format!("hunter{n}") }, "203.0.113.5"));
    }
    let reply = ask(&guess(99), "203.0.113.5").refused(429, "THROTTLED");
    let wait: u64 = reply.header("retry-after").and_then(|value| value.parse().ok()).expect("seconds");
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(app.get(&query_path("{ __typename }"), &[("x-client", "203.0.113.5")]).status, 429, "they were the address's points");
    assert_eq!(ask(&key, "203.0.113.5").status, 200, "who has a key is not locked out by his neighbour");
    refused(ask(&guess(98), "203.0.113.6"));
}

#[test]
fn an_operation_that_could_never_be_paid_for_is_told_so() {
    let app = TestApp::with(|settings| settings.http.rate_points_anonymous = 5);
    let reply = app.post(&json!({ "query": "{ states(first: 100) { nodes { goodPractices(first: 10) { totalCount nodes { slug } } } } }" }));
    reply.refused(400, "LIMIT_COST");
}
