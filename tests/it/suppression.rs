//! Small numbers that an installation holds back: they are closed on every way, for all but the owner of their source,
//! and a solver that knows every answer finds another number for each (R60); and asking again says the same (R61).

mod answers;
mod solver;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use silkroutes::domain::figure::Measure;
use silkroutes::domain::viewer::Role;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::commands::{err, run};
use answers::Reader;
use solver::{Equation, Solver, certain};
use world::{Key, Person};

const BELOW: u32 = 5;

/// A server that holds back, over the two editions that these persons make.
fn serve(editions: &[Vec<Person>; 2]) -> (TestApp, BTreeMap<Key, i64>, TempDir) {
    let counted = world::count(editions);
    let folder = tempfile::tempdir().expect("a folder");
    for edition in world::EDITIONS {
        fs::write(folder.path().join(format!("{edition}.csv")), world::file(&counted, edition)).expect("written");
        let output = run(folder.path(), &["import", "csv", &format!("{edition}.csv")]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    }
    let database = format!("sqlite://{}", folder.path().join("silkroutes.db").display());
    let app = TestApp::with(|settings| {
        settings.database = database.into();
        settings.suppress_below.0.insert(Measure::AsylumApplications, BELOW);
        settings.source_owners = vec![format!("{}=UZB", world::SOURCE)];
        (settings.http.rate_points, settings.http.rate_points_anonymous) = (2_000_000_000, 2_000_000_000);
    });
    (app, counted, folder)
}

/// Two editions: the second knows of some persons more.
fn editions(seed: u64) -> [Vec<Person>; 2] {
    let all = world::persons(seed);
    [all.iter().enumerate().filter(|(at, _)| at % 40 != 3).map(|(_, person)| *person).collect(), all]
}

/// What is known of figures: those of open ones, and equations of the closed ones, which stand under their numbers.
struct Knowledge {
    closed: Vec<Key>,
    truth: Vec<i64>,
    equations: Vec<Equation>,
}

impl Knowledge {
    /// Sums that are known, each as a total and its parts, with `closed` unknown.
    fn of(counted: &BTreeMap<Key, i64>, closed: &BTreeSet<Key>, sums: &[Vec<Key>]) -> Self {
        let closed: Vec<Key> = closed.iter().cloned().collect();
        let equation = |keys: &Vec<Key>| {
            let mut equation = Equation { unknowns: Vec::new(), comes_to: 0 };
            for (at, key) in keys.iter().enumerate() {
                let sign = if at == 0 { -1 } else { 1 };
                match closed.binary_search(key) {
                    Ok(unknown) => equation.unknowns.push((unknown, sign)),
                    Err(_) => equation.comes_to -= sign * counted[key],
                }
            }
            equation
        };
        let equations = sums.iter().map(equation).filter(|equation| !equation.unknowns.is_empty()).collect();
        let truth = closed.iter().map(|key| counted[key]).collect();
        Self { closed, truth, equations }
    }
}

fn is_small(value: i64) -> bool {
    (1..i64::from(BELOW)).contains(&value)
}

#[test]
fn a_solver_that_knows_every_answer_finds_another_number_for_each() {
    for seed in 1..=2 {
        let (app, counted, _folder) = serve(&editions(seed));
        let readers = [
            Reader::new("anyone", None),
            Reader::new("another party", Some(app.key("KGZ", Role::FocalPoint, "bishkek"))),
            Reader::new("the secretariat", Some(app.key("ICMPD", Role::Secretariat, "desk"))),
        ];
        let mut closed: Option<BTreeSet<Key>> = None;
        for reader in &readers {
            let figures = answers::figures(&app, reader);
            assert_eq!(figures.keys().collect::<Vec<_>>(), counted.keys().collect::<Vec<_>>(), "{}: every figure is there, told or not", reader.name);
            let untold: BTreeSet<Key> = figures.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.clone()).collect();
            for (key, value) in &counted {
                assert!(!is_small(*value) || untold.contains(key), "{}: {key:?} is told", reader.name);
                assert!(untold.contains(key) || figures[key] == Some(*value), "{}: {key:?} is told wrong", reader.name);
            }
            // Sums: each that is told is one equation more.
            for (members, told) in answers::sums(&app, reader, &counted) {
                let sum: i64 = members.iter().map(|key| counted[key]).sum();
                let hides = members.iter().any(|key| untold.contains(key));
                assert_eq!(told, (!hides).then_some(sum), "{}: the sum of {members:?}", reader.name);
            }
            assert!(closed.as_ref().is_none_or(|closed| *closed == untold), "{} sees other figures closed", reader.name);
            closed = Some(untold);
        }
        let closed = closed.expect("some reader");
        let small = counted.values().filter(|value| is_small(**value)).count();
        assert!(small > 50 && closed.len() > small && closed.len() + 100 < counted.len(), "{} of {} closed, {small} small", closed.len(), counted.len());
        // No answer holds a closed figure, so what is known besides is what everyone knows of tables.
        let knowledge = Knowledge::of(&counted, &closed, &world::totals(&counted));
        let solver = Solver::new(&knowledge.equations, &knowledge.truth);
        let told: Vec<_> = (0..knowledge.closed.len()).filter(|at| is_small(knowledge.truth[*at]) && solver.other_world(*at).is_none()).collect();
        let told: Vec<_> = told.into_iter().map(|at| (&knowledge.closed[at], knowledge.truth[at])).collect();
        assert!(told.is_empty(), "seed {seed}: {} of {} small figures are given away: {told:?}", told.len(), small);
        // The solver has teeth: were small figures alone closed, many could be had.
        let only_small: BTreeSet<Key> = counted.iter().filter(|(_, value)| is_small(**value)).map(|(key, _)| key.clone()).collect();
        let weak = Knowledge::of(&counted, &only_small, &world::totals(&counted));
        let given_away = certain(&weak.equations);
        assert!(given_away.len() > 10, "seed {seed}: only {} would be given away", given_away.len());
        let weak_solver = Solver::new(&weak.equations, &weak.truth);
        for (n, (unknown, value)) in given_away.into_iter().enumerate() {
            assert_eq!(value, weak.truth[unknown], "what is certain is true");
            // A search that finds nothing takes long.
            assert!(n >= 5 || weak_solver.other_world(unknown).is_none(), "what is certain has no other world");
        }
        assert!(certain(&knowledge.equations).keys().all(|unknown| !is_small(knowledge.truth[*unknown])));
    }
}

