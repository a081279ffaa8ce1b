//! A catalogue comes in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::date;

use super::{Db, catalogue, corridor, edit, figure, practice, state};
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::text::Language;
use crate::store::write::{begin, end};
use crate::store::{FigureReport, ImportOptions, Name, Store, StoreError};

fn name(kind: Kind, code: &str) -> Name {
    Name { kind, code: code.into() }
}

#[tokio::test]
async fn the_first_import_brings_everything() {
    let db = Db::new().await;
    assert!(db.store.is_empty().await.unwrap());
    assert_eq!(db.store.revision().await.unwrap(), 0);
    let steps = Mutex::new(Vec::new());
    let report = db.store.import(&catalogue(), ImportOptions::default(), &|done, all| steps.lock().unwrap().push((done, all))).await.unwrap();
    assert_eq!((report.added.len(), report.figures.added, report.revision), (8, 3, 1));
    assert_eq!(steps.lock().unwrap().last(), Some(&(11, 11)));
    assert!(!db.store.is_empty().await.unwrap());

    let material = db.material().await.unwrap();
    assert_eq!(material.revision, 1);
    assert_eq!(material.corridors, [("AFG".to_owned(), "TUR".to_owned())]);
    assert_eq!(material.editions, [("COUNTS".to_owned(), vec!["2026-11-23".to_owned()])]);
    let mut expected = catalogue().entries;
    expected.sort_by_key(|entry| (entry.kind(), entry.code()));
    let found: Vec<_> = material.entries.iter().map(|stored| stored.entry.clone()).collect();
    assert_eq!(found, expected, "with the bodies of practices");
    for stored in &material.entries {
        assert_eq!(stored.id, stored.entry.catalogue_id());
        assert_eq!(stored.published_at.unwrap().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(Some(stored.updated_at), stored.published_at);
    }
    db.is_sound().await;
}

#[tokio::test]
async fn the_second_import_changes_nothing() {
    let db = Db::filled().await;
    let before = db.everything().await;
    let report = db.load(&catalogue()).await;
    assert_eq!((report.unchanged, report.figures.unchanged, report.revision, report.has_changes()), (8, 3, 1, false));
    assert_eq!(db.everything().await, before);
    let report = db.prune(&catalogue()).await;
    assert!(!report.has_changes());
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn a_newer_edition_that_says_the_same_changes_no_entry() {
    let db = Db::filled().await;
    let report = db.load(&crate::domain::catalogue::Catalogue { edition: date(2027, 1, 1), ..catalogue() }).await;
    assert!(!report.has_changes());
    assert_eq!(db.store.revision().await.unwrap(), 1);
}

#[tokio::test]
async fn an_edited_entry_is_updated() {
    let db = Db::filled().await;
    let mut newer = catalogue();
    newer.edition = date(2027, 1, 1);
    edit(&mut newer, "one-window", |practice| {
        practice.texts.remove(0);
        practice.texts[0].body = Some("Another text".into());
    });
    newer.observations[0].value = Some(13.0);
    let report = db.load(&newer).await;
    assert_eq!(report.updated, [name(Kind::GoodPractice, "one-window")]);
    assert_eq!((report.unchanged, report.revision), (7, 2));
    assert_eq!(report.figures, FigureReport { updated: 1, unchanged: 2, ..FigureReport::default() });

    let material = db.material().await.unwrap();
    let stored = material.entries.iter().find(|stored| stored.entry.kind() == Kind::GoodPractice).unwrap();
    assert_eq!(stored.published_at.unwrap().to_string(), "2026-11-23T00:00:00Z", "published once");
    assert_eq!(stored.updated_at.to_string(), "2027-01-01T00:00:00Z");
    let key = (stored.id, Language::Tr);
    assert_eq!(db.store.bodies(&[key]).await.unwrap()[&key], "Another text");
    assert_eq!(db.count("practice_body").await, 1);
    assert!(db.everything().await.iter().any(|line| line == &format!("change 2 {} GoodPractice 2026-12-01T12:00:00.000000Z", stored.id)));
    db.is_sound().await;
}

#[tokio::test]
async fn a_removed_entry_is_kept_until_it_is_pruned() {
    let db = Db::filled().await;
    let mut less = catalogue();
    less.entries.retain(|entry| entry.kind() != Kind::GoodPractice);
    less.observations.truncate(1);
    let before = db.everything().await;
    let report = db.load(&less).await;
    assert_eq!(report.kept_removed, [name(Kind::GoodPractice, "one-window")]);
    assert_eq!(report.figures, FigureReport { unchanged: 1, kept_removed: 2, ..FigureReport::default() });
    assert_eq!(db.everything().await, before);

    let report = db.prune(&less).await;
    assert_eq!(report.removed, [name(Kind::GoodPractice, "one-window")]);
    assert_eq!((report.figures.removed, report.revision), (2, 2));
    assert_eq!((db.count("entry").await, db.count("practice_body").await, db.figures().await), (7, 0, 1));
    let text = report.to_string();
    assert!(text.starts_with("Catalogue of 2026-11-23: 0 entries new, 0 changed, 7 unchanged, 1 removed."), "{text}");
    db.is_sound().await;

    less.observations.clear();
    db.prune(&less).await;
    assert_eq!(db.count("corridor").await, 0, "a corridor is there where figures are");
    db.is_sound().await;
}

#[tokio::test]
async fn what_was_changed_through_the_api_is_left_alone() {
    let db = Db::new().await;
    let mut first = catalogue();
    first.entries.push(state("XKX"));
    first.entries.push(Entry::GoodPractice(practice("two-windows")));
    db.load(&first).await;
    let id = Id::of("GoodPractice", "one-window");
    db.sql(&format!(
        r#"UPDATE entry SET origin = 'API', version = 2, content = replace(replace(content, '"states":["TUR"]', '"states":["TUR","XKX"]'), '"flows":["WEST"]', '"flows":["WEST","AFG-TUR"]') WHERE id = '{id}'"#
    ))
    .await;
    // Changed to and fro, or in the same way as the catalogue: nothing to report.
    db.sql("UPDATE entry SET origin = 'API' WHERE code = 'two-windows'").await;
    let before = db.everything().await;

    let mut newer = catalogue();
    newer.entries.push(Entry::GoodPractice(practice("two-windows")));
    edit(&mut newer, "one-window", |practice| practice.attributed = false);
    newer.observations.retain(|figure| figure.subject != corridor("AFG", "TUR"));
    let report = db.load(&newer).await;
    assert_eq!(report.kept_changed, [name(Kind::GoodPractice, "one-window")]);
    assert_eq!(report.kept_removed, [name(Kind::State, "XKX")]);
    assert_eq!(db.everything().await, before);

    // Pruned: neither it, nor what it names.
    let report = db.prune(&newer).await;
    assert_eq!(report.kept_changed, [name(Kind::GoodPractice, "one-window")]);
    assert_eq!(report.kept_removed, [name(Kind::State, "XKX")]);
    assert_eq!((db.count("entry").await, db.figures().await, db.count("corridor").await), (10, 1, 1));
    db.is_sound().await;

    // Nor where the catalogue no longer has it; what the API made is not the catalogue's business.
    db.sql("UPDATE entry SET digest = NULL WHERE code = 'two-windows'").await;
    newer.entries.retain(|entry| entry.kind() != Kind::GoodPractice);
    let report = db.prune(&newer).await;
    assert_eq!(report.kept_changed, [name(Kind::GoodPractice, "one-window")]);
    assert!(report.to_string().contains("GoodPractice one-window: changed through the API"));
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_the_database_untouched() {
    let db = Db::filled().await;
    db.sql_of(
        "CREATE TRIGGER no BEFORE INSERT ON series WHEN new.subject = 'C:AFG-IRN' BEGIN SELECT raise(ABORT, 'no'); END",
        "ALTER TABLE series ADD CONSTRAINT no CHECK (subject <> 'C:AFG-IRN')",
    )
    .await;
    let before = db.everything().await;
    let mut newer = catalogue();
    newer.entries.push(state("IRN"));
    newer.entries.remove(7);
    newer.observations.push(figure(corridor("AFG", "IRN"), 1999, Some(1.0)));
    let failed = db.store.import(&newer, ImportOptions { prune: true, dry_run: false }, &|_, _| {}).await.unwrap_err();
    assert_eq!(failed.to_string(), "The database could not add figures: a rule of the schema would be broken.");
    assert_eq!(db.everything().await, before);
    newer.observations.pop();
    assert_eq!(db.prune(&newer).await.revision, 2, "and the next write is as good as any");
}

#[tokio::test]
async fn a_dry_run_tells_everything_and_does_nothing() {
    let db = Db::filled().await;
    let before = db.everything().await;
    let mut newer = catalogue();
    newer.entries.push(state("IRN"));
    newer.observations.clear();
    let options = ImportOptions { prune: true, dry_run: true };
    let report = db.store.import(&newer, options, &|_, _| {}).await.unwrap();
    assert_eq!((report.added, report.figures.removed, report.revision), (vec![name(Kind::State, "IRN")], 3, 1));
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn a_newer_edition_of_a_source_takes_the_place_of_the_older() {
    let db = Db::filled().await;
    let mut newer = catalogue();
    for figure in &mut newer.observations {
        figure.edition = "2027-01-01".into();
    }
    let report = db.load(&newer).await;
    assert_eq!(report.figures, FigureReport { added: 3, kept_removed: 3, ..FigureReport::default() });
    assert_eq!(db.material().await.unwrap().editions, [("COUNTS".to_owned(), vec!["2027-01-01".to_owned(), "2026-11-23".to_owned()])]);
    db.is_sound().await;
    // What a publisher's file brought is not the catalogue's.
    let mut of_file = catalogue().observations.remove(2);
    of_file.sha256 = Some("abc".into());
    db.sql("DELETE FROM figure_block WHERE kind = 1; DELETE FROM series WHERE subject = 'R:WEST' AND set_id = 1").await;
    db.store.bulk_insert(&[], &[of_file]).await.unwrap();
    assert_eq!(db.prune(&newer).await.figures.removed, 2);
    let report = db.prune(&catalogue()).await;
    assert_eq!((report.figures.added, report.figures.removed), (2, 3), "the one of the file is there already");
    db.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_vanishes_leaves_the_import_whole_or_absent() {
    let db = Db::new().await;
    let mut large = catalogue();
    large.entries.extend((0..300).map(|n| Entry::GoodPractice(practice(&format!("practice-{n}")))));
    let large = Arc::new(large);
    let whole = i64::try_from(large.entries.len()).unwrap();
    for delay in 0..40 {
        let (store, catalogue) = (db.store.clone(), Arc::clone(&large));
        let seen = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move { store.import(&catalogue, ImportOptions::default(), &|done, _| seen.store(done, Ordering::Relaxed)).await }
        });
        tokio::time::sleep(Duration::from_micros(delay * 500)).await;
        task.abort();
        let _ = task.await;
        // The next write waits for the one that goes on without its caller, and finds no transaction open.
        let writing = begin(&db.store.write.turn().await.unwrap()).await.unwrap();
        end::<(), StoreError>(writing, Ok(()), false).await.unwrap();
        let count = db.count("entry").await;
        assert!(count == 0 || count == whole, "{count} of {whole} after {delay}");
        assert_eq!(db.store.revision().await.unwrap(), u64::from(count > 0));
        db.sql("DELETE FROM entry; DELETE FROM figure_file; DELETE FROM figure_set; DELETE FROM breakdown; DELETE FROM place; DELETE FROM series; DELETE FROM figure_block; DELETE FROM corridor; DELETE FROM change; DELETE FROM meta WHERE key <> 'cursor_secret'").await;
    }
}

#[tokio::test]
async fn two_stores_share_one_file() {
    let db = Db::filled().await;
    let other = Store::open(&db.place.url()).await.unwrap();
    assert_eq!(other.secret().await.unwrap(), db.store.secret().await.unwrap());
    let mut newer = catalogue();
    newer.entries.push(state("IRN"));
    other.import(&newer, ImportOptions::default(), &|_, _| {}).await.unwrap();
    assert_eq!(db.store.revision().await.unwrap(), 2);
    assert_eq!(db.material().await.unwrap().entries.len(), 9);
    // Both write at once: each waits for the other.
    let mut third = newer.clone();
    third.entries.push(state("IRQ"));
    let (one, two) = tokio::join!(db.store.import(&third, ImportOptions::default(), &|_, _| {}), other.import(&third, ImportOptions::default(), &|_, _| {}));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.added.len() + two.added.len(), 1);
    assert_eq!((one.revision, two.revision), (3, 3));
    other.close().await;
    db.is_sound().await;
}

#[tokio::test]
async fn material_comes_in_parts_and_names_what_is_damaged() {
    let db = Db::new().await;
    let mut large = catalogue();
    large.entries.extend((0..2_500).map(|n| Entry::GoodPractice(practice(&format!("practice-{n}")))));
    db.load(&large).await;
    let material = db.material().await.unwrap();
    assert_eq!(material.entries.len(), 2_508);
    let codes: Vec<_> = material.entries.iter().map(|stored| (stored.entry.kind(), stored.entry.code())).collect();
    assert!(codes.is_sorted(), "by kind and code");
    let with_bodies = |entry: &Entry| matches!(entry, Entry::GoodPractice(practice) if practice.texts.iter().all(|text| text.body.is_some()));
    assert_eq!(material.entries.iter().filter(|stored| with_bodies(&stored.entry)).count(), 2_501);
    // One that looks like two, and one like none: together they are as many as they should be.
    for content in ["{", "{}", "\"\"", "1],[2", "", "1]],[[2", "{}{}"] {
        db.sql(&format!("UPDATE entry SET content = '{content}' WHERE code = 'practice-1999'")).await;
        for other in ["''", "content || '],[' || content"] {
            db.sql(&format!(
                "CREATE TABLE kept AS SELECT content FROM entry WHERE code = 'practice-2000'; UPDATE entry SET content = {other} WHERE code = 'practice-2000'"
            ))
            .await;
            let sentence = db.material().await.unwrap_err().to_string();
            assert_eq!(sentence, "The database is damaged: the content of GoodPractice practice-1999 cannot be read. `silkroutes doctor` looks closer.");
            db.sql("UPDATE entry SET content = (SELECT content FROM kept) WHERE code = 'practice-2000'; DROP TABLE kept").await;
        }
    }
    db.sql("UPDATE entry SET content = (SELECT content FROM entry WHERE code = 'practice-2000') WHERE code = 'practice-1999'").await;
    for (column, instant) in
        [("published_at", ""), ("published_at", "2026-01-01T00:00:00Z,2026-01-01T00:00:00Z"), ("published_at", ","), ("updated_at", ""), ("updated_at", ",")]
    {
        db.sql(&format!("UPDATE entry SET {column} = '{instant}' WHERE code = 'practice-1998'")).await;
        let sentence = db.material().await.unwrap_err().to_string();
        assert_eq!(sentence, "The database is damaged: an instant of GoodPractice practice-1998 cannot be read. `silkroutes doctor` looks closer.");
        db.sql("UPDATE entry SET published_at = NULL, updated_at = '2026-01-01T00:00:00Z' WHERE code = 'practice-1998'").await;
    }
    db.material().await.unwrap();
    // The only one of its kind.
    db.sql("UPDATE entry SET content = '' WHERE kind = 'Source'").await;
    let sentence = db.material().await.unwrap_err().to_string();
    assert!(sentence.starts_with("The database is damaged: the content of Source COUNTS"), "{sentence}");
}
