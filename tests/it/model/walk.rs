//! Walks that were drawn in the model, taken by real followers over a real database: each step is done, and what they
//! show then is what the model's nodes do. (A look is one step here, as it is to whoever calls for it; what happens inside
//! of it is for `store/follow/interleavings.rs`.)
//!
//! `MODEL_WALKS` says how many (CI: 10, at night 200).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, Statement};
use silkroutes::domain::id::Id;
use silkroutes::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use silkroutes::domain::text::Language;
use silkroutes::domain::viewer::{Member, Role};
use silkroutes::graph::{Snapshot, View, Viewer};
use silkroutes::store::{Act, Call, Follower, Outcome, Store};
use stateright::Model as _;

use super::{NODES, Nodes, RULES, Step, World, Write, length};
use crate::app::knob;
use crate::commands::run;
use crate::place::{Place, say};

const LENGTH: usize = 40;

const END: &str = "SELECT value FROM meta WHERE key = 'audit_head'";

/// What the model's nodes are in truth.
struct Real {
    store: Store,
    url: String,
    followers: Vec<Follower>,
    /// The revision before the first write of a walk; the model counts that state as its first.
    base: u64,
    /// Names of this walk's writes.
    walk: usize,
    /// What the database said of the end of its chain of events at each revision.
    ends: BTreeMap<u64, String>,
}

fn by() -> Member {
    Member { party: "UZB".into(), role: Role::FocalPoint, subject: "tashkent".into(), expires_at: None }
}

fn slug(walk: usize, write: Write) -> String {
    format!("walk-{walk}-{write}")
}

impl Real {
    async fn write(&mut self, write: Write) -> u64 {
        let slug = slug(self.walk, write);
        let text = PracticeText { language: Language::En, title: slug.clone(), summary: "Of a walk.".into(), body: None };
        let practice = GoodPractice {
            slug: slug.clone(),
            texts: vec![text],
            owner: "UZB".into(),
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
        };
        let act = Act::Draft { id: Id::of("GoodPractice", &slug), practice: Box::new(practice) };
        let outcome = self.store.contribute(Call { by: by(), act, key: None }).await.expect("written");
        assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
        self.note_end().await
    }

    /// Remembers how the chain of events ends; the revision.
    async fn note_end(&mut self) -> u64 {
        let revision = self.store.revision().await.expect("a revision");
        let db = Database::connect(&self.url).await.expect("a database");
        if let Some(end) = db.query_one_raw(Statement::from_string(db.get_database_backend(), END)).await.expect("asked") {
            self.ends.insert(revision, end.try_get_by_index(0).expect("a text"));
        }
        db.close().await.expect("closed");
        revision
    }

    /// Takes the last writes out of the database, as an older copy in its place would.
    async fn go_back(&self, to: u64) {
        let behind = format!("IN (SELECT entry_id FROM change WHERE revision > {to})");
        let of = |table: &str| format!("DELETE FROM {table} WHERE entry_id {behind};");
        let tables: String = ["practice_version", "event", "dossier"].map(of).concat();
        let end = match self.ends.get(&to) {
            Some(end) => format!("UPDATE meta SET value = '{end}' WHERE key = 'audit_head';"),
            None => "DELETE FROM meta WHERE key = 'audit_head';".to_owned(),
        };
        let script = format!("BEGIN; {tables} DELETE FROM entry WHERE id {behind}; DELETE FROM change WHERE revision > {to}; {end} COMMIT;");
        let db = Database::connect(&self.url).await.expect("a database");
        db.execute_unprepared(&script).await.expect("done");
        db.close().await.expect("closed");
    }

