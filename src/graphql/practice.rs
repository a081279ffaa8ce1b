//! Good practices.

use std::borrow::Cow;

use async_graphql::{Context, ID, InputObject, SimpleObject};

use crate::domain::contribution::GoodPracticeStatus;
use crate::domain::date::PartialDate;
use crate::domain::document::ProvisionKind;
use crate::domain::practice::{EvidenceLevel, TargetGroup};
use crate::domain::text::Language;
use crate::graph::View;
use crate::graph::order::{SortKey, Sorted};
use crate::graph::page::{Listing, PageArguments};
use crate::graph::practice::{PracticeFilter, PracticeIx, PracticeNode, Related};
use crate::graph::seal::Binding;
use crate::graph::sieve::{Sieve, Walk};

use super::audience::Audience;
use super::document::{Activity, ActivityConnection, activities_of};
use super::error::Fault;
use super::flow::{FlowConnection, flows_of};
use super::group::WorkingGroup;
use super::history::{self, EventConnection, GoodPracticeVersionConnection};
use super::loaders::{loaded, loaders};
use super::object::object;
use super::page::{KEYED, KeyOf, SORTED, bind, connection, paged, paged_from, resolved, words};
use super::party::{Citation, Party, State, citations};
use super::reads::{Looked, read};
use super::resolve::{One, Rows, row};
use super::scalar::{Date, DateTime, Given};
use super::view;
use super::word::{GoodPracticeOrderField, OrderDirection};

/// A practice of the graph, which the viewer sees.
#[derive(Debug, Clone, Copy)]
pub struct GoodPractice(pub PracticeIx);

object! {
    /// Something that worked, told so that another party can take it over.
    impl GoodPractice {
        /// Opaque, and the same on every installation for what the catalogue holds.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(read(ctx, self.0).id.to_string())
        }

