//! The file under a running server: moved, replaced, deleted, linked elsewhere; its log taken away; whom it is for.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::kept::{draft, found};
use super::place::{say, server};
use super::{Db, catalogue};
use crate::store::{CopyError, Follower, Store, Trouble};

/// A copy of all that is there now, under another name.
async fn copied(store: &Store, name: &Path) {
    let target = Store::open(&format!("sqlite://{}", name.display())).await.unwrap();
    let done: Result<_, CopyError> = store.copy_to(&target, true, std::sync::Arc::new(|_, _| {})).await;
    done.unwrap();
    target.close().await;
}

fn beside(file: &Path, ending: &str) -> std::path::PathBuf {
    crate::store::file::with_ending(file, ending)
}

/// What a careless operator does; whether another database is there then.
type Deed = fn(&Path, &Path) -> bool;

const DEEDS: [(&str, Deed); 7] = [
    ("moved with its log, a copy put in its place", |file, copy| {
        for ending in ["-wal", "-shm", ""] {
            fs::rename(beside(file, ending), beside(&file.with_file_name("old.db"), ending)).unwrap();
        }
        fs::rename(copy, file).unwrap();
        true
    }),
    ("a copy moved over it, its log left there", |file, copy| {
        fs::rename(copy, file).unwrap();
        true
    }),
    ("replaced by a link to a copy", |file, copy| {
        for ending in ["-wal", "-shm", ""] {
            fs::remove_file(beside(file, ending)).unwrap();
        }
        symlink(copy, file).unwrap();
        true
    }),
    ("deleted", |file, _| {
        fs::remove_file(file).unwrap();
        false
    }),
    ("moved away", |file, _| {
        fs::rename(file, file.with_file_name("old.db")).unwrap();
        false
    }),
    ("replaced by nothing of ours", |file, _| {
        fs::remove_file(file).unwrap();
        fs::write(file, "").unwrap();
        false
    }),
    ("its folder renamed", |file, _| {
        let folder = file.parent().unwrap();
        fs::rename(folder, folder.with_file_name("renamed")).unwrap();
        false
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_changed_for_another_is_followed_or_nothing_is_written() {
    if server().is_some() {
        return say("skipped: the files of PostgreSQL are its own");
    }
    for (what, deed) in DEEDS {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data");
        fs::create_dir(&folder).unwrap();
        let (file, copy) = (folder.join("silkroutes.db"), folder.join("copy.db"));
        let url = format!("sqlite://{}", file.display());
        let store = Store::open(&url).await.unwrap();
        store.import(&catalogue(), crate::store::ImportOptions::default(), &|_, _| {}).await.unwrap();
        let follower = Follower::new(store.clone()).await.unwrap();
        let era = follower.current().era();
        draft(&store, 1).await.unwrap();
        copied(&store, &copy).await;
        draft(&store, 2).await.unwrap();
        follower.catch_up().await.unwrap();
        assert_eq!(store.watch().await, None);

        let is_followed = deed(&file, &copy);
        assert!(draft(&store, 3).await.is_err(), "{what}: not before it was looked at");
        assert!(store.trouble().is_some_and(|trouble| trouble.is_lost()), "{what}: it is told at once");
        assert!(follower.catch_up().await.is_err(), "{what}: nobody takes the past for the present");
        let trouble = store.watch().await;
        assert_eq!(trouble.is_none(), is_followed, "{what}: {trouble:?}");
        if is_followed {
            assert!(follower.catch_up().await.unwrap().0.era() > era, "{what}");
            draft(&store, 4).await.unwrap();
            assert_eq!(found(&url).await, [1, 4], "{what}");
            assert_eq!(store.check().await.unwrap(), []);
        } else {
            assert!(draft(&store, 4).await.is_err(), "{what}");
        }
        store.close().await;
        if is_followed {
            assert_eq!(found(&url).await, [1, 4], "{what}: after a stop");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stood_in_a_log_that_was_taken_away_is_brought_into_the_file() {
    let db = Db::filled().await;
    if server().is_some() {
        return say("skipped: the log of PostgreSQL is its own");
    }
    for ending in ["-wal", "-shm"] {
        let db = Db::filled().await;
        draft(&db.store, 1).await.unwrap();
        fs::remove_file(beside(&db.place.file(), ending)).unwrap();
        assert!(draft(&db.store, 2).await.is_err(), "{ending}");
        assert!(matches!(db.store.watch().await, Some(Trouble::NoLog(_))), "{ending}");
        // Nothing ends well: what is in the file now is all that there is.
        let copy = db.place.path().join("copy.db");
        fs::copy(db.place.file(), &copy).unwrap();
        assert_eq!(found(&format!("sqlite://{}", copy.display())).await, [1], "{ending}");
    }
    db.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_back_is_the_one_that_it_was() {
    let db = Db::filled().await;
    if server().is_some() {
        return say("skipped: the files of PostgreSQL are its own");
    }
    let (file, away) = (db.place.file(), db.place.path().join("away.db"));
    draft(&db.store, 1).await.unwrap();
    fs::rename(&file, &away).unwrap();
    assert!(matches!(db.store.watch().await, Some(Trouble::Gone(_))));
    fs::rename(&away, &file).unwrap();
    assert_eq!(db.store.watch().await, None);
    draft(&db.store, 2).await.unwrap();
    assert_eq!(found(&db.place.url()).await, [1, 2]);
    db.is_sound().await;
}

#[tokio::test]
async fn everything_that_is_kept_is_for_its_user_alone() {
    let db = Db::filled().await;
    if server().is_some() {
        return say("skipped: the files of PostgreSQL are its own");
    }
    let modes = || {
        let files = fs::read_dir(db.place.path()).unwrap().map(|file| file.unwrap());
        files.map(|file| (file.file_name().into_string().unwrap(), file.metadata().unwrap().mode() & 0o777)).collect::<Vec<_>>()
    };
    draft(&db.store, 1).await.unwrap();
    assert!(modes().len() >= 3 && modes().iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes());
    // One of an earlier version.
    for ending in ["", "-wal", "-shm"] {
        fs::set_permissions(beside(&db.place.file(), ending), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let again = Store::open(&db.place.url()).await.unwrap();
    assert!(modes().iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes());
    again.close().await;
}