    /// Does what the model did; what cannot be seen in a graph is not done.
    async fn take(&mut self, before: &World, step: Step) {
        match step {
            Step::Commit => {
                let write = before.next - 1;
                let revision = self.write(write).await;
                assert_eq!(revision, self.base + u64::from(length(&before.log)), "the next revision");
            }
            Step::GoBack(by) => self.go_back(self.base + u64::from(length(&before.log) - by) - 1).await,
            Step::Take(at) => _ = self.followers[usize::from(at)].catch_up().await.expect("it follows"),
            Step::Restart(at) => self.followers[usize::from(at)] = Follower::new(self.store.clone()).await.expect("it starts"),
            Step::Writer(at) => {
                let (revision, _) = before.acknowledged.expect("written");
                let follower = &self.followers[usize::from(at)];
                let reached = follower.reach(self.base + u64::from(revision) - 1, Duration::ZERO).await;
                assert_eq!(reached.is_some(), length(&before.nodes[usize::from(at)].graph) >= revision, "whether it is there yet");
            }
            _ => {}
        }
    }

    fn shows(&self, world: &World) {
        for (at, (follower, node)) in self.followers.iter().zip(&world.nodes).enumerate() {
            let graph = follower.current();
            assert_eq!(graph.era(), u64::from(node.era), "the era of node {at}");
            assert_eq!(graph.revision(), self.base + u64::from(length(&node.graph)) - 1, "the revision of node {at}");
            assert_eq!(self.writes(&graph, world.next), node.graph[1..], "what node {at} shows");
        }
    }

    fn writes(&self, graph: &Arc<Snapshot>, next: Write) -> Vec<Write> {
        let view = View::new(Arc::clone(graph), Viewer::Member(by().into()), jiff::civil::date(2026, 12, 1));
        (1..next).filter(|write| view.find_practice(&slug(self.walk, *write)).is_some()).collect()
    }
}

/// A walk: at random, but that a look is taken in at once and a write comes to its end.
fn drawn(seed: u64) -> Vec<(World, Step, World)> {
    let (model, mut chance) = (Nodes(RULES), seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut below = |most: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance >> 33).expect("31 bits") % most
    };
    let mut world = World::new();
    let mut walk = Vec::new();
    while walk.len() < LENGTH {
        let mut steps = Vec::new();
        model.actions(&world, &mut steps);
        let last = walk.last().map(|(_, step, _)| *step);
        steps.retain(|step| match (last, step) {
            (Some(Step::Look(at)), other) => *other == Step::Take(at),
            (Some(Step::Begin), other) => matches!(other, Step::Commit | Step::Abort),
            // Keys, strangers and figures are no part of a graph.
            (_, step) => matches!(step, Step::Begin | Step::GoBack(_) | Step::Look(_) | Step::Restart(_) | Step::Writer(_)),
        });
        let step = steps[below(steps.len())];
        if let Some(next) = model.next_state(&world, step) {
            walk.push((world, step, next.clone()));
            world = next;
        } else {
            // Nothing changed in the model; it may be looked at all the same.
            walk.push((world.clone(), step, world.clone()));
        }
    }
    walk
}

#[test]
fn walks_of_the_model_are_taken_by_real_nodes() {
    let walks = knob("MODEL_WALKS").unwrap_or(4);
    let place = Place::new();
    assert!(run(place.path(), &["load"]).status.success());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let (mut steps, mut returns) = (0, 0);
    runtime.block_on(async {
        let store = Store::open(&place.url()).await.expect("a database");
        for walk in 0..walks {
            let mut followers = Vec::new();
            for _ in 0..NODES {
                followers.push(Follower::new(store.clone()).await.expect("it starts"));
            }
            let base = store.revision().await.expect("a revision");
            let mut real = Real { store: store.clone(), url: place.url(), followers, base, walk, ends: BTreeMap::new() };
            real.note_end().await;
            for (before, step, after) in drawn(walk as u64 + 1) {
                real.take(&before, step).await;
                real.shows(&after);
                steps += 1;
                returns += usize::from(matches!(step, Step::GoBack(_)));
            }
        }
        store.close().await;
    });
    say(&format!("{steps} steps of {walks} walks, the database went back {returns} times"));
}
