//! What contributions take in the database: what an edit changes, and no more than a party may store; and how those of an
//! earlier version are carried over.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::Db;
use crate::domain::audience::{Audience, AudienceLevel};
use crate::domain::contact::{ContactFunction, ContactPoint};
use crate::domain::contribution::{Refused, Step, UserErrorCode};
use crate::domain::id::Id;
use crate::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use crate::domain::text::{Citation, Language};
use crate::domain::viewer::{Member, Role};
use crate::domain::word::Words;
use crate::store::contribution::piece;
use crate::store::sql::{Sql, rows, run};
use crate::store::{Act, Call, Follower, Outcome, ReadNote, Store, Terms, VersionRow};

/// Bytes in the database for each byte sent.
const STORED_PER_SENT: i64 = 50;
/// A request that says nothing but which step is to be taken: its document, the id, the version.
const LEAST_SENT: i64 = 150;

pub(super) fn tur() -> Member {
    Member { party: "TUR".into(), role: Role::FocalPoint, subject: "ankara".into(), expires_at: None }
}

pub(super) fn desk() -> Member {
    Member { party: "ICMPD".into(), role: Role::Secretariat, subject: "desk".into(), expires_at: None }
}

pub(super) fn practice(slug: &str, title: &str, body: &str) -> Box<GoodPractice> {
    let text = PracticeText { language: Language::En, title: title.into(), summary: "Of orchards.".into(), body: Some(body.into()) };
    let citation = |n: usize| Citation { text: format!("{n} {}", "🌳".repeat(1_990)), url: None };
    Box::new(GoodPractice {
        slug: slug.into(),
        texts: vec![text],
        owner: "TUR".into(),
        attributed: true,
        states: vec!["TUR".into()],
        partners: Vec::new(),
        activities: Vec::new(),
        flows: Vec::new(),
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: (0..50).map(citation).collect(),
    })
}

pub(super) async fn call(store: &Store, by: Member, act: Act) -> Outcome {
    store.contribute(Call { by, act, key: None }).await.unwrap()
}

/// As [`call`], where it must be done.
pub(super) async fn done(store: &Store, by: Member, act: Act) {
    let outcome = call(store, by, act).await;
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}

pub(super) const fn step(id: Id, saw: u32, step: Step) -> Act {
    Act::Step { id, saw, step, note: None }
}

fn telling(language: Language, title: &str, body: Option<String>) -> PracticeText {
    PracticeText { language, title: title.into(), summary: "…".into(), body }
}

/// Bytes of all texts in the tables that contributions write.
async fn stored(store: &Store) -> i64 {
    let mut all = 0;
    for (table, columns) in [
        ("entry", "id, code, content"),
        ("practice_body", "entry_id, body"),
        ("dossier", "entry_id, content"),
        ("practice_version", "entry_id, content, bodies, audience, recorded_at"),
        ("practice_piece", "entry_id, entry_id, name, name, text"),
        ("event", "at, entry_id, entry_id, party, subject, note, hash, seal"),
        ("answered", "subject, key, digest"),
        ("change", "entry_id, entry_id, kind, at"),
        ("meta", "key, value"),
    ] {
        let sum = columns.split(", ").map(|column| format!("coalesce(octet_length({column}), 0)")).collect::<Vec<_>>().join(" + ");
        let sql = Sql::new(&format!("SELECT CAST(coalesce(sum({sum}), 0) AS bigint) FROM {table}"));
        all += rows(&store.read, sql).await.unwrap()[0].try_get_by_index::<i64>(0).unwrap();
    }
    all
}

