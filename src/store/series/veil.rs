//! The veil before figures: what an installation holds back is taken out where figures are read, before they are
//! filtered, ordered, counted, paged, added up or forecast. Whoever does that knows no more than a reader may.
//!
//! Which figures are closed is worked out when the first of a measure is asked for, and kept for as long as the
//! revision lasts: of all its figures in all editions at once, so that every question finds the same ones closed.
//! Where nothing is held back, this costs one look at a flag.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};
use sea_orm::ConnectionTrait;

use super::block::decode;
use super::point::{Point, Raw};
use super::read::{columns, heads};
use super::set::{FigureSet, Sets};
use crate::domain::fact::{Period, subject_of};
use crate::domain::figure::{Measure, Subject, ValueAvailability};
use crate::domain::suppression::Suppression;
use crate::domain::viewer::Viewer;
use crate::domain::word::Words;
use crate::graph::figures::suppress::{Figure, close};
use crate::graph::figures::{Block, BlockKind, Head, Mark, Marks};
use crate::store::cache::Caches;
use crate::store::write::apart;
use crate::store::{Store, StoreError};

const DOING: &str = "look which figures are held back";

/// Blocks that are held at once.
const BLOCKS: usize = 50;

/// A block, by what it is of.
type BlockKey = (i64, i64, BlockKind, Period);

/// The closed figures of one measure, by their places.
type Hidden = FxHashMap<BlockKey, FxHashSet<(u16, u16)>>;

/// The closed figures of the measures that were asked for, as of one revision.
#[derive(Debug, Default)]
pub(in crate::store) struct Known {
    revision: u64,
    of: HashMap<Measure, Arc<Hidden>>,
}

impl Known {
    fn at(&self, revision: u64, measure: Measure) -> Option<Arc<Hidden>> {
        self.of.get(&measure).filter(|_| self.revision == revision).map(Arc::clone)
    }

    /// How many figures are closed, of the measures that were asked for; for who watches the server.
    pub fn closed(&self) -> Vec<(Measure, usize)> {
        self.of.iter().map(|(measure, hidden)| (*measure, hidden.values().map(FxHashSet::len).sum())).collect()
    }
}

/// What is held back from whom; a part of every [`Store`].
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Sight {
    suppression: Arc<Suppression>,
    /// Sources that are seen as they are.
    owned: Arc<[String]>,
    /// One works out at a time.
    learning: Arc<tokio::sync::Mutex<()>>,
    /// How often a closed figure was taken out of what was read.
    taken_out: Arc<AtomicU64>,
}

impl Sight {
    /// Whether anything is held back.
    pub fn is_on(&self) -> bool {
        self.suppression.is_on()
    }

    /// Whether it sees what all see: then what was read may be kept for others.
    pub fn is_common(&self) -> bool {
        self.owned.is_empty()
    }

    /// How often a closed figure was taken out of what was read.
    pub fn veiled(&self) -> u64 {
        self.taken_out.load(Ordering::Relaxed)
    }

    fn owns(&self, source: &str) -> bool {
        self.owned.iter().any(|owned| owned == source)
    }

    /// Whether figures of a set are seen as the source has them, though others do not see them so.
    pub fn is_private(&self, sets: &Sets, set: i64) -> bool {
        !self.is_common() && sets.by_id.get(&set).is_some_and(|set| self.owns(&set.source))
    }
}

impl Store {
    /// The same database, held back from as the settings say.
    #[must_use]
    pub fn suppressing(mut self, suppression: Suppression) -> Self {
        self.sight.suppression = Arc::new(suppression);
        self
    }

    /// The same database as a viewer sees it: the figures of his own sources as they are. Until this is called, a
    /// store shows what anyone may see.
    #[must_use]
    pub fn seen_by(&self, viewer: &Viewer) -> Self {
        let mut store = self.clone();
        store.sight.owned = self.sight.suppression.owned_by(viewer).into();
        store
    }

    /// Works out what is closed of these measures (of all, where none is named), unless it is known: in a task of its
    /// own, which ends well where the caller goes away, and before he holds a connection. To be called ahead of a read.
    pub(in crate::store) async fn make_ready(&self, measures: Option<&[Measure]>) -> Result<(), StoreError> {
        if !self.sight.is_on() {
            return Ok(());
        }
        let is_asked = |measure: &Measure| measures.is_none_or(|measures| measures.contains(measure));
        let wanted: Vec<(Measure, f64)> = Measure::ALL
            .iter()
            .map(|word| word.value)
            .filter(is_asked)
            .filter_map(|measure| Some((measure, self.sight.suppression.threshold(measure)?)))
            .collect();
        let revision = self.revision().await?;
        for (measure, below) in wanted {
            let caches = self.caches();
            if caches.hidden.lock().await.at(revision, measure).is_none() {
                let store = self.clone();
                apart(async move { store.learn(measure, below).await }).await?;
            }
        }
        Ok(())
    }

