//! Flows: routes as the file has them, and corridors, which exist where figures do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{citations, find};
use crate::ask::{all, at, data, list, set, texts, these};
use crate::expect::{Catalogue, catalogue, leads};

const ENDS: &str = "origins { iso3 } transits { iso3 } destinations { iso3 }";

#[test]
fn every_route_is_told_as_the_file_has_it() {
    let files = catalogue();
    let selection = format!(
        "code name summary shape kinds citations {{ text url }} legs {{ ordinal modes from {{ code name state {{ iso3 }} }} to {{ code name state {{ iso3 }} }} }} {ENDS}"
    );
    let routes = all("flows", "filter: { shape: ROUTE }", &selection);
    assert_eq!(routes.len(), files.routes.len());
    let mut legs_seen = 0;
    for route in routes {
        let code = route["code"].as_str().expect("a code");
        let entry = find(&files.routes, "code", code);
        let name = |code: &str| find(&files.states, "iso3", code).text("name_en").to_owned();
        let point = |code: &str| json!({ "code": code, "name": name(code), "state": { "iso3": code } });
        let mut legs = entry.tables("legs");
        legs.sort_by_key(|leg| leg.value("ordinal").as_i64());
        legs_seen += legs.len();
        let legs: Vec<Value> = legs
            .iter()
            .map(|leg| json!({ "ordinal": leg.value("ordinal"), "modes": leg.list("modes"), "from": point(leg.text("from")), "to": point(leg.text("to")) }))
            .collect();
        assert_eq!(route["legs"], Value::from(legs), "{code}");
        let plain = json!([route["name"], route["summary"], route["shape"], route["kinds"], route["citations"]]);
        assert_eq!(plain, json!([entry.text("name"), entry.text("summary"), "ROUTE", entry.list("kinds"), citations(entry)]), "{code}");
        for role in ["origins", "transits", "destinations"] {
            assert_eq!(set(&route[role], "iso3"), Catalogue::role(entry, role), "{code} {role}");
        }
    }
    assert_eq!(legs_seen, 62);
}

#[test]
fn there_is_a_corridor_exactly_where_there_are_figures() {
    let expected = catalogue().corridors();
    let corridors = all(
        "flows",
        "filter: { shape: CORRIDOR }",
        &format!("code name shape legs {{ ordinal from {{ code state {{ iso3 }} }} to {{ code state {{ iso3 }} }} }} {ENDS} observations {{ totalCount }}"),
    );
    let found: BTreeSet<(String, String)> = corridors
        .iter()
        .map(|corridor| {
            let (from, to) = (at(corridor, "origins.0.iso3"), at(corridor, "destinations.0.iso3"));
            let ends = |code: &Value| json!({ "code": code, "state": { "iso3": code } });
            assert_eq!(corridor["legs"], json!([{ "ordinal": 1, "from": ends(from), "to": ends(to) }]));
            assert_eq!((&corridor["transits"], &corridor["shape"]), (&json!([]), &json!("CORRIDOR")));
            assert_eq!((list(&corridor["origins"]).len(), list(&corridor["destinations"]).len()), (1, 1));
            let (from, to) = (from.as_str().expect("a code").to_owned(), to.as_str().expect("a code").to_owned());
            assert_eq!(corridor["code"], format!("{from}-{to}"));
            assert!(corridor["name"].as_str().is_some_and(|name| name.len() > 5) && at(corridor, "observations.totalCount").as_i64() > Some(0));
            (from, to)
        })
        .collect();
    assert_eq!(found, expected);
    let none = data(
        r#"{ back: flow(code: "SAU-PAK") { id } unknown: flow(code: "AFG-DEU") { id } same: flow(code: "PAK-PAK") { id } small: flow(code: "pak-sau") { id } }"#,
    );
    assert!(none.as_object().expect("fields").values().all(Value::is_null), "{none}");
}

#[test]
fn a_corridor_is_named_after_its_ends_in_every_language() {
    let told = data(
        r#"{ flow(code: "UZB-RUS") { en: name tr: name(language: TR) ru: name(language: RU) fr: name(language: FR) legs { from { name(language: RU) } } } }"#,
    );
    let names = |language: &str, wanted: [&str; 2]| {
        assert!(wanted.iter().all(|name| told["flow"][language].as_str().is_some_and(|told| told.contains(name))), "{told}");
    };
    names("en", ["Uzbekistan", "Russian Federation"]);
    names("tr", ["Özbekistan", "Rusya Federasyonu"]);
    names("ru", ["Узбекистан", "Российская Федерация"]);
    names("fr", ["Uzbekistan", "Russian Federation"]);
    assert_eq!(at(&told, "flow.legs.0.from.name"), "Узбекистан");
}

