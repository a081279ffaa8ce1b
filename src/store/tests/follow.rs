//! A snapshot that follows its database: what parties write is patched in, and tidied up at leisure.

use std::sync::Arc;

use super::Db;
use crate::domain::id::Id;
use crate::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use crate::domain::text::Language;
use crate::domain::viewer::{Member, Role};
use crate::graph::{Snapshot, View, Viewer};
use crate::store::follow::MOST_GONE;
use crate::store::{Act, Call, Follower, Outcome};

fn by() -> Member {
    Member { party: "AFG".into(), role: Role::FocalPoint, subject: "tashkent".into(), expires_at: None }
}

fn practice(title: &str) -> Box<GoodPractice> {
    let text = PracticeText { language: Language::En, title: title.into(), summary: "Of orchards.".into(), body: None };
    Box::new(GoodPractice {
        slug: "orchards".into(),
        texts: vec![text],
        owner: "AFG".into(),
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
