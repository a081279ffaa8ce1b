//! States, organisations and what they have in common.

use async_graphql::{Context, ID, InputObject, Interface, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::figure::Measure;
use crate::domain::flow::FlowRole;
use crate::domain::party::{self, GoodPracticeRole, OrganisationKind, ParticipationStatus, Region};
use crate::domain::series::Interval;
use crate::domain::text::Language;
use crate::domain::text::fold;
use crate::graph::View;
use crate::graph::flow::FlowFilter;
use crate::graph::page::Listing;
use crate::graph::party::{OrganisationFilter, OrganisationIx, Party as PartyRef, Point, StateFilter, StateFlow, StateIx};

use super::error::Fault;
use super::flow::{Flow, FlowFilterInput, FlowOrder};
use super::group::PartyWorkingGroupConnection;
use super::matrix::{Asked, FlowMatrix, matrix};
use super::meeting::{MeetingConnection, MeetingFilterInput, MeetingOrder, meetings_of};
use super::object::object;
use super::page::{SORTED, bind, connection, kept, paged, resolved, words};
use super::practice::{GoodPracticeConnection, GoodPracticeFilterInput, GoodPracticeOrder, practices_of};
use super::resolve::{One, Rows, row};
use super::scalar::{Date, Given, Url};
use super::series::{Series, series};
use super::view;
use super::word::{OrderDirection, OrganisationOrderField, StateOrderField};

/// A record with the wording, the place and the time that let a reader cite it.
#[derive(Debug, Clone, SimpleObject)]
pub struct Citation {
    /// Who said it, where, and when.
    text: String,
    /// Where it can be read; null where it is not on the web.
    url: Option<Url>,
}

row! { Citation }

/// Citations as the API shows them.
pub fn citations(all: &[crate::domain::text::Citation]) -> Rows<Citation> {
    all.iter().map(|c| Citation { text: c.text.clone(), url: c.url.clone().map(Url) }).collect()
}

/// How a party takes part in the partnership, and since when.
#[derive(Debug, Clone, SimpleObject)]
pub struct Participation {
    /// As a participant or as an observer.
    status: ParticipationStatus,
    /// Since when; null where it is not known, which counts as always.
    since: Option<PartialDate>,
    /// Until when; null while it goes on.
    until: Option<PartialDate>,
    /// Where sources disagree, what they say.
    note: Option<String>,
}

impl From<&party::Participation> for Participation {
    fn from(p: &party::Participation) -> Self {
        Self { status: p.status, since: p.since, until: p.until, note: p.note.clone() }
    }
}

/// A place on the map: decimal degrees, WGS 84.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Coordinates {
    /// Degrees north of the equator; negative to the south.
    latitude: f64,
    /// Degrees east of Greenwich; negative to the west.
    longitude: f64,
}

