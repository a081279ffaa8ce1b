//! Random documents: the same answers as the slow and obvious way, in linear steps; and random texts, without panics.

use async_graphql::Variables;
use proptest::prelude::*;

use super::{
    super::{Limits, check_text, check_variables, inspect, parse},
    SHAPE,
    reference::{Reference, Sizes},
    storms::{STEPS_PER_BYTE, unlimited},
};

/// What can be selected on a type: leaves, fields with their types, and types for fragments.
type Menu = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static [&'static str]);

const PARTY_FIELDS: [(&str, &str); 3] = [("parent", "Party"), ("groups", "GroupConnection"), ("groups(first: 3)", "GroupConnection")];

fn menu(ty: &str) -> Menu {
    match ty {
        "Query" => (
            &["__typename"],
            &[("party", "Party"), ("subject", "Subject"), ("node(id: \"a\")", "Node"), ("groups(first: 2)", "GroupConnection"), ("state", "State")],
            &["Query"],
        ),
        "Node" => (&["id"], &[], &["Party", "State", "Group", "Node"]),
        "Party" => (&["id", "code", "name", "size"], &PARTY_FIELDS, &["State", "Organisation", "Node", "Party"]),
        "State" => (
            &["id", "iso2", "rank", "name(language: TR)", "name(language: EN)"],
            &[("parent", "State"), ("borders", "State"), ("groups(first: 3)", "GroupConnection")],
            &["State", "Party", "Node"],
        ),
        "Organisation" => (&["id", "role", "rank", "code"], &[("state", "State"), ("parent", "Party")], &["Organisation", "Party", "Node"]),
        "Subject" => (&["__typename"], &[], &["State", "Organisation", "Party"]),
        "GroupConnection" => (&["totalCount"], &[("nodes", "Group"), ("edges", "GroupEdge")], &["GroupConnection"]),
        "GroupEdge" => (&["role"], &[("node", "Group")], &["GroupEdge"]),
        "Group" => (&["id", "code"], &[("focus", "State"), ("members(first: 2)", "PartyConnection")], &["Group", "Node"]),
        "PartyConnection" => (&["totalCount"], &[("nodes", "Party")], &["PartyConnection"]),
        _ => (&["__typename"], &[], &[]),
    }
}

const FRAGMENT_TYPES: [&str; 5] = ["Party", "State", "Organisation", "Group", "Node"];

/// Turns a row of numbers into a document.
struct Writer {
    choices: std::vec::IntoIter<u8>,
}

impl Writer {
    fn choose(&mut self, n: usize) -> usize {
        self.choices.next().map_or(0, usize::from) % n.max(1)
    }

    /// Fragments below `fragments` may not be spread, so that there are no cycles.
    fn set(&mut self, ty: &str, levels: usize, fragments: usize) -> String {
        let (leaves, fields, types) = menu(ty);
        let mut set = "{".to_owned();
        for _ in 0..=self.choose(4) {
            let alias = ["", "", "a:", "b:"][self.choose(4)];
            match self.choose(5) {
                1 | 2 if levels > 0 && !fields.is_empty() => {
                    let (field, ty) = fields[self.choose(fields.len())];
                    let part = format!("{alias}{field}{}", self.set(ty, levels - 1, fragments));
                    set += &part;
                }
                3 if levels > 0 && !types.is_empty() => {
                    let ty = types[self.choose(types.len())];
                    let part = format!("...on {ty}{}", self.set(ty, levels - 1, fragments));
                    set += &part;
                }
                4 if fragments < FRAGMENT_TYPES.len() => {
                    let open = FRAGMENT_TYPES.len() - fragments;
                    let part = format!("...F{}", fragments + self.choose(open));
                    set += &part;
                }
                _ => {
                    let part = format!("{alias}{}", leaves[self.choose(leaves.len())]);
                    set += &part;
                }
            }
            set.push(' ');
        }
        set + "}"
    }

    fn document(mut self) -> String {
        let mut text = self.set("Query", 5, 0);
        for (index, ty) in FRAGMENT_TYPES.iter().enumerate() {
            let part = format!("fragment F{index} on {ty}{}", self.set(ty, 2, index + 1));
            text += &part;
        }
        text
    }
}

fn documents() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..160).prop_map(|choices| Writer { choices: choices.into_iter() }.document())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn random_documents_agree_with_the_reference(text in documents()) {
        let doc = parse(&text).unwrap();
        let reference = Reference { doc: &doc, shape: &SHAPE };
        let sizes = reference.sizes();
        prop_assume!(sizes.selections < 2_000);
        match inspect(&doc, None, &Variables::default(), &SHAPE, &unlimited()) {
            Ok(inspected) => {
                prop_assert!(reference.can_merge(), "{}", text);
                prop_assert_eq!(inspected.nodes, reference.nodes(), "{}", text);
                let Sizes { selections, depth, .. } = sizes;
                prop_assert_eq!((inspected.selections, inspected.depth), (selections, depth));
                prop_assert!(inspected.steps <= text.len() as u64 * STEPS_PER_BYTE, "{} steps: {}", inspected.steps, text);
            }
            Err(refusal) => prop_assert!(!reference.can_merge(), "{:?}: {}", refusal, text),
        }
        let aliases = |limit| {
            let limits = Limits { aliases: limit, ..unlimited() };
            inspect(&doc, None, &Variables::default(), &SHAPE, &limits).is_err_and(|refusal| refusal.code == "LIMIT_ALIASES")
        };
        let written = text.matches(':').count() - text.matches(": ").count();
        let limit = written.max(sizes.aliases);
        prop_assert!(!aliases(limit) && (limit == 0 || aliases(limit - 1)), "{} {}", limit, text);
    }

    #[test]
    fn random_texts_do_no_harm(text in ".{0,200}", json in ".{0,80}") {
        let _ = check_text(&text, &Limits::default());
        let _ = check_variables(&json, &Limits::default());
        let _ = parse(&text);
    }

    #[test]
    fn random_tokens_do_no_harm(tokens in prop::collection::vec(
        prop::sample::select(vec!["{", "}", "(", ")", "[", "]", "\"", "\"\"\"", "\\", "\\\"\"\"", "...", "on ", "a", "query ", "fragment ", ":", "$", "@", "=", "!", "1", "-", ".5", "e9", "#", "\n", "\r", ",", "é", "\u{feff}", "\\u00", "true"]),
        0..60,
    )) {
        let text = tokens.concat();
        let checked = check_text(&text, &Limits::default());
        let parsed = parse(&text);
        if let (Ok(()), Ok(doc)) = (&checked, &parsed) {
            let _ = inspect(doc, None, &Variables::default(), &SHAPE, &Limits::default());
        }
        let messages = [checked.err(), parsed.err()];
        prop_assert!(messages.iter().flatten().all(|refusal| !refusal.message.contains("-->")));
        let _ = check_variables(&text, &Limits::default());
    }
}
