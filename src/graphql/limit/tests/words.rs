//! What refusals say: whole sentences with the place, and none of the parser's own words.

use super::{
    super::{Limits, OperationKind, Shape, analyse, check_text, operation_kind, parse},
    accepted, look, look_at, refused,
};

/// A text, what is said of it, and where.
const SYNTAX_ERRORS: [(&str, &str, (usize, usize)); 12] = [
    ("{state # é {{ \n # \u{feff} \" \n  )}", "Syntax error at `)`", (3, 3)),
    ("", "Syntax error at the end of the document: expected an operation or a fragment.", (1, 1)),
    ("{state{id}", "; the `{` of line 1, column 1 is never closed.", (1, 11)),
    ("{state(code: ){id}}", "Syntax error at `)`: expected a value.", (1, 14)),
    ("{state{}}", "Syntax error at `}`: expected a field or a fragment.", (1, 8)),
    ("\n{state(code: \"\\x\"){id}}", "Syntax error at the string \"\\x\": expected a value.", (2, 14)),
    ("{state(code: \"abc\n\"){id}}", "Syntax error: the string that starts here is never closed.", (1, 14)),
    ("{state(code: \"\"\"abc\n){id}}", "Syntax error: the string that starts here is never closed.", (1, 14)),
    ("{state(code: 1e999){id}}", "Syntax error at the number 1e999: it is out of range.", (1, 14)),
    ("query ($a) {b}", "Syntax error at `$`: expected a variable with its type (`$name: Type`).", (1, 8)),
    ("{state(code 1){id}}", "Syntax error at `code`: expected an argument (`name: value`).", (1, 8)),
    ("{é}", "Syntax error at `é`: expected a field or a fragment.", (1, 2)),
];

#[test]
fn syntax_errors_say_what_was_found_and_where() {
    for (text, says, place) in SYNTAX_ERRORS {
        let refusal = refused(text);
        assert_eq!((refusal.code, refusal.line), ("GRAPHQL_PARSE_FAILED", Some(place)), "{text}: {refusal:?}");
        assert!(refusal.message.contains(says), "{text}: {}", refusal.message);
        let leaks = ["-->", "^---", "= expected", "EOI", "selection_set", "_definition", "type_"];
        assert!(leaks.iter().all(|leak| !refusal.message.contains(leak)), "{}", refusal.message);
        assert!(refusal.message.ends_with('.') && refusal.message.len() < 300, "{}", refusal.message);
    }
    assert!(refused(&format!("{{ {} ; }}", "a".repeat(60_000))).message.len() < 300);
}

#[test]
fn definitions_that_clash_are_no_syntax_errors() {
    for (text, says) in [
        ("{a} {b}", "An operation without a name must be the only one of its document."),
        ("query A{a} query A{b}", "There is more than one operation `A`."),
        ("{...F} fragment F on Query{a} fragment F on Query{a}", "There is more than one fragment `F`."),
        ("fragment F on Query{a}", "The document holds no operation."),
    ] {
        let refusal = refused(text);
        assert_eq!((refusal.code, refusal.message.as_str()), ("GRAPHQL_VALIDATION_FAILED", says));
    }
}

#[test]
fn the_operation_must_be_clear() {
    let run = |text: &str, operation| {
        look_at(text, operation, "{}", &Limits::default()).map(|inspected| inspected.nodes).map_err(|refusal| (refusal.code, refusal.message))
    };
    let two = "query B{state{id}} query A{party{parent{id}}}";
    assert_eq!(run(two, Some("A")), Ok(2));
    assert_eq!(run(two, Some("B")), Ok(1));
    let refusal = |message: &str| Err(("GRAPHQL_VALIDATION_FAILED", message.to_owned()));
    assert_eq!(run(two, None), refusal("`operationName` must say which operation to run; the document holds `A`, `B`."));
    assert_eq!(run(two, Some("C")), refusal("There is no operation `C` in the document; it holds `A`, `B`."));
    assert_eq!(run("{state{id}}", Some("C")), refusal("There is no operation `C` in the document; it holds one operation without a name."));
    assert_eq!(run("query A{state{id}}", None), Ok(1));
    let doc = parse("query A{a} mutation B{b}").unwrap();
    assert_eq!(operation_kind(&doc, Some("B")), Ok(OperationKind::Mutation));
    assert!(operation_kind(&doc, None).is_err());
}

