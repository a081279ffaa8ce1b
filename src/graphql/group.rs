//! Working groups.

use async_graphql::{Context, ID, InputObject};

use crate::domain::date::PartialDate;
use crate::domain::group::{WorkingGroupKind, WorkingGroupRole};
use crate::domain::text::Language;
use crate::graph::View;
use crate::graph::group::{GroupFilter, GroupIx, MemberEdge};
use crate::graph::page::{Listing, PageArguments};
use crate::graph::party::Party as PartyRef;

use super::document::{ActivityConnection, ActivityFilterInput, ThematicArea, activities_of};
use super::error::Fault;
use super::flow::{FlowConnection, FlowFilterInput, FlowOrder, flows_of};
use super::meeting::{MeetingConnection, MeetingFilterInput, MeetingOrder, meetings_of};
use super::object::object;
use super::page::{KEYED, bind, connection, kept, paged, resolved, words};
use super::party::{Citation, Party, State, citations};
use super::practice::{GoodPracticeConnection, GoodPracticeFilterInput, GoodPracticeOrder, practices_of};
use super::resolve::{One, Rows};
use super::scalar::{Date, Given};
use super::view;

/// A working group of the graph.
#[derive(Debug, Clone, Copy)]
pub struct WorkingGroup(pub GroupIx);

object! {
    /// A working group (Declaration, 4 d): a platform for the interested states of one sub-region, or for one theme.
    impl WorkingGroup {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).group(self.0).id.to_string())
        }

        /// The code that it is known by: 'SILK-ROUTES'.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).group(self.0).entry.code
        }

        /// The name that it goes by.
        async fn name<'a>(
            &self,
            ctx: &Context<'a>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> &'a str {
            view(ctx).group(self.0).entry.name.get(language)
        }

        /// What it is formed around.
        async fn kind(&self, ctx: &Context<'_>) -> WorkingGroupKind {
            view(ctx).group(self.0).entry.kind
        }

        /// What it does, in the catalogue's own words.
        async fn summary<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).group(self.0).entry.summary
        }

        /// When it was set up, as far as known.
        async fn established_on(&self, ctx: &Context<'_>) -> Option<PartialDate> {
            view(ctx).group(self.0).entry.established_on
        }

        /// What the date of `establishedOn` rests on.
        async fn established_note<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            view(ctx).group(self.0).entry.established_note.as_deref()
        }

        /// The group that it is part of.
        async fn parent(&self, ctx: &Context<'_>) -> Option<One<WorkingGroup>> {
            view(ctx).group(self.0).parent.map(Self).map(One)
        }

        /// The states that it looks at, by code; bounded by the number of states.
        async fn focus_states(&self, ctx: &Context<'_>) -> Rows<State> {
            view(ctx).group(self.0).focus_states.iter().copied().map(State).collect()
        }

        /// The thematic areas that it works on, in the order of the Declaration; at most six.
        async fn thematic_areas(&self, ctx: &Context<'_>) -> Rows<ThematicArea> {
            view(ctx).group(self.0).areas.iter().copied().map(ThematicArea).collect()
        }

        /// Where all that can be read; a few at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(&view(ctx).group(self.0).entry.citations)
        }

        /// Who has a place in the group on a day, by code: one edge a party, with the first of its roles in the order `CHAIR`, `CO_CHAIR`, `FOCUS`, `PARTICIPANT`; `roles` asks for others.
        paged fn members(&self, ctx, page,
            #[graphql(desc = "The day; today where none is given.")] as_of: Option<Date>,
            #[graphql(desc = "Only these roles; any role where none is named. An empty list matches nothing.")] roles: Given<Vec<WorkingGroupRole>>,
        ) -> WorkingGroupMemberConnection {
            let view = view(ctx);
            let group = view.group(self.0);
            let binding = bind("WorkingGroup.members", group.id, as_of, &roles);
            let (on, roles) = (as_of.map_or(view.today(), |date| date.0), words(view, roles));
            view.work().spend(KEYED * group.members.len() as u64);
            let rows = first_roles(&group.members, |edge| edge.in_force(on) && roles.as_ref().is_none_or(|roles| roles.contains(&edge.role)));
            let key = |view: &View, edge: &MemberEdge<PartyRef>| edge.key(view.party_code(edge.node));
            Ok(WorkingGroupMemberConnection(paged(ctx, binding, &page, &Listing::ascending(&rows), key, |_| true)?))
        }

        /// Who chairs it on a day: chairs, then co-chairs, each by code; a handful at most.
        async fn chairs(&self, ctx: &Context<'_>, #[graphql(desc = "The day; today where none is given.")] as_of: Option<Date>) -> Rows<Party> {
            let view = view(ctx);
            view.chairs(self.0, as_of.map_or(view.today(), |date| date.0)).into_iter().map(Party::from).collect()
        }

        /// The flows that it looks at, by code where no order is given.
        paged fn flows(&self, ctx, page,
            #[graphql(desc = "Only flows for which all of this holds.")] filter: Given<Box<FlowFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<FlowOrder>,
        ) -> FlowConnection {
            let group = view(ctx).group(self.0);
            flows_of(ctx, ("WorkingGroup.flows", group.id), &group.flows, filter, order_by, &page)
        }

        /// The activities that the group has taken up, that its thematic areas hold, or that the flows in its focus raise; in the order of the Declaration.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            let group = view(ctx).group(self.0);
            activities_of(ctx, ("WorkingGroup.activities", group.id), &group.activities, filter, &page)
        }

        /// The meetings of the group.
        paged fn meetings(&self, ctx, page,
            #[graphql(desc = "Only meetings for which all of this holds.")] filter: Given<Box<MeetingFilterInput>>,
            #[graphql(desc = "The order; newest first where none is given.")] order_by: Option<MeetingOrder>,
        ) -> MeetingConnection {
            let group = view(ctx).group(self.0);
            meetings_of(ctx, ("WorkingGroup.meetings", group.id), &group.meetings, filter, order_by, &page)
        }

        /// The practices that concern it.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            let group = view(ctx).group(self.0);
            practices_of(ctx, ("WorkingGroup.goodPractices", group.id), &group.practices, filter, order_by, &page)
        }
    }
}

