//! Field merging as the specification has it, with its own examples and those that the executor lets through.

use super::{accepted, analysed, refused};

#[track_caller]
fn conflict(text: &str, says: &[&str]) {
    let refusal = refused(text);
    assert_eq!(refusal.code, "GRAPHQL_VALIDATION_FAILED", "{text}");
    assert!(refusal.line.is_some());
    for words in says {
        assert!(refusal.message.contains(words), "{text}: {}", refusal.message);
    }
}

#[test]
fn what_the_executor_lets_through_is_refused() {
    conflict("{party{x:code} party{x:id}}", &["`code` (line 1, column 8) and `id` (line 1, column 22) both answer as `x` and are different fields"]);
    conflict("{party{x:id} party{x:__typename}}", &["`x`", "`__typename`"]);
    conflict(
        "{g:groups{nodes{m:members(first:1){totalCount}}} g:groups{nodes{m:members(first:2){totalCount}}}}",
        &["`m`", "`members(first: 1)`", "`members(first: 2)`", "different arguments"],
    );
    conflict("{party{...A} ...B}fragment A on Party{x:code} fragment B on Query{party{x:id}}", &["`x`"]);
}

#[test]
fn one_level_is_compared_too() {
    conflict("{x:state{id} x:party{id}}", &["`state`", "`party`"]);
    conflict("{state(code:\"A\"){id} state(code:\"B\"){id}}", &["different arguments"]);
    conflict("{state(code:\"A\"){id} state{id}}", &["different arguments"]);
    conflict("query($a:String,$b:String){state(code:$a){id} state(code:$b){id}}", &["`state(code: $a)`"]);
    conflict("{state{id code:id} state{id code}}", &["`code`"]);
}

#[test]
fn equal_fields_merge_however_they_are_written() {
    accepted("{state(code:\"A\"){id} state(code:\"A\"){code id}}");
    accepted("{groups(first:1,after:\"x\"){nodes{id}} groups(after:\"x\" first:1){edges{node{id}}}}");
    accepted("{parties(filter:{text:\"a\",codes:[\"b\"]}){totalCount} parties(filter:{codes:[\"b\"] text:\"a\"}){totalCount}}");
    accepted("{party{...A ...A ...on Node{id}} ...{party{id}}}fragment A on Party{id x:code}");
}

#[test]
fn different_objects_may_differ_in_field_but_not_in_shape() {
    accepted("{party{...on State{x:iso2} ...on Organisation{x:code}}}");
    accepted("{party{...on State{x:name(language:EN)} ...on Organisation{x:name(language:TR)}}}");
    accepted("{party{...on State{x:parent{a:id}} ...on Organisation{x:state{a:id}}}}");
    accepted("{party{...on State{x:parent{a:code}} ...on Organisation{x:state{a:iso2}}}}");
    conflict("{party{...on State{rank} ...on Organisation{rank}}}", &["of type `Int!`", "of type `String`", "cannot share one answer"]);
    conflict("{party{...on State{x:iso2} ...on Organisation{x:role}}}", &["`String!`", "`String`"]);
    conflict("{party{...on State{x:borders{id}} ...on Organisation{x:state{id}}}}", &["`[State!]!`"]);
    conflict("{party{...on State{x:centre{latitude}} ...on Organisation{x:role}}}", &["`Centre`"]);
    conflict("{party{...on State{x:parent{a:code}} ...on Organisation{x:state{a:size}}}}", &["`a`", "`Int`"]);
}

#[test]
fn an_interface_may_be_any_of_its_objects() {
    conflict("{party{x:code ...on State{x:iso2}}}", &["`x`"]);
    conflict("{party{x:parent{a:id} ...on State{x:parent{a:code}}}}", &["`a`"]);
    // The two objects differ in what the interface says nothing of.
    accepted("{party{p:parent{id} ...on State{p:parent{a:iso2}} ...on Organisation{p:parent{a:code}}}}");
    conflict("{party{p:parent{a:id} ...on State{p:parent{b:iso2}} ...on Organisation{p:parent{a:code}}}}", &["`a`"]);
    conflict("{subject{...on Node{x:id} ...on Party{x:code}}}", &["`x`"]);
}

#[test]
fn operations_are_compared_each_by_itself() {
    let text = "query A{state(code:\"A\"){id}} query B{state(code:\"B\"){id}}";
    assert_eq!(refused(text).message, "`operationName` must say which operation to run; the document holds `A`, `B`.");
}

#[test]
fn it_is_known_whether_answers_are_merged() {
    for text in
        ["{party{id code} state{id}}", "{party{...A} state{...A}}fragment A on Node{id}", "query A{party{id}} query B{party{id}}", "{a:party{id} b:party{id}}"]
    {
        assert!(!analysed(text).merges(), "{text}");
    }
    for text in [
        "{party{id} party{code}}",
        "{party{id id}}",
        "{party{...A ...A}}fragment A on Party{parent{id}}",
        "{party{...A ...B}}fragment A on Party{id} fragment B on Party{id}",
        "{...A ...A}fragment A on Query{party{id}}",
        "{party{...B ...C}}fragment A on Party{id} fragment B on Party{...A} fragment C on Party{...A}",
        "{party{...{...A} ...A}}fragment A on Party{id}",
        "{party{id ...on State{id}}}",
    ] {
        assert!(analysed(text).merges(), "{text}");
    }
}