/// A state or an organisation that takes part in the partnership.
#[derive(Debug, Clone, Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Opaque, and the same on every installation."),
    field(name = "code", ty = "String", desc = "ISO 3166-1 alpha-3 for a state, the acronym for an organisation."),
    field(
        name = "name",
        ty = "String",
        desc = "The name, as the catalogue has it.",
        arg(
            name = "language",
            ty = "Language",
            default_with = "Language::En",
            desc = "The language to read it in; English where it is not there, else the language it was written in."
        )
    ),
    field(name = "participation", ty = "Option<Participation>", desc = "How the party takes part; null where it does not take part itself."),
    field(
        name = "working_groups",
        ty = "One<PartyWorkingGroupConnection>",
        desc = "The groups in which the party has a place on a day, by code: one edge a group, with the first of the party's roles in the order `CHAIR`, `CO_CHAIR`, `FOCUS`, `PARTICIPANT`.",
        arg(name = "as_of", ty = "Option<Date>", desc = "The day; today where none is given."),
        arg(
            name = "first",
            ty = "Option<i32>",
            desc = "That many from the start of the list, or from `after`: 0 to 100; 20 where neither `first` nor `last` is given."
        ),
        arg(name = "after", ty = "Option<String>", desc = "Only what comes behind this cursor of the same list, order and filter."),
        arg(name = "last", ty = "Option<i32>", desc = "That many from the end of the list, or from `before`: 0 to 100; not together with `first`."),
        arg(name = "before", ty = "Option<String>", desc = "Only what comes ahead of this cursor of the same list, order and filter.")
    ),
    field(
        name = "good_practices",
        ty = "One<GoodPracticeConnection>",
        desc = "Practices in which the party has one of the roles.",
        arg(name = "roles", ty = "Given<Vec<GoodPracticeRole>>", desc = "The roles; any of them where none is named. An empty list matches nothing."),
        arg(name = "filter", ty = "Given<Box<GoodPracticeFilterInput>>", desc = "Only practices for which all of this holds."),
        arg(
            name = "order_by",
            ty = "Option<GoodPracticeOrder>",
            desc = "The order; newest publication first where none is given, best answer first with `text`."
        ),
        arg(
            name = "first",
            ty = "Option<i32>",
            desc = "That many from the start of the list, or from `after`: 0 to 100; 20 where neither `first` nor `last` is given."
        ),
        arg(name = "after", ty = "Option<String>", desc = "Only what comes behind this cursor of the same list, order and filter."),
        arg(name = "last", ty = "Option<i32>", desc = "That many from the end of the list, or from `before`: 0 to 100; not together with `first`."),
        arg(name = "before", ty = "Option<String>", desc = "Only what comes ahead of this cursor of the same list, order and filter.")
    ),
    field(
        name = "meetings",
        ty = "One<MeetingConnection>",
        desc = "Meetings that the party hosted, or is known to have come to.",
        arg(name = "filter", ty = "Given<Box<MeetingFilterInput>>", desc = "Only meetings for which all of this holds."),
        arg(name = "order_by", ty = "Option<MeetingOrder>", desc = "The order; newest first where none is given."),
        arg(
            name = "first",
            ty = "Option<i32>",
            desc = "That many from the start of the list, or from `after`: 0 to 100; 20 where neither `first` nor `last` is given."
        ),
        arg(name = "after", ty = "Option<String>", desc = "Only what comes behind this cursor of the same list, order and filter."),
        arg(name = "last", ty = "Option<i32>", desc = "That many from the end of the list, or from `before`: 0 to 100; not together with `first`."),
        arg(name = "before", ty = "Option<String>", desc = "Only what comes ahead of this cursor of the same list, order and filter.")
    )
)]
pub enum Party {
    /// A state.
    State(State),
    /// An organisation.
    Organisation(Organisation),
}

row! { Party: State, Organisation }

impl From<PartyRef> for Party {
    fn from(party: PartyRef) -> Self {
        match party {
            PartyRef::State(ix) => Self::State(State(ix)),
            PartyRef::Organisation(ix) => Self::Organisation(Organisation(ix)),
        }
    }
}

/// A state of the graph.
#[derive(Debug, Clone, Copy)]
pub struct State(pub StateIx);

