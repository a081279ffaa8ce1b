//! Opening: once however many do it together, and one sentence where it cannot be.

use std::fs;

use super::place::{Place, has_no_file, server};
use super::{Db, catalogue, material};
use crate::store::Store;

async fn refusal(url: &str) -> String {
    Store::open(url).await.expect_err(url).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_open_an_empty_database_together() {
    let place = Place::new();
    let all: Vec<_> = (0..50)
        .map(|_| {
            let url = place.url();
            tokio::spawn(async move { Store::open(&url).await })
        })
        .collect();
    let mut secrets = Vec::new();
    for one in all {
        let store = one.await.unwrap().unwrap();
        secrets.push(store.secret().await.unwrap());
        store.close().await;
    }
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    let store = Store::open(&place.url()).await.unwrap();
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_kept_is_there_again() {
    let db = Db::filled().await;
    let secret = db.store.secret().await.unwrap();
    let before = db.material().await.unwrap().entries;
    let Db { place, store } = db;
    store.close().await;
    let mut url = place.url();
    if server().is_none() {
        let names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["silkroutes.db"], "one file, once nobody has it open");
        url += "?mode=rwc";
    }
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.secret().await.unwrap(), secret);
    assert_eq!(material(&store).await.unwrap().entries, before);
}

#[tokio::test]
async fn a_path_is_taken_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a %20 & ö #.db");
    Store::open(&format!("sqlite:{}", path.display())).await.unwrap().close().await;
    assert!(path.exists());
}

#[tokio::test]
async fn each_refusal_is_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(
        refusal(&format!("sqlite://{}", at("none/x.db"))).await,
        format!("The database {} cannot be made: there is no folder {}.", at("none/x.db"), at("none"))
    );
    assert_eq!(
        refusal(&format!("sqlite://{}", folder.path().display())).await,
        format!("{} is a folder: the database is a file, such as {}.", folder.path().display(), at("silkroutes.db"))
    );

    fs::write(at("text.db"), "These are the notes of a meeting.").unwrap();
    assert_eq!(
        refusal(&format!("sqlite://{}", at("text.db"))).await,
        format!("{} is no SQLite database: name another file, or move this one away.", at("text.db"))
    );
    assert_eq!(fs::read_to_string(at("text.db")).unwrap(), "These are the notes of a meeting.");
    fs::write(at("cut.db"), [&b"SQLite format 3\0"[..], &[7; 5000]].concat()).unwrap();
    let sentence = refusal(&format!("sqlite://{}", at("cut.db"))).await;
    assert!(sentence.contains("is no SQLite database") || sentence.contains("the file is damaged"), "{sentence}");

    let sentence = refusal("mysql://me:secret@host").await;
    assert!(sentence.starts_with("Data is kept in SQLite or PostgreSQL: write sqlite://FILE") && !sentence.contains("secret"), "{sentence}");
    let sentence = refusal("postgres://me:se/cret@host:x/db").await;
    assert!(sentence.starts_with("The database address cannot be read: write postgres://") && !sentence.contains("cret"), "{sentence}");
    for nothing in ["", "x.db", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite://:memory:"] {
        assert!(refusal(nothing).await.starts_with("The database address names no file: write sqlite://FILE"), "{nothing}");
    }
    assert!(refusal("sqlite://x.db?cache=shared").await.contains("`?cache=shared`, which means nothing here"));
}

#[tokio::test]
async fn a_read_only_file_is_told() {
    if has_no_file("a read-only file") {
        return;
    }
    let db = Db::filled().await;
    let Db { place, store } = db;
    store.close().await;
    let path = place.file();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(refusal(&place.url()).await, format!("{} is read-only: the server writes to its database.", path.display()));
}

#[tokio::test]
async fn the_databases_of_others_are_left_alone() {
    let db = Db::filled().await;
    db.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_future', 0)").await;
    let sentence = refusal(&db.place.url()).await;
    assert!(sentence.contains("was made by a newer version (its schema has the step m20991231_000001_future)"), "{sentence}");
    assert_eq!(db.store.check().await.unwrap().len(), 1);
    db.sql("DROP TABLE seaql_migrations").await;
    let sentence = refusal(&db.place.url()).await;
    assert!(sentence.contains("is the database of another program"), "{sentence}");
}

#[tokio::test]
async fn the_doctor_finds_what_does_not_fit() {
    let db = Db::new().await;
    db.load(&catalogue()).await;
    db.is_sound().await;
    for (damage, repair, found) in [
        ("UPDATE entry SET content = '{' WHERE code = 'AFG'", "", "the content of State AFG cannot be read"),
        ("UPDATE entry SET id = 'AAAAAAAAAAAAAAAAAAAAAA' WHERE code = 'WEST'", "", "Flow WEST came with the catalogue, but its id is not made of its code"),
        ("UPDATE entry SET content = replace(content, '\"TUR\"', '\"ROM\"') WHERE code = 'WEST'", "", "Flow WEST names ROM, which is not there"),
        ("DELETE FROM corridor", "", "there are figures about C:AFG-TUR, but no such corridor"),
        ("UPDATE figure_set SET is_newest = FALSE", "UPDATE figure_set SET is_newest = TRUE", "the figures of COUNTS 2026-11-23 are marked as newest wrongly"),
        ("UPDATE series SET hash = hash + 1", "UPDATE series SET hash = hash - 1", "of C:AFG-TUR is filed wrongly"),
        ("UPDATE series SET points = x'01ff' WHERE subject = 'R:WEST'", "", "the figures of R:WEST (series 2) cannot be read"),
        (
            "UPDATE figure_set SET facts = facts + 1",
            "UPDATE figure_set SET facts = facts - 1",
            "DETECTIONS of COUNTS 2026-11-23 should have 4 figures, and has 3",
        ),
        ("DELETE FROM figure_block WHERE kind = 1", "", "the blocks of figures are not what the series make them"),
        ("UPDATE figure_block SET cells = x'01'", "", "a block of the figures 1 cannot be read"),
        ("DELETE FROM figure_file", "", "figures of C:AFG-TUR (series 1) came in a file that is not there"),
        ("UPDATE figure_set SET source = 'X'", "UPDATE figure_set SET source = 'COUNTS'", "figures name the source X, which is not there"),
        ("UPDATE change SET revision = 3", "UPDATE change SET revision = 1", "the change log lacks what comes before revision 3"),
    ] {
        let db = Db::filled().await;
        db.sql_of(damage, &damage.replace("x'", "'\\x")).await;
        let findings: Vec<_> = db.store.check().await.unwrap().iter().map(ToString::to_string).collect();
        assert!(findings.iter().any(|finding| finding.contains(found)), "{damage}: {findings:?}");
        if !repair.is_empty() {
            db.sql(repair).await;
            db.is_sound().await;
        }
    }
    drop(db);
}
