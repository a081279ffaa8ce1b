//! A database that goes back to an earlier state under a running node: an older copy is put in its place, or a standby
//! takes over that lacks the last writes. What was read before must not be mixed with what is read then.

use std::io::Read;
use std::time::Duration;

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use super::{acknowledged, draft, node, post};
use crate::app::{TestApp, copy_into, query_path, request};
use crate::export::import_book;
use crate::place::Place;

const LIST: &str = "{ goodPractices(first: 100, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount nodes { title } } }";
const FIGURES: &str = "{ flow(code: \"PAK-SAU\") { observations { nodes { value provenance { file } } } } }";
const SUMS: &str = "{ figures(measure: REFUGEES, groupBy: [YEAR]) { nodes { value } } }";

/// Publishes a practice of that title; the revision at which it is there.
fn publish(app: &TestApp, owner: &str, desk: &str, title: &str) -> Value {
    let call = |key: &str, mutation: &str, input: &str| {
        let query = format!("mutation {{ done: {mutation}(input: {{ {input} }}) {{ goodPractice {{ id }} errors {{ message }} }} }}");
        let json = post(app, key, &json!({ "query": query })).json();
        assert_eq!(json["data"]["done"]["errors"], json!([]), "{json}");
        (json["data"]["done"]["goodPractice"]["id"].to_string(), json["extensions"]["revision"].clone())
    };
    let (id, _) = call(owner, "draftGoodPractice", &format!("content: {{ title: \"{title}\", summary: \"Of one history.\" }}"));
    call(owner, "submitGoodPractice", &format!("id: {id}, ifVersion: 1, audience: {{ level: PUBLIC }}"));
    call(desk, "publishGoodPractice", &format!("id: {id}, ifVersion: 1")).1
}

fn until(what: &str, wanted: impl Fn() -> bool) {
    let came = (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        wanted()
    });
    assert!(came, "{what}");
}

#[test]
fn a_database_that_went_back_is_read_anew_and_nothing_is_mixed() {
    let (place, older) = (Place::new(), Place::new());
    let app = TestApp::on(&place);
    let [owner, desk] = [("UZB", Role::FocalPoint, "owner"), ("ICMPD", Role::Secretariat, "desk")].map(|(party, role, subject)| app.key(party, role, subject));
    let (kept, _) = acknowledged(&post(&app, &owner, &draft("In both histories"))).expect("written");
    copy_into(&place, &older);

    // The first history: a draft, a public practice, a key, and a file of another name.
    let first = publish(&app, &owner, &desk, "Of the first history");
    let (gone, _) = acknowledged(&post(&app, &owner, &draft("Lost"))).expect("written");
    let late = app.key("AFG", Role::FocalPoint, "kabul");
    app.run_sql("UPDATE figure_file SET name = 'first.csv'");
    let is_there = |id: &str| app.post_as(&owner, &node(id)).json()["data"]["node"].is_object();
    assert!(is_there(&kept) && is_there(&gone));
    let (list, figures) = (app.query(LIST), app.query(FIGURES));
    assert!(list.to_string().contains("Of the first history") && figures.to_string().contains("first.csv"), "{list} {figures}");
    assert_eq!((&app.query(LIST)["data"], &app.query(FIGURES)["data"]), (&list["data"], &figures["data"]));
    app.query(SUMS);
    let mark = app.get(&query_path(LIST), &[]).header("etag").expect("marked").to_owned();

    // It goes back, and on to the same revision by another way.
    copy_into(&older, &place);
    until("what was not in the copy is gone", || !is_there(&gone));
    until("a key of the first history is good for nothing", || app.get_as(&late, "{ __typename }").status == 401);
    assert!(is_there(&kept));
    let other = publish(&app, &owner, &desk, "Of the other history");
    assert_eq!(other, first, "the same number for another state");
    acknowledged(&post(&app, &owner, &draft("Not gone"))).expect("written");
    let list = app.query(LIST);
    assert!(list.to_string().contains("Of the other history") && !list.to_string().contains("Of the first history"), "{list}");
    assert_eq!(app.get(&query_path(LIST), &[("if-none-match", &mark)]).status, 200, "it is not what it was");
    assert!(!app.query(FIGURES).to_string().contains("first.csv"));
    // It tells what a node tells that has seen nothing else.
    let fresh = TestApp::on(&place);
    for query in [LIST, FIGURES, SUMS, "{ states(first: 100) { nodes { id name goodPractices { totalCount } } pageInfo { endCursor } } }"] {
        assert_eq!(app.query(query)["data"], fresh.query(query)["data"], "{query}");
    }
    let drafts = "{ goodPractices(first: 100) { totalCount nodes { id title version history { totalCount } } } }";
    let known = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        fresh.get_as(&owner, "{ __typename }").status == 200
    });
    assert!(known);
    assert_eq!(app.query_as(&owner, drafts)["data"], fresh.query_as(&owner, drafts)["data"]);
    let findings = app.beside(async |store| store.check().await.expect("a look"));
    assert_eq!(findings, []);
}

#[test]
fn a_file_that_is_made_while_its_database_goes_back_does_not_look_whole() {
    let (place, older) = (Place::new(), Place::new());
    import_book(&place);
    let app = TestApp::with(|settings| {
        settings.database = place.url().into();
        // The third page waits for points.
        settings.http.rate_points_anonymous = 120;
        settings.http.rate_time = "20s".parse().expect("a time");
    });
    copy_into(&place, &older);
    let key = app.key("UZB", Role::FocalPoint, "owner");
    acknowledged(&post(&app, &key, &draft("Of the first history"))).expect("written");
    let path = format!("{}&format=csv", query_path("{ observations(filter: { sources: [\"OUR-BOOK\"] }) { nodes { value } } }"));
    let mut client = app.connect();
    client.write(&request("GET", &path, &[], b""));
    let mut first = [0; 256];
    client.socket().read_exact(&mut first).expect("it begins");
    copy_into(&older, &place);
    let rest = String::from_utf8_lossy(&client.rest()).into_owned();
    assert!(!rest.ends_with("0\r\n\r\n"), "the last chunk never comes: {} bytes", rest.len());
}
