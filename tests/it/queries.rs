//! Queries worth reading: `queries/<concept>/<name>.graphql` in, with variables in `<name>.json` where it has any, and a
//! snapshot of data, errors and cost out. Look at them with `cargo insta review`.
//!
//! A snapshot that is missing or stale is a failed test; nothing is written but by hand. The examples of GraphiQL run
//! here too, without snapshots: each must be answered, with something in it.

use std::fs;
use std::path::{Path, PathBuf};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{Selection, SelectionSet};
use async_graphql::{Pos, Positioned};
use serde_json::{Value, json};

use crate::ask::{answer_with, at};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// The variables in a file; none where there is no file.
fn variables(path: &Path) -> Value {
    if path.exists() { serde_json::from_str(&read(path)).unwrap_or_else(|fault| panic!("{}: {fault}", path.display())) } else { json!({}) }
}

/// The answer without what is new in each.
fn lasting(mut answer: Value) -> Value {
    let cost = at(&answer, "extensions.cost").clone();
    let mut errors = answer["errors"].take();
    for error in errors.as_array_mut().into_iter().flatten() {
        error["extensions"].as_object_mut().map(|extensions| extensions.remove("requestId"));
    }
    json!({ "data": answer["data"], "errors": errors, "cost": cost })
}

#[test]
fn the_queries_are_answered_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("queries/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("queries", "*/*.graphql", |path| {
            let answer = answer_with(&read(path), &variables(&path.with_extension("json")));
            insta::assert_json_snapshot!("answer", lasting(answer));
        });
    });
}

/// A document with so many `__typename` first in each of its selections, at the same places however many there are.
fn with_type_names(text: &str, twice: bool) -> String {
    fn opens(set: &Positioned<SelectionSet>, all: &mut Vec<Pos>) {
        if !set.node.items.is_empty() {
            all.push(set.pos);
        }
        for item in &set.node.items {
            match &item.node {
                Selection::Field(field) => opens(&field.node.selection_set, all),
                Selection::InlineFragment(fragment) => opens(&fragment.node.selection_set, all),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    let document = parse_query(text).expect("a document");
    let mut all = Vec::new();
    document.operations.iter().for_each(|(_, operation)| opens(&operation.node.selection_set, &mut all));
    document.fragments.values().for_each(|fragment| opens(&fragment.node.selection_set, &mut all));
    let lines = text.split('\n').enumerate().map(|(at, line)| {
        let mut columns: Vec<usize> = all.iter().filter(|pos| pos.line == at + 1).map(|pos| pos.column).collect();
        columns.sort_unstable();
        let mut line: Vec<char> = line.chars().collect();
        for column in columns.into_iter().rev() {
            assert_eq!(line[column - 1], '{', "where a selection begins");
            let names = if twice { " __typename __typename " } else { " __typename            " };
            line.splice(column..column, names.chars());
        }
        line.into_iter().collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The executor merges what is asked for twice; what is asked for once is resolved by `graphql/resolve.rs`.
#[test]
fn a_field_that_is_asked_for_twice_in_each_object_changes_nothing() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/queries");
    let mut seen = 0;
    for concept in fs::read_dir(folder).into_iter().flatten().flatten().filter(|concept| concept.path().is_dir()) {
        let files = fs::read_dir(concept.path()).into_iter().flatten().flatten().map(|file| file.path());
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "graphql")) {
            let (text, variables) = (read(&path), variables(&path.with_extension("json")));
            if parse_query(&text).is_err() {
                continue;
            }
            let [once, twice] = [false, true].map(|twice| lasting(answer_with(&with_type_names(&text, twice), &variables)));
            assert_eq!(once, twice, "{}", path.display());
            seen += usize::from(!once["data"].is_null());
        }
    }
    assert!(seen > 20, "{seen} queries were answered");
}

/// The same fields, written once and in several pieces, which the executor merges.
#[test]
fn pieces_of_a_selection_come_to_one_answer() {
    let whole =
        "{ states(first: 2) { nodes { iso3 name goodPractices(first: 2) { totalCount nodes { slug title activities(first: 2) { nodes { reference } } } } } } }";
    let expected = answer_with(whole, &json!({}));
    assert!(holds_something(&expected["data"]), "{expected}");
    for pieces in [
        "{ states(first: 2) { nodes { ...A ...A ...B } } }
         fragment A on State { iso3 name goodPractices(first: 2) { totalCount nodes { slug } } }
         fragment B on State { goodPractices(first: 2) { nodes { title ...C ...C } } }
         fragment C on GoodPractice { activities(first: 2) { nodes { reference } } }",
        "{ states(first: 2) { nodes { iso3 } } states(first: 2) { nodes { name goodPractices(first: 2) { totalCount nodes { slug title } } } }
           ...D }
         fragment D on Query { states(first: 2) { nodes { goodPractices(first: 2) { nodes { activities(first: 2) { nodes { reference } } } } } } }",
    ] {
        let answer = answer_with(pieces, &json!({}));
        assert_eq!((&answer["data"], answer.get("errors")), (&expected["data"], None), "{pieces}");
    }
}

#[test]
fn no_snapshot_outlives_its_query() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/queries");
    for snapshot in fs::read_dir(folder.join("snapshots")).into_iter().flatten().flatten() {
        let name = snapshot.file_name().into_string().expect("a name");
        let query = name.trim_start_matches("answer@").trim_end_matches(".snap").replacen("__", "/", 1);
        assert!(Path::new(&name).extension().is_some_and(|end| end == "snap") && folder.join(&query).exists(), "{name} belongs to no query: {query}");
    }
}

/// Whether an answer has anything in it: some text or number other than the name of a type or a count of nothing.
fn holds_something(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| name != "__typename" && holds_something(value)),
        Value::Array(values) => values.iter().any(holds_something),
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::Bool(_) => false,
    }
}

#[test]
fn every_example_of_graphiql_is_answered_with_something_in_it() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("web/graphiql/examples");
    let files = fs::read_dir(&folder).expect("the examples").map(|file| file.expect("a file").path());
    let mut examples: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "graphql")).collect();
    examples.sort();
    assert!(examples.len() >= 12, "a dozen examples");
    for example in examples {
        let name = example.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(read(&example).starts_with('#'), "{name} says what it asks");
        // What writes has a story of its own (`contribution::writes`).
        if read(&example).contains("\nmutation ") {
            continue;
        }
        let answer = answer_with(&read(&example), &variables(&example.with_extension("variables.json")));
        assert!(answer.get("errors").is_none(), "{name}: {}", answer["errors"]);
        for (field, value) in answer["data"].as_object().expect("data") {
            assert!(holds_something(value), "{name}: {field} is empty: {value}");
        }
    }
}