#[test]
fn its_owner_sees_what_is_closed_for_others() {
    let (app, counted, _folder) = serve(&editions(7));
    let owner = Reader::new("the owner", Some(app.key("UZB", Role::FocalPoint, "tashkent")));
    let anyone = Reader::new("anyone", None);
    // By turns, so that what was kept for one would be seen by the other.
    for _ in 0..2 {
        let seen = answers::figures(&app, &owner);
        assert!(counted.iter().all(|(key, value)| seen[key] == Some(*value)));
        let others = answers::figures(&app, &anyone);
        assert!(counted.iter().all(|(key, value)| !is_small(*value) || others[key].is_none()));
        for (members, told) in answers::sums(&app, &owner, &counted) {
            assert_eq!(told, Some(members.iter().map(|key| counted[key]).sum()), "{members:?}");
        }
    }
}

/// Every root that gives figures, asked for what is closed.
#[test]
fn a_closed_figure_is_null_on_every_way_to_it() {
    let persons = |origin: usize, quarter: usize, count: usize| vec![Person { origin, destination: 0, year: 0, quarter, sex: 0, age: 0 }; count];
    let all = [persons(0, 0, 3), persons(1, 0, 40), persons(2, 0, 30)].concat();
    let (app, _counted, _folder) = serve(&[all.clone(), all]);
    let ask = |query: &str| {
        let answer = app.query(query);
        assert!(answer.get("errors").is_none(), "{query}\n{answer}");
        answer["data"].clone()
    };
    let hidden = json!({ "value": null, "availability": "SUPPRESSED" });
    let flow = ask(
        r#"{ flow(code: "AFG-UZB") { observations(filter: { from: "2020", to: "2020" }) { totalCount nodes { id value availability provenance { line sha256 rawValue } } }
            series(measure: ASYLUM_APPLICATIONS) { points { value availability change } forecast { method } forecastNote } } }"#,
    );
    let nodes = flow["flow"]["observations"]["nodes"].as_array().expect("figures");
    assert_eq!((nodes.len(), &flow["flow"]["observations"]["totalCount"]), (2, &json!(2)), "the year and a quarter: {flow}");
    for node in nodes {
        assert_eq!((&node["value"], &node["availability"]), (&hidden["value"], &hidden["availability"]), "{node}");
        assert_eq!(node["provenance"], json!({ "line": null, "sha256": null, "rawValue": null }), "{node}");
        let again = ask(&format!("{{ node(id: {}) {{ ... on Observation {{ value availability provenance {{ line sha256 rawValue }} }} }} }}", node["id"]));
        assert_eq!(again["node"], json!({ "value": null, "availability": "SUPPRESSED", "provenance": node["provenance"] }));
    }
    assert_eq!(flow["flow"]["series"]["points"], json!([{ "value": null, "availability": "SUPPRESSED", "change": null }]));
    assert_eq!(flow["flow"]["series"]["forecast"], Value::Null);
    assert!(flow["flow"]["series"]["forecastNote"].is_string());
    let open = ask(
        r#"{ flow(code: "PAK-UZB") { observations(filter: { from: "2020", to: "2020" }, first: 1) { nodes { value availability provenance { sha256 rawValue line } } } } }"#,
    );
    let first = &open["flow"]["observations"]["nodes"][0];
    assert_eq!((&first["value"], &first["provenance"]["sha256"], &first["provenance"]["rawValue"]), (&json!(40.0), &Value::Null, &json!("40")), "{first}");
    assert!(first["provenance"]["line"].is_i64());

    // The state as a whole is the sum of its corridors.
    let state = ask(r#"{ state(iso3: "UZB") { series(measure: ASYLUM_APPLICATIONS) { points { value availability } }
            inflows(measure: ASYLUM_APPLICATIONS, period: "2020", top: 1) { cells { value } rest }
            all: inflows(measure: ASYLUM_APPLICATIONS, period: "2020") { cells { origin { code } value availability } rest } } }"#);
    assert_eq!(state["state"]["series"]["points"], json!([hidden]));
    assert_eq!(state["state"]["inflows"], json!({ "cells": [{ "value": 40.0 }], "rest": null }), "what is left out holds what is closed");
    let cells = [("PAK", json!(40.0), "REPORTED"), ("IRN", json!(30.0), "REPORTED"), ("AFG", Value::Null, "SUPPRESSED")];
    let cells = cells.map(|(code, value, availability)| json!({ "origin": { "code": code }, "value": value, "availability": availability }));
    assert_eq!(state["state"]["all"], json!({ "cells": cells, "rest": null }));

    // Groups: closed ones are in no answer to `having`, and last by value, as what is not known.
    let of = r#"measure: ASYLUM_APPLICATIONS, filter: { from: "2020", to: "2020", destinations: ["UZB"] }"#;
    let groups = ask(&format!(
        "{{ all: figures({of}, groupBy: [ORIGIN], orderBy: {{ field: VALUE }}) {{ totalCount nodes {{ value availability observations missing }} }}
            few: figures({of}, groupBy: [ORIGIN], having: {{ atMost: 10 }}) {{ totalCount nodes {{ value }} }}
            many: figures({of}, groupBy: [ORIGIN], having: {{ atLeast: 0 }}) {{ totalCount }}
            one: figures({of}, groupBy: [YEAR]) {{ nodes {{ value availability observations missing }} }} }}"
    ));
    let group = |value: Value, availability: &str, missing: i32| json!({ "value": value, "availability": availability, "observations": 1, "missing": missing });
    let expected = [group(json!(40.0), "REPORTED", 0), group(json!(30.0), "REPORTED", 0), group(Value::Null, "SUPPRESSED", 1)];
    assert_eq!(groups["all"], json!({ "totalCount": 3, "nodes": expected }));
    assert_eq!((&groups["few"], &groups["many"]), (&json!({ "totalCount": 0, "nodes": [] }), &json!({ "totalCount": 2 })));
    assert_eq!(groups["one"]["nodes"], json!([{ "value": null, "availability": "SUPPRESSED", "observations": 3, "missing": 1 }]));

    // By value, from both ends: what is closed is where what is not known is.
    for (direction, page) in [("DESC", "last: 100"), ("ASC", "first: 100")] {
        let list = ask(&format!(
            r#"{{ observations(filter: {{ sources: ["STATOFFICE"], from: "2020" }}, orderBy: {{ field: VALUE, direction: {direction} }}, {page}) {{ nodes {{ value }} }} }}"#
        ));
        let mut values: Vec<Option<f64>> = list["observations"]["nodes"].as_array().expect("figures").iter().map(|node| node["value"].as_f64()).collect();
        if direction == "DESC" {
            values.reverse();
        }
        assert_eq!(values, [None, None, None, None, Some(30.0), Some(30.0), Some(40.0), Some(40.0)]);
    }
}