async fn held(store: &Store) -> BTreeMap<String, i64> {
    let found = rows(&store.read, Sql::new("SELECT party, bytes FROM holding")).await.unwrap();
    found.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

/// A practice at full length in every language; its latest version.
async fn in_every_language(store: &Store, id: Id) -> u32 {
    done(store, tur(), Act::Draft { id, practice: practice("chance", "Orchards", &"🌰".repeat(19_000)) }).await;
    let mut version = 1;
    for (n, language) in Language::ALL.iter().map(|word| word.value).filter(|language| *language != Language::En).enumerate() {
        let text = telling(language, "Orchards", Some(format!("{n}{}", "🌰".repeat(19_000))));
        done(store, tur(), Act::Translate { id, saw: version, text }).await;
        version += 1;
    }
    version
}

/// What is drawn next: numbers that look like chance and are the same each time.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_stores_what_it_changes() {
    let db = Db::filled().await;
    let id = Id::of("GoodPractice", "long");
    let mut version = in_every_language(&db.store, id).await;
    let office = Id::of("ContactPoint", "office");
    let contact = |n: u64| ContactPoint {
        code: "office".into(),
        party: "TUR".into(),
        office: format!("Office {n}"),
        function: ContactFunction::Asylum,
        posted_to: None,
        email: None,
        telephone: None,
        languages: Vec::new(),
        activities: Vec::new(),
    };
    done(&db.store, tur(), Act::SaveContact { id: office, saw: None, contact: Box::new(contact(0)) }).await;
    let (mut state, mut saw, mut sent, before) = (12, 1, 0, stored(&db.store).await);
    for n in 0..150 {
        let languages = Language::ALL;
        let (act, bytes) = match draw(&mut state, 7) {
            0 => {
                let text = telling(languages[usize::try_from(draw(&mut state, languages.len() as u64)).unwrap()].value, &format!("Title {n}"), None);
                (Act::Translate { id, saw: version, text }, 20)
            }
            1 => {
                let revised = GoodPractice { citations: Vec::new(), ..*practice("", &format!("Title {n}"), "Short.") };
                (Act::Revise { id, saw: version, practice: Box::new(revised), attributed: None }, 150)
            }
            2 => (step(id, version, Step::Submit(Audience::of(AudienceLevel::Public))), 0),
            3 => (step(id, version, Step::ChangeAudience(Audience::of(AudienceLevel::Participants))), 0),
            4 => (step(id, version, Step::Withdraw), 0),
            5 => (step(id, version, Step::Publish), 0),
            _ => (Act::SaveContact { id: office, saw: Some(saw), contact: Box::new(contact(n)) }, 100),
        };
        sent += LEAST_SENT + bytes;
        let by = if matches!(&act, Act::Step { step: Step::Publish, .. }) { desk() } else { tur() };
        let (edits, saves) = (matches!(act, Act::Translate { .. } | Act::Revise { .. }), matches!(act, Act::SaveContact { .. }));
        if let Outcome::Done(..) = call(&db.store, by, act).await {
            version += u32::from(edits);
            saw += u32::from(saves);
        }
        let grown = stored(&db.store).await - before;
        assert!(grown <= STORED_PER_SENT * sent, "after {n} acts of {sent} bytes the database has grown by {grown}");
    }
    assert!(version > 30, "{version} versions: most was refused");
    // What was cut short is there still, in the versions before.
    let bodies = db.store.version_bodies(&[(id, 10)]).await.unwrap();
    assert_eq!(bodies[0].2.iter().filter(|(_, body)| body.chars().count() >= 19_000).count(), Language::ALL.len());
    db.is_sound().await;
}

#[tokio::test]
async fn what_is_counted_is_what_is_there() {
    let db = Db::filled().await;
    let id = Id::of("GoodPractice", "counted");
    let version = in_every_language(&db.store, id).await;
    done(&db.store, tur(), step(id, version, Step::Submit(Audience::of(AudienceLevel::Public)))).await;
    let remarks = Act::Step { id, saw: version, step: Step::RequestChanges, note: Some("Shorter, please. €".into()) };
    done(&db.store, desk(), remarks).await;
    done(&db.store, tur(), Act::Translate { id, saw: version, text: telling(Language::Tr, "Bahçeler", None) }).await;
    let counted = held(&db.store).await;
    assert!(counted["TUR"] > 10 * 76_000, "{counted:?}");
    db.sql("DELETE FROM holding").await;
    db.sql("DELETE FROM seaql_migrations WHERE version LIKE '%_pieces'").await;
    former(&db).await;
    let again = Store::open(&db.place.url()).await.unwrap();
    assert_eq!(held(&again).await, counted);
}

