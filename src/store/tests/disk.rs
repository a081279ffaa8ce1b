//! A disk that is full now and then: what was acknowledged is there, what must be noted is, and writes go on as soon as
//! there is room. On a small file system of its own, where one may be mounted; said aloud where not.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sea_orm::ConnectionTrait;

use super::catalogue;
use super::kept::{draft, found, member};
use super::place::{say, server};
use crate::domain::id::Id;
use crate::store::sql::{Sql, rows};
use crate::store::{ImportOptions, Opening, ReadNote, Store, Trouble};

/// A file system of some megabytes.
struct Disk {
    folder: tempfile::TempDir,
    fill: Option<File>,
}

impl Disk {
    /// None where it may not be made.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self { folder, fill: None })
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.folder.path().join("silkroutes.db").display())
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// Takes all room but so many bytes.
    fn fill(&mut self, but: usize) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.ballast()).unwrap();
        for size in [65_536, 4_096, 512, 1] {
            while file.write(&vec![b'x'; size]).is_ok_and(|written| written == size) {}
        }
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(but as u64)).unwrap();
        self.fill = Some(file);
    }

    fn free(&mut self) {
        self.fill = None;
        let _ = fs::remove_file(self.ballast());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.fill = None;
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Numbers that look drawn; the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

async fn open(url: &str) -> Store {
    // Nothing is kept free: SQLite itself is to meet the end of the disk.
    Store::open_as(Opening { room: 0, ..Opening::of(url) }).await.unwrap()
}

/// How often a reading of each version is noted, as another program sees it.
async fn noted(url: &str) -> i64 {
    let store = open(url).await;
    let found = rows(&store.read, Sql::new("SELECT count(*) FROM event WHERE kind = 'READ_RESTRICTED'")).await.unwrap();
    store.close().await;
    found[0].try_get_by_index(0).unwrap()
}

async fn story(seed: u64) -> bool {
    let Some(mut disk) = Disk::new() else { return false };
    let (mut draw, url) = (Draw(seed), disk.url());
    let mut store = open(&url).await;
    store.import(&catalogue(), ImportOptions::default(), &|_, _| {}).await.unwrap();
    let (mut acknowledged, mut noticed) = (Vec::new(), 0);
    for n in 0..60 {
        match draw.below(10) {
            0 => disk.fill(0),
            1 => disk.fill(usize::try_from(draw.below(40_000)).unwrap()),
            2 | 3 => disk.free(),
            4 => {
                let read = ReadNote { entry: Id::from_bytes([9; 16]), version: n.into(), daily: false };
                noticed += i64::from(store.note_reads(&member(), vec![read]).await.is_ok());
            }
            5 => {
                // It ends as it is, or is stopped well; another begins where there is room.
                disk.free();
                if draw.below(2) == 0 {
                    store.close().await;
                }
                store = open(&url).await;
            }
            6 => _ = store.watch().await,
            _ => {
                if draft(&store, n).await.is_ok() {
                    acknowledged.push(n);
                }
            }
        }
    }
    disk.free();
    store.watch().await;
    assert_eq!(store.trouble(), None, "seed {seed}: there is room again");
    draft(&store, 1_000).await.unwrap();
    acknowledged.push(1_000);
    // What was refused may be there all the same; what was acknowledged must.
    let there = found(&url).await;
    let lost: Vec<_> = acknowledged.iter().filter(|n| !there.contains(n)).collect();
    assert_eq!(lost, Vec::<&u16>::new(), "seed {seed}: acknowledged, and not there");
    assert!(noted(&url).await >= noticed, "seed {seed}: shown, and not noted");
    assert_eq!(store.check().await.unwrap(), [], "seed {seed}");
    store.close().await;
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_disk_does_what_was_acknowledged_is_there() {
    if server().is_some() {
        return say("skipped: the disk of PostgreSQL is its own");
    }
    for seed in 0..8 {
        if !story(seed).await {
            return say("skipped: no small file system may be mounted here");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_room_is_for_what_takes_back() {
    let Some(mut disk) = Disk::new().filter(|_| server().is_none()) else { return say("skipped: no small file system may be mounted here") };
    let store = Store::open(&disk.url()).await.unwrap();
    store.import(&catalogue(), ImportOptions::default(), &|_, _| {}).await.unwrap();
    draft(&store, 1).await.unwrap();
    disk.fill(200_000);
    assert!(matches!(store.trouble(), Some(Trouble::NoRoom { .. })));
    assert!(draft(&store, 2).await.is_err());
    let turn = store.write.turn().await.unwrap();
    let writing = crate::store::write::begin_in_reserve(&turn).await.unwrap();
    writing.execute_unprepared("UPDATE meta SET value = value").await.unwrap();
    crate::store::write::end::<_, crate::store::StoreError>(writing, Ok(()), true).await.unwrap();
    drop(turn);
    disk.free();
    draft(&store, 2).await.unwrap();
    assert_eq!(found(&disk.url()).await, [1, 2]);
}
