//! A snapshot that follows its database: what parties write is patched in, and tidied up at leisure.

use std::sync::Arc;

use super::Db;
use crate::domain::contribution::Step;
use crate::domain::id::Id;
use crate::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use crate::domain::text::Language;
use crate::domain::viewer::{Member, Role};
use crate::graph::{Snapshot, View, Viewer};
use crate::store::follow::{MOST_CHANGES, MOST_GONE};
use crate::store::{Act, Call, FollowError, Follower, Outcome};

fn by() -> Member {
    Member { party: "TUR".into(), role: Role::FocalPoint, subject: "tashkent".into(), expires_at: None }
}

fn practice(title: &str) -> Box<GoodPractice> {
    let text = PracticeText { language: Language::En, title: title.into(), summary: "Of orchards.".into(), body: None };
    Box::new(GoodPractice {
        slug: "orchards".into(),
        texts: vec![text],
        owner: "TUR".into(),
        attributed: true,
        states: Vec::new(),
        partners: Vec::new(),
        activities: Vec::new(),
        flows: Vec::new(),
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: Vec::new(),
    })
}

async fn act(db: &Db, act: Act) {
    let outcome = db.store.contribute(Call { by: by(), act, key: None }).await.unwrap();
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}

fn title(snapshot: &Arc<Snapshot>, id: Id) -> String {
    let view = View::new(Arc::clone(snapshot), Viewer::Member(by().into()), jiff::civil::date(2026, 12, 1));
    let practice = view.find_practice("orchards").unwrap();
    assert_eq!(view.practice(practice).id, id);
    view.practice(practice).texts[0].title.to_string()
}

#[tokio::test]
async fn what_was_replaced_is_cleared_away_and_nothing_else_changes() {
    let db = Db::filled().await;
    let follower = Follower::new(db.store.clone()).await.unwrap();
    let id = Id::of("GoodPractice", "drafted");
    act(&db, Act::Draft { id, practice: practice("Orchards 1") }).await;
    follower.catch_up().await.unwrap();
    for version in 1..=500 {
        act(&db, Act::Revise { id, saw: version, practice: practice(&format!("Orchards {}", version + 1)), attributed: None }).await;
        follower.catch_up().await.unwrap();
        if version % 100 == 3 {
            assert_eq!(title(&follower.current(), id), format!("Orchards {}", version + 1));
        }
    }
    let before = follower.current();
    assert_eq!(before.gone(), MOST_GONE);
    follower.tidy().await.unwrap();
    let after = follower.current();
    assert_eq!((after.gone(), after.revision(), after.len()), (0, before.revision(), before.len()));
    assert_eq!(title(&after, id), title(&before, id));

    follower.tidy().await.unwrap();
    assert!(Arc::ptr_eq(&after, &follower.current()), "there is nothing left to do");
    db.store.close().await;
}

#[tokio::test]
async fn what_was_withdrawn_is_missed_by_those_who_saw_it_and_what_is_hidden_by_nobody() {
    let db = Db::filled().await;
    let follower = Follower::new(db.store.clone()).await.unwrap();
    let seen_by = |viewer: Viewer, snapshot| View::new(snapshot, viewer, jiff::civil::date(2026, 12, 1));
    let before = follower.current();
    act(&db, Act::Draft { id: Id::of("GoodPractice", "drafted"), practice: practice("Orchards") }).await;
    let drafted = follower.catch_up().await.unwrap().0;
    let stranger = |snapshot: &Arc<Snapshot>| seen_by(Viewer::Anonymous, Arc::clone(snapshot));
    assert!(stranger(&before).is_still_seen_in(&stranger(&drafted)));

    let withdraw = Act::Step { id: Id::of("GoodPractice", "one-window"), saw: 1, step: Step::Withdraw, note: None };
    act(&db, withdraw).await;
    let withdrawn = follower.catch_up().await.unwrap().0;
    assert!(!stranger(&drafted).is_still_seen_in(&stranger(&withdrawn)));
    let owner = |snapshot: &Arc<Snapshot>| seen_by(Viewer::Member(by().into()), Arc::clone(snapshot));
    assert!(owner(&drafted).is_still_seen_in(&owner(&withdrawn)), "its owner sees it still");
    db.store.close().await;
}

