//! Trees of `and`, `or` and `not` mean what logic says: random ones, held against the same tree over the files.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::ask::{at, data, data_with, set, these};
use crate::expect::{Entry, catalogue, overlaps};

const QUERY: &str = "query($filter: GoodPracticeFilter) { goodPractices(filter: $filter, first: 100) { totalCount nodes { slug } } }";

fn kept(filter: &Value) -> BTreeSet<String> {
    let told = data_with(QUERY, &json!({ "filter": filter }));
    let slugs = set(at(&told, "goodPractices.nodes"), "slug");
    assert_eq!(at(&told, "goodPractices.totalCount"), slugs.len());
    slugs
}

/// Whether a filter holds for a practice, by the words of the contract.
fn holds(filter: &Value, practice: &Entry) -> bool {
    filter.as_object().expect("a filter").iter().all(|(key, wanted)| condition(key, wanted, practice))
}

fn condition(key: &str, wanted: &Value, practice: &Entry) -> bool {
    let any = |holds: &dyn Fn(&str) -> bool| wanted.as_array().expect("a list").iter().any(|value| holds(value.as_str().expect("a text")));
    let day = catalogue().edition.text("edition");
    let date = wanted.as_str().unwrap_or_default();
    let begun = practice.text("started_on");
    match key {
        "and" => !wanted.as_array().expect("a list").is_empty() && wanted.as_array().expect("a list").iter().all(|filter| holds(filter, practice)),
        "or" => wanted.as_array().expect("a list").iter().any(|filter| holds(filter, practice)),
        "not" => !holds(wanted, practice),
        "owners" => any(&|code| practice.text("owner") == code && practice.value("attributed") != false),
        "states" | "partners" | "activities" | "flows" => any(&|code| practice.names(key, code)),
        "workingGroups" => any(&|code| practice.names("working_groups", code)),
        "targetGroups" => any(&|group| practice.names("target_groups", group)),
        "thematicAreas" | "goals" => any(&|reference| catalogue().serves(practice, reference)),
        "evidence" => any(&|level| practice.text("evidence") == level),
        "languages" => any(&|language| language == "EN"),
        "publishedFrom" => day >= date,
        "publishedTo" => day <= date,
        "startedFrom" => overlaps(begun, begun, date, ""),
        "startedTo" => overlaps(begun, begun, "", date),
        other => panic!("what is {other}?"),
    }
}

fn some_of(key: &'static str, values: &[&'static str]) -> BoxedStrategy<(String, Value)> {
    let value = proptest::sample::select(values.to_vec());
    proptest::collection::vec(value, 0..4).prop_map(move |values| (key.to_owned(), json!(values))).boxed()
}

fn one_of(key: &'static str, values: &[&'static str]) -> BoxedStrategy<(String, Value)> {
    proptest::sample::select(values.to_vec()).prop_map(move |value| (key.to_owned(), json!(value))).boxed()
}

fn leaf() -> BoxedStrategy<(String, Value)> {
    prop_oneof![
        some_of("owners", &["PAK", "UNHCR", "TUR", "IOM", "ICMPD", "GEO", "AFG"]),
        some_of("states", &["PAK", "AFG", "TUR", "BGD", "IRQ", "DEU", "GEO", "NOR"]),
        some_of("partners", &["EC", "IOM", "UNHCR", "ICMPD", "NOR", "DEU"]),
        some_of("activities", &["IV.a", "IV.j", "I.e", "II.b", "VI.a", "V.d", "IV.a.ii"]),
        some_of("thematicAreas", &["I", "II", "III", "IV", "V", "VI"]),
        some_of("goals", &["1.a", "1.b", "1.c", "1.d", "1.e", "1.f"]),
        some_of("flows", &["AFG-TUR-WEST", "PAK-GULF-LABOUR", "EAST-MED", "AFG-NEIGHBOURS", "PAK-SAU"]),
        some_of("workingGroups", &["SILK-ROUTES", "TWG-RETURN", "TWG-LAW", "BLACK-SEA", "COLEP"]),
        some_of("targetGroups", &["REFUGEES", "RETURNEES", "OFFICIALS", "WOMEN", "LABOUR_MIGRANTS"]),
        some_of("evidence", &["DESCRIBED", "MONITORED", "EVALUATED", "REPLICATED"]),
        some_of("languages", &["EN", "RU"]),
        one_of("publishedFrom", &["2013-04-19", "2026-11-24", "2999-12-31"]),
        one_of("publishedTo", &["2013-04-19", "2026-11-24", "2999-12-31"]),
        one_of("startedFrom", &["2009", "2013-06", "2016-11-15", "2018"]),
        one_of("startedTo", &["2009", "2013-06", "2016-11-15", "2018"]),
    ]
    .boxed()
}

