//! Sums, matrices and lists of figures, held against the figures one by one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ask::{all, answer, at, data, list, refused};

/// Every figure of every flow: code of the flow, measure, source, first and last day, value.
fn one_by_one() -> Vec<(String, String, String, String, String, f64)> {
    let flows = all("flows", "", "code observations(first: 100) { nodes { measure source { code } periodStart periodEnd value } }");
    let mut found = Vec::new();
    for flow in &flows {
        for o in list(at(flow, "observations.nodes")) {
            let text = |key: &str| at(o, key).as_str().unwrap_or_default().to_owned();
            found.push((
                flow["code"].as_str().unwrap_or_default().to_owned(),
                text("measure"),
                text("source.code"),
                text("periodStart"),
                text("periodEnd"),
                o["value"].as_f64().expect("a value"),
            ));
        }
    }
    found
}

#[test]
fn the_list_of_all_figures_is_that_of_every_flow() {
    let expected: BTreeSet<String> =
        one_by_one().iter().map(|(flow, measure, source, start, end, value)| format!("{flow} {measure} {source} {start} {end} {value}")).collect();
    for order in ["", "orderBy: { field: VALUE }", "orderBy: { field: VALUE, direction: ASC }", "orderBy: { field: PERIOD, direction: ASC }"] {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let told = data(&format!(
                "{{ observations({order} first: 7 {after}) {{ totalCount nodes {{ id measure source {{ code }} periodStart periodEnd value subject {{ ... on Flow {{ code }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
            ));
            assert_eq!(at(&told, "observations.totalCount").as_u64(), Some(expected.len() as u64));
            found.extend(list(at(&told, "observations.nodes")).iter().cloned());
            if at(&told, "observations.pageInfo.hasNextPage") == false {
                break;
            }
            after = format!("after: {}", at(&told, "observations.pageInfo.endCursor"));
        }
        let text = |value: &Value, key: &str| at(value, key).as_str().unwrap_or_default().to_owned();
        let line = |o: &Value| {
            format!(
                "{} {} {} {} {} {}",
                text(o, "subject.code"),
                text(o, "measure"),
                text(o, "source.code"),
                text(o, "periodStart"),
                text(o, "periodEnd"),
                o["value"].as_f64().unwrap_or(0.0)
            )
        };
        assert_eq!(found.len(), expected.len(), "{order}: each once");
        assert_eq!(found.iter().map(line).collect::<BTreeSet<_>>(), expected, "{order}");
    }
}

#[test]
fn a_sum_by_source_year_and_origin_is_that_of_the_figures_one_by_one() {
    // Calendar years alone: of other lengths a source's sum takes one.
    let mut expected: BTreeMap<(String, String, String), f64> = BTreeMap::new();
    for (flow, measure, source, start, end, value) in one_by_one() {
        if measure == "LABOUR_DEPARTURES" && start.ends_with("-01-01") && end.ends_with("-12-31") && start[..4] == end[..4] {
            *expected.entry((source, end[..4].to_owned(), flow.split('-').next().unwrap_or_default().to_owned())).or_default() += value;
        }
    }
    let groups = all("figures", "measure: LABOUR_DEPARTURES, groupBy: [SOURCE, YEAR, ORIGIN],", "keys { code } value observations missing");
    let key = |group: &Value, n: usize| at(group, &format!("keys.{n}.code")).as_str().unwrap_or_default().to_owned();
    let found: BTreeMap<_, f64> = groups.iter().map(|group| ((key(group, 0), key(group, 1), key(group, 2)), group["value"].as_f64().unwrap_or(0.0))).collect();
    assert!(!expected.is_empty());
    for (group, value) in &expected {
        assert_eq!(found.get(group), Some(value), "{group:?}");
    }
    assert!(groups.iter().all(|group| group["missing"] == 0));
}

#[test]
fn groups_are_walked_in_pages_either_way_and_kept_by_their_sums() {
    let whole = all("figures", "measure: LABOUR_DEPARTURES, groupBy: [DESTINATION],", "keys { code } value");
    let codes: Vec<&str> = whole.iter().map(|group| at(group, "keys.0.code").as_str().unwrap_or_default()).collect();
    assert!(codes.is_sorted() && codes.len() > 3, "by key: {codes:?}");
    let by_value = all("figures", "measure: LABOUR_DEPARTURES, groupBy: [DESTINATION], orderBy: { field: VALUE },", "keys { code } value");
    let values: Vec<f64> = by_value.iter().map(|group| group["value"].as_f64().unwrap_or(-1.0)).collect();
    assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
    let middle = values[values.len() / 2];
    let kept = all("figures", &format!("measure: LABOUR_DEPARTURES, groupBy: [DESTINATION], having: {{ atLeast: {middle} }},"), "value");
    assert_eq!(kept.len(), values.iter().filter(|value| **value >= middle).count());
    let mut before = String::new();
    let mut backwards: Vec<Value> = Vec::new();
    loop {
        let told = data(&format!(
            "{{ figures(measure: LABOUR_DEPARTURES, groupBy: [DESTINATION], orderBy: {{ field: VALUE }}, last: 2 {before}) {{ nodes {{ keys {{ code }} value }} pageInfo {{ hasPreviousPage startCursor }} }} }}"
        ));
        backwards.splice(0..0, list(at(&told, "figures.nodes")).iter().cloned());
        if at(&told, "figures.pageInfo.hasPreviousPage") == false {
            break;
        }
        before = format!("before: {}", at(&told, "figures.pageInfo.startCursor"));
    }
    assert_eq!(backwards, by_value);
}

