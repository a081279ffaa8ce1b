//! Full text: stems, accents, stop words, and what is best first.

use std::collections::BTreeSet;

use serde_json::json;

use crate::ask::{answer_with, at, data, data_with, plain, texts, these};
use crate::expect::catalogue;

/// Slugs of the practices that a text finds, best first.
fn found(text: &str) -> Vec<String> {
    let query = "query($text: String) { goodPractices(filter: { text: $text }, orderBy: { field: RELEVANCE }, first: 100) { nodes { slug } } }";
    texts(at(&data_with(query, &json!({ "text": text })), "goodPractices.nodes"), "slug")
}

fn all_of(text: &str) -> BTreeSet<String> {
    these(found(text))
}

/// Slugs of the practices that have this part of a word, written without accents, somewhere in title, summary or body.
fn having(part: &str) -> BTreeSet<String> {
    let has = |practice: &&crate::expect::Entry| ["title", "summary", "body"].iter().any(|key| plain(practice.text(key)).contains(part));
    these(catalogue().practices.iter().filter(has).map(|practice| practice.text("slug")))
}

#[test]
fn returnees_finds_what_return_finds() {
    let expected = all_of("return");
    assert!(expected.len() > 10 && expected.is_subset(&having("return")), "{expected:?}");
    for form in ["returnees", "returnee", "returns", "returned", "returning", "RETURN", "Return"] {
        assert_eq!(all_of(form), expected, "{form}");
    }
    for (one, other) in [("nurses", "nurse"), ("visas", "visa"), ("refugees", "refugee"), ("remittances", "remittance"), ("smugglers", "smuggler")] {
        assert!(!all_of(one).is_empty());
        assert_eq!(all_of(one), all_of(other), "{one} and {other}");
    }
}

#[test]
fn accents_do_not_count() {
    assert_eq!(found("Timisoara"), ["emergency-transit-centre-timisoara"]);
    for (with, without) in [("Timișoara", "timisoara"), ("Türkiye", "turkiye"), ("TÜRKİYE", "turkiye"), ("Tu\u{308}rkiye", "turkiye")] {
        assert_eq!(found(with), found(without), "{with}");
    }
    assert_eq!(all_of("turkiye"), having("turkiye"));
}

#[test]
fn a_title_that_answers_stands_first() {
    for (word, stem) in [
        ("return", "return"),
        ("remittances", "remittance"),
        ("health", "health"),
        ("insurance", "insurance"),
        ("trafficking", "traffick"),
        ("visa", "visa"),
        ("ombudsman", "ombudsman"),
    ] {
        let first = found(word).first().cloned().unwrap_or_else(|| panic!("{word} finds nothing"));
        let practice = catalogue().practices.iter().find(|practice| practice.text("slug") == first).expect("there");
        assert!(practice.text("title").to_lowercase().contains(stem), "{word} finds '{}' first", practice.text("title"));
    }
}

#[test]
fn every_word_must_be_there_and_small_words_do_not_count() {
    for (one, other) in [("return", "bangladesh"), ("refugees", "insurance"), ("border", "police")] {
        let both: BTreeSet<String> = all_of(one).intersection(&all_of(other)).cloned().collect();
        assert!(!both.is_empty());
        assert_eq!(all_of(&format!("{one} {other}")), both);
        assert_eq!(all_of(&format!("  the {other},  and of: {one}!  ")), both, "in any order, with small words and marks between");
    }
    assert!(found("xylophone return").is_empty());
    assert_eq!(found("what is there for the returnees"), found("returnees"), "as people ask");
}

#[test]
fn words_that_say_nothing_find_nothing_or_are_refused() {
    let query = "query($text: String) { goodPractices(filter: { text: $text }) { totalCount } activities(filter: { text: $text }) { totalCount } }";
    for empty in ["", " ", "\t\n", "!?", "the of and", "a", "\u{200b}"] {
        let answer = answer_with(query, &json!({ "text": empty }));
        let refused = at(&answer, "errors.0.extensions.code") == "BAD_USER_INPUT";
        let nothing = at(&answer, "data.goodPractices.totalCount") == 0 && at(&answer, "data.activities.totalCount") == 0;
        assert!(refused || nothing, "{empty:?} finds everything by accident: {answer}");
    }
}

#[test]
fn no_text_is_too_odd_to_be_answered() {
    let query = "query($text: String) { goodPractices(filter: { text: $text }) { totalCount } }";
    for odd in [
        "\"return\"",
        "return*",
        "return OR 1=1",
        "'; DROP TABLE good_practice; --",
        "NEAR(return, 5)",
        "миграция",
        "مهاجرت",
        "🙂",
        "re\u{0}turn",
        &"long ".repeat(200),
        &"x".repeat(5000),
    ] {
        let answer = answer_with(query, &json!({ "text": odd }));
        let sound = answer.get("errors").is_none() || at(&answer, "errors.0.extensions.code") == "BAD_USER_INPUT";
        assert!(sound, "{odd:?}: {answer}");
    }
}

#[test]
fn relevance_without_a_text_is_the_usual_order() {
    let told =
        data("{ usual: goodPractices(first: 100) { nodes { slug } } bare: goodPractices(first: 100, orderBy: { field: RELEVANCE }) { nodes { slug } } }");
    assert_eq!(told["usual"], told["bare"]);
}

#[test]
fn with_a_text_the_best_comes_first_unless_another_order_is_asked() {
    let told = data_with(
        r#"{ bare: goodPractices(filter: { text: "return" }, first: 100) { nodes { slug } }
             best: goodPractices(filter: { text: "return" }, orderBy: { field: RELEVANCE }, first: 100) { nodes { slug } }
             worst: goodPractices(filter: { text: "return" }, orderBy: { field: RELEVANCE, direction: ASC }, first: 100) { nodes { slug } }
             title: goodPractices(filter: { text: "return" }, orderBy: { field: TITLE, direction: ASC }, first: 100) { nodes { slug } }
             of: state(iso3: "PAK") { goodPractices(filter: { text: "return" }, first: 100) { nodes { slug } } } }"#,
        &json!({}),
    );
    let slugs = |path: &str| texts(at(&told, path), "slug");
    assert_eq!(slugs("bare.nodes"), slugs("best.nodes"));
    assert_eq!(slugs("worst.nodes").first(), slugs("best.nodes").last());
    assert_eq!(these(slugs("title.nodes")), these(slugs("best.nodes")));
    assert_ne!(slugs("title.nodes"), slugs("best.nodes"));
    assert!(these(slugs("of.goodPractices.nodes")).is_subset(&these(slugs("best.nodes"))));
}

#[test]
fn activities_are_found_by_title_summary_and_keyword() {
    let found = |text: &str| {
        texts(
            at(
                &data_with("query($text: String) { activities(filter: { text: $text }, first: 100) { nodes { reference } } }", &json!({ "text": text })),
                "activities.nodes",
            ),
            "reference",
        )
    };
    assert_eq!(found("forecast"), ["IV.a.ii"]);
    assert_eq!(found("prognosis"), ["IV.a.ii"], "a keyword alone");
    for (word, stem) in [("reintegration", "reintegrat"), ("border", "border"), ("remittance", "remittance"), ("trafficking", "traffick")] {
        let has = |entry: &crate::expect::Entry| {
            let words = entry.list("keywords").join(" ");
            [entry.text("title"), entry.text("summary"), &words].iter().any(|text| plain(text).contains(stem))
        };
        let expected = these(catalogue().activities(has));
        assert!(!expected.is_empty() && these(found(word)).is_subset(&expected), "{word}: {:?} and {expected:?}", found(word));
    }
}