    /// Works out what is closed of a measure now. Whoever asks for the same meanwhile waits; who looks up what is known
    /// does not.
    async fn learn(&self, measure: Measure, below: f64) -> Result<(), StoreError> {
        let _one = self.sight.learning.lock().await;
        let caches = self.caches();
        let reading = self.one_state(DOING).await?;
        let learnt = async {
            let sets = Sets::read(&*reading).await?;
            match self.shown.load_full() {
                // What is known is of another log: its numbers mean nothing in this one.
                Some(mark) if !mark.is_in(&*reading).await? => *caches.hidden.lock().await = Known::default(),
                Some(_) => self.carry_on(&caches, sets.revision).await?,
                None => {}
            }
            let is_known = caches.hidden.lock().await.at(sets.revision, measure).is_some();
            if !is_known {
                let hidden = Arc::new(self.hide(&*reading, &sets, measure, below).await?);
                let mut known = caches.hidden.lock().await;
                if !self.may_keep(&caches, &sets.mark) {
                    return Ok(());
                }
                if known.revision < sets.revision {
                    *known = Known { revision: sets.revision, of: HashMap::new() };
                }
                if known.revision == sets.revision {
                    known.of.insert(measure, hidden);
                }
            }
            Ok(())
        };
        let learnt = learnt.await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        learnt
    }

    /// What is known stays true as long as no figure changes.
    async fn carry_on(&self, caches: &Caches, revision: u64) -> Result<(), StoreError> {
        let since = caches.hidden.lock().await.revision;
        if since < revision && !self.figures_changed_since(since).await? {
            let mut known = caches.hidden.lock().await;
            if known.revision == since {
                known.revision = revision;
            }
        }
        Ok(())
    }

    /// What is closed of a measure as of a revision, where it is known: at that one, or at a later one that no figure
    /// was changed for (a replica may be a little behind).
    async fn known_at(&self, caches: &Caches, revision: u64, measure: Measure) -> Result<Option<Arc<Hidden>>, StoreError> {
        let (of, known) = {
            let known = caches.hidden.lock().await;
            (known.revision, known.of.get(&measure).map(Arc::clone))
        };
        let holds = of == revision || (self.replica.is_some() && revision < of && !self.figures_changed_since(revision).await?);
        Ok(known.filter(|_| holds))
    }

    /// The veil before figures of these sets, as of the moment that `db` reads and `sets` are of.
    pub(in crate::store) async fn veil(
        &self,
        caches: &Caches,
        db: &impl ConnectionTrait,
        sets: &Sets,
        of: impl IntoIterator<Item = i64>,
    ) -> Result<Veil, StoreError> {
        let mut veil = Veil { taken_out: Arc::clone(&self.sight.taken_out), ..Veil::default() };
        if !self.sight.is_on() {
            return Ok(veil);
        }
        for set in of.into_iter().collect::<BTreeSet<i64>>().into_iter().filter_map(|set| sets.by_id.get(&set)) {
            if self.sight.owns(&set.source) || !self.sight.suppression.guards(&set.source) {
                continue;
            }
            let hidden = match self.sight.suppression.threshold(set.measure) {
                Some(below) => {
                    match self.known_at(caches, sets.revision, set.measure).await? {
                        Some(hidden) => hidden,
                        // Something was written since it was made ready: as of this moment, for this reader alone.
                        None => Arc::new(self.hide(db, sets, set.measure, below).await?),
                    }
                }
                None => Arc::default(),
            };
            veil.of_sets.insert(set.id, hidden);
        }
        if !veil.of_sets.is_empty() {
            veil.places = sets.places.iter().map(Arc::clone).zip(0..).collect();
        }
        Ok(veil)
    }

