//! Documents and their provisions: recitals, commitments, goals, mandates, thematic areas, activities.

use async_graphql::{Context, ID, InputObject, Interface};

use crate::domain::date::PartialDate;
use crate::domain::document::{DocumentKind, ProvisionKind};
use crate::domain::text::Language;
use crate::domain::text::fold;
use crate::graph::View;
use crate::graph::document::{ActivityFilter, DocumentIx, ProvisionIx};
use crate::graph::page::{Listing, PageArguments};

use super::error::Fault;
use super::flow::{FlowConnection, FlowFilterInput, FlowOrder, flows_of};
use super::group::WorkingGroup;
use super::loaders::{loaded, loaders};
use super::meeting::{Meeting, MeetingConnection, MeetingFilterInput, MeetingOrder, meetings_of};
use super::object::object;
use super::page::{SORTED, bind, connection, kept, paged, resolved, words};
use super::party::{Citation, citations};
use super::practice::{GoodPracticeConnection, GoodPracticeFilterInput, GoodPracticeOrder, checked_question, practices_of};
use super::resolve::{One, Rows, row};
use super::scalar::Given;
use super::view;

/// A document of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Document(pub DocumentIx);

object! {
    /// A document that the partnership rests on or works with.
    impl Document {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).document(self.0).id.to_string())
        }

        /// The code that it is known by: 'DECLARATION-2013'.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).document(self.0).entry.code
        }

        /// What sort of document it is.
        async fn kind(&self, ctx: &Context<'_>) -> DocumentKind {
            view(ctx).document(self.0).entry.kind
        }

        /// The title that it goes by.
        async fn title<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).document(self.0).entry.title
        }

        /// What it says, in the catalogue's own words.
        async fn summary<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).document(self.0).entry.summary
        }

        /// When it was adopted or published, as far as known.
        async fn adopted_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            view(ctx).document(self.0).entry.adopted_on
        }

        /// The meeting that adopted it.
        async fn meeting(&self, ctx: &Context<'_>) -> Option<One<Meeting>> {
            view(ctx).document(self.0).meeting.map(Meeting).map(One)
        }

        /// The languages that it is known to exist in; ten at most.
        async fn languages(&self, ctx: &Context<'_>) -> Vec<Language> {
            view(ctx).document(self.0).entry.languages.clone()
        }

        /// Where it can be read; a few at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(&view(ctx).document(self.0).entry.citations)
        }

        /// Its numbered passages, in the order of the document.
        paged fn provisions(&self, ctx, page,
            #[graphql(desc = "Only these kinds; all kinds where none is named. An empty list matches nothing.")] kinds: Given<Vec<ProvisionKind>>,
        ) -> ProvisionConnection {
            let view = view(ctx);
            let document = view.document(self.0);
            let binding = bind("Document.provisions", document.id, (), &kinds);
            view.work().spend(SORTED * document.provisions.len() as u64);
            let rows: Vec<_> = document.provisions.iter().map(|&ix| (ix, view.provision(ix).entry.kind)).collect();
            let kinds = words(view, kinds);
            let keep = |(_, kind): &(ProvisionIx, ProvisionKind)| kinds.as_ref().is_none_or(|kinds| kinds.contains(kind));
            let key = |view: &View, row: &(ProvisionIx, ProvisionKind)| view.provision_key(row.0);
            Ok(ProvisionConnection(paged(ctx, binding, &page, &Listing::ascending(&rows), key, keep)?))
        }
    }
}

fn provision_key(view: &View, ix: &ProvisionIx) -> Vec<u8> {
    view.provision_key(*ix)
}

connection! {
    /// A page of documents.
    DocumentConnection,
    /// A document in a list.
    DocumentEdge: DocumentIx => Document, |row| Document(*row)
}

connection! {
    /// A page of provisions.
    ProvisionConnection,
    /// A provision in a list.
    ProvisionEdge: (ProvisionIx, ProvisionKind) => Provision, |row| Provision::of(row.0, row.1)
}

