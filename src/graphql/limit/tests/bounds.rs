//! Every limit passes at N and refuses at N + 1, with its own code.

use super::{super::Limits, accepted, look_at, refused};

/// A document that is `n` large in one respect, the limit it meets and its code.
type Case = (&'static str, usize, fn(usize) -> String, &'static str);

const CASES: [Case; 17] = [
    ("tokens", 5_000, |n| format!("{{{}}}", "code ".repeat(n - 2)), "LIMIT_TOKENS"),
    ("nesting of braces", 20, |n| format!("{{{}code{}}}", "...{".repeat(n - 1), "}".repeat(n - 1)), "LIMIT_TOKENS"),
    ("nesting of lists", 20, |n| format!("{{state(code: {}1{}){{id}}}}", "[".repeat(n - 2), "]".repeat(n - 2)), "LIMIT_TOKENS"),
    ("nesting of objects", 20, |n| format!("{{state(code: {}1{}){{id}}}}", "{a: ".repeat(n - 2), "}".repeat(n - 2)), "LIMIT_TOKENS"),
    ("operations", 5, |n| "query A{state{id}}".to_owned() + &rows(n - 1, |i| format!("query B{i}{{state{{id}}}}")), "LIMIT_TOKENS"),
    ("fragments", 50, |n| format!("{{state{{id}}}}{}", rows(n, |i| format!("fragment F{i} on State{{id}}"))), "LIMIT_TOKENS"),
    ("directives on a field", 50, |n| format!("{{state{} {{id}}}}", "@a".repeat(n)), "LIMIT_TOKENS"),
    ("directives on an operation", 50, |n| format!("query A{} {{state{{id}}}}", "@a".repeat(n)), "LIMIT_TOKENS"),
    ("directives on a fragment", 50, |n| format!("{{...F}}fragment F on Query{} {{state{{id}}}}", "@a".repeat(n)), "LIMIT_TOKENS"),
    ("directives on a variable", 50, |n| format!("query A($a: Int{}) {{groups(first: $a){{totalCount}}}}", "@a".repeat(n)), "LIMIT_TOKENS"),
    ("aliases as written", 100, |n| format!("{{state{{{}}}}}", rows(n, |i| format!("a{i}: __typename "))), "LIMIT_ALIASES"),
    (
        "aliases written out",
        100,
        |n| {
            let rest = "b: code ".repeat(n % 10);
            let spreads = "...F ".repeat(n / 10);
            format!("{{state{{{spreads}{rest}}}}}fragment F on State{{{}}}", "a: id ".repeat(10))
        },
        "LIMIT_ALIASES",
    ),
    ("root fields", 30, |n| format!("{{{}}}", "__typename ".repeat(n)), "LIMIT_COST"),
    (
        "root fields written out",
        30,
        |n| format!("{{__typename {}}}fragment F on Query{{{}}}", "...F ".repeat((n - 1) / 29), "__typename ".repeat(29 + (n - 1) % 29)),
        "LIMIT_COST",
    ),
    (
        "selections written out",
        5_000,
        |n| {
            // One field of the root, twenty fragments of 249 fields with their spreads are 5,001.
            let rest = "id ".repeat(n - 4_751);
            format!("{{state{{{}{rest}}}}}fragment F on State{{{}}}", "...F ".repeat(19), "id ".repeat(249))
        },
        "LIMIT_COST",
    ),
    ("depth", 15, |n| format!("{{state{{...F{}}}}}{}", n - 3, chain(n - 3)), "LIMIT_DEPTH"),
    ("entries of a list", 500, |n| format!("{{state(code: [{}]){{id}}}}", "1 ".repeat(n)), "BAD_USER_INPUT"),
];

fn rows(n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).map(row).collect()
}

/// Fragments F0 to Fn, each one level deeper than the last; F0 is two levels deep.
fn chain(n: usize) -> String {
    rows(n + 1, |i| if i == 0 { "fragment F0 on State{parent{id}}".to_owned() } else { format!("fragment F{i} on State{{parent{{...F{}}}}}", i - 1) })
}

#[test]
fn every_limit_of_documents_holds_at_n_and_refuses_n_and_one() {
    for (what, n, document, code) in CASES {
        let limits = generous(what);
        let look = |n| look_at(&document(n), name(what), "{}", &limits);
        look(n).unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
        assert_eq!(look(n + 1).expect_err(what).code, code, "{what}");
    }
}

/// Some limits cannot be met before another one is; that one is lifted, the one in question is not.
fn generous(what: &str) -> Limits {
    let usual = Limits::default();
    match what {
        "tokens" => Limits { root_fields: usize::MAX, ..usual },
        "root fields written out" | "selections written out" | "depth" => Limits { nodes: u64::MAX, ..usual },
        _ => usual,
    }
}

fn name(what: &str) -> Option<&'static str> {
    (what == "operations").then_some("A")
}

#[test]
fn nesting_written_out_has_a_limit_of_its_own() {
    let document = |n: usize| {
        let inner = rows(n - 2, |i| if i == 0 { "fragment F0 on State{id}".to_owned() } else { format!("fragment F{i} on State{{...F{}}}", i - 1) });
        format!("{{state{{...F{}}}}}{inner}", n - 3)
    };
    assert_eq!(accepted(&document(32)).depth, 2);
    assert_eq!(refused(&document(33)).code, "LIMIT_DEPTH");
}