#[tokio::test]
async fn a_party_stores_no_more_than_it_may_and_can_always_take_back() {
    let db = Db::filled().await;
    let store = db.store.clone().on_terms(Terms { party_bytes: 200_000, ..Terms::default() });
    let (id, long) = (Id::of("GoodPractice", "a"), "x".repeat(19_000));
    let short = |slug: &str, body: &str| Box::new(GoodPractice { citations: Vec::new(), ..*practice(slug, "Orchards", body) });
    done(&store, tur(), Act::Draft { id, practice: short("a", "Short.") }).await;
    done(&store, tur(), step(id, 1, Step::Submit(Audience::of(AudienceLevel::Public)))).await;
    let mut told = None;
    let refused = 'filled: {
        for n in 0..100 {
            let act = Act::Draft { id: Id::of("GoodPractice", &n.to_string()), practice: short(&n.to_string(), &format!("{n}{long}")) };
            match call(&store, tur(), act).await {
                Outcome::Done(_, _, storage) => told = storage,
                Outcome::Refused(refused) => break 'filled refused,
                other => panic!("{other:?}"),
            }
        }
        panic!("nothing was refused");
    };
    let told = told.expect("it is told before it is refused");
    assert!(told.used >= 160_000 && told.used <= told.allowed && told.allowed == 200_000, "{told:?}");
    let Refused { code, message, .. } = refused;
    assert!(code == UserErrorCode::Forbidden && message.contains("of the 200000 that it may"), "{message}");
    // Small steps fit for a while; then none does, but for those that take back.
    let mut version = 1;
    while let Outcome::Done(..) = call(&store, tur(), Act::Translate { id, saw: version, text: telling(Language::Tr, &format!("{version}"), None) }).await {
        version += 1;
    }
    while let Outcome::Done(..) = call(&store, tur(), step(id, version, Step::Submit(Audience::of(AudienceLevel::Public)))).await {
        done(&store, desk(), step(id, version, Step::RequestChanges)).await;
    }
    done(&store, tur(), step(id, version, Step::Withdraw)).await;
    assert!(matches!(call(&store, tur(), step(id, version, Step::Submit(Audience::of(AudienceLevel::Public)))).await, Outcome::Refused(_)));
    let other = Member { party: "AFG".into(), ..tur() };
    let theirs = GoodPractice { owner: "AFG".into(), ..*short("theirs", &long) };
    done(&store, other, Act::Draft { id: Id::of("GoodPractice", "theirs"), practice: Box::new(theirs) }).await;
    db.is_sound().await;
}

/// Everything that can be read of contributions.
async fn told(store: &Store, ids: &[Id]) -> (Vec<VersionRow>, Vec<(Id, u32, Vec<(Language, String)>)>, String) {
    let versions = store.versions(ids).await.unwrap();
    let mut bodies = store.version_bodies(&versions.iter().map(|row| (row.id, row.version)).collect::<Vec<_>>()).await.unwrap();
    bodies.sort_by_key(|(id, version, _)| (*id, *version));
    let graph = Follower::new(store.clone()).await.unwrap().current();
    (versions, bodies, format!("{} {}", graph.revision(), graph.len()))
}

/// Keeps each version whole, as the version before does.
async fn whole(db: &Db) {
    let turn = db.store.write.turn().await.unwrap();
    let found = rows(&turn.database, Sql::new("SELECT entry_id, version FROM practice_version")).await.unwrap();
    let keys: Vec<(Id, u32)> = found
        .iter()
        .map(|row| (row.try_get_by_index::<String>(0).unwrap().parse().unwrap(), u32::try_from(row.try_get_by_index::<i64>(1).unwrap()).unwrap()))
        .collect();
    for ((id, version), practice) in piece::practices(&turn.database, &keys).await.unwrap() {
        let bodies: Vec<_> = practice.texts.iter().filter_map(|text| Some((text.language, text.body.as_deref()?))).collect();
        let mut sql = Sql::new("UPDATE practice_version SET content = ");
        sql.bind(serde_json::to_string(&practice).unwrap()).text(", bodies = ").bind(serde_json::to_string(&bodies).unwrap());
        sql.text(" WHERE entry_id = ").bind(id.to_string()).text(" AND version = ").bind(i64::from(version));
        run(&turn.database, sql).await.unwrap();
    }
    run(&turn.database, Sql::new("DELETE FROM practice_piece")).await.unwrap();
}

/// Puts the database back to what the version before left: nothing in pieces, nothing sealed, nothing counted.
async fn former(db: &Db) {
    whole(db).await;
    db.sql_of("DROP TRIGGER event_is_sealed", "DROP TRIGGER event_is_sealed ON event; DROP FUNCTION event_is_sealed()").await;
    for statement in [
        "DROP INDEX event_by_reader",
        "ALTER TABLE event DROP COLUMN seal",
        "DROP TABLE practice_piece",
        "DROP TABLE holding",
        "DELETE FROM meta WHERE key LIKE 'audit%'",
        "DELETE FROM seaql_migrations WHERE version LIKE '%_pieces'",
    ] {
        db.sql(statement).await;
    }
}

