//! Meetings.

use async_graphql::{Context, ID, InputObject};

use crate::domain::date::PartialDate;
use crate::domain::document::ProvisionKind;
use crate::domain::meeting::MeetingKind;
use crate::graph::View;
use crate::graph::meeting::{MeetingFilter, MeetingIx};
use crate::graph::page::{Listing, PageArguments};
use crate::graph::party::Party as PartyRef;

use super::document::{ActivityConnection, ActivityFilterInput, Document, ThematicArea, activities_of};
use super::error::Fault;
use super::group::WorkingGroup;
use super::object::object;
use super::page::{KEYED, SORTED, bind, connection, kept, paged, resolved};
use super::party::{Citation, Party, PartyConnection, State, citations};
use super::resolve::{One, Rows};
use super::scalar::Given;
use super::view;
use super::word::{MeetingOrderField, OrderDirection};

/// A meeting of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Meeting(pub MeetingIx);

object! {
    /// A meeting of the partnership.
    impl Meeting {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).meeting(self.0).id.to_string())
        }

        /// The code that it is known by: 'MC-5' for the Fifth Ministerial Conference.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).meeting(self.0).entry.code
        }

        /// The name that it goes by.
        async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).meeting(self.0).entry.name
        }

        /// What sort of meeting it is.
        async fn kind(&self, ctx: &Context<'_>) -> MeetingKind {
            view(ctx).meeting(self.0).entry.kind
        }

        /// Its first day, as far as known.
        async fn starts_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            view(ctx).meeting(self.0).entry.starts_on
        }

        /// Its last day, as far as known.
        async fn ends_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            view(ctx).meeting(self.0).entry.ends_on
        }

        /// The town; null where it is not known.
        async fn place<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            view(ctx).meeting(self.0).entry.place.as_deref()
        }

        /// The state that the town is in; null where it is not known.
        async fn place_state(&self, ctx: &Context<'_>) -> Option<One<State>> {
            let view = view(ctx);
            view.meeting(self.0).entry.place_state.as_deref().and_then(|code| view.find_state(code)).map(State).map(One)
        }

        /// What it was about, in the catalogue's own words.
        async fn note<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            view(ctx).meeting(self.0).entry.note.as_deref()
        }

        /// Whether it was held online.
        async fn online(&self, ctx: &Context<'_>) -> bool {
            view(ctx).meeting(self.0).entry.online
        }

        /// The parties that hosted it: states, then organisations, each by code; a handful at most.
        async fn hosts(&self, ctx: &Context<'_>) -> Rows<Party> {
            view(ctx).meeting(self.0).hosts.iter().copied().map(Party::from).collect()
        }

        /// The groups whose meeting it was, by code.
        async fn working_groups(&self, ctx: &Context<'_>) -> Rows<WorkingGroup> {
            view(ctx).meeting(self.0).groups.iter().copied().map(WorkingGroup).collect()
        }

        /// The thematic areas that it was about, in the order of the Declaration; at most six.
        async fn thematic_areas(&self, ctx: &Context<'_>) -> Rows<ThematicArea> {
            view(ctx).meeting(self.0).areas.iter().copied().map(ThematicArea).collect()
        }

        /// Where all that can be read; a few at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(&view(ctx).meeting(self.0).entry.citations)
        }

        /// The activities that it was about, in the order of the Declaration.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            let meeting = view(ctx).meeting(self.0);
            activities_of(ctx, ("Meeting.activities", meeting.id), &meeting.activities, filter, &page)
        }

        /// The parties that are known to have come, hosts apart, by code; who attended is not known of most meetings.
        paged fn participants(&self, ctx, page) -> PartyConnection {
            let view = view(ctx);
            let meeting = view.meeting(self.0);
            let mut rows = meeting.participants.clone();
            view.work().spend(KEYED * rows.len() as u64);
            rows.sort_by_key(|party| view.party_key(*party));
            let key = |view: &View, party: &PartyRef| view.party_key(*party);
            Ok(PartyConnection(paged(ctx, bind("Meeting.participants", meeting.id, (), ()), &page, &Listing::ascending(&rows), key, |_| true)?))
        }

        /// The documents that it adopted, by code; a handful at most.
        async fn documents(&self, ctx: &Context<'_>) -> Rows<Document> {
            view(ctx).meeting(self.0).documents.iter().copied().map(Document).collect()
        }
    }
}

connection! {
    /// A page of meetings.
    MeetingConnection,
    /// A meeting in a list.
    MeetingEdge: MeetingIx => Meeting, |row| Meeting(*row)
}

/// Which meetings to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "MeetingFilter")]
pub struct MeetingFilterInput {
    /// Of one of these kinds.
    kinds: Given<Vec<MeetingKind>>,
    /// Not over before this; a partial date keeps what overlaps it.
    from: Given<PartialDate>,
    /// Begun by the end of this; a partial date keeps what overlaps it.
    to: Given<PartialDate>,
    /// Of one of these groups (codes).
    working_groups: Given<Vec<String>>,
    /// Hosted by one of these parties (codes).
    hosts: Given<Vec<String>>,
    /// About one of these activities (references).
    activities: Given<Vec<String>>,
}

impl MeetingFilterInput {
    fn resolve(self, view: &View) -> Result<MeetingFilter, Fault> {
        Ok(MeetingFilter {
            kinds: self.kinds.0,
            from: self.from.0,
            to: self.to.0,
            groups: self.working_groups.0.map(|codes| view.groups_of(&codes)).transpose()?,
            hosts: self.hosts.0.map(|codes| view.parties_of(&codes)).transpose()?,
            activities: self.activities.0.map(|codes| view.provisions_of(ProvisionKind::Activity, &codes)).transpose()?,
        })
    }
}

/// How to order meetings.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct MeetingOrder {
    /// What the list is ordered by.
    field: MeetingOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// A list of meetings; newest first where no order is given.
pub fn meetings_of(
    ctx: &Context<'_>,
    (list, of): (&'static str, impl std::hash::Hash),
    rows: &[MeetingIx],
    filter: Given<Box<MeetingFilterInput>>,
    order_by: Option<MeetingOrder>,
    page: &PageArguments,
) -> Result<MeetingConnection, Fault> {
    let view = view(ctx);
    let order = order_by.unwrap_or(MeetingOrder { field: MeetingOrderField::StartsOn, direction: OrderDirection::Desc });
    let binding = bind(list, of, order, &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let mut rows = rows.to_vec();
    view.work().spend(SORTED * rows.len() as u64);
    view.meetings().sort(&mut rows);
    let listing = Listing { rows: rows.into(), descending: order.direction == OrderDirection::Desc };
    let key = |view: &View, ix: &MeetingIx| view.meeting_key(*ix);
    let keep = kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix));
    Ok(MeetingConnection(paged(ctx, binding, page, &listing, key, keep)?))
}