object! {
    /// A state, of the partnership or beyond it (`participation` is then null).
    impl State {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).state(self.0).id.to_string())
        }

        /// ISO 3166-1 alpha-3, as `iso3`.
        async fn code(&self, ctx: &Context<'_>) -> String {
            view(ctx).state(self.0).entry.iso3.clone()
        }

        /// ISO 3166-1 alpha-2: 'AF'.
        async fn iso2<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).state(self.0).entry.iso2
        }

        /// ISO 3166-1 alpha-3: 'AFG'.
        async fn iso3<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).state(self.0).entry.iso3
        }

        /// UN M49, three digits: '004'.
        async fn m49<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).state(self.0).entry.m49
        }

        /// The name, as the catalogue has it.
        async fn name(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> String {
            view(ctx).state(self.0).entry.name.get(language).to_owned()
        }

        /// The group of states that it is counted with; no borders are meant.
        async fn region(&self, ctx: &Context<'_>) -> Region {
            view(ctx).state(self.0).entry.region
        }

        /// Where a map may put the label; null where the catalogue has no place for it.
        async fn centroid(&self, ctx: &Context<'_>) -> Option<Coordinates> {
            view(ctx).state(self.0).entry.centroid.map(|c| Coordinates { latitude: c.latitude, longitude: c.longitude })
        }

        /// How the state takes part; null for a state beyond the partnership.
        async fn participation(&self, ctx: &Context<'_>) -> Option<Participation> {
            view(ctx).state(self.0).entry.participation.as_ref().map(Participation::from)
        }

        /// The groups in which the state has a place on a day, by code: one edge a group, with the first of the party's roles in the order `CHAIR`, `CO_CHAIR`, `FOCUS`, `PARTICIPANT`.
        paged fn working_groups(&self, ctx, page, #[graphql(desc = "The day; today where none is given.")] as_of: Option<Date>) -> PartyWorkingGroupConnection {
            super::group::groups_of_party(ctx, PartyRef::State(self.0), as_of, &page)
        }

        /// Flows in which the state has one of the roles, by code where no order is given.
        paged fn flows(&self, ctx, page,
            #[graphql(desc = "The roles; all roles where none is named. An empty list matches nothing.")] roles: Given<Vec<FlowRole>>,
            #[graphql(desc = "Only flows for which all of this holds.")] filter: Given<Box<FlowFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<FlowOrder>,
        ) -> StateFlowConnection {
            let view = view(ctx);
            let (node, order) = (view.state(self.0), order_by.unwrap_or_default());
            let binding = bind("State.flows", node.id, order, (&roles, &filter));
            let roles = Given(words(view, roles));
            let filter = resolved(view, filter, |filter| filter.resolve(view))?;
            let keeps = kept(view, filter.as_deref(), |filter: &FlowFilter, edge: &StateFlow| filter.keeps(view, edge.flow));
            let keep = |edge: &StateFlow| plays(edge, roles.0.as_deref()) && keeps(edge);
            let mut rows = std::borrow::Cow::Borrowed(node.flows.as_slice());
            if order.by_name() {
                view.work().spend(SORTED * rows.len() as u64);
                rows.to_mut().sort_by_key(|edge| view.flows_by_name().place(edge.flow));
            }
            let list = Listing { rows, descending: order.descending() };
            let key = if order.by_name() { |view: &View, edge: &StateFlow| view.flow_name_key(edge.flow) } else { |view: &View, edge: &StateFlow| view.flow_key(edge.flow) };
            Ok(StateFlowConnection(paged(ctx, binding, &page, &list, key, keep)?))
        }

        /// Practices in which the state has one of the roles.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "The roles; any of them where none is named. An empty list matches nothing.")] roles: Given<Vec<GoodPracticeRole>>,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            practices_of_party(ctx, PartyRef::State(self.0), &roles, filter, order_by, &page)
        }

        /// Meetings that the state hosted, or is known to have come to.
        paged fn meetings(&self, ctx, page,
            #[graphql(desc = "Only meetings for which all of this holds.")] filter: Given<Box<MeetingFilterInput>>,
            #[graphql(desc = "The order; newest first where none is given.")] order_by: Option<MeetingOrder>,
        ) -> MeetingConnection {
            let node = view(ctx).state(self.0);
            meetings_of(ctx, ("State.meetings", node.id), &node.links.meetings, filter, order_by, &page)
        }

        /// Where people came from, largest first: corridors that end in this state, in one period; null where no source covers the period.
        async fn inflows(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(desc = "The year, month or day; of a stock the last count in it.")] period: PartialDate,
            #[graphql(desc = "Of this source (code); else of the one that covers the period best.")] source: Option<String>,
            #[graphql(default = 10, desc = "The largest so many: 1 to 2,000; `rest` is the sum of the others.")] top: i32,
        ) -> Result<Option<FlowMatrix>, Fault> {
            let point = Some(vec![Point::State(self.0)]);
            Box::pin(matrix(ctx, measure, period, Asked { source, destinations: point, top: Some(top), ..Asked::default() })).await
        }

        /// Where people went, largest first: corridors that start in this state, in one period; null where no source covers the period.
        async fn outflows(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(desc = "The year, month or day; of a stock the last count in it.")] period: PartialDate,
            #[graphql(desc = "Of this source (code); else of the one that covers the period best.")] source: Option<String>,
            #[graphql(default = 10, desc = "The largest so many: 1 to 2,000; `rest` is the sum of the others.")] top: i32,
        ) -> Result<Option<FlowMatrix>, Fault> {
            let point = Some(vec![Point::State(self.0)]);
            Box::pin(matrix(ctx, measure, period, Asked { source, origins: point, top: Some(top), ..Asked::default() })).await
        }

        /// The figures of one measure through time, totals of the newest edition. What a source counts of the state as a whole, such as remittances or persons displaced within it; corridors are summed by `figures`. Null where no source has it in such intervals.
        async fn series(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(default_with = "Interval::Year", desc = "How long the periods are; figures over other lengths are left out.")] interval: Interval,
            #[graphql(desc = "Only periods that begin on its first day or later.")] from: Option<PartialDate>,
            #[graphql(desc = "Only periods that end on its last day or earlier.")] to: Option<PartialDate>,
            #[graphql(desc = "Of this source (code); else of the one that has most of the periods.")] source: Option<String>,
        ) -> Result<Option<Series>, Fault> {
            let subject = format!("S:{}", view(ctx).state(self.0).entry.iso3);
            Box::pin(series(ctx, subject, measure, interval, (from, to), source)).await
        }
    }
}