connection! {
    /// A page of working groups.
    WorkingGroupConnection,
    /// A working group in a list.
    WorkingGroupEdge: GroupIx => WorkingGroup, |row| WorkingGroup(*row)
}

/// A connection whose edges say what a party is in a group, seen from either end.
macro_rules! places {
    ($($connection:tt)*) => {
        connection! { $($connection)*, {
            /// What the party is in the group.
            async fn role(&self) -> WorkingGroupRole {
                self.row.role
            }

            /// Since when; null where it is not known, which counts as always.
            async fn since(&self) -> Option<PartialDate> {
                self.row.since
            }

            /// Until when; null while it goes on.
            async fn until(&self) -> Option<PartialDate> {
                self.row.until
            }

            /// What the sources say of it.
            async fn note(&self) -> Option<&str> {
                self.row.note.as_deref()
            }
        } }
    };
}

places! {
    /// A page of the members of a working group.
    WorkingGroupMemberConnection,
    /// What links a party to a working group lives on the edge: role and dates.
    WorkingGroupMemberEdge: MemberEdge<PartyRef> => Party, |row| Party::from(row.node)
}

places! {
    /// A page of the working groups of a party.
    PartyWorkingGroupConnection,
    /// A working group of a party, and what the party is there.
    PartyWorkingGroupEdge: MemberEdge<GroupIx> => WorkingGroup, |row| WorkingGroup(row.node)
}

/// The groups in which a party has a place on a day.
pub fn groups_of_party(ctx: &Context<'_>, party: PartyRef, as_of: Option<Date>, page: &PageArguments) -> Result<PartyWorkingGroupConnection, Fault> {
    let view = view(ctx);
    let binding = bind("Party.workingGroups", view.party_id(party), as_of, ());
    let on = as_of.map_or(view.today(), |date| date.0);
    view.work().spend(KEYED * view.party_links(party).groups.len() as u64);
    let rows = first_roles(&view.party_links(party).groups, |edge| edge.in_force(on));
    let key = |view: &View, edge: &MemberEdge<GroupIx>| edge.key(&view.group(edge.node).entry.code);
    Ok(PartyWorkingGroupConnection(paged(ctx, binding, page, &Listing::ascending(&rows), key, |_| true)?))
}

/// One edge for each other end: where a party has several roles in a group, the first that is asked for.
fn first_roles<N: Clone + PartialEq>(edges: &[MemberEdge<N>], asked: impl Fn(&MemberEdge<N>) -> bool) -> Vec<MemberEdge<N>> {
    // Edges stand by the code of their other end and then by role.
    let mut rows: Vec<MemberEdge<N>> = edges.iter().filter(|edge| asked(edge)).cloned().collect();
    rows.dedup_by(|later, first| later.node == first.node);
    rows
}

/// Which groups to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "WorkingGroupFilter")]
pub struct WorkingGroupFilterInput {
    /// With one of these codes.
    codes: Given<Vec<String>>,
    /// Of one of these kinds.
    kinds: Given<Vec<WorkingGroupKind>>,
    /// In which one of these parties (codes) has a place today.
    members: Given<Vec<String>>,
}

impl WorkingGroupFilterInput {
    fn resolve(self, view: &View) -> Result<GroupFilter, Fault> {
        Ok(GroupFilter {
            groups: self.codes.0.map(|codes| view.groups_of(&codes)).transpose()?,
            kinds: self.kinds.0,
            members: self.members.0.map(|codes| view.parties_of(&codes)).transpose()?,
        })
    }
}

/// The root list of groups.
pub fn groups(ctx: &Context<'_>, filter: Given<Box<WorkingGroupFilterInput>>, page: &PageArguments) -> Result<WorkingGroupConnection, Fault> {
    let view = view(ctx);
    let binding = bind("Query.workingGroups", (), (), &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let key = |view: &View, ix: &GroupIx| view.group_key(*ix);
    let keep = kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix));
    Ok(WorkingGroupConnection(paged(ctx, binding, page, &Listing::ascending(view.groups()), key, keep)?))
}
