//! The root of the graph.

use async_graphql::{Context, ID};

use crate::domain::date::PartialDate;
use crate::domain::document::ProvisionKind;
use crate::domain::figure::Measure;
use crate::graph::figures::FigureDimension;

use super::contact::{self, ContactPointConnection, ContactPointFilterInput};
use super::document::{
    self, Activity, ActivityConnection, ActivityFilterInput, Document, DocumentConnection, PriorityGoal, Provision, ThematicArea, activities_of,
};
use super::error::Fault;
use super::figure::{ObservationConnection, ObservationFilterInput, ObservationOrder, all_observations};
use super::figures::{FigureFilterInput, FigureGroupConnection, FigureHaving, FigureOrder, figures};
use super::flow::{Flow, FlowConnection, FlowFilterInput, FlowOrder, flows_of};
use super::group::{self, WorkingGroup, WorkingGroupConnection, WorkingGroupFilterInput};
use super::matrix::{Asked, FlowMatrix, matrix};
use super::measure::{self, MeasureInfo, SourceConnection};
use super::meeting::{Meeting, MeetingConnection, MeetingFilterInput, MeetingOrder, meetings_of};
use super::node::{self, Node};
use super::object::object;
use super::party::{
    self, Organisation, OrganisationConnection, OrganisationFilterInput, OrganisationOrder, State, StateConnection, StateFilterInput, StateOrder,
};
use super::practice::{GoodPractice, GoodPracticeConnection, GoodPracticeFilterInput, GoodPracticeOrder, practices_of};
use super::reads;
use super::resolve::Rows;
use super::scalar::Given;
use super::task::{self, TaskConnection};
use super::view;
use super::viewer::{RateLimit, Viewer};

/// The root of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Query;

object! {
    /// The root of the graph: everything that can be asked begins here.
    impl Query {
        /// Who the server takes you for, and what that lets you do.
        async fn viewer(&self) -> Viewer {
            Viewer
        }

        /// How much you may ask, and what this operation took of it.
        async fn rate_limit(&self, ctx: &Context<'_>) -> RateLimit {
            reads::mine(ctx);
            *ctx.data_unchecked::<RateLimit>()
        }