fn plays(edge: &StateFlow, roles: Option<&[FlowRole]>) -> bool {
    roles.is_none_or(|roles| {
        roles.iter().any(|role| match role {
            FlowRole::Origin => edge.origin,
            FlowRole::Transit => edge.transit,
            FlowRole::Destination => edge.destination,
        })
    })
}

fn practices_of_party(
    ctx: &Context<'_>,
    party: PartyRef,
    roles: &Given<Vec<GoodPracticeRole>>,
    filter: Given<Box<GoodPracticeFilterInput>>,
    order_by: Option<GoodPracticeOrder>,
    page: &crate::graph::page::PageArguments,
) -> Result<GoodPracticeConnection, Fault> {
    let view = view(ctx);
    let list = view.practices_of_party(party, words(view, roles.clone()));
    practices_of(ctx, ("Party.goodPractices", (view.party_id(party), roles)), &list, filter, order_by, page)
}

/// An organisation of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Organisation(pub OrganisationIx);

object! {
    /// An organisation that takes part in the partnership or in its practices.
    impl Organisation {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).organisation(self.0).id.to_string())
        }

        /// The acronym that it is known by.
        async fn code(&self, ctx: &Context<'_>) -> String {
            view(ctx).organisation(self.0).entry.code.clone()
        }

        /// The full name, as the catalogue has it.
        async fn name(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> String {
            view(ctx).organisation(self.0).entry.name.get(language).to_owned()
        }

        /// What sort of organisation it is.
        async fn kind(&self, ctx: &Context<'_>) -> OrganisationKind {
            view(ctx).organisation(self.0).entry.kind
        }

        /// The state that a national authority belongs to.
        async fn state(&self, ctx: &Context<'_>) -> Option<One<State>> {
            view(ctx).organisation(self.0).state.map(State).map(One)
        }

        /// What it does in the partnership.
        async fn role(&self, ctx: &Context<'_>) -> Option<String> {
            view(ctx).organisation(self.0).entry.role.clone()
        }

        /// Where that can be read; a few at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(&view(ctx).organisation(self.0).entry.citations)
        }

        /// How the organisation takes part; null where it does not take part itself.
        async fn participation(&self, ctx: &Context<'_>) -> Option<Participation> {
            view(ctx).organisation(self.0).entry.participation.as_ref().map(Participation::from)
        }

        /// The groups in which the organisation has a place on a day, by code: one edge a group, with the first of the party's roles in the order `CHAIR`, `CO_CHAIR`, `FOCUS`, `PARTICIPANT`.
        paged fn working_groups(&self, ctx, page, #[graphql(desc = "The day; today where none is given.")] as_of: Option<Date>) -> PartyWorkingGroupConnection {
            super::group::groups_of_party(ctx, PartyRef::Organisation(self.0), as_of, &page)
        }

        /// Practices in which the organisation has one of the roles.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "The roles; any of them where none is named. An empty list matches nothing.")] roles: Given<Vec<GoodPracticeRole>>,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            practices_of_party(ctx, PartyRef::Organisation(self.0), &roles, filter, order_by, &page)
        }

        /// Meetings that the organisation hosted, or is known to have come to.
        paged fn meetings(&self, ctx, page,
            #[graphql(desc = "Only meetings for which all of this holds.")] filter: Given<Box<MeetingFilterInput>>,
            #[graphql(desc = "The order; newest first where none is given.")] order_by: Option<MeetingOrder>,
        ) -> MeetingConnection {
            let node = view(ctx).organisation(self.0);
            meetings_of(ctx, ("Organisation.meetings", node.id), &node.links.meetings, filter, order_by, &page)
        }
    }
}