        /// Its address, what `goodPractice(slug:)` takes: of a draft, chance alone; from its first publication on words of the title that was published, or chance alone, and fixed.
        async fn slug<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &read(ctx, self.0).slug
        }

        /// What it is called, in a line.
        async fn title<'a>(
            &self,
            ctx: &Context<'a>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> &'a str {
            read(ctx, self.0).text(language).map_or("", |text| &text.title)
        }

        /// Two or three sentences.
        async fn summary<'a>(
            &self,
            ctx: &Context<'a>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> &'a str {
            read(ctx, self.0).text(language).map_or("", |text| &text.summary)
        }

        /// The whole story, in Markdown; null where there is none.
        async fn body(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> Option<Result<String, Fault>> {
            let practice = read(ctx, self.0);
            let body = loaders(ctx).body(practice.id, practice.kept.then_some(practice.version), language).await.transpose();
            loaded(ctx, body)
        }

        /// The languages that it is told in, the original first.
        async fn languages(&self, ctx: &Context<'_>) -> Vec<Language> {
            read(ctx, self.0).texts.iter().map(|text| text.language).collect()
        }

        /// The party that shares it, and alone may change it; null where it is shared without attribution.
        async fn owner(&self, ctx: &Context<'_>) -> Option<One<Party>> {
            read(ctx, self.0);
            view(ctx).owner(self.0).map(Party::from).map(One)
        }

        /// Where it is practised, by code; bounded by the number of states.
        async fn states(&self, ctx: &Context<'_>) -> Rows<State> {
            read(ctx, self.0).states.iter().copied().map(State).collect()
        }

        /// The parties that take part: states, then organisations, each by code; a few dozen at most.
        async fn partners(&self, ctx: &Context<'_>) -> Rows<Party> {
            read(ctx, self.0).partners.iter().copied().map(Party::from).collect()
        }

        /// The activities that it serves, in the order of the Declaration.
        paged fn activities(&self, ctx, page) -> ActivityConnection {
            let practice = read(ctx, self.0);
            activities_of(ctx, ("GoodPractice.activities", practice.id), &practice.activities, Given(None), &page)
        }

        /// The flows that it bears on, by code.
        paged fn flows(&self, ctx, page) -> FlowConnection {
            let practice = read(ctx, self.0);
            flows_of(ctx, ("GoodPractice.flows", practice.id), &practice.flows, Given(None), None, &page)
        }

        /// The groups that it concerns, by code.
        async fn working_groups(&self, ctx: &Context<'_>) -> Rows<WorkingGroup> {
            read(ctx, self.0).groups.iter().copied().map(WorkingGroup).collect()
        }

        /// Whom it is for; sixteen at most.
        async fn target_groups(&self, ctx: &Context<'_>) -> Vec<TargetGroup> {
            read(ctx, self.0).target_groups.to_vec()
        }

        /// What is known of how well it works.
        async fn evidence(&self, ctx: &Context<'_>) -> EvidenceLevel {
            read(ctx, self.0).evidence
        }

        /// When it began, as far as known.
        async fn started_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            read(ctx, self.0).started_on
        }

        /// When it ended; null while it goes on, or where that is not known.
        async fn ended_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            read(ctx, self.0).ended_on
        }

        /// Where all that can be read; a few dozen at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(&read(ctx, self.0).citations)
        }

        /// When it was published here; for the catalogue, the day of its edition.
        async fn published_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
            read(ctx, self.0).published_at.map(DateTime)
        }

        /// When it last changed; for the catalogue, the day of the edition that changed it.
        async fn updated_at(&self, ctx: &Context<'_>) -> DateTime {
            DateTime(read(ctx, self.0).updated_at)
        }

        /// Where it stands on its way from draft to the partnership.
        async fn status(&self, ctx: &Context<'_>) -> GoodPracticeStatus {
            read(ctx, self.0).status
        }

        /// Counts the edits; give it back as `ifVersion`.
        async fn version(&self, ctx: &Context<'_>) -> i32 {
            i32::try_from(read(ctx, self.0).version).unwrap_or(i32::MAX)
        }

        /// Whom it is shown to, or is to be shown to. Groups and parties as far as the viewer may know them: all for owner and secretariat, else those that the viewer is of.
        async fn audience(&self, ctx: &Context<'_>) -> Audience {
            read(ctx, self.0);
            Audience::seen(view(ctx), self.0)
        }

        /// False where the owner shares it without being named; `owner` is then null for all but the owner and the secretariat.
        async fn attributed(&self, ctx: &Context<'_>) -> bool {
            read(ctx, self.0).attributed
        }

        /// What it said at each edit, latest first: for its owner; the secretariat sees what was submitted to it. Empty for others.
        paged fn versions(&self, ctx, page) -> Option<GoodPracticeVersionConnection> {
            Box::pin(history::versions(ctx, self.0, &page)).await
        }

        /// Who did what to it, latest first: for its owner, and for the secretariat as far as it was submitted. Empty for others.
        paged fn history(&self, ctx, page) -> Option<EventConnection> {
            Box::pin(history::events(ctx, self.0, &page)).await
        }

        /// Practices that share activities, states, flows and target groups, nearest first, with why.
        async fn related(&self, ctx: &Context<'_>, #[graphql(default = 5, desc = "How many at most: 0 to 100.")] first: i32) -> Result<Rows<RelatedGoodPractice>, Fault> {
            let most = match usize::try_from(first) {
                Ok(most) if most <= crate::graph::page::LARGEST_PAGE => most,
                _ => return Err(Fault::input(format!("`first` is {first}: ask for 0 to {}.", crate::graph::page::LARGEST_PAGE))),
            };
            if most == 0 {
                return Ok(Rows(Vec::new()));
            }
            let related = view(ctx).related(self.0);
            for other in related.iter().take(most) {
                view(ctx).tell(other.practice);
            }
            let row = |related: &Related| RelatedGoodPractice {
                good_practice: One(GoodPractice(related.practice)),
                score: related.score,
                shared_activities: related.activities.iter().copied().map(Activity).collect(),
                shared_target_groups: related.target_groups.clone(),
            };
            Ok(related.iter().take(most).map(row).collect())
        }
    }
}