#[tokio::test]
async fn contributions_of_the_version_before_are_carried_over() {
    let db = Db::filled().await;
    let (id, other) = (Id::of("GoodPractice", "a"), Id::of("GoodPractice", "b"));
    let version = in_every_language(&db.store, id).await;
    done(&db.store, tur(), Act::Draft { id: other, practice: practice("b", "Zanzibar", "Of the first draft.") }).await;
    done(&db.store, tur(), step(id, version, Step::Submit(Audience::of(AudienceLevel::Public)))).await;
    done(&db.store, desk(), step(id, version, Step::Publish)).await;
    done(&db.store, tur(), Act::Revise { id, saw: version, practice: practice("", "Another title", "Another body."), attributed: None }).await;
    let before = told(&db.store, &[id, other]).await;
    former(&db).await;

    // A node of the version before goes on until this one has written; it cannot read what it does not know, nor write over it.
    let old =
        "INSERT INTO event (seq, at, entry_id, kind, party, subject, version, note, hash) SELECT max(seq) + 1, '', '', '', '', '', NULL, NULL, '' FROM event";
    let store = Store::open(&db.place.url()).await.unwrap();
    assert_eq!(told(&store, &[id, other]).await, before);
    assert_eq!(store.check().await.unwrap(), []);
    assert_eq!(store.proof().await.unwrap().sealed_from, None);
    let turn = db.store.write.turn().await.unwrap();
    turn.database.execute_unprepared(old).await.expect("nothing is sealed yet");
    turn.database.execute_unprepared("DELETE FROM event WHERE hash = ''").await.unwrap();
    drop(turn);
    done(&store, tur(), Act::Translate { id, saw: version + 1, text: telling(Language::Tr, "Bahçeler", None) }).await;
    let proof = store.proof().await.unwrap();
    assert_eq!((proof.sealed_from, proof.findings), (Some(proof.events), Vec::new()), "the first with a seal seals those before");
    let turn = db.store.write.turn().await.unwrap();
    let refused = turn.database.execute_unprepared(old).await.expect_err("a row without a seal");
    assert!(refused.to_string().contains("an event without a seal"), "{refused}");
    let bodies = rows(&turn.database, Sql::new("SELECT DISTINCT bodies FROM practice_version")).await.unwrap();
    let bodies: Vec<String> = bodies.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(bodies.len() == 1 && serde_json::from_str::<Vec<(Language, String)>>(&bodies[0]).is_err(), "{bodies:?}");
    drop(turn);
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn what_a_node_of_the_version_before_wrote_is_gone_on_with() {
    let db = Db::filled().await;
    let id = Id::of("GoodPractice", "a");
    done(&db.store, tur(), Act::Draft { id, practice: practice("a", "Orchards", "The body.") }).await;
    whole(&db).await;
    done(&db.store, tur(), Act::Translate { id, saw: 1, text: telling(Language::Tr, "Bahçeler", Some("Uzun metin.".into())) }).await;
    whole(&db).await;
    done(&db.store, tur(), step(id, 2, Step::Submit(Audience::of(AudienceLevel::Public)))).await;
    done(&db.store, desk(), step(id, 2, Step::Publish)).await;
    let bodies = db.store.version_bodies(&[(id, 2)]).await.unwrap();
    assert_eq!(bodies[0].2, [(Language::En, "The body.".to_owned()), (Language::Tr, "Uzun metin.".to_owned())]);
    let titles: Vec<String> = db.store.versions(&[id]).await.unwrap().into_iter().map(|row| row.title).collect();
    assert_eq!(titles, ["Bahçeler", "Orchards"]);
    db.is_sound().await;
}

#[tokio::test]
async fn the_doctor_finds_a_text_that_is_gone_or_another() {
    let db = Db::filled().await;
    let id = Id::of("GoodPractice", "a");
    done(&db.store, tur(), Act::Draft { id, practice: practice("a", "Orchards", "The body.") }).await;
    db.is_sound().await;
    db.sql("UPDATE practice_piece SET text = 'Another body.' WHERE text = 'The body.'").await;
    let found = db.store.check().await.unwrap();
    assert!(found.len() == 1 && found[0].to_string().contains("is not what it was"), "{found:?}");
    db.sql("DELETE FROM practice_piece WHERE text = 'Another body.'").await;
    let found = db.store.check().await.unwrap();
    assert!(found[0].to_string().contains("version 1 of the practice"), "{found:?}");
}

#[tokio::test]
async fn a_reading_is_noted_once_or_once_a_day() {
    let db = Db::filled().await;
    let tomorrow = Store::open_with_clock(&db.place.url(), || "2026-12-02T00:00:00Z".parse().unwrap()).await.unwrap();
    let note = |name: &str, version: u32, daily: bool| ReadNote { entry: Id::of("ContactPoint", name), version, daily };
    let mut seen = Vec::new();
    for store in [&db.store, &tomorrow] {
        for _ in 0..20 {
            // One that forgot what it noted, as a node that was started again.
            store.forget();
            store.note_reads(&tur(), vec![note("a", 1, true), note("b", 1, false)]).await.unwrap();
            store.note_reads(&tur(), vec![note("a", 1, true)]).await.unwrap();
        }
        seen.push(db.count("event").await);
    }
    tomorrow.note_reads(&desk(), vec![note("a", 1, true)]).await.unwrap();
    tomorrow.note_reads(&tur(), vec![note("a", 2, true)]).await.unwrap();
    seen.push(db.count("event").await);
    assert_eq!(seen, [2, 3, 5], "a party, a version, a day");
}