#[test]
fn how_much_is_held_back_is_counted_for_who_watches_the_server() {
    let (app, _, _folder) = serve(&editions(1));
    let count = |name: &str| -> u64 {
        let text = app.metrics();
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("{name} is not in {text}"))
    };
    let (now, read) = (r#"silkroutes_closed_figures{measure="ASYLUM_APPLICATIONS"} "#, "silkroutes_closed_figures_taken_out_total ");
    assert_eq!((count(now), count(read)), (0, 0), "nobody has asked yet");
    let query = "{ observations(filter: { measures: [ASYLUM_APPLICATIONS] }, first: 100) { nodes { availability } } }";
    let answer = app.query(query).to_string();
    assert!(answer.contains("SUPPRESSED"), "{answer}");
    let (closed, taken_out) = (count(now), count(read));
    assert!(closed > 0 && taken_out > 0, "{closed} {taken_out}");
    app.query(&query.replace("first: 100", "first: 99"));
    assert_eq!(count(now), closed, "asking again closes no more");
    assert_eq!(count(r#"silkroutes_closed_figures{measure="REFUGEES"} "#), 0);
}

#[test]
fn two_worlds_that_differ_in_a_closed_number_are_answered_alike() {
    let here = editions(5);
    let mut there = here.clone();
    // A person more in a corridor that few took.
    let is_of = |person: &Person, one: &Person| (person.origin, person.destination, person.year) == (one.origin, one.destination, one.year);
    let few = here[0].iter().find(|one| here[0].iter().filter(|person| is_of(person, one)).count() == 2).copied().expect("a small corridor");
    for edition in &mut there {
        edition.push(few);
    }
    let ((one, counted, _a), (other, others, _b)) = (serve(&here), serve(&there));
    assert!(counted.iter().any(|(key, value)| others[key] == value + 1));
    let mut asked = 0;
    for query in answers::queries(&counted) {
        let reply = |app: &TestApp| {
            let reply = app.post(&json!({ "query": query }));
            (reply.status, reply.text())
        };
        assert_eq!(reply(&one), reply(&other), "{query}");
        asked += 1;
    }
    assert!(asked > 100, "{asked} questions");
}

#[test]
fn asking_again_or_in_other_words_says_the_same() {
    let (app, counted, _folder) = serve(&editions(9));
    let values = |query: &str, path: &str| -> BTreeMap<String, Value> {
        let answer = app.query(query);
        let nodes = answer["data"][path]["nodes"].as_array().unwrap_or_else(|| panic!("{query}\n{answer}")).clone();
        nodes.into_iter().map(|node| (node["keys"].to_string() + &node["id"].to_string(), json!([node["value"], node["availability"]]))).collect()
    };
    let groups = |filter: &str, rest: &str| {
        values(
            &format!(
                "{{ figures(measure: ASYLUM_APPLICATIONS, groupBy: [ORIGIN, DESTINATION], filter: {{ {filter} }}, first: 100{rest}) {{ nodes {{ keys {{ code }} value availability }} }} }}"
            ),
            "figures",
        )
    };
    let plain = groups(r#"from: "2020", to: "2020""#, "");
    assert!(plain.values().any(|value| value[1] == "SUPPRESSED") && plain.values().any(|value| value[1] == "REPORTED"));
    for (filter, rest) in [
        (r#"to: "2020-12", from: "2020-01""#, ""),
        (r#"from: "2020-01-01", to: "2020-12-31", sources: ["STATOFFICE"]"#, ""),
        (r#"from: "2020", to: "2020", origins: ["IRQ", "IRN", "PAK", "AFG"]"#, ", orderBy: { field: VALUE, direction: ASC }"),
        (
            r#"from: "2020", to: "2020", origins: ["AFG", "IRQ", "PAK", "IRN"], destinations: ["GEO", "KAZ", "TJK", "KGZ", "TKM", "UZB"]"#,
            ", orderBy: { field: KEY }",
        ),
    ] {
        assert_eq!(groups(filter, rest), plain, "{filter}{rest}");
    }
    // Corridor by corridor, and as the figures themselves.
    for (keys, value) in &plain {
        let codes: Vec<&str> = keys.split('"').filter(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_uppercase())).collect();
        let alone = groups(&format!(r#"from: "2020", to: "2020", flows: ["{}-{}"]"#, codes[0], codes[1]), "");
        assert_eq!(alone.values().collect::<Vec<_>>(), [value]);
        let key = Key { edition: world::EDITIONS[1], subject: format!("{}-{}", codes[0], codes[1]), period: "2020".into(), sex: "", age: "" };
        assert!(value[0].is_null() || value[0].as_f64() == Some(f64::from(i32::try_from(counted[&key]).expect("small"))));
    }
}

#[test]
fn nothing_is_held_back_unless_it_is_set_and_not_where_a_source_rounds() {
    let persons = vec![Person { origin: 0, destination: 0, year: 0, quarter: 0, sex: 0, age: 0 }; 3];
    let counted = world::count(&[persons.clone(), persons]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = world::file(&counted, world::EDITIONS[0]);
    fs::write(folder.path().join("own.csv"), &file).expect("written");
    fs::write(folder.path().join("rounded.csv"), file.replace(world::SOURCE, "UNHCR-RPS")).expect("written");
    let output = run(folder.path(), &["import", "csv", "own.csv", "rounded.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let values = |change: &dyn Fn(&mut silkroutes::config::Settings)| {
        let app = TestApp::with(|settings| {
            settings.database = format!("sqlite://{}", folder.path().join("silkroutes.db").display()).into();
            change(settings);
        });
        let of = |source: &str| {
            let answer = app.query(&format!(r#"{{ flow(code: "AFG-UZB") {{ observations(filter: {{ measures: [ASYLUM_APPLICATIONS], sources: ["{source}"], editions: ["2025-1"] }}, first: 1) {{ nodes {{ value provenance {{ sha256 }} }} }} }} }}"#));
            let node = answer["data"]["flow"]["observations"]["nodes"][0].clone();
            (node["value"].as_f64(), node["provenance"]["sha256"].is_string())
        };
        [of(world::SOURCE), of("UNHCR-RPS")]
    };
    assert_eq!(values(&|_| {}), [(Some(3.0), true), (Some(3.0), true)]);
    let below = |settings: &mut silkroutes::config::Settings| _ = settings.suppress_below.0.insert(Measure::AsylumApplications, 5);
    assert_eq!(values(&below), [(None, false), (Some(3.0), true)]);
    assert_eq!(
        values(&|settings| {
            below(settings);
            settings.suppress_also = vec!["UNHCR-RPS".into()];
        }),
        [(None, false), (None, false)]
    );
    assert_eq!(
        values(&|settings| _ = settings.suppress_below.0.insert(Measure::Detections, 5)),
        [(Some(3.0), false), (Some(3.0), true)],
        "the file may hold both"
    );
}
