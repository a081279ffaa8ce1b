//! Good practices in the graph: the node, its filter, and what is related to it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::audience::AudienceLevel;
use crate::domain::contribution::{GoodPracticeStatus, Sight};
use crate::domain::date::PartialDate;
use crate::domain::id::Id;
use crate::domain::practice::{EvidenceLevel, TargetGroup};
use crate::domain::text::{Citation, Language, pick};

use super::document::ProvisionIx;
use super::flow::FlowIx;
use super::group::GroupIx;
use super::index::Ix;
use super::order::{SortKey, microseconds};
use super::page::LARGEST_PAGE;
use super::party::{Party, StateIx, holds, is_among, meets};
use super::search::{Hits, Seen};
use super::sieve::Walk;
use super::view::View;

/// The position of a practice.
pub type PracticeIx = Ix<PracticeNode>;

/// Title and summary in one language; the body stays in the database.
#[derive(Debug, Clone)]
pub struct ShortText {
    /// The language.
    pub language: Language,
    /// The title.
    pub title: Box<str>,
    /// The summary.
    pub summary: Box<str>,
}

/// Who reads a practice, besides its owner.
#[derive(Debug, Clone)]
pub struct AudienceNode {
    /// How far it travels.
    pub level: AudienceLevel,
    /// The groups, by code.
    pub groups: Box<[GroupIx]>,
    /// The parties, states first, each by code.
    pub parties: Box<[Party]>,
}

/// One face of a practice. There may be a million of them: codes are dropped once they are edges.
#[derive(Debug, Clone)]
pub struct PracticeNode {
    /// Its id.
    pub id: Id,
    /// Words of its title; the same text is its code in the table.
    pub slug: Arc<str>,
    /// In each language, the original first; never empty.
    pub texts: Box<[ShortText]>,
    /// The party that shares it.
    pub owner: Party,
    /// False where the owner is not to be named.
    pub attributed: bool,
    /// Where it is practised, by code.
    pub states: Box<[StateIx]>,
    /// Who takes part, states first, each by code.
    pub partners: Box<[Party]>,
    /// The activities that it serves, in the order of the document.
    pub activities: Box<[ProvisionIx]>,
    /// The flows that it bears on, by code.
    pub flows: Box<[FlowIx]>,
    /// The groups that it concerns, by code.
    pub groups: Box<[GroupIx]>,
    /// Whom it is for.
    pub target_groups: Box<[TargetGroup]>,
    /// What is known of how well it works.
    pub evidence: EvidenceLevel,
    /// When it began.
    pub started_on: Option<PartialDate>,
    /// When it ended.
    pub ended_on: Option<PartialDate>,
    /// Where that can be read.
    pub citations: Box<[Citation]>,
    /// When it was published here.
    pub published_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the edits.
    pub version: u32,
    /// Where this version stands.
    pub status: GoodPracticeStatus,
    /// Whom it is shown to, or is to be shown to.
    pub audience: AudienceNode,
    /// Who sees this face.
    pub sight: Sight,
    /// The subjects who may not publish it, where it waits for that.
    pub hands: Box<[Box<str>]>,
    /// Whether its bodies are kept by version.
    pub kept: bool,
}

impl PracticeNode {
    /// Title and summary, by the rule of languages.
    #[must_use]
    pub fn text(&self, language: Language) -> Option<&ShortText> {
        pick(&self.texts, |text| text.language, language)
    }

    fn title(&self) -> &str {
        self.text(Language::En).map_or("", |text| &text.title)
    }
}

/// Which practices to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct PracticeFilter {
    /// Found by full text, with scores; sorted by position.
    pub found: Option<Arc<Hits<PracticeNode>>>,
    /// Shared by one of these.
    pub owners: Option<Vec<Party>>,
    /// Practised in one of these.
    pub states: Option<Vec<StateIx>>,
    /// With one of these taking part.
    pub partners: Option<Vec<Party>>,
    /// Serving one of these.
    pub activities: Option<Vec<ProvisionIx>>,
    /// Serving an activity of one of these.
    pub areas: Option<Vec<ProvisionIx>>,
    /// Serving an activity that serves one of these.
    pub goals: Option<Vec<ProvisionIx>>,
    /// Bearing on one of these.
    pub flows: Option<Vec<FlowIx>>,
    /// Concerning one of these.
    pub groups: Option<Vec<GroupIx>>,
    /// For one of these.
    pub target_groups: Option<Vec<TargetGroup>>,
    /// With one of these levels.
    pub evidence: Option<Vec<EvidenceLevel>>,
    /// Told in one of these.
    pub languages: Option<Vec<Language>>,
    /// Published on this day or later (UTC).
    pub published_from: Option<Date>,
    /// Published on this day or earlier (UTC).
    pub published_to: Option<Date>,
    /// Begun in or after this.
    pub started_from: Option<PartialDate>,
    /// Begun in or before this.
    pub started_to: Option<PartialDate>,
    /// All of these must keep it; an empty list keeps nothing.
    pub and: Option<Vec<Self>>,
    /// One of these must keep it; an empty list keeps nothing.
    pub or: Option<Vec<Self>>,
    /// This must not keep it.
    pub not: Option<Box<Self>>,
}

