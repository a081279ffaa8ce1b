//! What is acknowledged is kept, whatever happens to a transaction; what cannot be kept is not acknowledged.

use std::time::Duration;

use sea_orm::ConnectionTrait;

use super::place::{say, server};
use super::{Db, practice};
use crate::domain::contact::{ContactFunction, ContactPoint};
use crate::domain::id::Id;
use crate::domain::viewer::{Member, Role};
use crate::store::sql::{Sql, rows};
use crate::store::write::{begin, end};
use crate::store::{Act, Call, Opening, Outcome, Store, StoreError};

pub(super) fn member() -> Member {
    Member { party: "TUR".into(), role: Role::FocalPoint, subject: "desk".into(), expires_at: None }
}

/// Begins a practice under that number; whether that was acknowledged.
pub(super) async fn draft(store: &Store, n: u16) -> Result<(), StoreError> {
    let mut id = [7; 16];
    id[..2].copy_from_slice(&n.to_be_bytes());
    let act = Act::Draft { id: Id::from_bytes(id), practice: Box::new(practice(&format!("draft-{n}"))) };
    store.contribute(Call { by: member(), act, key: None }).await.map(|done| assert!(matches!(done, Outcome::Done(..)), "{done:?}"))
}

/// The numbers of those that another program finds.
pub(super) async fn found(url: &str) -> Vec<u16> {
    let store = Store::open_as(Opening { room: 0, ..Opening::of(url) }).await.unwrap();
    let sql = Sql::new("SELECT CAST(substr(code, 7) AS bigint) FROM entry WHERE code LIKE 'draft-%' ORDER BY 1");
    let found = rows(&store.read, sql).await.unwrap().iter().map(|row| u16::try_from(row.try_get_by_index::<i64>(0).unwrap()).unwrap()).collect();
    store.close().await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_commit_failed_is_used_no_more() {
    let db = Db::filled().await;
    if server().is_some() {
        return say("skipped: only the driver of SQLite counts wrongly");
    }
    for n in 0..20 {
        // As SQLite does by itself where a COMMIT meets a full disk.
        let writing = begin(&db.store.write.turn().await.unwrap()).await.unwrap();
        writing.execute_unprepared("ROLLBACK").await.unwrap();
        let done: Result<(), StoreError> = match n % 3 {
            0 => Ok(()),
            1 => Err(StoreError::BrokenOff),
            // Nobody ends it.
            _ => {
                drop(writing);
                draft(&db.store, n).await.unwrap();
                continue;
            }
        };
        let is_good = done.is_ok();
        let ended = end(writing, done, true).await;
        assert!(matches!((&ended, is_good), (Err(StoreError::Unknown(_)), true) | (Err(StoreError::BrokenOff), false)), "{ended:?}");
        assert!(db.store.trouble().is_some(), "it is told");
        draft(&db.store, n).await.unwrap();
        assert_eq!(db.store.trouble(), None);
        assert_eq!(found(&db.place.url()).await, (0..=n).collect::<Vec<_>>(), "all that was acknowledged");
    }
    db.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_in_between_is_not_committed_as_if_it_were_well() {
    let db = Db::filled().await;
    let writing = begin(&db.store.write.turn().await.unwrap()).await.unwrap();
    writing.execute_unprepared("DELETE FROM practice_body").await.unwrap();
    writing.execute_unprepared("SELECT no_such_function()").await.unwrap_err();
    let ended: Result<(), StoreError> = end(writing, Ok(()), true).await;
    // PostgreSQL would say COMMIT to it, and take it back; SQLite goes on, and has kept the rest.
    assert_eq!(ended.is_ok(), server().is_none(), "{ended:?}");
    draft(&db.store, 1).await.unwrap();
    assert_eq!(found(&db.place.url()).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_not_acknowledged() {
    if server().is_none() {
        return say("skipped: SQLite has no server that could go away");
    }
    let db = Db::filled().await;
    for n in 0..5 {
        let writing = begin(&db.store.write.turn().await.unwrap()).await.unwrap();
        let found_pid = rows(&*writing, Sql::new("SELECT CAST(pg_backend_pid() AS bigint)")).await.unwrap();
        let pid: i64 = found_pid[0].try_get_by_index(0).unwrap();
        rows(&db.store.write.database, Sql::new(&format!("SELECT pg_terminate_backend({pid})"))).await.unwrap();
        let ended: Result<(), StoreError> = end(writing, Ok(()), true).await;
        assert!(ended.is_err());
        draft(&db.store, n).await.unwrap();
        assert_eq!(db.store.trouble(), None);
        assert_eq!(found(&db.place.url()).await, (0..=n).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_write_that_failed_it_is_found_out_by_itself_that_they_are_kept_again() {
    let db = Db::filled().await;
    db.store.write.keeper.broke(&sea_orm::DbErr::Custom("the disk".into()));
    assert!(db.store.trouble().is_some());
    let before = db.everything().await;
    assert_eq!(db.store.watch().await, None, "a small write was tried");
    assert_eq!(db.everything().await, before, "and changed nothing");
}

fn contact() -> ContactPoint {
    ContactPoint {
        code: "erased-office".into(),
        party: "TUR".into(),
        office: "ERASEDOFFICE".into(),
        function: ContactFunction::Readmission,
        posted_to: None,
        email: Some("erased@example.org".into()),
        telephone: None,
        languages: Vec::new(),
        activities: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_waits_for_no_reader_and_is_made_good_when_that_leaves() {
    let db = Db::filled().await;
    if server().is_some() {
        return say("skipped: the log of PostgreSQL is its own");
    }
    let stands_in = || {
        let files = std::fs::read_dir(db.place.path()).unwrap().map(|file| file.unwrap().path());
        let holds = |bytes: Vec<u8>| [&b"ERASEDOFFICE"[..], b"key-of-erased"].iter().any(|word| bytes.windows(word.len()).any(|some| some == *word));
        files.filter(|file| holds(std::fs::read(file).unwrap())).collect::<Vec<_>>()
    };
    for n in 0..3 {
        let id = Id::from_bytes([n; 16]);
        let key = Some((format!("key-of-erased-{n}"), "digest".to_owned()));
        let save = Act::SaveContact { id, saw: None, contact: Box::new(contact()) };
        assert!(matches!(db.store.contribute(Call { by: member(), act: save, key }).await, Ok(Outcome::Done(..))));
        assert!(!stands_in().is_empty());
        // A reader in a transaction of its own; the first time there is none.
        let reader = if n == 0 { None } else { Some(db.store.one_state("read").await.unwrap()) };
        if let Some(reader) = &reader {
            rows(&**reader, Sql::new("SELECT count(*) FROM entry")).await.unwrap();
        }
        let since = tokio::time::Instant::now();
        let erase = Act::EraseContact { id, saw: 1 };
        assert!(matches!(db.store.contribute(Call { by: member(), act: erase, key: None }).await, Ok(Outcome::Done(..))));
        draft(&db.store, u16::from(n)).await.unwrap();
        assert!(since.elapsed() < Duration::from_secs(5), "nobody waited for the reader");
        assert_eq!(db.store.vitals().await.is_erasing, reader.is_some());
        if let Some(reader) = reader {
            assert!(!db.store.take_out_erased().await.unwrap());
            reader.rollback().await.unwrap();
        }
        db.store.erasing.ask();
        db.store.erasure().await;
        while !db.store.take_out_erased().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(stands_in(), Vec::<std::path::PathBuf>::new());
    }
}
