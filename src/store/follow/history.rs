//! A database without SQL, for tests in which a scheduler chooses every step: what was written, in order; it can go back
//! to an earlier state, and each look at it may fail. Its writes are practices, so that a snapshot shows which of them
//! it holds.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::civil::date;
use shuttle::rand::Rng as _;
use shuttle::sync::Mutex;

use super::{FollowError, Log, Mark, Since, Whole};
use crate::domain::contribution::Face;
use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::id::Id;
use crate::domain::party::{Region, State};
use crate::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use crate::domain::text::{Language, Localized};
use crate::domain::word::Words;
use crate::graph::material::{Material, Patch, PracticeFace};
use crate::graph::{Building, Snapshot, View, Viewer};
use crate::store::StoreError;
use crate::store::cache::Ahead;

/// What one write wrote; no two are the same.
pub(crate) type Write = u32;

/// More writes than any story makes.
const MOST: Write = 12;
const SECRET: [u8; 64] = [7; 64];

/// The database of one story.
pub(crate) struct History {
    inner: Mutex<Inner>,
    /// What is kept of what was read, as `store::cache` keeps it.
    kept: crate::sync::ArcSwap<Kept>,
    shown: crate::sync::ArcSwap<Option<Arc<Mark>>>,
    /// Of so many looks one fails; none where it is nothing.
    pub fails: u32,
}

#[derive(Default)]
struct Kept {
    pages: Mutex<Vec<(u64, Vec<Write>)>>,
    ahead: Ahead,
}

struct Inner {
    writes: Vec<(Write, bool)>,
    next: Write,
    /// Every state that ever was, in order.
    states: Vec<Vec<Write>>,
}

impl History {
    /// One with a single write.
    pub fn new(fails: u32) -> Self {
        let inner = Inner { writes: vec![(0, false)], next: 1, states: vec![vec![0]] };
        Self { inner: Mutex::new(inner), kept: crate::sync::ArcSwap::default(), shown: crate::sync::ArcSwap::default(), fails }
    }

    /// Commits a write; the revision that it made. An import is read anew by those who follow.
    pub fn write(&self, is_import: bool) -> u64 {
        self.change(|inner| {
            inner.writes.push((inner.next, is_import));
            inner.next += 1;
        })
    }

    /// Goes back by so many writes.
    pub fn go_back(&self, by: usize) {
        self.change(|inner| inner.writes.truncate(inner.writes.len().saturating_sub(by).max(1)));
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) -> u64 {
        let mut inner = self.inner.lock().expect("whole");
        change(&mut inner);
        let state = inner.writes.iter().map(|(write, _)| *write).collect();
        inner.states.push(state);
        inner.writes.len() as u64
    }

    /// When that was the state first and last, counted in changes.
    pub fn when(&self, state: &[Write]) -> Option<(usize, usize)> {
        let inner = self.inner.lock().expect("whole");
        let first = inner.states.iter().position(|known| known == state)?;
        Some((first, inner.states.iter().rposition(|known| known == state)?))
    }

    /// Figures, as pages of them are read: what is kept for the revision that the graph shows, else what there is.
    pub fn figures(&self) -> Vec<Write> {
        let shown = (*self.shown.load()).as_ref().map(|mark| mark.revision);
        let kept = self.kept.load();
        let revision = shown.unwrap_or_else(|| self.inner.lock().expect("whole").writes.len() as u64);
        let found = kept.pages.lock().expect("whole").iter().find(|(of, _)| *of == revision).map(|(_, page)| page.clone());
        found.unwrap_or_else(|| {
            let (page, mark) = {
                let inner = self.inner.lock().expect("whole");
                (inner.writes.iter().map(|(write, _)| *write).collect::<Vec<_>>(), inner.mark())
            };
            if kept.ahead.may_keep(&mark, || (*self.shown.load()).clone()) {
                kept.pages.lock().expect("whole").push((mark.revision, page.clone()));
            }
            page
        })
    }

