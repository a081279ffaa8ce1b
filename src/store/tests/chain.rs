//! The chain of events: what someone who can write the database can do to it, with and without its key.

use sea_orm::ConnectionTrait;

use super::Db;
use super::pieces::{call, done, practice, step, tur};
use crate::domain::audience::{Audience, AudienceLevel};
use crate::domain::audit::AuditKeys;
use crate::domain::contribution::Step;
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::store::sql::{Sql, rows};
use crate::store::{Act, Call, Store, StoreError, Terms};

const KEY: &str = "a key outside of the database";
const OTHER: &str = "another key that lies outside";

fn with(store: &Store, key: &str, former: &[&str], lost: &[String]) -> Store {
    store.clone().on_terms(Terms { keys: AuditKeys::new(key, former.iter().copied(), lost), ..Terms::default() })
}

fn short(name: &str) -> Act {
    let practice = GoodPractice { citations: Vec::new(), ..*practice(name, "Orchards", "Short.") };
    Act::Draft { id: Id::of("GoodPractice", name), practice: Box::new(practice) }
}

async fn wrong(store: &Store) -> Vec<String> {
    let proof = store.proof().await.unwrap();
    proof.findings.into_iter().chain(proof.unproved).collect()
}

#[tokio::test]
async fn nobody_without_the_key_changes_cuts_off_or_adds_an_event_unseen() {
    let db = Db::filled().await;
    let store = with(&db.store, KEY, &[], &[]);
    for name in ["a", "b", "c"] {
        done(&store, tur(), short(name)).await;
    }
    let proof = store.proof().await.unwrap();
    assert_eq!((wrong(&store).await, proof.events, proof.proven_from, proof.is_proven), (vec![], 3, Some(1), true));
    assert!(proof.words().contains("outside of the database") && proof.words().contains("earlier state"), "{}", proof.words());
    let kept = db.chain().await;
    // Every row changed by hand; the last ones cut off, with the head of another key, or none; rows moved; a seal taken away.
    let inside = with(&db.store, "", &[], &[]);
    for attack in [
        "UPDATE event SET party = 'AFG' WHERE seq = 3",
        "UPDATE event SET seal = NULL WHERE seq = 3",
        "UPDATE event SET seal = (SELECT seal FROM event WHERE seq = 2) WHERE seq = 3",
        "UPDATE event SET seal = 'abcd1234.00' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
        "DELETE FROM event WHERE seq > 1",
        "DELETE FROM event",
        "DELETE FROM meta WHERE key = 'audit_head'",
    ] {
        db.sql(attack).await;
        assert!(!wrong(&store).await.is_empty(), "{attack}");
        // Nothing is written over it, so that it can be found later, too.
        let written = store.contribute(Call { by: tur(), act: short("d"), key: None }).await;
        assert!(written.is_err() || !wrong(&store).await.is_empty(), "{attack}: {written:?}");
        db.put_back(&kept).await;
        assert_eq!(wrong(&store).await, Vec::<String>::new(), "{attack}");
    }
    // The whole chain made anew with the key that lies in the database, which whoever can write it can read.
    db.sql("DELETE FROM event").await;
    db.sql("DELETE FROM meta WHERE key = 'audit_head'").await;
    db.sql("DELETE FROM practice_version").await;
    db.sql("DELETE FROM dossier").await;
    db.sql("DELETE FROM entry WHERE origin = 'API'").await;
    done(&inside, tur(), short("a")).await;
    assert!(wrong(&store).await[0].contains("the chain was made anew"), "{:?}", wrong(&store).await);
    assert_eq!(wrong(&inside).await, Vec::<String>::new());
    let words = inside.proof().await.unwrap().words();
    assert!(words.contains("lies in the database") && words.contains("Not proved"), "{words}");
}

