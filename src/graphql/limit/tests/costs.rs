//! Costs are equal for equal questions, however they are written, and never less than what is read.

use super::{
    super::{Limits, OperationKind},
    accepted, look_at, refused,
};

fn nodes(text: &str) -> u64 {
    accepted(text).nodes
}

#[test]
fn pages_multiply_on_the_way_down() {
    assert_eq!(nodes("{groups(first:50){nodes{id members(first:10){nodes{id}}}}}"), 50 + 50 * 10);
    assert_eq!(nodes("{groups{totalCount}}"), 20);
    assert_eq!(nodes("{groups(last:7){nodes{id}}}"), 7);
    assert_eq!(nodes("{groups(first:0){nodes{members{nodes{id}}}}}"), 0);
    assert_eq!(nodes("{groups(first:-3){nodes{id}}}"), 0);
    assert_eq!(nodes("{groups(first:101){nodes{id}}}"), 100);
    assert_eq!(nodes("{groups(first:99999999999999999999){nodes{id}}}"), 100);
    assert_eq!(nodes("{groups(first:null){nodes{id}}}"), 20);
    assert_eq!(nodes("{groups(first:\"9\"){nodes{id}}}"), 100);
}

#[test]
fn lists_count_twenty_or_what_they_are_asked_for() {
    assert_eq!(nodes("{state{borders{id}}}"), 1 + 20);
    assert_eq!(nodes("{groups(first:1){nodes{focus{borders{id}}}}}"), 1 + 20 + 400);
    assert_eq!(nodes("{groups(first:1){nodes{related{score}}}}"), 1 + 5);
    assert_eq!(nodes("{groups(first:1){nodes{related(first:9){group{id}}}}}"), 1 + 9 + 9);
    assert_eq!(nodes("{nodes(ids:[\"a\",\"b\",\"c\"]){id}}"), 3);
    assert_eq!(nodes(&format!("{{nodes(ids:[{}]){{id}}}}", "\"a\" ".repeat(500))), 500);
}

#[test]
fn records_count_one_and_their_values_nothing() {
    assert_eq!(nodes("{state{id centre{latitude}}}"), 1);
    assert_eq!(nodes("{party{parent{parent{id}}}}"), 3);
    assert_eq!(nodes("{__typename}"), 0);
    assert_eq!(accepted("{__typename}").cost, 1);
    let page = "{groups(first:10){pageInfo{endCursor} edges{cursor role node{id}} nodes{id}}}";
    assert_eq!(nodes(page), 10, "edges and nodes are one page");
    let both = "{groups(first:10){edges{node{focus{id}}} nodes{focus{id}}}}";
    assert_eq!(nodes(both), 10 + 200 + 200, "but what is selected on either is read for each");
}

#[test]
fn equal_questions_cost_the_same() {
    let written = [
        "{parties(first:9){nodes{groups(first:5){nodes{focus{id}}}}}}",
        "{p:parties(first:9){n:nodes{g:groups(first:5){m:nodes{f:focus{i:id}}}}}}",
        "{parties(first:9){nodes{...on Party{groups(first:5){nodes{focus{id}}}}}}}",
        "{parties(first:9){nodes{...on Node{...on Party{groups(first:5){nodes{focus{id}}}}}}}}",
        "{parties(first:9){nodes{...on State{groups(first:5){nodes{focus{id}}}}...on Organisation{groups(first:5){nodes{focus{id}}}}}}}",
        "{parties(first:9){edges{node{...{...F}}}}}fragment F on Party{groups(first:5){edges{node{focus{id}}}}}",
        "{...A}fragment A on Query{parties(first:9){...B}}fragment B on PartyConnection{nodes{...C}}fragment C on Party{groups(first:5){nodes{focus{id}}}}",
        "query($n:Int=9,$m:Int=5){parties(first:$n){nodes{groups(first:$m){nodes{focus{id}}}}}}",
        "query($n:Int=9,$m:Int=5){...A}fragment A on Query{parties(first:$n){nodes{...on State{...B}...on Organisation{...B}}}}fragment B on Party{groups(last:$m){nodes{focus{id}}}}",
    ];
    for text in written {
        assert_eq!(nodes(text), 9 + 45 + 900, "{text}");
    }
    let subjects = [
        "{subject{...on State{groups{totalCount}}...on Organisation{groups{totalCount}}}}",
        "{subject{...on Party{groups{totalCount}}}}",
        "{party{groups{totalCount}}}",
    ];
    assert!(subjects.into_iter().all(|text| nodes(text) == 21));
    // Of two types that differ, the costlier one counts.
    assert_eq!(nodes("{subject{...on State{borders{id}}...on Organisation{state{id}}}}"), 21);
}