    fn look<T>(&self, look: impl FnOnce(&Inner) -> T) -> Result<T, StoreError> {
        if self.fails > 0 && shuttle::rand::thread_rng().gen_ratio(1, self.fails) {
            return Err(StoreError::Silent);
        }
        Ok(look(&self.inner.lock().expect("whole")))
    }
}

impl Inner {
    fn mark(&self) -> Mark {
        let last = self.writes.last().expect("never empty").0;
        Mark { revision: self.writes.len() as u64, line: last.to_string() }
    }

    fn has(&self, mark: &Mark) -> bool {
        mark.revision == 0 || self.writes.get(place(mark) - 1).is_some_and(|(write, _)| write.to_string() == mark.line)
    }
}

impl Log for History {
    fn opened(&self) -> u64 {
        0
    }

    async fn mark(&self) -> Result<Mark, StoreError> {
        self.look(Inner::mark)
    }

    async fn since(&self, mark: &Mark, lines: &[&Mark]) -> Result<Since, StoreError> {
        self.look(|inner| {
            if !lines.iter().all(|line| inner.has(line)) {
                return Since::AnotherLog;
            }
            let later = &inner.writes[place(mark)..];
            if later.iter().any(|(_, is_import)| *is_import) {
                return Since::Other;
            }
            let practices = later.iter().map(|(write, _)| (id(*write), vec![face(*write)])).collect();
            Since::Contributed(Patch { revision: inner.writes.len() as u64, practices, contacts: None }, inner.mark())
        })
    }

    async fn whole(&self, mark: &Mark) -> Result<Whole, FollowError> {
        let (writes, newest, went_back) =
            self.look(|inner| (inner.writes.iter().map(|(write, _)| *write).collect::<Vec<_>>(), inner.mark(), !inner.has(mark)))?;
        shuttle::future::yield_now().await;
        let practices = writes.iter().map(|write| (id(*write), vec![face(*write)])).collect();
        let snapshot = EMPTY.patched(Patch { revision: writes.len() as u64, practices, contacts: None })?;
        Ok(Whole { snapshot, newest, secret: SECRET, went_back })
    }

    fn show(&self, mark: Option<Mark>) {
        self.shown.store(Arc::new(mark.map(Arc::new)));
    }

    fn forget(&self) {
        self.kept.store(Arc::default());
    }

    fn ahead(&self) -> BTreeSet<Mark> {
        self.kept.load().ahead.marks()
    }

    fn seen(&self, marks: &BTreeSet<Mark>) {
        self.kept.load().ahead.seen(marks);
    }
}

/// Behind which write a mark is.
fn place(mark: &Mark) -> usize {
    usize::try_from(mark.revision).expect("a few")
}

/// The writes that a snapshot holds.
pub(crate) fn writes_of(snapshot: &Arc<Snapshot>) -> Vec<Write> {
    let view = View::new(Arc::clone(snapshot), Viewer::Anonymous, date(2026, 12, 1));
    (0..MOST).filter(|write| view.find_practice(&slug(*write)).is_some()).collect()
}

/// A graph in which nothing was written.
static EMPTY: LazyLock<Snapshot> = LazyLock::new(|| {
    let state = State {
        iso3: "UZB".into(),
        iso2: "UZ".into(),
        m49: "860".into(),
        name: Localized::english("Uzbekistan".to_owned()),
        region: Region::CentralAsia,
        centroid: None,
        participation: None,
    };
    let stored = Stored { id: Id::of("State", "UZB"), entry: Entry::State(state), version: 1, published_at: None, updated_at: Timestamp::UNIX_EPOCH };
    let material = Material { revision: 0, entries: vec![stored], ..Material::default() };
    Building::new(material, &SECRET).finish().expect("it fits together")
});

fn slug(write: Write) -> String {
    format!("write-{write}")
}

fn id(write: Write) -> Id {
    Id::of(Kind::GoodPractice.name(), &slug(write))
}

fn face(write: Write) -> PracticeFace {
    let text = PracticeText { language: Language::En, title: slug(write), summary: String::new(), body: None };
    let entry = GoodPractice {
        slug: slug(write),
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
    PracticeFace { id: id(write), entry, face: Face::public(1, None, Timestamp::UNIX_EPOCH), kept: true }
}