#[test]
fn without_a_schema_nothing_is_accepted() {
    let doc = parse("{state{id}}").unwrap();
    let refusal = analyse(&doc, &Shape::from_sdl("type {"), &Limits::default()).unwrap_err();
    assert_eq!(refusal.code, "INTERNAL");
    let limits = Limits::default();
    let shape = Shape::from_sdl("type Query { state: State } type State { id: ID! }");
    assert!(analyse(&doc, &shape, &limits).is_ok());
}

#[test]
fn cycles_of_fragments_are_refused() {
    let refusal = refused("{...A}\nfragment A on Query{...B}\nfragment B on Query{state{id} ...{...A}}");
    assert_eq!(refusal.code, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!((refusal.message.as_str(), refusal.line), ("The fragment `A` spreads itself.", Some((2, 1))));
    assert_eq!(refused("{a}fragment F on State{parent{...F}}").message, "The fragment `F` spreads itself.");
}

#[test]
fn descriptions_are_read_over() {
    let described = "\"\"\"An operation\nin two lines\"\"\"\nquery A(\"a size, \\\"$\\\"\" $n: Int = 3, \"é\" $s: String = \"x\" $t: [ID!]! = [\"y\" \"z\"]) { groups(first: $n) { nodes { ...F } } party(code: $s) { id } nodes(ids: $t) { id } }\n\"a fragment\" fragment F on Group { id }";
    assert_eq!(accepted(described).nodes, 3 + 1 + 2);
    let doc = parse(described).unwrap();
    let (_, operation) = doc.operations.iter().next().unwrap();
    let defaults: Vec<_> = operation.node.variable_definitions.iter().map(|variable| variable.node.default_value.as_ref().unwrap().node.to_string()).collect();
    assert_eq!(defaults, ["3", "\"x\"", "[\"y\", \"z\"]"]);
    assert_eq!((operation.pos.line, operation.pos.column), (3, 1));
    for wrong in ["\"a\" {state{id}}", "{\"a\" state{id}}", "\"a\" \"b\" query{state{id}}", "{state(\"a\" code: 1){id}}"] {
        assert_eq!(refused(wrong).code, "GRAPHQL_PARSE_FAILED", "{wrong}");
    }
}

#[test]
fn strings_and_comments_hold_no_tokens() {
    let limits = Limits { tokens: 9, nesting: 2, ..Limits::default() };
    for text in ["{a(b: \"{{{{ @ # \\\" {{\")} # {{{{ \" \n", "{a(b: \"\"\"{{ \" \"\" \\\"\"\" {{\n{{\"\"\")},,,\u{feff},"] {
        assert_eq!(check_text(text, &limits), Ok(()), "{text}");
        assert!(parse(text).is_ok(), "{text}");
    }
    assert!(look("{state(code: \"\"){id}}").is_ok());
}

#[test]
fn an_open_block_string_hides_nothing() {
    // The parser would read an empty string and go on behind the second quote.
    let hidden = format!("{{a(b: [\"\"\"x\" {}])}}", "[".repeat(1_000));
    assert_eq!(check_text(&hidden, &Limits::default()).unwrap_err().code, "GRAPHQL_PARSE_FAILED");
}

#[test]
fn limits_are_a_plain_table() {
    let limits: Limits = serde_json::from_str(r#"{"depth": 20}"#).unwrap();
    assert_eq!(limits, Limits { depth: 20, ..Limits::default() });
    assert!(serde_json::from_str::<Limits>(r#"{"deptj": 20}"#).is_err());
}