/// One to three conditions at once; two of the same name become one.
fn conditions(each: BoxedStrategy<(String, Value)>) -> BoxedStrategy<Value> {
    proptest::collection::vec(each, 1..4)
        .prop_map(|fields| {
            let mut filter: Map<String, Value> = fields.into_iter().collect();
            // A range that ends before it begins is another story.
            if filter.contains_key("startedFrom") {
                filter.remove("startedTo");
            }
            if filter.contains_key("publishedFrom") {
                filter.remove("publishedTo");
            }
            filter.into()
        })
        .boxed()
}

fn tree() -> BoxedStrategy<Value> {
    conditions(leaf())
        .prop_recursive(3, 12, 3, |inner| {
            let list = proptest::collection::vec(inner.clone(), 1..4).prop_map(Value::from);
            let branch = prop_oneof![
                leaf(),
                list.clone().prop_map(|filters| ("and".to_owned(), filters)),
                list.prop_map(|filters| ("or".to_owned(), filters)),
                inner.prop_map(|filter| ("not".to_owned(), filter)),
            ];
            conditions(branch.boxed())
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_of_conditions_keeps_what_logic_keeps(filter in tree()) {
        let expected = these(catalogue().practices.iter().filter(|practice| holds(&filter, practice)).map(|practice| practice.text("slug")));
        prop_assert_eq!(kept(&filter), expected, "{}", filter);
    }

    #[test]
    fn logic_has_its_laws(one in conditions(leaf()), other in conditions(leaf())) {
        let not = |filter: &Value| json!({ "not": filter });
        prop_assert_eq!(kept(&not(&not(&one))), kept(&one));
        prop_assert_eq!(kept(&not(&json!({ "and": [one, other] }))), kept(&json!({ "or": [not(&one), not(&other)] })));
        prop_assert_eq!(kept(&not(&json!({ "or": [one, other] }))), kept(&json!({ "and": [not(&one), not(&other)] })));
        let both: BTreeSet<String> = kept(&one).intersection(&kept(&other)).cloned().collect();
        prop_assert_eq!(kept(&json!({ "and": [one, other] })), both);
        let either: BTreeSet<String> = kept(&one).union(&kept(&other)).cloned().collect();
        prop_assert_eq!(kept(&json!({ "or": [one, other] })), either);
    }
}

#[test]
fn conditions_beside_each_other_must_all_hold() {
    let told = data(
        r#"{ beside: goodPractices(filter: { states: ["PAK"], evidence: [EVALUATED, REPLICATED], not: { targetGroups: [REFUGEES] } }, first: 100) { nodes { slug } }
             within: goodPractices(filter: { and: [{ states: ["PAK"] }, { evidence: [EVALUATED, REPLICATED] }, { not: { targetGroups: [REFUGEES] } }] }, first: 100) { nodes { slug } } }"#,
    );
    assert!(!set(at(&told, "beside.nodes"), "slug").is_empty());
    assert_eq!(told["beside"], told["within"]);
}

#[test]
fn what_is_not_known_is_not_begun_and_not_the_contrary_either() {
    let unknown = these(catalogue().practices.iter().filter(|practice| practice.text("started_on").is_empty()).map(|practice| practice.text("slug")));
    assert!(!unknown.is_empty());
    assert!(kept(&json!({ "startedFrom": "1900" })).is_disjoint(&unknown) && kept(&json!({ "startedTo": "2999" })).is_disjoint(&unknown));
    assert_eq!(kept(&json!({ "not": { "startedFrom": "1900" } })), unknown);
}

#[test]
fn text_goes_into_trees_like_any_other_condition() {
    let (returns, pakistan) = (kept(&json!({ "text": "return" })), kept(&json!({ "states": ["PAK"] })));
    let expected: BTreeSet<String> = pakistan.difference(&returns).cloned().collect();
    assert_eq!(kept(&json!({ "states": ["PAK"], "not": { "text": "return" } })), expected);
    let either: BTreeSet<String> = pakistan.union(&returns).cloned().collect();
    assert_eq!(kept(&json!({ "or": [{ "text": "return" }, { "states": ["PAK"] }] })), either);
}