/// A practice that is like another one, and why.
#[derive(Debug, Clone, SimpleObject)]
pub struct RelatedGoodPractice {
    /// The practice that is like it.
    good_practice: One<GoodPractice>,
    /// How much the two share: the weighted mean of how far activities (3), flows (2), states (1) and target groups (1) overlap, 0 to 1.
    score: f64,
    /// The activities that both serve, in the order of the Declaration.
    shared_activities: Rows<Activity>,
    /// The target groups of both; sixteen at most.
    shared_target_groups: Vec<TargetGroup>,
}

row! { RelatedGoodPractice }

connection! {
    /// A page of good practices.
    GoodPracticeConnection,
    /// A practice in a list.
    GoodPracticeEdge: Row => GoodPractice, |row| GoodPractice(row.practice)
}

/// A practice in a list, with how well it answers the question of the list's filter.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    practice: PracticeIx,
    score: f32,
}

/// Which practices to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "GoodPracticeFilter")]
pub struct GoodPracticeFilterInput {
    /// With every word of this in title, summary or body; 'returnees' finds 'return'.
    text: Given<String>,
    /// Shared, by name, by one of these parties (codes).
    owners: Given<Vec<String>>,
    /// Practised in one of these states (ISO 3166-1 alpha-3).
    states: Given<Vec<String>>,
    /// With one of these parties (codes) taking part.
    partners: Given<Vec<String>>,
    /// Serving one of these activities (references): 'IV.a'.
    activities: Given<Vec<String>>,
    /// Serving an activity of one of these thematic areas (numerals).
    thematic_areas: Given<Vec<String>>,
    /// Serving an activity that serves one of these priority goals (references): '1.d'.
    goals: Given<Vec<String>>,
    /// Bearing on one of these flows (codes).
    flows: Given<Vec<String>>,
    /// Concerning one of these groups (codes).
    working_groups: Given<Vec<String>>,
    /// For one of these target groups.
    target_groups: Given<Vec<TargetGroup>>,
    /// With one of these levels of evidence.
    evidence: Given<Vec<EvidenceLevel>>,
    /// Told in one of these languages.
    languages: Given<Vec<Language>>,
    /// Published on this day or later (UTC).
    published_from: Given<Date>,
    /// Published on this day or earlier (UTC).
    published_to: Given<Date>,
    /// Begun in or after this; a partial date keeps what overlaps it.
    started_from: Given<PartialDate>,
    /// Begun in or before this; a partial date keeps what overlaps it.
    started_to: Given<PartialDate>,
    /// All of these must hold; an empty list matches nothing.
    and: Given<Vec<GoodPracticeFilterInput>>,
    /// One of these must hold; an empty list matches nothing.
    or: Given<Vec<GoodPracticeFilterInput>>,
    /// This must not hold.
    not: Given<Box<GoodPracticeFilterInput>>,
}

impl GoodPracticeFilterInput {
    fn resolve(self, view: &View) -> Result<PracticeFilter, Fault> {
        let provisions = |kind, given: Given<Vec<String>>| given.0.map(|codes| view.provisions_of(kind, &codes)).transpose();
        let parties = |given: Given<Vec<String>>| given.0.map(|codes| view.parties_of(&codes)).transpose();
        let all = |given: Given<Vec<Self>>| given.0.map(|all| all.into_iter().map(|f| f.resolve(view)).collect::<Result<Vec<_>, _>>()).transpose();
        Ok(PracticeFilter {
            found: self.text.0.map(|text| checked_question(&text).map(|text| view.search_practices(text))).transpose()?,
            owners: parties(self.owners)?,
            states: self.states.0.map(|codes| view.states_of(&codes)).transpose()?,
            partners: parties(self.partners)?,
            activities: provisions(ProvisionKind::Activity, self.activities)?,
            areas: provisions(ProvisionKind::ThematicArea, self.thematic_areas)?,
            goals: provisions(ProvisionKind::PriorityGoal, self.goals)?,
            flows: self.flows.0.map(|codes| view.flows_of(&codes)).transpose()?,
            groups: self.working_groups.0.map(|codes| view.groups_of(&codes)).transpose()?,
            target_groups: words(view, self.target_groups),
            evidence: words(view, self.evidence),
            languages: words(view, self.languages),
            published_from: self.published_from.0.map(|date| date.0),
            published_to: self.published_to.0.map(|date| date.0),
            started_from: self.started_from.0,
            started_to: self.started_to.0,
            and: all(self.and)?,
            or: all(self.or)?,
            not: self.not.0.map(|f| f.resolve(view).map(Box::new)).transpose()?,
        })
    }
}