/// One end of a leg.
#[derive(Debug, Clone, Copy)]
pub struct FlowPoint(pub Point);

object! {
    /// One end of a leg: a state, or what statistics put in its place (an area, UNKNOWN, STATELESS, OTHER), where `state` is null.
    impl FlowPoint {
        /// ISO 3166-1 alpha-3, or the word that stands in its place.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            view(ctx).point_code(self.0)
        }

        /// The name of the state or area.
        async fn name<'a>(
            &self,
            ctx: &Context<'a>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> &'a str {
            view(ctx).point_name(self.0, language)
        }

        /// The state; null where the point is none.
        async fn state(&self) -> Option<One<State>> {
            match self.0 {
                Point::State(ix) => Some(One(State(ix))),
                Point::Area(_) => None,
            }
        }
    }
}

connection! {
    /// A page of states.
    StateConnection,
    /// A state in a list.
    StateEdge: StateIx => State, |row| State(*row)
}

connection! {
    /// A page of organisations.
    OrganisationConnection,
    /// An organisation in a list.
    OrganisationEdge: OrganisationIx => Organisation, |row| Organisation(*row)
}

connection! {
    /// A page of parties.
    PartyConnection,
    /// A party in a list.
    PartyEdge: PartyRef => Party, |row| Party::from(*row)
}

connection! {
    /// A page of the flows of a state.
    StateFlowConnection,
    /// A flow of a state, and what the state is to it.
    StateFlowEdge: StateFlow => Flow, |row| Flow(row.flow), {
        /// What the state is to the flow: at least one role, at most three.
        async fn roles(&self) -> Vec<FlowRole> {
            [(self.row.origin, FlowRole::Origin), (self.row.transit, FlowRole::Transit), (self.row.destination, FlowRole::Destination)]
                .into_iter().filter(|(plays, _)| *plays).map(|(_, role)| role).collect()
        }
    }
}

/// Which states to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "StateFilter")]
pub struct StateFilterInput {
    /// With one of these ISO 3166-1 alpha-3 codes.
    iso3: Given<Vec<String>>,
    /// In one of these regions.
    regions: Given<Vec<Region>>,
    /// Taking part in one of these ways.
    participation: Given<Vec<ParticipationStatus>>,
    /// With a place, today, in one of these groups (codes).
    working_groups: Given<Vec<String>>,
    /// With this in the name, in any language; case and accents do not count.
    name_contains: Given<String>,
}

