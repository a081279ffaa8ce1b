//! Hostile documents: refused with the right code, and looked at in steps linear in their length.
//!
//! Steps do not depend on the machine. To count those of a document that is refused, it is looked at without limits.

use super::{
    super::{Limits, OperationKind},
    look, look_at,
};

/// The most steps that a byte of any document may cost.
pub(super) const STEPS_PER_BYTE: u64 = 60;

pub(super) fn unlimited() -> Limits {
    Limits {
        tokens: usize::MAX,
        nesting: usize::MAX,
        operations: usize::MAX,
        fragments: usize::MAX,
        aliases: usize::MAX,
        directives: usize::MAX,
        root_fields: usize::MAX,
        selections: usize::MAX,
        depth: usize::MAX,
        introspection_depth: usize::MAX,
        expanded_nesting: usize::MAX,
        nodes: u64::MAX,
        work: u64::MAX,
        variable_nesting: 64,
        list_length: usize::MAX,
        predicates: usize::MAX,
        filter_nesting: usize::MAX,
    }
}

/// Looks with the usual limits, and without any for the steps.
#[track_caller]
fn storm(what: &str, text: &str, code: Option<&str>) {
    assert_eq!(look(text).err().map(|refusal| refusal.code), code, "{what}");
    match look_at(text, None, "{}", &unlimited()) {
        Ok(inspected) => {
            let allowed = text.len() as u64 * STEPS_PER_BYTE;
            assert!(inspected.steps <= allowed, "{what}: {} steps for {} bytes", inspected.steps, text.len());
            assert_eq!(inspected.kind, OperationKind::Query);
        }
        Err(refusal) => assert_eq!(Some(refusal.code), code, "{what}: {refusal:?}"),
    }
}

pub(super) fn rows(n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).map(row).collect()
}

/// `k` fragments of which each spreads the next one twice: the known killer.
pub(super) fn doubling(k: usize, row: impl Fn(usize) -> String) -> String {
    rows(k, row) + &format!("fragment f{k} on State{{id}}")
}

#[test]
fn fragments_that_double() {
    for k in 10..=31 {
        let spreads = doubling(k, |i| format!("fragment f{i} on State{{...f{0} ...f{0}}}", i + 1));
        storm("spreads", &format!("{{state{{...f0}}}}{spreads}"), (k > 10).then_some("LIMIT_COST"));
        let fields = doubling(k, |i| format!("fragment f{i} on State{{parent{{...f{0}}} parent{{...f{0}}}}}", i + 1));
        storm("fields", &format!("{{state{{...f0}}}}{fields}"), Some("LIMIT_COST"));
        let aliases = doubling(k, |i| format!("fragment f{i} on State{{a:parent{{...f{0}}} b:parent{{...f{0}}}}}", i + 1));
        storm("aliases", &format!("{{state{{...f0}}}}{aliases}"), Some("LIMIT_COST"));
        let unused = format!("{{state{{id}}}}{spreads}");
        storm("unused", &unused, None);
    }
    let wide = rows(50, |i| format!("fragment f{i} on State{{{}}}", format!("...f{} ", i + 1).repeat(40)));
    storm("fifty fragments of forty spreads", &format!("{{state{{...f0}}}}{wide}"), Some("LIMIT_COST"));
}

#[test]
fn long_chains_of_fragments() {
    let inner = |i: usize| format!("{}...f{}{}", "...{".repeat(15), i + 1, "}".repeat(15));
    let chain = rows(49, |i| format!("fragment f{i} on State{{{}}}", inner(i)));
    storm("wrapped", &format!("{{state{{...f0}}}}{chain}fragment f49 on State{{id}}"), Some("LIMIT_DEPTH"));
    let fat = rows(49, |i| format!("fragment f{i} on State{{{}...f{}}}", "id ".repeat(60), i + 1));
    storm("fat", &format!("{{state{{{}}}}}{fat}fragment f49 on State{{id}}", "...f0 ".repeat(400)), Some("LIMIT_COST"));
}

#[test]
fn storms_of_fields() {
    storm("aliases", &format!("{{state{{{}}}}}", rows(1_600, |i| format!("a{i}:id "))), Some("LIMIT_ALIASES"));
    storm("typenames", &format!("{{state{{{}}}}}", rows(10_000, |i| format!("a{i}:__typename "))), Some("LIMIT_TOKENS"));
    storm("unknown fields", &format!("{{state{{{}}}}}", rows(10_000, |i| format!("u{i} "))), Some("LIMIT_TOKENS"));
    storm("fewer unknown fields", &format!("{{state{{{}}}}}", rows(4_900, |i| format!("u{i} "))), None);
    storm("repeated fields", &format!("{{state{{{}}}}}", "id ".repeat(4_900)), None);
    storm("repeated objects", &format!("{{state{{{}}}}}", "parent{id}".repeat(1_200)), None);
    storm("fields of an interface", &format!("{{node{{{}}}}}", "id ".repeat(4_900)), None);
}