connection! {
    /// A page of activities.
    ActivityConnection,
    /// An activity in a list.
    ActivityEdge: ProvisionIx => Activity, |row| Activity(*row)
}

/// One numbered passage of a document. `title` and `summary` are the catalogue's own words; `officialText` is the adopted wording, null until it is loaded.
#[derive(Debug, Clone, Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Opaque, and the same on every installation."),
    field(name = "document", ty = "One<Document>", desc = "The document that it stands in."),
    field(
        name = "reference",
        ty = "String",
        desc = "As the document numbers it, dot-separated: 'IV', 'IV.a', 'IV.a.ii', '1.d', '4.d', '3'; recitals 'R.1' onwards."
    ),
    field(name = "kind", ty = "ProvisionKind", desc = "What the passage does."),
    field(name = "title", ty = "String", desc = "A title in the catalogue's own words."),
    field(name = "summary", ty = "String", desc = "What it says, in the catalogue's own words."),
    field(
        name = "official_text",
        ty = "Option<Result<String, Fault>>",
        desc = "The adopted wording; null until it is loaded.",
        arg(
            name = "language",
            ty = "Language",
            default_with = "Language::En",
            desc = "The language to read it in; English where it is not there, else the language that is."
        )
    )
)]
pub enum Provision {
    /// A recital.
    Recital(Recital),
    /// A commitment.
    Commitment(Commitment),
    /// A priority goal.
    PriorityGoal(PriorityGoal),
    /// A mandate.
    Mandate(Mandate),
    /// A thematic area.
    ThematicArea(ThematicArea),
    /// An activity.
    Activity(Activity),
}

row! { Provision: Recital, Commitment, PriorityGoal, Mandate, ThematicArea, Activity }

impl Provision {
    /// The provision at that position, as what it is.
    pub const fn of(ix: ProvisionIx, kind: ProvisionKind) -> Self {
        match kind {
            ProvisionKind::Recital => Self::Recital(Recital(ix)),
            ProvisionKind::Commitment => Self::Commitment(Commitment(ix)),
            ProvisionKind::PriorityGoal => Self::PriorityGoal(PriorityGoal(ix)),
            ProvisionKind::Mandate => Self::Mandate(Mandate(ix)),
            ProvisionKind::ThematicArea => Self::ThematicArea(ThematicArea(ix)),
            ProvisionKind::Activity => Self::Activity(Activity(ix)),
        }
    }
}