#[test]
fn introspection_has_a_depth_of_its_own() {
    let document = |n: usize| {
        let types = format!("{}{{name}}{}", "{ofType".repeat(n - 2), "}".repeat(n - 2));
        format!("{{__type(name: \"A\"){{...F}}}}fragment F on __Type{types}")
    };
    assert_eq!(accepted(&document(20)).depth, 1);
    assert_eq!(refused(&document(21)).code, "LIMIT_DEPTH");
    // It is one of the query root alone.
    let elsewhere = "fragment F0 on State{__schema{types{fields{type{ofType{ofType{ofType{ofType{ofType{ofType{ofType{ofType{ofType{name}}}}}}}}}}}}}}";
    assert_eq!(refused(&format!("{{state{{parent{{...F0}}}}}}{elsewhere}")).code, "LIMIT_DEPTH");
}

#[test]
fn only_the_operation_that_runs_must_keep_depth_and_cost() {
    let deep = format!("query Deep{{state{{...F13}}}}{}", chain(14));
    let dear = "query Dear{groups(first:100){nodes{members(first:100){nodes{groups(first:100){nodes{id}}}}}}}";
    let text = format!("query Small{{state{{id}}}}{deep}{dear}");
    let run = |operation| look_at(&text, Some(operation), "{}", &Limits::default()).map(|inspected| inspected.nodes);
    assert_eq!(run("Small"), Ok(1));
    assert_eq!(run("Deep").unwrap_err().code, "LIMIT_DEPTH");
    assert_eq!(run("Dear").unwrap_err().code, "LIMIT_COST");
}

#[test]
fn the_node_budget_holds_to_the_node() {
    // 100 + 100 * 100 + 100 * 100 * 49 = 500,100; and one less than 500,001 with a smaller first level.
    let document = |last: usize| {
        format!("{{groups(first:1){{nodes{{members(first:100){{nodes{{groups(first:100){{nodes{{members(first:{last}){{nodes{{id}}}}}}}}}}}}}}}}}}")
    };
    let nodes = accepted(&document(48)).nodes;
    assert_eq!(nodes, 1 + 100 + 10_000 + 480_000);
    let look = |nodes| look_at(&document(48), None, "{}", &Limits { nodes, ..Limits::default() });
    assert_eq!(look(nodes).unwrap().cost, 5_482);
    assert_eq!(look(nodes - 1).unwrap_err().code, "LIMIT_COST");
    assert_eq!(refused(&document(50)).code, "LIMIT_COST");
}

#[test]
fn variables_are_held_before_they_are_parsed() {
    let look = |variables: &str| look_at("{state{id}}", None, variables, &Limits::default()).map(|_| ()).map_err(|refusal| refusal.code);
    let nested = |n: usize| format!("{{\"a\": {}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
    assert_eq!(look(&nested(32)), Ok(()));
    assert_eq!(look(&nested(33)), Err("BAD_USER_INPUT"));
    let objects = |n: usize| format!("{}1{}", "{\"a\": ".repeat(n), "}".repeat(n));
    assert_eq!(look(&objects(32)), Ok(()));
    assert_eq!(look(&objects(33)), Err("BAD_USER_INPUT"));
    for entry in ["1", "[]", "{\"b\": [1, 2]}", "\"a,b]\\\"\""] {
        let list = |n: usize| format!("{{\"a\": [{}]}}", vec![entry; n].join(" , "));
        assert_eq!(look(&list(500)), Ok(()), "{entry}");
        assert_eq!(look(&list(501)), Err("BAD_USER_INPUT"), "{entry}");
    }
    let default = |n: usize| look_at(&format!("query($a: [ID!]! = [{}]){{nodes(ids: $a){{id}}}}", "1 ".repeat(n)), None, "{}", &Limits::default());
    assert!(default(500).is_ok());
    assert_eq!(default(501).unwrap_err().code, "BAD_USER_INPUT");
}

#[test]
fn filters_are_counted_through_and_or_not_in_literals_and_variables() {
    let look = |filter: &str, variables: &str| {
        let declared: Vec<_> =
            ["$a: PartyFilter!", "$b: [PartyFilter!]", "$c: String"].into_iter().filter(|variable| filter.contains(&variable[..2])).collect();
        let variables_of = if declared.is_empty() { String::new() } else { format!("({})", declared.join(", ")) };
        let text = format!("query{variables_of}{{parties(filter: {filter}){{nodes{{id}}}}}}");
        look_at(&text, None, variables, &Limits::default()).map(|_| ()).map_err(|refusal| refusal.code)
    };
    let many = |n: usize| format!("{{text: $c, and: [{}], not: {{text: \"b\"}}}}", "{text: \"a\"} ".repeat(n - 2));
    assert_eq!(look(&many(50), "{}"), Ok(()));
    assert_eq!(look(&many(51), "{}"), Err("BAD_USER_INPUT"));
    let deep = |n: usize| format!("{}{{text: \"a\"}}{}", "{not: ".repeat(n), "}".repeat(n));
    assert_eq!(look(&deep(5), "{}"), Ok(()));
    assert_eq!(look(&deep(6), "{}"), Err("BAD_USER_INPUT"));
    let json = |filter: &str| filter.replace("text", "\"text\"").replace("not", "\"not\"").replace("} {", "}, {");
    let given = |n: usize| format!("{{\"a\": {}, \"b\": [{}]}}", json(&deep(n)), vec!["{\"text\": \"a\"}"; n].join(", "));
    assert_eq!(look("$a", &given(5)), Ok(()));
    assert_eq!(look("$a", &given(6)), Err("BAD_USER_INPUT"));
    assert_eq!(look("{or: [$a]}", &given(4)), Ok(()));
    assert_eq!(look("{or: [$a]}", &given(5)), Err("BAD_USER_INPUT"));
    assert_eq!(look("{and: $b}", &given(5)), Ok(()));
    // A variable used twice counts twice, though it is looked at once.
    assert_eq!(look("{and: $b, or: $b}", &given(25).replace("not", "and")), Ok(()));
    assert_eq!(look("{and: $b, or: $b, text: \"\"}", &given(25)), Err("BAD_USER_INPUT"));
}