#[tokio::test]
async fn many_changes_of_two_kinds_are_not_taken_for_few() {
    let db = Db::filled().await;
    let follower = Follower::new(db.store.clone()).await.unwrap();
    let (n, m) = (MOST_CHANGES * 3 / 4, MOST_CHANGES / 2);
    for n in 0..n {
        act(
            &db,
            Act::Draft { id: Id::of("GoodPractice", &n.to_string()), practice: Box::new(GoodPractice { slug: format!("p-{n}"), ..*practice("Orchards") }) },
        )
        .await;
    }
    // Offices, as the API writes them; what they say does not matter to the log.
    for m in 0..m {
        let id = Id::of("ContactPoint", &m.to_string());
        db.sql(&format!("INSERT INTO change (revision, entry_id, kind, at) SELECT max(revision) + 1, '{id}', 'ContactPoint', max(at) FROM change")).await;
    }
    let after = follower.catch_up().await.unwrap().0;
    let fresh = Follower::new(db.store.clone()).await.unwrap().current();
    assert_eq!((after.revision(), after.len()), (fresh.revision(), fresh.len()));
    db.store.close().await;
}

#[tokio::test]
async fn a_log_that_is_another_one_is_noticed_even_where_it_is_longer() {
    let (db, older) = (Db::filled().await, Db::new().await);
    let copied = |from: &Db, to: &Db| {
        let (from, to) = (from.store.clone(), to.store.clone());
        async move { from.copy_to(&to, true, Arc::new(|_, _| {})).await.unwrap() }
    };
    copied(&db, &older).await;
    let follower = Follower::new(db.store.clone()).await.unwrap();
    let draft = |name: &str| Act::Draft { id: Id::of("GoodPractice", name), practice: Box::new(GoodPractice { slug: name.into(), ..*practice(name) }) };
    let finds = |snapshot: &Arc<Snapshot>, slug: &str| {
        View::new(Arc::clone(snapshot), Viewer::Member(by().into()), jiff::civil::date(2026, 12, 1)).find_practice(slug).is_some()
    };
    act(&db, draft("lost")).await;
    let before = follower.catch_up().await.unwrap().0;
    assert!(finds(&before, "lost") && before.era() == 0);

    // Back, and beyond where it was: the number alone would tell nothing.
    copied(&older, &db).await;
    act(&db, draft("one")).await;
    act(&db, draft("two")).await;
    let after = follower.catch_up().await.unwrap().0;
    assert_eq!((after.era(), after.revision()), (1, before.revision() + 1));
    assert!(!finds(&after, "lost") && finds(&after, "one") && finds(&after, "two"));
    assert_eq!(after.len(), Follower::new(db.store.clone()).await.unwrap().current().len());
    act(&db, draft("three")).await;
    assert_eq!(follower.catch_up().await.unwrap().0.era(), 1, "it goes on from there");

    // Back to before anything was contributed: fewer revisions.
    copied(&older, &db).await;
    let after = follower.catch_up().await.unwrap().0;
    assert_eq!((after.era(), after.revision(), finds(&after, "one")), (2, before.revision() - 1, false));

    // Another database in its place is none that could be followed: its ids and cursors mean something else.
    let other = Db::filled().await;
    act(&other, draft("of another")).await;
    copied(&other, &db).await;
    // The clock of tests stands still, by which alone its log would be the same.
    db.sql("UPDATE change SET at = replace(at, '20', '19')").await;
    assert!(matches!(follower.catch_up().await, Err(FollowError::Another)));
    assert!(Arc::ptr_eq(&after, &follower.current()));
    for db in [db, older, other] {
        db.store.close().await;
    }
}

#[tokio::test]
async fn figures_that_were_read_ahead_of_the_graph_are_not_taken_for_those_of_another_history() {
    let (db, older) = (Db::filled().await, Db::new().await);
    let copied = |from: &Db, to: &Db| {
        let (from, to) = (from.store.clone(), to.store.clone());
        async move { from.copy_to(&to, true, Arc::new(|_, _| {})).await.unwrap() }
    };
    copied(&db, &older).await;
    let follower = Follower::new(db.store.clone()).await.unwrap();
    let draft = |name: &str| Act::Draft { id: Id::of("GoodPractice", name), practice: Box::new(GoodPractice { slug: name.into(), ..*practice(name) }) };
    let file = async || {
        let page = db.store.observations(&super::pages::all(false, false), &["C:AFG-TUR".into()]).await.unwrap();
        page["C:AFG-TUR"].rows[0].observation.file.clone().unwrap()
    };
    // A revision that the graph does not see, and a page that is read of it.
    act(&db, draft("lost")).await;
    db.sql("UPDATE figure_file SET name = 'first.csv'").await;
    assert_eq!(file().await, "first.csv");
    // Back to where the graph is, and on to the same number.
    copied(&older, &db).await;
    act(&db, draft("other")).await;
    db.sql("UPDATE figure_file SET name = 'other.csv'").await;
    let before = follower.current().revision();
    let (graph, _) = follower.catch_up().await.unwrap();
    assert_eq!((graph.revision(), graph.era()), (before + 1, 0), "the graph itself never was on the other way");
    assert_eq!(file().await, "other.csv");
    for db in [db, older] {
        db.store.close().await;
    }
}
