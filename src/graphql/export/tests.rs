//! Which operations become files, and with which columns.

use async_graphql::Variables;
use serde_json::json;

use super::*;
use crate::graphql::limit::Limits;

fn plan_with(query: &str, variables: &serde_json::Value) -> Result<Plan, Refusal> {
    let api = Api::new(Limits::default(), false);
    let prepared = api.prepare(query)?;
    api.plan(&prepared, None, &Variables::from_json(variables.clone()))
}

fn plan(query: &str) -> Result<Plan, Refusal> {
    plan_with(query, &json!({}))
}

fn columns(query: &str) -> (Vec<String>, Vec<String>) {
    let plan = plan(query).unwrap();
    let names = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect();
    (names(plan.constants()), names(plan.columns()))
}

#[test]
fn columns_are_what_is_written_with_dots_between() {
    let (above, own) = columns("{ states { nodes { iso3 called: name participation { status } } } }");
    assert_eq!((above, own), (vec![], vec!["iso3".into(), "called".into(), "participation.status".into()]));
    let (above, own) =
        columns("{ s: state(iso3: \"UZB\") { iso3 flows { totalCount pageInfo { endCursor } edges { cursor node { ...F } } } } } fragment F on Flow { code }");
    assert_eq!((above, own), (vec!["s.iso3".into()], vec!["cursor".into(), "node.code".into()]));
    let (_, own) = columns("{ observations { nodes { value subject { ... on Flow { code } ... on State { iso3 code: iso3 } } dimensions { code label } } } }");
    assert_eq!(own, ["value", "subject.code", "subject.iso3", "dimensions.code", "dimensions.label"]);
    let (above, own) = columns("{ m: flowMatrix(measure: REFUGEES, period: \"2020\") { rest cells { value origin { code } } } }");
    assert_eq!((above, own), (vec!["m.rest".into()], vec!["value".into(), "origin.code".into()]));
}

#[test]
fn what_is_not_one_list_is_refused_with_what_would_be_right() {
    for (query, says) in [
        ("{ state(iso3: \"UZB\") { name } }", "selects none"),
        ("{ states { nodes { iso3 } } flows { nodes { code } } }", "selects 2: `states`, `flows`"),
        ("{ a: states { nodes { iso3 } } b: states { nodes { iso3 } } }", "`a`, `b`"),
        ("{ state(iso3: \"UZB\") { flows { nodes { code } } meetings { nodes { code } } } }", "`state.flows`, `state.meetings`"),
        ("{ states { totalCount } }", "selects no rows"),
        ("{ states { nodes { iso3 } edges { node { name } } } }", "selects its rows twice"),
        ("{ state: state(iso3: \"UZB\") { name flows { nodes { state: code } } } x: __typename }", ""),
        ("{ code: __typename flows { nodes { code } } }", "would be called `code`"),
    ] {
        match plan(query) {
            Ok(_) => assert_eq!(says, "", "{query}"),
            Err(refusal) => assert!(!says.is_empty() && refusal.message.contains(says), "{query}: {}", refusal.message),
        }
    }
}

#[test]
fn a_size_that_is_given_is_one_page_and_none_is_all() {
    let page = |query: &str, variables: serde_json::Value| plan_with(query, &variables).unwrap().found.is_paged;
    assert!(page("{ states { nodes { iso3 } } }", json!({})));
    assert!(page("{ states(first: null) { nodes { iso3 } } }", json!({})));
    assert!(page("query($n: Int) { states(first: $n) { nodes { iso3 } } }", json!({})));
    assert!(!page("query($n: Int = 5) { states(first: $n) { nodes { iso3 } } }", json!({})));
    assert!(page("query($n: Int = 5) { states(first: $n) { nodes { iso3 } } }", json!({ "n": null })));
    assert!(!page("query($n: Int) { states(last: $n) { nodes { iso3 } } }", json!({ "n": 3 })));
    assert!(!page("{ states(first: 3) { nodes { iso3 } } }", json!({})));
    assert!(!page("{ flowMatrix(measure: REFUGEES, period: \"2020\") { cells { value } } }", json!({})));
}

#[test]
fn a_page_that_would_cost_too_much_is_made_smaller() {
    let size = |query: &str| plan(query).unwrap().size;
    assert_eq!(size("{ flows { nodes { code } } }"), 100);
    let deep = "{ flows { nodes { code goodPractices(first: 100) { nodes { states { flows(first: 3) { totalCount } } } } } } }";
    assert_eq!(size(deep), 20);
}

#[test]
fn figures_are_added_up_once_and_charged_once() {
    let costs = |query: &str| plan(query).map(|plan| (plan.charge().cost, plan.next_cost())).unwrap();
    assert_eq!(costs("{ figures(measure: REFUGEES, groupBy: [YEAR]) { nodes { value } } }"), (101, 1));
    assert_eq!(costs("{ observations { nodes { value } } }"), (53, 53));
}

#[test]
fn a_variable_that_gave_way_is_no_longer_declared() {
    let plan = plan("query($n: Int, $c: String, $f: StateFilter) { states(first: $n, after: $c, filter: $f) { nodes { iso3 } } }").unwrap();
    let declared = |after| {
        let page = plan.page(after);
        let (_, operation) = page.document.operations.iter().next().unwrap();
        operation.node.variable_definitions.iter().map(|variable| variable.node.name.node.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(declared(None), ["c", "f"]);
    assert_eq!(declared(Some("x\"y")), ["f"]);
}