#[test]
fn a_route_and_the_corridors_along_it_know_each_other() {
    let files = catalogue();
    let corridors = files.corridors();
    for flow in all("flows", "", "code shape corridors(first: 100) { totalCount nodes { code shape } } routes { code shape }") {
        let code = flow["code"].as_str().expect("a code");
        if flow["shape"] == "ROUTE" {
            let entry = find(&files.routes, "code", code);
            let along = corridors.iter().filter(|(from, to)| leads(entry, from, to)).map(|(from, to)| format!("{from}-{to}"));
            assert_eq!(set(at(&flow, "corridors.nodes"), "code"), these(along), "{code}");
            assert_eq!(flow["routes"], json!([]), "{code}");
        } else {
            let (from, to) = code.split_once('-').expect("two ends");
            let through = files.routes.iter().filter(|route| leads(route, from, to)).map(|route| route.text("code"));
            assert_eq!(set(&flow["routes"], "code"), these(through), "{code}");
            assert_eq!(at(&flow, "corridors.totalCount"), 0, "{code}");
        }
    }
    let told = data(
        r#"{ north: flow(code: "KAZ-RUS") { routes { code } } side: flow(code: "PAK-IRQ") { routes { code } } sea: flow(code: "BGD-ITA") { routes { code } } }"#,
    );
    assert_eq!(texts(at(&told, "north.routes"), "code"), ["CA-RUS-LABOUR", "NORTHERN"]);
    assert_eq!(at(&told, "side.routes"), &json!([]), "students from Pakistan and from Iraq travel side by side");
    assert_eq!(texts(at(&told, "sea.routes"), "code"), ["CENTRAL-MED"]);
}

#[test]
fn a_route_and_its_groups_activities_and_practices_know_each_other() {
    let files = catalogue();
    let selection = "code workingGroups { code } activities(first: 100) { nodes { reference } } goodPractices(first: 100) { nodes { slug } }";
    for route in all("flows", "filter: { shape: ROUTE }", selection) {
        let code = route["code"].as_str().expect("a code");
        let entry = find(&files.routes, "code", code);
        assert_eq!(set(&route["workingGroups"], "code"), entry.set("working_groups"), "{code}");
        assert_eq!(
            texts(at(&route, "activities.nodes"), "reference"),
            files.activities(|activity| entry.names("activities", activity.text("reference"))),
            "{code}"
        );
        let practices = files.practices.iter().filter(|practice| practice.names("flows", code)).map(|practice| practice.text("slug"));
        assert_eq!(set(at(&route, "goodPractices.nodes"), "slug"), these(practices), "{code}");
    }
}

#[test]
fn where_legs_go_there_and_back_the_entry_says_what_is_what() {
    let told = data(&format!(
        r#"{{ flow(code: "GEO-DEU-SEASONAL") {{ {ENDS} legs {{ ordinal from {{ code }} to {{ code }} }} }} both: flow(code: "IRN-IRQ-ROUTE") {{ {ENDS} }} }}"#
    ));
    assert_eq!((texts(at(&told, "flow.origins"), "iso3"), texts(at(&told, "flow.destinations"), "iso3")), (vec!["GEO".to_owned()], vec!["DEU".to_owned()]));
    assert_eq!(at(&told, "flow.transits"), &json!([]));
    assert_eq!(set(at(&told, "both.origins"), "iso3"), set(at(&told, "both.destinations"), "iso3"));
}

#[test]
fn the_flow_from_afghanistan_to_turkiye_can_be_asked_from_all_sides() {
    let told = data(
        r#"{ flows(filter: { origins: ["AFG"], destinations: ["TUR"] }) { nodes { code workingGroups { code } activities { nodes { reference } } } }
             group: workingGroup(code: "TWG-LAW") { flows(filter: { origins: ["AFG"], destinations: ["TUR"] }) { nodes { code } } }
             activity(reference: "IV.f") { flows(filter: { origins: ["AFG"], destinations: ["TUR"] }) { nodes { code } } } }"#,
    );
    let both = these(["AFG-TUR-SOUTH", "AFG-TUR-WEST"]);
    for path in ["flows.nodes", "group.flows.nodes", "activity.flows.nodes"] {
        assert_eq!(set(at(&told, path), "code"), both, "{path}");
    }
    for flow in list(at(&told, "flows.nodes")) {
        assert_eq!(set(&flow["workingGroups"], "code"), these(["SILK-ROUTES", "TWG-LAW"]));
        assert_eq!(texts(at(flow, "activities.nodes"), "reference"), ["IV.a", "IV.f", "VI.a"]);
    }
}

#[test]
fn flows_of_a_filter_within_a_state_stay_its_own() {
    let told = data(
        r#"{ state(iso3: "BGD") { flows(roles: [ORIGIN], filter: { shape: ROUTE, kinds: [LABOUR, MIXED] }, orderBy: { field: NAME }) { totalCount nodes { code } } } }"#,
    );
    // 'Bangladesh to Italy …' sorts before 'Bangladesh to the Gulf …'.
    assert_eq!(told["state"]["flows"], json!({ "totalCount": 2, "nodes": [{ "code": "CENTRAL-MED" }, { "code": "BGD-GULF-LABOUR" }] }));
}