/// A question for full text, of a length that a person would write.
pub fn checked_question(text: &str) -> Result<&str, Fault> {
    const LONGEST: usize = 200;
    if text.trim().is_empty() {
        return Err(Fault::input("`text` is empty: write a word to look for, or leave `text` out."));
    }
    if text.chars().count() > LONGEST {
        return Err(Fault::input(format!("`text` is longer than {LONGEST} characters: ask for fewer words.")));
    }
    Ok(text)
}

/// How to order practices.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct GoodPracticeOrder {
    /// What the list is ordered by.
    field: GoodPracticeOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// A list of practices, given by publication, oldest first; newest first, or best answer first, where no order is given.
pub fn practices_of(
    ctx: &Context<'_>,
    list: (&'static str, impl std::hash::Hash),
    by_publication: &[PracticeIx],
    filter: Given<Box<GoodPracticeFilterInput>>,
    order_by: Option<GoodPracticeOrder>,
    page: &PageArguments,
) -> Result<GoodPracticeConnection, Fault> {
    let (view, looked) = (view(ctx), Looked::new());
    let connection = listed(ctx, list, by_publication, filter, order_by, page, &looked)?;
    for ix in looked.told(ctx, connection.0.page.rows.iter().map(|row| row.practice)) {
        view.tell(ix);
    }
    Ok(connection)
}

fn listed(
    ctx: &Context<'_>,
    (list, of): (&'static str, impl std::hash::Hash),
    by_publication: &[PracticeIx],
    filter: Given<Box<GoodPracticeFilterInput>>,
    order_by: Option<GoodPracticeOrder>,
    page: &PageArguments,
    looked: &Looked<PracticeIx>,
) -> Result<GoodPracticeConnection, Fault> {
    let view = view(ctx);
    let asks_text = filter.0.as_ref().is_some_and(|filter| filter.text.0.is_some());
    let default = if asks_text { GoodPracticeOrderField::Relevance } else { GoodPracticeOrderField::PublishedAt };
    let mut order = order_by.unwrap_or(GoodPracticeOrder { field: default, direction: OrderDirection::Desc });
    if order.field == GoodPracticeOrderField::Relevance && !asks_text {
        // Nothing was asked, so everything answers it alike: what is left is the usual order.
        order.field = GoodPracticeOrderField::PublishedAt;
    }
    let binding = bind(list, of, order, &filter);
    let sieve = resolved(view, filter, |filter| filter.resolve(view).map(|filter| Sieve::new(filter, view)))?;
    let sieve = sieve.as_deref();
    let walk = Walk::new(view, sieve);
    let descending = order.direction == OrderDirection::Desc;
    let keep = |practice: PracticeIx| {
        let kept = walk.keeps(practice);
        if kept && view.is_noted(practice) {
            looked.keep(practice);
        }
        kept
    };
    let (rows, key): (Cow<'_, [PracticeIx]>, KeyOf<PracticeIx>) = match order.field {
        GoodPracticeOrderField::PublishedAt => (by_publication.into(), |view, ix| view.publication_key(*ix)),
        GoodPracticeOrderField::UpdatedAt => (sorted(view, view.practices_by_update(), by_publication), |view, ix| view.update_key(*ix)),
        GoodPracticeOrderField::Title => (sorted(view, view.practices_by_title(), by_publication), |view, ix| view.title_key(*ix)),
        GoodPracticeOrderField::Relevance => {
            let found = sieve.and_then(Sieve::found).map_or(&[][..], |found| found);
            return by_relevance(ctx, binding, page, &ranked(view, by_publication, found), descending, keep);
        }
    };
    let list = Listing { rows, descending };
    let paged = paged(ctx, binding, page, &list, key, |&practice| keep(practice))?;
    let row_key = match order.field {
        GoodPracticeOrderField::UpdatedAt => |view: &View, row: &Row| view.update_key(row.practice),
        GoodPracticeOrderField::Title => |view: &View, row: &Row| view.title_key(row.practice),
        _ => |view: &View, row: &Row| view.publication_key(row.practice),
    };
    let found = sieve.and_then(Sieve::found);
    let row = |practice| Row { practice, score: found.map_or(0.0, |found| score_of(found, practice)) };
    Ok(GoodPracticeConnection(paged.map(row, row_key)))
}

/// Best answers first.
fn by_relevance(
    ctx: &Context<'_>,
    binding: Binding,
    page: &PageArguments,
    rows: &[Row],
    descending: bool,
    keep: impl Fn(PracticeIx) -> bool,
) -> Result<GoodPracticeConnection, Fault> {
    let view = view(ctx);
    // Scores move with every entry that comes or goes, so a cursor goes on behind the row that it was made of,
    // wherever that stands now; only where the row is gone does its old score count.
    let place = |old: Vec<u8>| {
        let row = rows.iter().find(|row| old.ends_with(view.practice(row.practice).id.as_bytes()));
        row.map_or(old, |row| relevance_key(view, row))
    };
    let list = Listing { rows: rows.into(), descending };
    Ok(GoodPracticeConnection(paged_from(ctx, binding, page, &list, relevance_key, |row| keep(row.practice), place)?))
}

/// Steps of looking for a practice among those that were found.
const LOOKED_FOR: u64 = 3;

/// Those of a list that were found, the best last. What was found is seen, so that each counts as work.
fn ranked(view: &View, list: &[PracticeIx], found: &[(PracticeIx, f32)]) -> Vec<Row> {
    let mut rows: Vec<Row> = if is_whole(view, list) {
        found.iter().map(|&(practice, score)| Row { practice, score }).collect()
    } else {
        let meter = view.work().meter();
        let seen = list.iter().filter(|ix| meter.sees(view.sees(**ix), LOOKED_FOR));
        seen.map(|&practice| Row { practice, score: score_of(found, practice) }).filter(|row| row.score > 0.0).collect()
    };
    if view.work().spend(KEYED * rows.len() as u64) {
        rows.sort_by_cached_key(|row| relevance_key(view, row));
    }
    rows
}

/// A list that stands by publication, in another order; without what is not seen, lest its number be told by what
/// sorting took.
fn sorted<'a>(view: &'a View, order: &'a Sorted<PracticeNode>, list: &[PracticeIx]) -> Cow<'a, [PracticeIx]> {
    if is_whole(view, list) {
        return order.rows.as_slice().into();
    }
    let mut list: Vec<PracticeIx> = view.visible_practices(list).collect();
    if view.work().spend(SORTED * list.len() as u64) {
        order.sort(&mut list);
    }
    list.into()
}

/// Whether it is the list of all practices.
fn is_whole(view: &View, list: &[PracticeIx]) -> bool {
    std::ptr::eq(list, view.practices_by_publication().rows.as_slice())
}

fn score_of(found: &[(PracticeIx, f32)], practice: PracticeIx) -> f32 {
    found.binary_search_by_key(&practice, |(ix, _)| *ix).map_or(0.0, |at| found[at].1)
}

fn relevance_key(view: &View, row: &Row) -> Vec<u8> {
    SortKey::new().score(row.score).id(view.practice(row.practice).id)
}