#[test]
fn variables_say_the_page_size() {
    let look = |variables: &str| {
        let text = "query($n:Int=9,$m:Int,$ids:[ID!]=[1,2]){parties(first:$n){totalCount}groups(first:$m){totalCount}nodes(ids:$ids){id}}";
        look_at(text, None, variables, &Limits::default()).unwrap().nodes
    };
    assert_eq!(look("{}"), 9 + 20 + 2);
    assert_eq!(look(r#"{"n": 1, "m": 2, "ids": ["a"]}"#), 1 + 2 + 1);
    assert_eq!(look(r#"{"n": null, "m": null}"#), 20 + 20 + 2);
    assert_eq!(look(r#"{"n": -1, "m": 1e9, "ids": []}"#), 100);
}

#[test]
fn what_is_written_twice_counts_twice() {
    assert_eq!(nodes("{groups(first:9){totalCount}groups(first:9){nodes{id}}}"), 18);
}

#[test]
fn kinds_and_introspection_are_told() {
    assert_eq!(accepted("mutation{rename(code:\"A\",name:\"B\"){id}}").kind, OperationKind::Mutation);
    assert_eq!(accepted("subscription{a}").kind, OperationKind::Subscription);
    let inspected = accepted("query{...F __typename}fragment F on Query{__schema{types{name}}}");
    assert!(inspected.introspection_only && inspected.kind == OperationKind::Query);
    assert_eq!((inspected.nodes, inspected.depth, inspected.selections), (20, 1, 5));
    assert!(!accepted("{__typename state{id}}").introspection_only);
}

#[test]
fn unknown_names_count_nothing_here() {
    assert_eq!(nodes("{what{ever{x}} ...Missing ...on Nothing{y(first:9){z}}}"), 0);
}

#[test]
fn the_usual_introspection_queries_pass() {
    let inspected = accepted(include_str!("introspection.graphql"));
    assert!(inspected.introspection_only);
    // 20 types with 20 fields of 20 arguments, and so on: far from the budget.
    assert!((10_000..20_000).contains(&inspected.nodes), "{}", inspected.nodes);
    // Going round in the schema of the schema is what its lists are counted for.
    let round = "{__schema{types{fields{type{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}}}";
    assert_eq!(refused(round).code, "LIMIT_COST");
}

/// What is charged beside records, in tenths of one.
fn beside(text: &str) -> u64 {
    let (doc, analysis) = (super::super::parse(text).unwrap(), super::analysed(text));
    let (_, definition) = super::super::pick(&doc, None).unwrap();
    let variables = async_graphql::Variables::default();
    let given = super::super::values::Given::new(definition, &variables);
    analysis.budget.price(analysis.operations[0].cost, &given).beside
}

#[test]
fn what_reads_no_record_is_charged_each_time_that_it_is_asked() {
    assert_eq!(beside("{groups(first:0){totalCount}}"), 10 + 1, "a list of no rows is filtered and counted");
    assert_eq!(beside("{groups(first:7){nodes{members(first:0){totalCount}}}}"), 10 + 7 * (10 + 1));
    assert_eq!(beside("{groups(last:0){nodes{members{totalCount}}}}"), 10 + 10 + 20, "what is selected on no row counts once");
    assert_eq!(beside("{state{id id i:id __typename}}"), 3, "a leaf as often as it is written");
    assert_eq!(beside("{parties(first:0,filter:{or:[{text:\"a\"},{text:\"b\"}]}){totalCount}}"), 10 + 1 + 5 * 6, "a filter by all that stands in it");
    let variable = "query($f:PartyFilter={or:[{text:\"a\"},{text:\"b\"}]}){parties(first:0,filter:$f){totalCount}}";
    assert_eq!(beside(variable), 10 + 1 + 5 * 6, "also in a variable");
    let both = "{a:parties(first:0,filter:{text:\"a\"}){totalCount}...F}fragment F on Query{b:parties(first:0,filter:{text:\"a\"}){totalCount}}";
    assert_eq!(beside(both), 2 * (10 + 1 + 5 * 2), "also where it is the same");
    assert_eq!(beside("{groups(first:1,after:\"x\"){totalCount}}"), 10 + 1, "a page asks for nothing by its size or place");
}