    /// The closed figures of a measure.
    async fn hide(&self, db: &impl ConnectionTrait, sets: &Sets, measure: Measure, below: f64) -> Result<Hidden, StoreError> {
        let is_guarded = |set: &&FigureSet| set.measure == measure && self.sight.suppression.guards(&set.source);
        let of: Vec<i64> = sets.all().filter(is_guarded).map(|set| set.id).collect();
        let heads = heads(db, &of).await?;
        let mut figures = Vec::new();
        let mut layer = 0;
        for some in heads.chunks(BLOCKS) {
            let mut blocks: HashMap<Head, Vec<u8>> = columns(db, some, "b.cells").await?.into_iter().collect();
            for head in some {
                let damaged = || StoreError::Damaged { what: "a block", of: "figures".to_owned() };
                let block = blocks.remove(head).and_then(|bytes| decode(head.kind, &bytes)).ok_or_else(damaged)?;
                figures.extend((0..block.len()).filter_map(|at| figure(layer, &block, at)));
                layer += 1;
            }
        }
        let breakdowns = sets.breakdowns.clone();
        // Millions of figures: not on a thread that serves others.
        let work = move || {
            let closed = close(below, &heads, &breakdowns, figures);
            let key = |layer: u32| heads.get(usize::try_from(layer).ok()?).map(|head| (head.set, head.breakdown, head.kind, head.period));
            closed.into_iter().filter_map(|(layer, places)| Some((key(layer)?, places))).collect()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::BrokenOff)
    }
}

fn figure(layer: u32, block: &Block, at: usize) -> Option<Figure> {
    // What is rounded by its source says no small number.
    let is_rounded = block.mark(at)?.availability == ValueAvailability::Rounded;
    let destination = block.destinations.get(at).copied().unwrap_or(0);
    Some(Figure { layer, origin: *block.origins.get(at)?, destination, value: block.value(at).filter(|_| !is_rounded) })
}

/// What a reader does not see of the figures of some sets.
#[derive(Debug, Default)]
pub(in crate::store) struct Veil {
    of_sets: BTreeMap<i64, Arc<Hidden>>,
    places: HashMap<Arc<str>, u16>,
    taken_out: Arc<AtomicU64>,
}

impl Veil {
    /// Whether figures of a set may be hidden. The checksum of their file stays hidden with them: whoever knows all
    /// other figures of a file could try numbers until it fits. So do cells that say more than their value.
    pub fn covers(&self, set: i64) -> bool {
        self.of_sets.contains_key(&set)
    }

    fn hidden(&self, set: i64, breakdown: i64, kind: BlockKind, period: Period) -> Option<&FxHashSet<(u16, u16)>> {
        self.of_sets.get(&set)?.get(&(set, breakdown, kind, period))
    }

    /// Takes the values of closed figures out of a block.
    pub fn over_block(&self, head: &Head, block: &mut Block) {
        let Some(hidden) = self.hidden(head.set, head.breakdown, head.kind, head.period) else { return };
        let is_closed = |block: &Block, at: usize| {
            let places = block.origins.get(at).map(|origin| (*origin, block.destinations.get(at).copied().unwrap_or(0)));
            places.is_some_and(|places| hidden.contains(&places))
        };
        let closed: Vec<bool> = (0..block.len()).map(|at| is_closed(block, at)).collect();
        self.note(closed.iter().filter(|closed| **closed).count());
        let mark = |(at, closed): (usize, &bool)| {
            let mark = block.mark(at)?;
            Some(if *closed { Mark { has_value: false, availability: ValueAvailability::Suppressed, ..mark } } else { mark })
        };
        let marks: Vec<Mark> = closed.iter().enumerate().filter_map(mark).collect();
        block.marks = Marks::Each(marks);
        for (value, _) in block.values.iter_mut().zip(&closed).filter(|(_, closed)| **closed) {
            *value = 0.0;
        }
    }

    /// Takes the values of closed figures out of a series, with all that tells of them.
    pub fn over_points(&self, set: i64, breakdown: i64, subject: &str, points: &mut [Point]) {
        if !self.covers(set) {
            return;
        }
        let place = |code: &String| self.places.get(code.as_str()).copied();
        let places = match subject_of(subject) {
            Some(Subject::Corridor(origin, destination)) => place(&origin).zip(place(&destination)).map(|ends| (BlockKind::Corridor, ends)),
            Some(Subject::Route(code)) => place(&code).map(|place| (BlockKind::Route, (place, 0))),
            Some(Subject::State(code)) => place(&code).map(|place| (BlockKind::State, (place, 0))),
            None => None,
        };
        let Some((kind, places)) = places else { return };
        for point in points {
            if self.hidden(set, breakdown, kind, point.period).is_some_and(|hidden| hidden.contains(&places)) {
                (point.value, point.availability, point.line, point.raw) = (None, ValueAvailability::Suppressed, 0, Raw::None);
                self.note(1);
            }
        }
    }

    fn note(&self, count: usize) {
        self.taken_out.fetch_add(count as u64, Ordering::Relaxed);
    }
}