#[test]
fn a_matrix_and_what_top_left_out_are_the_whole() {
    let all = data(r#"{ m: flowMatrix(measure: LABOUR_DEPARTURES, period: "2022") { source { code } cells { value } rest } }"#);
    let cells = list(at(&all, "m.cells"));
    let whole: f64 = cells.iter().filter_map(|cell| cell["value"].as_f64()).sum();
    assert!(cells.len() > 2 && at(&all, "m.rest").is_null());
    let some = data(r#"{ m: flowMatrix(measure: LABOUR_DEPARTURES, period: "2022", top: 2) { source { code } cells { value } rest } }"#);
    let top: f64 = list(at(&some, "m.cells")).iter().filter_map(|cell| cell["value"].as_f64()).sum();
    assert!((top + at(&some, "m.rest").as_f64().unwrap_or(0.0) - whole).abs() < 1e-6);
    let expected: f64 = one_by_one()
        .iter()
        .filter(|(flow, measure, source, start, end, _)| {
            measure == "LABOUR_DEPARTURES" && at(&all, "m.source.code") == source.as_str() && start == "2022-01-01" && end == "2022-12-31" && flow.len() == 7
        })
        .map(|(.., value)| value)
        .sum();
    assert!((whole - expected).abs() < 1e-6, "{whole} {expected}");
}

#[test]
fn what_cannot_be_summed_says_what_would_be_right() {
    let asked = |rest: &str| {
        refused(&format!("{{ figures(measure: DETECTIONS, {rest}) {{ totalCount }} }}"), "BAD_USER_INPUT")["message"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(asked("groupBy: []"), "`groupBy` has 0 dimensions: give one to three, such as [DESTINATION, YEAR].");
    assert_eq!(asked("groupBy: [YEAR, SOURCE, ORIGIN, SEX]"), "`groupBy` has 4 dimensions: give one to three, such as [DESTINATION, YEAR].");
    assert_eq!(asked("groupBy: [YEAR, YEAR]"), "`groupBy` has YEAR twice: give each dimension once.");
    assert_eq!(
        asked("groupBy: [ROUTE, ORIGIN]"),
        "ROUTE in `groupBy` asks for figures of routes, and ORIGIN in `groupBy` for figures of corridors: no figure is of both. Ask twice."
    );
    assert!(asked(r#"groupBy: [YEAR], filter: { origins: ["AFX"] }"#).starts_with("There is no state or area with the code 'AFX'. Did you mean AFG?"));
    assert!(asked(r#"groupBy: [YEAR], filter: { sources: ["UNHCR-RPX"] }"#).contains("Did you mean UNHCR-RPS?"));
    assert!(asked(r#"groupBy: [YEAR], filter: { flows: ["EAST-MEX"] }"#).contains("Did you mean EAST-MED"));
    assert!(asked(r#"groupBy: [YEAR], filter: { from: "2023", to: "2020" }"#).contains("nothing lies between"));
    assert!(asked("groupBy: [YEAR], filter: { origins: null }").contains("null is no condition"));
    for nothing in [r"filter: { origins: [] }", r"filter: { sources: [] }", r"filter: { sexes: [FEMALE] }", r#"filter: { flows: [], from: "2022" }"#] {
        assert_eq!(at(&data(&format!("{{ f: figures(measure: DETECTIONS, groupBy: [YEAR], {nothing}) {{ totalCount }} }}")), "f.totalCount"), 0, "{nothing}");
    }
}

#[test]
fn a_document_cannot_ask_for_a_thousand_forecasts() {
    let many = (0..90).map(|n| format!("f{n}: forecast {{ method }}")).collect::<Vec<_>>().join(" ");
    let query = format!("{{ flows(first: 20) {{ nodes {{ series(measure: DETECTIONS) {{ {many} }} }} }} }}");
    assert_eq!(answer(&query)["errors"][0]["extensions"]["code"], "LIMIT_COST");
    let cost = |query: &str| at(&answer(query), "extensions.cost").as_u64().unwrap_or(0);
    assert!(cost(r#"{ flow(code: "EAST-MED") { series(measure: DETECTIONS) { forecast { method } } } }"#) >= 50);
    assert!(cost("{ figures(measure: DETECTIONS, groupBy: [YEAR]) { totalCount } }") >= 100);
}
