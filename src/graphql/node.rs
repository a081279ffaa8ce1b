//! Whatever has an id can be fetched by it.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{Context, ID, Interface, OutputType};

use crate::domain::id::Id;
use crate::graph::snapshot::NodeRef;

use super::contact::ContactPoint;
use super::document::{Activity, Commitment, Document, Mandate, PriorityGoal, Provision, Recital, ThematicArea};
use super::error::Fault;
use super::figure::{Observation, Source};
use super::flow::Flow;
use super::group::WorkingGroup;
use super::loaders::loaders;
use super::meeting::Meeting;
use super::party::{Organisation, State};
use super::practice::GoodPractice;
use super::reads::read_contact;
use super::view;

/// The most ids that one call takes.
const MOST: usize = 100;

/// Whatever has an id: keep the id to fetch the same thing again, on any installation.
#[derive(Debug, Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque; for what the catalogue holds, the same on every installation."))]
pub enum Node {
    /// A state.
    State(State),
    /// An organisation.
    Organisation(Organisation),
    /// A working group.
    WorkingGroup(WorkingGroup),
    /// A document.
    Document(Document),
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
    /// A flow.
    Flow(Flow),
    /// A meeting.
    Meeting(Meeting),
    /// A source.
    Source(Source),
    /// A good practice.
    GoodPractice(GoodPractice),
    /// A figure.
    Observation(Observation),
    /// A contact point.
    ContactPoint(ContactPoint),
}

/// Tells the schema that parties and provisions are nodes too: an interface cannot say so of itself.
pub struct Interfaces;

impl OutputType for Interfaces {
    fn type_name() -> Cow<'static, str> {
        Node::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.add_implements("Party", "Node");
        registry.add_implements("Provision", "Node");
        Node::type_name().into_owned()
    }

    async fn resolve(
        &self,
        _: &async_graphql::ContextSelectionSet<'_>,
        _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
    ) -> async_graphql::ServerResult<async_graphql::Value> {
        Ok(async_graphql::Value::Null)
    }
}

fn in_memory(ctx: &Context<'_>, id: Id) -> Option<Node> {
    let view = view(ctx);
    Some(match view.node(id)? {
        NodeRef::State(ix) => Node::State(State(ix)),
        NodeRef::Organisation(ix) => Node::Organisation(Organisation(ix)),
        NodeRef::WorkingGroup(ix) => Node::WorkingGroup(WorkingGroup(ix)),
        NodeRef::Document(ix) => Node::Document(Document(ix)),
        NodeRef::Provision(ix) => match Provision::of(ix, view.provision(ix).entry.kind) {
            Provision::Recital(p) => Node::Recital(p),
            Provision::Commitment(p) => Node::Commitment(p),
            Provision::PriorityGoal(p) => Node::PriorityGoal(p),
            Provision::Mandate(p) => Node::Mandate(p),
            Provision::ThematicArea(p) => Node::ThematicArea(p),
            Provision::Activity(p) => Node::Activity(p),
        },
        NodeRef::Flow(ix) => Node::Flow(Flow(ix)),
        NodeRef::Meeting(ix) => Node::Meeting(Meeting(ix)),
        NodeRef::Source(ix) => Node::Source(Source(ix)),
        NodeRef::GoodPractice(ix) => {
            view.tell(ix);
            Node::GoodPractice(GoodPractice(ix))
        }
        NodeRef::ContactPoint(ix) => {
            read_contact(ctx, ix);
            Node::ContactPoint(ContactPoint(ix))
        }
    })
}

/// Whatever has that id: in memory, else among the figures. A text that is no id is the id of nothing.
pub async fn fetch(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, Fault> {
    let Ok(id) = id.parse::<Id>() else { return Ok(None) };
    match in_memory(ctx, id) {
        Some(node) => Ok(Some(node)),
        None => Ok(loaders(ctx).observation(id).await?.and_then(|row| Observation::of(view(ctx), row)).map(Node::Observation)),
    }
}

/// Whatever has those ids, in their order.
pub async fn fetch_all(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>, Fault> {
    if ids.len() > MOST {
        return Err(Fault::input(format!("`ids` holds {}: ask for at most {MOST} at once.", ids.len())));
    }
    futures_util::future::try_join_all(ids.iter().map(|id| fetch(ctx, id))).await
}