/// Which organisations to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "OrganisationFilter")]
pub struct OrganisationFilterInput {
    /// With one of these acronyms.
    codes: Given<Vec<String>>,
    /// Of one of these kinds.
    kinds: Given<Vec<OrganisationKind>>,
    /// Taking part in one of these ways.
    participation: Given<Vec<ParticipationStatus>>,
    /// With this in the name, in any language; case and accents do not count.
    name_contains: Given<String>,
}

/// How to order states.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct StateOrder {
    /// What the list is ordered by.
    field: StateOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// How to order organisations.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct OrganisationOrder {
    /// What the list is ordered by.
    field: OrganisationOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// A part of a name to look for, folded as names are. A part of nothing would be in every name.
fn checked_part(text: &str) -> Result<String, Fault> {
    let folded = fold(text);
    if folded.trim().is_empty() {
        return Err(Fault::input("`nameContains` is empty: write some letters of the name, or leave `nameContains` out."));
    }
    Ok(folded)
}

impl StateFilterInput {
    fn resolve(self, view: &View) -> Result<StateFilter, Fault> {
        Ok(StateFilter {
            states: self.iso3.0.map(|codes| view.states_of(&codes)).transpose()?,
            regions: self.regions.0,
            participation: self.participation.0,
            groups: self.working_groups.0.map(|codes| view.groups_of(&codes)).transpose()?,
            name_contains: self.name_contains.0.map(|text| checked_part(&text)).transpose()?,
        })
    }
}

impl OrganisationFilterInput {
    fn resolve(self, view: &View) -> Result<OrganisationFilter, Fault> {
        Ok(OrganisationFilter {
            organisations: self.codes.0.map(|codes| view.organisations_of(&codes)).transpose()?,
            kinds: self.kinds.0,
            participation: self.participation.0,
            name_contains: self.name_contains.0.map(|text| checked_part(&text)).transpose()?,
        })
    }
}

/// The root list of states.
pub fn states(
    ctx: &Context<'_>,
    filter: Given<Box<StateFilterInput>>,
    order_by: Option<StateOrder>,
    page: &crate::graph::page::PageArguments,
) -> Result<StateConnection, Fault> {
    let view = view(ctx);
    let order = order_by.unwrap_or(StateOrder { field: StateOrderField::Iso3, direction: OrderDirection::Asc });
    let binding = bind("Query.states", (), order, &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let by_name = order.field == StateOrderField::Name;
    let rows = if by_name { &view.states_by_name().rows } else { view.states() };
    let list = Listing { rows: rows.into(), descending: order.direction == OrderDirection::Desc };
    let key = if by_name { |view: &View, ix: &StateIx| view.state_name_key(*ix) } else { |view: &View, ix: &StateIx| view.party_key(PartyRef::State(*ix)) };
    Ok(StateConnection(paged(ctx, binding, page, &list, key, kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix)))?))
}

/// The root list of organisations.
pub fn organisations(
    ctx: &Context<'_>,
    filter: Given<Box<OrganisationFilterInput>>,
    order_by: Option<OrganisationOrder>,
    page: &crate::graph::page::PageArguments,
) -> Result<OrganisationConnection, Fault> {
    let view = view(ctx);
    let order = order_by.unwrap_or(OrganisationOrder { field: OrganisationOrderField::Code, direction: OrderDirection::Asc });
    let binding = bind("Query.organisations", (), order, &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let by_name = order.field == OrganisationOrderField::Name;
    let rows = if by_name { &view.organisations_by_name().rows } else { view.organisations() };
    let list = Listing { rows: rows.into(), descending: order.direction == OrderDirection::Desc };
    let key = if by_name {
        |view: &View, ix: &OrganisationIx| view.organisation_name_key(*ix)
    } else {
        |view: &View, ix: &OrganisationIx| view.party_key(PartyRef::Organisation(*ix))
    };
    Ok(OrganisationConnection(paged(ctx, binding, page, &list, key, kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix)))?))
}