/// Steps of asking one thing of a practice.
const PREDICATE: u64 = 2;

impl PracticeFilter {
    /// Whether it keeps that practice.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: PracticeIx) -> bool {
        let practice = view.practice(ix);
        holds(self.found.as_deref(), |all| all.binary_search_by_key(&ix, |(found, _)| *found).is_ok())
            && holds(self.owners.as_deref(), |all| view.owner(ix).is_some_and(|owner| is_among(all, &owner)))
            && holds(self.states.as_deref(), |all| meets(all, &practice.states))
            && holds(self.partners.as_deref(), |all| meets(all, &practice.partners))
            && self.keeps_by_provisions(view, practice)
            && holds(self.flows.as_deref(), |all| meets(all, &practice.flows))
            && holds(self.groups.as_deref(), |all| meets(all, &practice.groups))
            && holds(self.target_groups.as_deref(), |all| meets(all, &practice.target_groups))
            && holds(self.evidence.as_deref(), |all| is_among(all, &practice.evidence))
            && holds(self.languages.as_deref(), |all| practice.texts.iter().any(|text| is_among(all, &text.language)))
            && self.keeps_by_dates(practice)
            && holds(self.and.as_deref(), |all| !all.is_empty() && all.iter().all(|filter| filter.keeps(view, ix)))
            && holds(self.or.as_deref(), |all| all.iter().any(|filter| filter.keeps(view, ix)))
            && holds(self.not.as_deref(), |filter| !filter.keeps(view, ix))
    }

    /// Steps of asking it of one practice.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let lists = [self.owners.is_some(), self.states.is_some(), self.partners.is_some(), self.activities.is_some(), self.areas.is_some()];
        let more = [self.goals.is_some(), self.flows.is_some(), self.groups.is_some(), self.target_groups.is_some(), self.evidence.is_some()];
        let rest = [self.found.is_some(), self.languages.is_some(), self.published_from.is_some(), self.published_to.is_some()];
        let dates = [self.started_from.is_some(), self.started_to.is_some()];
        let own = lists.iter().chain(&more).chain(&rest).chain(&dates).filter(|is_set| **is_set).count() as u64;
        let inside = self.and.iter().chain(&self.or).flatten().chain(self.not.as_deref()).map(Self::weight).sum::<u64>();
        (1 + own) * PREDICATE + inside
    }

    fn keeps_by_provisions(&self, view: &View, practice: &PracticeNode) -> bool {
        let some = |ask: &dyn Fn(ProvisionIx) -> bool| practice.activities.iter().any(|&activity| ask(activity));
        holds(self.activities.as_deref(), |all| some(&|activity| is_among(all, &activity)))
            && holds(self.areas.as_deref(), |all| some(&|activity| view.provision(activity).area.is_some_and(|area| is_among(all, &area))))
            && holds(self.goals.as_deref(), |all| some(&|activity| meets(all, &view.provision(activity).goals)))
    }

    fn keeps_by_dates(&self, practice: &PracticeNode) -> bool {
        let published = || practice.published_at.map(|at| jiff::tz::Offset::UTC.to_datetime(at).date());
        holds(self.published_from, |from| published().is_some_and(|day| day >= from))
            && holds(self.published_to, |to| published().is_some_and(|day| day <= to))
            && (self.started_from.is_none() && self.started_to.is_none()
                || practice.started_on.is_some_and(|start| start.overlaps(self.started_from, self.started_to)))
    }
}

/// A practice that is like another one, and why.
#[derive(Debug, Clone)]
pub struct Related {
    /// The practice.
    pub practice: PracticeIx,
    /// How much the two share, 0 to 1.
    pub score: f64,
    /// The activities that both serve.
    pub activities: Vec<ProvisionIx>,
    /// The target groups of both.
    pub target_groups: Vec<TargetGroup>,
}

/// What sharing an activity counts, against sharing a flow, a state or a target group.
const WEIGHTS: [f64; 4] = [3.0, 2.0, 1.0, 1.0];

/// Steps of comparing a practice with another, and of putting it in its place among those that were found.
const COMPARED: u64 = 15;

/// A text that is looked for among practices.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sought(String);
/// What the practices are like that are seen.
#[derive(Clone, PartialEq, Eq, Hash)]
struct SeenPractices;
/// A practice to which others are related.
#[derive(Clone, PartialEq, Eq, Hash)]
struct RelatedTo(PracticeIx);