        /// Whatever has this id; null where nothing has.
        async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "An `id` that the API gave.")] id: ID) -> Option<Result<Node, Fault>> {
            node::fetch(ctx, &id).await.transpose()
        }

        /// Whatever has these ids, in their order; null in the place of an id that nothing has. At most 100.
        async fn nodes(&self, ctx: &Context<'_>, #[graphql(desc = "At most 100 ids that the API gave.")] ids: Vec<ID>) -> Result<Vec<Option<Node>>, Fault> {
            node::fetch_all(ctx, &ids).await
        }

        /// The state of that code; null where there is none.
        async fn state(&self, ctx: &Context<'_>, #[graphql(desc = "ISO 3166-1 alpha-3, upper case: 'AFG'.")] iso3: String) -> Option<State> {
            view(ctx).find_state(&iso3).map(State)
        }

        /// States, of the partnership and beyond it, by code where no order is given.
        paged fn states(&self, ctx, page,
            #[graphql(desc = "Only states for which all of this holds.")] filter: Given<Box<StateFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<StateOrder>,
        ) -> StateConnection {
            party::states(ctx, filter, order_by, &page)
        }

        /// The organisation of that code; null where there is none.
        async fn organisation(&self, ctx: &Context<'_>, #[graphql(desc = "The acronym: 'ICMPD'.")] code: String) -> Option<Organisation> {
            view(ctx).find_organisation(&code).map(Organisation)
        }

        /// Organisations of the partnership and its practices, by code where no order is given.
        paged fn organisations(&self, ctx, page,
            #[graphql(desc = "Only organisations for which all of this holds.")] filter: Given<Box<OrganisationFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<OrganisationOrder>,
        ) -> OrganisationConnection {
            party::organisations(ctx, filter, order_by, &page)
        }

        /// The working group of that code; null where there is none.
        async fn working_group(&self, ctx: &Context<'_>, #[graphql(desc = "The code: 'SILK-ROUTES'.")] code: String) -> Option<WorkingGroup> {
            view(ctx).find_group(&code).map(WorkingGroup)
        }

        /// Working groups, by code.
        paged fn working_groups(&self, ctx, page,
            #[graphql(desc = "Only groups for which all of this holds.")] filter: Given<Box<WorkingGroupFilterInput>>,
        ) -> WorkingGroupConnection {
            group::groups(ctx, filter, &page)
        }

        /// The document of that code; null where there is none.
        async fn document(&self, ctx: &Context<'_>, #[graphql(desc = "The code: 'DECLARATION-2013'.")] code: String) -> Option<Document> {
            view(ctx).find_document(&code).map(Document)
        }

        /// The documents that the partnership rests on, by code; the Istanbul Ministerial Declaration of 2013 is 'DECLARATION-2013'.
        paged fn documents(&self, ctx, page) -> DocumentConnection {
            document::documents(ctx, &page)
        }

        /// One numbered passage of a document; null where there is none.
        async fn provision(
            &self,
            ctx: &Context<'_>,
            #[graphql(default = "DECLARATION-2013", desc = "The code of the document.")] document: String,
            #[graphql(desc = "As the document numbers it: 'IV.a.ii', '1.d', 'R.1'.")] reference: String,
        ) -> Option<Provision> {
            let view = view(ctx);
            view.find_provision(&document, &reference).map(|ix| Provision::of(ix, view.provision(ix).entry.kind))
        }

        /// The priority goals of the Declaration (1 a to f), in its order; six.
        async fn priority_goals(&self, ctx: &Context<'_>) -> Rows<PriorityGoal> {
            view(ctx).of_kind(ProvisionKind::PriorityGoal).map(PriorityGoal).collect()
        }

        /// The thematic areas of the Declaration (I to VI), in its order; six.
        async fn thematic_areas(&self, ctx: &Context<'_>) -> Rows<ThematicArea> {
            view(ctx).of_kind(ProvisionKind::ThematicArea).map(ThematicArea).collect()
        }

        /// The thematic area of that numeral; null where there is none.
        async fn thematic_area(&self, ctx: &Context<'_>, #[graphql(desc = "'I' to 'VI'.")] numeral: String) -> Option<ThematicArea> {
            view(ctx).find_in_declaration(ProvisionKind::ThematicArea, &numeral).map(ThematicArea)
        }

        /// The activity of that reference in the Declaration; null where there is none.
        async fn activity(&self, ctx: &Context<'_>, #[graphql(desc = "As the Declaration numbers it: 'IV.a', 'IV.a.ii'.")] reference: String) -> Option<Activity> {
            view(ctx).find_in_declaration(ProvisionKind::Activity, &reference).map(Activity)
        }

        /// The 43 activities of the Declaration and the 3 parts of IV.a, in its order.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            activities_of(ctx, ("Query.activities", ()), view(ctx).activities(), filter, &page)
        }

        /// The flow of that code; null where there is none.
        async fn flow(&self, ctx: &Context<'_>, #[graphql(desc = "The code: 'AFG-TUR-WEST' for a route, 'PAK-SAU' for a corridor.")] code: String) -> Option<Flow> {
            view(ctx).find_flow(&code).map(Flow)
        }

        /// Routes, and the corridors for which there are figures; by code where no order is given.
        paged fn flows(&self, ctx, page,
            #[graphql(desc = "Only flows for which all of this holds.")] filter: Given<Box<FlowFilterInput>>,
            #[graphql(desc = "The order; by code where none is given.")] order_by: Option<FlowOrder>,
        ) -> FlowConnection {
            flows_of(ctx, ("Query.flows", ()), view(ctx).flows(), filter, order_by, &page)
        }

        /// The practice of that slug; null where there is none.
        async fn good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "The slug: 'migrant-resource-centres-silk-routes'.")] slug: String) -> Option<GoodPractice> {
            let view = view(ctx);
            view.find_practice(&slug).inspect(|&ix| view.tell(ix)).map(GoodPractice)
        }

        /// Good practices; newest publication first where no order is given, best answer first with `filter.text`.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            practices_of(ctx, ("Query.goodPractices", ()), &view(ctx).practices_by_publication().rows, filter, order_by, &page)
        }

        /// The meeting of that code; null where there is none.
        async fn meeting(&self, ctx: &Context<'_>, #[graphql(desc = "The code: 'MC-6' for the Sixth Ministerial Conference.")] code: String) -> Option<Meeting> {
            view(ctx).find_meeting(&code).map(Meeting)
        }

        /// Meetings of the partnership, newest first where no order is given.
        paged fn meetings(&self, ctx, page,
            #[graphql(desc = "Only meetings for which all of this holds.")] filter: Given<Box<MeetingFilterInput>>,
            #[graphql(desc = "The order; newest first where none is given.")] order_by: Option<MeetingOrder>,
        ) -> MeetingConnection {
            meetings_of(ctx, ("Query.meetings", ()), &view(ctx).meetings().rows, filter, order_by, &page)
        }

        /// Offices, not persons: single points of contact and liaison officers (activity IV.d), by party and office. For those who take part in the partnership; each read is noted.
        paged fn contact_points(&self, ctx, page,
            #[graphql(desc = "Only offices for which all of this holds.")] filter: Given<Box<ContactPointFilterInput>>,
        ) -> ContactPointConnection {
            contact::contacts(ctx, filter, &page)
        }

        /// What waits for the viewer's own action, longest first: drafts to finish, remarks to answer, submissions to review. Empty for an anonymous reader.
        paged fn tasks(&self, ctx, page) -> TaskConnection {
            task::tasks(ctx, &page)
        }

        /// What is counted: every measure with its definition, and what there is of it here; in the order of the list of measures, at most a few dozen.
        async fn measures(&self, ctx: &Context<'_>) -> Result<Vec<MeasureInfo>, Fault> {
            measure::measures(ctx).await
        }

        /// The sources of figures, by code.
        paged fn sources(&self, ctx, page) -> SourceConnection {
            measure::sources(ctx, &page)
        }

        /// Figures one by one, of all flows and states; latest period first where no order is given.
        paged fn observations(&self, ctx, page,
            #[graphql(desc = "Only figures for which all of this holds; totals of the newest edition where it asks for nothing else.")] filter: Given<Box<ObservationFilterInput>>,
            #[graphql(desc = "The order; latest period first where none is given.")] order_by: Option<ObservationOrder>,
        ) -> ObservationConnection {
            all_observations(ctx, filter, order_by, &page).await
        }

        /// Figures added up by one to three dimensions, by key where no order is given. An answer is from one source (the one that has most of the periods asked for, then most figures) unless `groupBy` has SOURCE; over periods of one length that do not overlap; and a stock is the last one there is, or the last of each year where `groupBy` has YEAR: stocks are never summed over time. Corridors and states as a whole are added up together where nothing says which; routes, which overlap with both, only by themselves.
        paged fn figures(&self, ctx, page,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(desc = "One to three dimensions, each once.")] group_by: Vec<FigureDimension>,
            #[graphql(desc = "Only figures for which all of this holds.")] filter: Given<Box<FigureFilterInput>>,
            #[graphql(desc = "Only groups whose sum lies within.")] having: Option<FigureHaving>,
            #[graphql(desc = "The order; by key, ascending, where none is given.")] order_by: Option<FigureOrder>,
        ) -> FigureGroupConnection {
            figures(ctx, measure, group_by, filter, having, order_by, &page).await
        }

        /// Origins by destinations in one period: what a flow map or a chord diagram draws; of the named source, or of the one that covers the period best, null where none does.
        async fn flow_matrix(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(desc = "The year, month or day; of a stock the last count in it.")] period: PartialDate,
            #[graphql(desc = "Of this source (code); else of the one that covers the period best.")] source: Option<String>,
            #[graphql(desc = "Only corridors that start in one of these (ISO 3166-1 alpha-3, or what stands in its place). An empty list matches nothing.")] origins: Option<Vec<String>>,
            #[graphql(desc = "Only corridors that end in one of these. An empty list matches nothing.")] destinations: Option<Vec<String>>,
            #[graphql(desc = "The largest so many cells, 1 to 2,000; `rest` is the sum of the others. 2,000 where none is given.")] top: Option<i32>,
        ) -> Result<Option<FlowMatrix>, Fault> {
            let view = view(ctx);
            let points = |codes: Option<Vec<String>>| codes.map(|codes| view.points_of(&codes)).transpose();
            matrix(ctx, measure, period, Asked { source, origins: points(origins)?, destinations: points(destinations)?, top }).await
        }
    }
}