/// A provision of one kind: what all have in common, and what `more` says.
macro_rules! provision {
    ($(#[doc = $doc:literal])+ $type:ident { $($more:tt)* }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $type(pub ProvisionIx);

        object! {
            $(#[doc = $doc])+
            impl $type {
                /// Opaque, and the same on every installation.
                async fn id(&self, ctx: &Context<'_>) -> ID {
                    ID(view(ctx).provision(self.0).id.to_string())
                }

                /// The document that it stands in.
                async fn document(&self, ctx: &Context<'_>) -> One<Document> {
                    One(Document(view(ctx).provision(self.0).document))
                }

                /// As the document numbers it, dot-separated: 'IV', 'IV.a', 'IV.a.ii', '1.d', '4.d', '3'; recitals 'R.1' onwards.
                async fn reference(&self, ctx: &Context<'_>) -> String {
                    view(ctx).provision(self.0).entry.reference.clone()
                }

                /// What the passage does.
                async fn kind(&self, ctx: &Context<'_>) -> ProvisionKind {
                    view(ctx).provision(self.0).entry.kind
                }

                /// A title in the catalogue's own words.
                async fn title(&self, ctx: &Context<'_>) -> String {
                    view(ctx).provision(self.0).entry.title.clone()
                }

                /// What it says, in the catalogue's own words.
                async fn summary(&self, ctx: &Context<'_>) -> String {
                    view(ctx).provision(self.0).entry.summary.clone()
                }

                /// The adopted wording; null until it is loaded.
                async fn official_text(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language that is.")] language: Language,
                ) -> Option<Result<String, Fault>> {
                    let text = loaders(ctx).official_text(view(ctx).provision(self.0).id, language).await.transpose();
                    loaded(ctx, text)
                }

                $($more)*
            }
        }
    };
}

provision! {
    /// Says why the document was adopted.
    Recital {}
}

provision! {
    /// Says what the parties bind themselves to.
    Commitment {}
}

provision! {
    /// A task given to officials, groups or the secretariat.
    Mandate {}
}

provision! {
    /// A priority goal (1 a to f of the Declaration).
    PriorityGoal {
        /// The thematic areas that serve it, in the order of the Declaration; at most six.
        async fn thematic_areas(&self, ctx: &Context<'_>) -> Rows<ThematicArea> {
            view(ctx).provision(self.0).areas.iter().copied().map(ThematicArea).collect()
        }

        /// The activities that serve it, in the order of the Declaration.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            let goal = view(ctx).provision(self.0);
            activities_of(ctx, ("PriorityGoal.activities", goal.id), &goal.activities, filter, &page)
        }
    }
}

provision! {
    /// A thematic area of cooperation (I to VI).
    ThematicArea {
        /// Its numeral: 'I' to 'VI'; the same as `reference`.
        async fn numeral<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).provision(self.0).entry.reference
        }

        /// The priority goals that it serves, in the order of the Declaration; at most six.
        async fn goals(&self, ctx: &Context<'_>) -> Rows<PriorityGoal> {
            view(ctx).provision(self.0).goals.iter().copied().map(PriorityGoal).collect()
        }

        /// Its activities and their parts, in the order of the Declaration.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            let area = view(ctx).provision(self.0);
            activities_of(ctx, ("ThematicArea.activities", area.id), &area.activities, filter, &page)
        }

        /// The practices that serve one of its activities.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            let area = view(ctx).provision(self.0);
            practices_of(ctx, ("ThematicArea.goodPractices", area.id), &area.practices, filter, order_by, &page)
        }
    }
}

provision! {
    /// An activity of a thematic area (I.a to VI.d), or a part of one (IV.a.i to iii).
    Activity {
        /// The thematic area that it stands in.
        async fn thematic_area(&self, ctx: &Context<'_>) -> Result<One<ThematicArea>, Fault> {
            // The import refuses an activity that stands in no area.
            view(ctx).provision(self.0).area.map(ThematicArea).map(One).ok_or_else(|| Fault::internal("an activity stands in no thematic area"))
        }

        /// The activity that it is a part of.
        async fn parent(&self, ctx: &Context<'_>) -> Option<One<Activity>> {
            let view = view(ctx);
            view.provision(self.0).parent.filter(|&ix| view.is_kind(ix, ProvisionKind::Activity)).map(Activity).map(One)
        }

        /// The parts of it, in the order of the Declaration; a handful at most.
        async fn parts(&self, ctx: &Context<'_>) -> Rows<Activity> {
            view(ctx).provision(self.0).parts.iter().copied().map(Activity).collect()
        }

        /// The priority goals that it serves, in the order of the Declaration; at most six.
        async fn goals(&self, ctx: &Context<'_>) -> Rows<PriorityGoal> {
            view(ctx).provision(self.0).goals.iter().copied().map(PriorityGoal).collect()
        }

        /// Words that a reader may look for; a handful at most.
        async fn keywords(&self, ctx: &Context<'_>) -> Vec<String> {
            view(ctx).provision(self.0).entry.keywords.clone()
        }

        /// The groups that have taken it up, whose thematic area holds it, or whose flows raise it; by code.
        async fn working_groups(&self, ctx: &Context<'_>) -> Rows<WorkingGroup> {
            view(ctx).provision(self.0).groups.iter().copied().map(WorkingGroup).collect()
        }

        /// The flows that raise it, by code where no order is given.
        paged fn flows(&self, ctx, page,
            #[graphql(desc = "Only flows for which all of this holds.")] filter: Given<Box<FlowFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<FlowOrder>,
        ) -> FlowConnection {
            let activity = view(ctx).provision(self.0);
            flows_of(ctx, ("Activity.flows", activity.id), &activity.flows, filter, order_by, &page)
        }

        /// The practices that serve it.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            let activity = view(ctx).provision(self.0);
            practices_of(ctx, ("Activity.goodPractices", activity.id), &activity.practices, filter, order_by, &page)
        }

        /// The meetings that were about it.
        paged fn meetings(&self, ctx, page,
            #[graphql(desc = "Only meetings for which all of this holds.")] filter: Given<Box<MeetingFilterInput>>,
            #[graphql(desc = "The order; newest first where none is given.")] order_by: Option<MeetingOrder>,
        ) -> MeetingConnection {
            let activity = view(ctx).provision(self.0);
            meetings_of(ctx, ("Activity.meetings", activity.id), &activity.meetings, filter, order_by, &page)
        }
    }
}

