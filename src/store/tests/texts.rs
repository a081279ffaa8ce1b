//! Long texts in the right language, and the wording of provisions.

use super::{Db, catalogue};
use crate::domain::id::Id;
use crate::domain::text::Language;
use crate::store::{Wording, WordingReport};

fn wording(line: usize, document: &str, reference: &str, language: &str, text: &str) -> Wording {
    Wording { line, document: document.into(), reference: reference.into(), language: language.into(), text: text.into() }
}

#[tokio::test]
async fn a_body_comes_as_asked_else_in_english_else_as_it_was_written() {
    let db = Db::filled().await;
    let (one, none) = (Id::of("GoodPractice", "one-window"), Id::of("GoodPractice", "none"));
    let asked = [(one, Language::Tr), (one, Language::En), (one, Language::Bn), (none, Language::En)];
    let found = db.store.bodies(&asked).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!((found[&asked[0]].as_str(), found[&asked[1]].as_str(), found[&asked[2]].as_str()), ("Türkçe metin", "English text", "English text"));
    db.sql(
        "DELETE FROM practice_body WHERE language = 'EN'; INSERT INTO practice_body VALUES ((SELECT id FROM entry WHERE code = 'one-window'), 'AR', 1, 'x')",
    )
    .await;
    assert_eq!(db.store.bodies(&asked).await.unwrap()[&asked[2]], "Türkçe metin");
    assert!(db.store.bodies(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn ever_so_many_keys_are_answered_in_parts() {
    let db = Db::filled().await;
    let one = Id::of("GoodPractice", "one-window");
    let mut asked: Vec<_> = (0..5_000).map(|n| (Id::of("GoodPractice", &n.to_string()), Language::En)).collect();
    asked.push((one, Language::Tr));
    assert_eq!(db.store.bodies(&asked).await.unwrap().len(), 1);
    let ids: Vec<_> = asked.iter().map(|(id, _)| *id).collect();
    assert!(db.store.observations_by_id(&ids).await.unwrap().is_empty());
}

#[tokio::test]
async fn wording_comes_as_a_whole_and_once() {
    let db = Db::filled().await;
    let document = "DECLARATION-2013";
    let good = [wording(1, document, "I", "ru", "Слова"), wording(2, document, "I", "EN", "Words"), wording(3, document, "I.a", "en", "More words")];
    let report = db.store.load_wording(&good).await.unwrap();
    assert_eq!(report, WordingReport { added: 3, updated: 0, unchanged: 0 });
    assert_eq!(db.store.revision().await.unwrap(), 2);
    let (i, a) = (Id::of("Provision", "DECLARATION-2013/I"), Id::of("Provision", "DECLARATION-2013/I.a"));
    let asked = [(i, Language::Ru), (i, Language::Fr), (a, Language::Fr)];
    let found = db.store.official_texts(&asked).await.unwrap();
    assert_eq!((found[&asked[0]].as_str(), found[&asked[1]].as_str(), found[&asked[2]].as_str()), ("Слова", "Words", "More words"));

    let before = db.everything().await;
    assert_eq!(db.store.load_wording(&good).await.unwrap(), WordingReport { added: 0, updated: 0, unchanged: 3 });
    assert_eq!(db.everything().await, before);

    let bad = [
        wording(1, document, "I", "EN", "Other words"),
        wording(2, "DECLARATION-2014", "I", "EN", "x"),
        wording(4, document, "I.b", "EN", "x"),
        wording(5, document, "I", "en", "x"),
        wording(6, document, "I.a", "XX", " "),
    ];
    let faults = db.store.load_wording(&bad).await.unwrap_err().to_string();
    let lines: Vec<_> = faults.lines().collect();
    assert_eq!(lines.len(), 5, "{faults}");
    assert_eq!(lines[0], "line 2: there is no document 'DECLARATION-2014'. Did you mean DECLARATION-2013?");
    assert!(lines[1].starts_with("line 4: DECLARATION-2013 has no provision 'I.b'. Did you mean I.a"), "{faults}");
    assert_eq!(lines[2], "line 5: DECLARATION-2013 I in EN stands in line 1 already.");
    assert!(lines[3].starts_with("line 6: 'XX' is no language") && lines[4] == "line 6: the text is empty.", "{faults}");
    assert_eq!(db.everything().await, before);

    // A newer catalogue, even one that changes the provision, leaves the wording where it is.
    assert!(!db.load(&catalogue()).await.has_changes());
    assert_eq!(db.store.load_wording(&bad[..1]).await.unwrap().updated, 1);
    assert_eq!(db.store.official_texts(&asked).await.unwrap()[&asked[1]], "Other words");
    db.is_sound().await;
}