impl View {
    /// Practices that hold every word of a question, with scores.
    #[must_use]
    pub fn search_practices(&self, question: &str) -> Arc<Hits<PracticeNode>> {
        self.memo().of(&Sought(question.to_owned()), || {
            let (texts, visible, common) = (&self.snapshot().practice_texts, |ix| self.sees(ix), |ix| self.is_common(ix));
            let seen: Seen = self.memo().of(&SeenPractices, || texts.seen(visible, common, self.work()));
            Arc::new(texts.find(question, &seen, visible, common, self.work()))
        })
    }

    /// Practices that share activities, states, flows or target groups with this one, nearest first; as many as a page
    /// may have.
    ///
    /// The score is the weighted mean of how far each of the four lists overlaps (shared over all, 0 to 1);
    /// where scores are equal, by slug.
    #[must_use]
    pub fn related(&self, ix: PracticeIx) -> Arc<[Related]> {
        self.memo().of(&RelatedTo(ix), || self.nearest(ix, LARGEST_PAGE).into())
    }

    fn nearest(&self, ix: PracticeIx, most: usize) -> Vec<Related> {
        let here = self.practice(ix);
        let walk = Walk::new(self, None);
        let seen = |list: &[PracticeIx]| list.iter().copied().filter(|&other| walk.keeps(other)).collect::<Vec<_>>();
        let mut candidates: Vec<PracticeIx> = here.activities.iter().flat_map(|&activity| seen(&self.provision(activity).practices)).collect();
        candidates.extend(here.flows.iter().flat_map(|&flow| seen(&self.flow(flow).practices)));
        candidates.extend(here.states.iter().flat_map(|&state| seen(&self.state(state).links.practised)));
        candidates.sort_unstable();
        candidates.dedup();
        let meter = self.work().meter();
        let others = candidates.into_iter().filter(|&other| other != ix).take_while(|_| meter.step(COMPARED));
        let mut scored: Vec<(f64, PracticeIx)> = others.map(|other| (likeness(here, self.practice(other)), other)).collect();
        let nearer = |a: &(f64, PracticeIx), b: &(f64, PracticeIx)| b.0.total_cmp(&a.0).then_with(|| self.practice(a.1).slug.cmp(&self.practice(b.1).slug));
        // Only those that may be shown are sorted: there may be a hundred thousand others.
        if scored.len() > most {
            scored.select_nth_unstable_by(most, nearer);
            scored.truncate(most);
        }
        scored.sort_by(nearer);
        scored
            .into_iter()
            .map(|(score, practice)| {
                let there = self.practice(practice);
                Related {
                    practice,
                    score: (score * 10_000.0).round() / 10_000.0,
                    activities: here.activities.iter().filter(|a| there.activities.contains(a)).copied().collect(),
                    target_groups: here.target_groups.iter().filter(|t| there.target_groups.contains(t)).copied().collect(),
                }
            })
            .collect()
    }

    /// The sort key of a practice by title.
    #[must_use]
    pub fn title_key(&self, ix: PracticeIx) -> Vec<u8> {
        title_key(self.practice(ix))
    }

    /// The sort key of a practice by publication.
    #[must_use]
    pub fn publication_key(&self, ix: PracticeIx) -> Vec<u8> {
        publication_key(self.practice(ix))
    }

    /// The sort key of a practice by its last change.
    #[must_use]
    pub fn update_key(&self, ix: PracticeIx) -> Vec<u8> {
        update_key(self.practice(ix))
    }
}

pub(super) fn title_key(practice: &PracticeNode) -> Vec<u8> {
    SortKey::new().text(practice.title()).id(practice.id)
}

pub(super) fn publication_key(practice: &PracticeNode) -> Vec<u8> {
    SortKey::new().instant(practice.published_at).id(practice.id)
}

/// What sorts as [`publication_key`] does.
pub(super) fn publication(practice: &PracticeNode) -> (i64, Id) {
    (microseconds(practice.published_at), practice.id)
}

pub(super) fn update_key(practice: &PracticeNode) -> Vec<u8> {
    SortKey::new().instant(Some(practice.updated_at)).id(practice.id)
}

/// What sorts as [`update_key`] does.
pub(super) fn update(practice: &PracticeNode) -> (i64, Id) {
    (microseconds(Some(practice.updated_at)), practice.id)
}

fn likeness(a: &PracticeNode, b: &PracticeNode) -> f64 {
    let parts =
        [overlap(&a.activities, &b.activities), overlap(&a.flows, &b.flows), overlap(&a.states, &b.states), overlap(&a.target_groups, &b.target_groups)];
    parts.iter().zip(WEIGHTS).map(|(part, weight)| part * weight).sum::<f64>() / WEIGHTS.iter().sum::<f64>()
}

/// Shared over all, 0 to 1; 0 where both are empty.
#[expect(clippy::cast_precision_loss, reason = "lengths of short lists")]
fn overlap<T: PartialEq>(a: &[T], b: &[T]) -> f64 {
    let shared = a.iter().filter(|item| b.contains(item)).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}