#[test]
fn storms_of_directives_and_definitions() {
    for place in [
        "query A@ {state{id}}",
        "{state@ {id}}",
        "{...F@}fragment F on Query{state{id}}",
        "{...F}fragment F on Query@ {state{id}}",
        "query A($a: Int@){groups(first: $a){totalCount}}",
        "{...@ {state{id}}}",
    ] {
        storm(place, &place.replace('@', &"@a(b: [1])".repeat(51)), Some("LIMIT_TOKENS"));
    }
    storm("variables", &format!("query({}){{state{{id}}}}", rows(1_200, |i| format!("$v{i}: Int "))), Some("GRAPHQL_VALIDATION_FAILED"));
    let used = |i| format!("a{i}: groups(first: $v{i}){{totalCount}}");
    storm("used variables", &format!("query({}){{{}}}", rows(25, |i| format!("$v{i}: Int ")), rows(25, used)), None);
    storm(
        "fragments",
        &format!("{{state{{{0}}}}}{1}", rows(600, |i| format!("...f{i} ")), rows(600, |i| format!("fragment f{i} on State{{id}}"))),
        Some("LIMIT_TOKENS"),
    );
}

#[test]
fn storms_of_values_and_nesting() {
    storm("arguments", &format!("{{state({}){{id}}}}", rows(1_600, |i| format!("a{i}: 1 "))), None);
    storm("equal arguments", &format!("{{state({}){{id}}}}", "code: 1 ".repeat(1_600)), None);
    storm("long list", &format!("{{state(code: [{}]){{id}}}}", "1 ".repeat(4_900)), Some("BAD_USER_INPUT"));
    storm("nested lists", &format!("{{state(code: {}{}){{id}}}}", "[".repeat(60), "]".repeat(60)), Some("LIMIT_TOKENS"));
    storm("nested objects", &format!("{{state(code: {}1{}){{id}}}}", "{a:".repeat(60), "}".repeat(60)), Some("LIMIT_TOKENS"));
    storm("nested fields", &format!("{{state{}{}}}", "{parent".repeat(60), "}".repeat(60)), Some("LIMIT_TOKENS"));
    storm("deep introspection", &format!("{{__type(name:\"A\"){}{{name}}{}}}", "{ofType".repeat(17), "}".repeat(17)), None);
    storm("wide introspection", &format!("{{__schema{{types{}{{name}}{}}}}}", "{fields{type".repeat(7), "}}".repeat(7)), Some("LIMIT_COST"));
}

#[test]
fn fields_that_overlap() {
    let overlapping = |n: usize| rows(n, |i| format!("groups(first:{i}){{totalCount}}"));
    storm("arguments", &format!("{{state{{{}}}}}", overlapping(500)), Some("GRAPHQL_VALIDATION_FAILED"));
    let fragments = rows(45, |i| format!("fragment f{i} on State{{{}}}", rows(15, |j| format!("parent{{a{j}:id}}"))));
    storm("equal in fragments", &format!("{{state{{{}}}}}{fragments}", rows(45, |i| format!("...f{i} "))), Some("LIMIT_ALIASES"));
    let plain = fragments.replace(':', "x code n");
    storm("equal without aliases", &format!("{{state{{{}}}}}{plain}", rows(45, |i| format!("...f{i} "))), None);
    let levels = "parent{".repeat(13);
    let deep = format!("{levels}id{}", "}".repeat(13));
    storm("deep and equal", &format!("{{state{{{}}}}}", deep.repeat(120)), None);
}

#[test]
fn overlaps_that_multiply_are_cut_short() {
    // On each level one chain goes through each type, so that each path of types has fields of its own.
    let chain = |depth: usize, level: usize, ty: &str| {
        let step = |i: usize| {
            if i == level { format!("...on {ty}{{parent{{") } else { "parent{".to_owned() }
        };
        let close = |i: usize| if i == level { "}}" } else { "}" };
        format!("{}id {}", rows(depth, step), (0..depth).map(close).collect::<String>())
    };
    for depth in 2..14 {
        let chains = rows(depth, |level| ["State", "Organisation"].map(|ty| chain(depth, level, ty)).concat());
        let text = format!("{{party{{{chains}}}}}");
        match look(&text) {
            Ok(inspected) => assert!(inspected.steps < 60_000, "{depth}: {} steps", inspected.steps),
            Err(refusal) => assert_eq!(refusal.code, "LIMIT_COST"),
        }
    }
}

#[test]
fn variables_in_filters_are_looked_at_once() {
    let text = format!("query($a:PartyFilter!){{parties(filter:{{and:[{}]}}){{totalCount}}}}", "$a ".repeat(500));
    let variables = format!("{{\"a\": {{\"and\": [{}]}}}}", ["{\"and\":[]}"; 499].join(","));
    let inspected = look_at(&text, None, &variables, &Limits::default()).unwrap();
    assert!(inspected.steps < 5_000, "{}", inspected.steps);
}
