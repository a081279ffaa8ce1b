//! The README tells the truth: each question in it gets the answer that stands below it.

use std::fs;

use serde_json::Value;

use crate::app::TestApp;

/// The text of every fenced block of that language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).map(str::to_owned).collect()
}

#[test]
fn five_questions_get_the_answers_that_it_shows() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let (questions, answers) = (blocks(&readme, "graphql"), blocks(&readme, "json"));
    assert_eq!((questions.len(), answers.len()), (5, 5));
    for (question, answer) in questions.iter().zip(answers) {
        let shown: Value = serde_json::from_str(&answer).unwrap_or_else(|fault| panic!("{fault} in {answer}"));
        let given = TestApp::shared().query(question);
        assert_eq!(given["data"], shown["data"], "{question}");
        assert_eq!(given.get("errors"), None, "{question}");
    }
}