/// Which activities to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "ActivityFilter")]
pub struct ActivityFilterInput {
    /// With one of these references: 'IV.a.ii'.
    references: Given<Vec<String>>,
    /// In one of these thematic areas (numerals): 'IV'.
    thematic_areas: Given<Vec<String>>,
    /// Serving one of these priority goals (references): '1.d'.
    goals: Given<Vec<String>>,
    /// With one of these keywords, whole; case and accents do not count.
    keywords: Given<Vec<String>>,
    /// Worked on by one of these groups (codes).
    working_groups: Given<Vec<String>>,
    /// With every word of this in title, summary or keywords; 'returnees' finds 'return'.
    text: Given<String>,
    /// True: only activities that no practice serves. False: only those that some practice serves.
    without_good_practices: Given<bool>,
}

impl ActivityFilterInput {
    fn resolve(self, view: &View) -> Result<ActivityFilter, Fault> {
        let of = |kind, given: Given<Vec<String>>| given.0.map(|codes| view.provisions_of(kind, &codes)).transpose();
        Ok(ActivityFilter {
            activities: of(ProvisionKind::Activity, self.references)?,
            areas: of(ProvisionKind::ThematicArea, self.thematic_areas)?,
            goals: of(ProvisionKind::PriorityGoal, self.goals)?,
            keywords: self.keywords.0.map(|words| words.iter().map(|word| fold(word)).collect()),
            groups: self.working_groups.0.map(|codes| view.groups_of(&codes)).transpose()?,
            found: self.text.0.map(|text| checked_question(&text).map(|text| view.search_activities(text))).transpose()?,
            without_practices: self.without_good_practices.0,
        })
    }
}

/// A list of activities.
pub fn activities_of(
    ctx: &Context<'_>,
    (list, of): (&'static str, impl std::hash::Hash),
    rows: &[ProvisionIx],
    filter: Given<Box<ActivityFilterInput>>,
    page: &PageArguments,
) -> Result<ActivityConnection, Fault> {
    let view = view(ctx);
    let binding = bind(list, of, (), &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let keep = kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix));
    Ok(ActivityConnection(paged(ctx, binding, page, &Listing::ascending(rows), provision_key, keep)?))
}

/// The root list of documents.
pub fn documents(ctx: &Context<'_>, page: &PageArguments) -> Result<DocumentConnection, Fault> {
    let view = view(ctx);
    let key = |view: &View, ix: &DocumentIx| view.document_key(*ix);
    Ok(DocumentConnection(paged(ctx, bind("Query.documents", (), (), ()), page, &Listing::ascending(view.documents()), key, |_| true)?))
}