#[tokio::test]
async fn a_key_that_is_set_later_seals_what_was_there_and_one_that_is_replaced_proves_on() {
    let db = Db::filled().await;
    done(&db.store, tur(), short("a")).await;
    let store = with(&db.store, KEY, &[], &[]);
    assert!(wrong(&store).await[0].contains("start the server once"));
    store.take_up_chain().await.unwrap();
    assert_eq!(wrong(&store).await, Vec::<String>::new());
    assert!(store.proof().await.unwrap().is_proven);
    done(&store, tur(), short("b")).await;
    assert_eq!(store.proof().await.unwrap().proven_from, Some(2));

    // A node without the key, or with another, does not write into the chain, nor start.
    let id = match with(&db.store, OTHER, &[], &[]).take_up_chain().await {
        Err(StoreError::AuditKey(id)) => id,
        other => panic!("{other:?}"),
    };
    assert!(matches!(db.store.take_up_chain().await, Err(StoreError::AuditKey(_))));
    let call_of = |name: &str| Call { by: tur(), act: short(name), key: None };
    assert!(matches!(db.store.contribute(call_of("c")).await, Err(StoreError::AuditKey(_))));
    assert!(wrong(&db.store).await[0].contains("is not set here"), "{:?}", wrong(&db.store).await);
    assert_eq!(db.store.check().await.unwrap(), [], "a backup can be looked at without it");

    let replaced = with(&db.store, OTHER, &[KEY], &[]);
    replaced.take_up_chain().await.unwrap();
    done(&replaced, tur(), short("c")).await;
    assert_eq!((wrong(&replaced).await, replaced.proof().await.unwrap().proven_from), (Vec::new(), Some(2)));
    assert!(matches!(store.contribute(call_of("d")).await, Err(StoreError::AuditKey(_))), "the one that was replaced seals nothing any more");
    let lost = with(&db.store, OTHER, &[], &[id]);
    let proof = lost.proof().await.unwrap();
    assert_eq!((wrong(&lost).await, proof.lost), (Vec::new(), 1));
    assert!(proof.words().contains("is lost"), "{}", proof.words());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_make_one_chain() {
    let db = Db::filled().await;
    let mut writing = Vec::new();
    for node in 0..3 {
        let store = with(&Store::open(&db.place.url()).await.unwrap(), KEY, &[], &[]);
        writing.push(tokio::spawn(async move {
            for n in 0..10 {
                let id = Id::of("GoodPractice", &format!("{node}-{n}"));
                done(&store, tur(), short(&format!("{node}-{n}"))).await;
                done(&store, tur(), step(id, 1, Step::Submit(Audience::of(AudienceLevel::Public)))).await;
            }
            let _ = call(&store, tur(), step(Id::of("GoodPractice", "none"), 1, Step::Withdraw)).await;
        }));
    }
    for one in writing {
        one.await.unwrap();
    }
    let store = with(&db.store, KEY, &[], &[]);
    assert_eq!((wrong(&store).await, store.proof().await.unwrap().events), (Vec::new(), 60));
}

impl Db {
    /// All events, with what says which is the last.
    async fn chain(&self) -> Vec<String> {
        let quoted = |column: &str| format!("coalesce('''' || replace(CAST({column} AS text), '''', '''''') || '''', 'NULL')");
        let columns: Vec<_> = ["at", "entry_id", "kind", "party", "subject", "version", "note", "hash", "seal"].map(quoted).into();
        let columns = columns.join(" || ', ' || ");
        let events = format!(
            "SELECT 'INSERT INTO event (seq, at, entry_id, kind, party, subject, version, note, hash, seal) VALUES (' || seq || ', ' || {columns} || ')' FROM event ORDER BY seq"
        );
        let head = "SELECT 'INSERT INTO meta (key, value) VALUES (''audit_head'', ''' || value || ''')' FROM meta WHERE key = 'audit_head'";
        let mut all = Vec::new();
        for sql in [events.as_str(), head] {
            all.extend(rows(&self.store.read, Sql::new(sql)).await.unwrap().iter().map(|row| row.try_get_by_index::<String>(0).unwrap()));
        }
        all
    }

    /// As it was then.
    async fn put_back(&self, chain: &[String]) {
        let turn = self.store.write.turn().await.unwrap();
        for statement in ["DELETE FROM event", "DELETE FROM meta WHERE key = 'audit_head'"].into_iter().chain(chain.iter().map(String::as_str)) {
            turn.database.execute_unprepared(statement).await.unwrap();
        }
    }
}
