//! A network that swallows what is said: no error comes, and nothing else either. Skipped aloud on SQLite, which has none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::place::{say, server};
use super::{Db, practice};
use crate::domain::id::Id;
use crate::domain::viewer::{Member, Role};
use crate::store::{Act, Call, Outcome, Store, StoreError};

/// What stands between a program and its database.
struct Line {
    port: u16,
    swallows: Arc<AtomicBool>,
}

impl Line {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Self { port: listener.local_addr().unwrap().port(), swallows: Arc::default() };
        let swallows = Arc::clone(&line.swallows);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let (ours, to_us) = here.into_split();
                let (theirs, to_them) = TcpStream::connect(&server).await.unwrap().into_split();
                // A line that swallowed something never speaks again; one that is laid later does.
                let is_dead = Arc::new(AtomicBool::new(false));
                tokio::spawn(carry(ours, to_them, Arc::clone(&swallows), Arc::clone(&is_dead)));
                tokio::spawn(carry(theirs, to_us, Arc::clone(&swallows), is_dead));
            }
        });
        line
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallows: Arc<AtomicBool>, is_dead: Arc<AtomicBool>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        is_dead.fetch_or(swallows.load(Ordering::Relaxed), Ordering::Relaxed);
        if !is_dead.load(Ordering::Relaxed) && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_write_that_is_swallowed_gives_its_turn_up() {
    let Some(server) = server() else { return say("skipped: SQLite has no network that could swallow anything") };
    let db = Db::filled().await;
    let address = server.split('@').nth(1).and_then(|rest| rest.split(['/', '?']).next()).expect("an address with a host").to_owned();
    let line = Line::to(address.clone()).await;
    let mut store = Store::open(&db.place.url().replace(&address, &format!("127.0.0.1:{}", line.port))).await.unwrap();
    store.write.longest = Duration::from_secs(1);
    let by = Member { party: "TUR".into(), role: Role::FocalPoint, subject: "desk".into(), expires_at: None };
    let draft = |n: u8| {
        let practice = practice(&format!("swallowed-{n}"));
        Call { by: by.clone(), act: Act::Draft { id: Id::from_bytes([n; 16]), practice: Box::new(practice) }, key: None }
    };
    assert!(matches!(store.contribute(draft(1)).await, Ok(Outcome::Done(..))));
    line.swallows.store(true, Ordering::Relaxed);
    assert!(matches!(store.contribute(draft(2)).await, Err(StoreError::Silent)));
    line.swallows.store(false, Ordering::Relaxed);
    store.write.longest = Duration::from_secs(20);
    let next = store.contribute(draft(3)).await;
    assert!(matches!(next, Ok(Outcome::Done(..))), "the next one's turn came: {next:?}");
    db.is_sound().await;
}
