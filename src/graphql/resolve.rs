//! Objects and lists that are resolved where they stand: what need not wait is finished before the next is begun.
//!
//! The executor makes the futures of all fields and rows first and polls them together. Nearly all of ours read memory
//! and are done at their first poll, so that they cost the memory of a whole list for nothing. [`One`] and [`Rows`] poll
//! each once as soon as it is made; those that wait (for a loader) are waited for together, as the executor does, so that
//! a level is still one statement. The answer is the same. `cargo bench --bench load` shows what it saves.
//!
//! A field's future takes the room of the largest field of its object, and is moved into a box: what is large and rare
//! is therefore boxed where it is called (a test holds how large they may be).
//!
//! A list of objects is [`Rows`]; pages are [`One`] by themselves (`object!`), other objects where there is one in each row.

use std::borrow::Cow;
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet, TypeCondition};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Error, Name, ObjectType, OutputType, Positioned, ServerResult, Value};
use futures_util::future::try_join_all;

use crate::graph::Work;

use super::error::Fault;
use super::written;

/// More fields than that in one selection are left to the executor, which merges those of one name.
const FEW: usize = 32;

/// What is done, in steps of work: for an object with the frame around its fields,
const OBJECT: u64 = 30;
/// and for each of its fields.
const FIELD: u64 = 12;
/// Bytes of text that are a step: what is inside is copied into what is around it.
const BYTES: u64 = 8;
/// Smaller objects are counted with the list that they stand in.
const SMALL: usize = 1024;
/// Fields that the executor resolves and merges count so much more.
const MERGED: u64 = 2;

/// Among the data of a request: how it is resolved.
#[derive(Debug)]
pub struct Manner {
    /// What is done for it.
    pub work: Arc<Work>,
    /// Whether objects and lists may be JSON already ([`written`]).
    pub is_written: bool,
}

impl Manner {
    fn of<'a>(ctx: &ContextSelectionSet<'a>) -> Option<&'a Self> {
        ctx.data_opt::<Self>()
    }

    /// Counts what a value holds as text.
    fn count(this: Option<&Self>, value: &Value) {
        let text = |value: &Value| match value {
            Value::Binary(json) => json.len(),
            Value::String(text) => text.len(),
            _ => 0,
        };
        let bytes = match value {
            Value::Object(fields) => fields.values().map(text).sum(),
            other => text(other),
        };
        if let Some(manner) = this.filter(|_| bytes >= SMALL) {
            manner.work.spend(bytes as u64 / BYTES);
        }
    }
}

/// What is finished now or later. Its type is forgotten, as objects hold objects without end.
type Later<'a> = Pin<Box<dyn Future<Output = ServerResult<Value>> + Send + 'a>>;

/// An object of a field.
#[derive(Debug, Clone)]
pub struct One<T>(pub T);

/// The rows of a list.
#[derive(Debug, Clone)]
pub struct Rows<T>(pub Vec<T>);

/// What can be a row: an object, or an interface that knows its objects.
pub trait Row: OutputType {
    /// Resolves it as the selection says.
    fn resolve_row(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> impl Future<Output = ServerResult<Value>> + Send;
}

impl<T: Row> Row for &T {
    async fn resolve_row(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        T::resolve_row(self, ctx, field).await
    }
}

/// Makes an object, or an interface by its objects, a row.
macro_rules! row {
    ($object:ident) => {
        $crate::graphql::resolve::row! { @ $object, self, ctx, field => $crate::graphql::resolve::object(self, ctx, field).await }
    };
    ($interface:ident: $($variant:ident),+) => {
        $crate::graphql::resolve::row! { @ $interface, self, ctx, field => match self {
            $(Self::$variant(object) => $crate::graphql::resolve::Row::resolve_row(object, ctx, field).await,)+
        } }
    };
    (@ $type:ident, $this:ident, $ctx:ident, $field:ident => $resolved:expr) => {
        impl $crate::graphql::resolve::Row for $type {
            async fn resolve_row(
                &$this,
                $ctx: &async_graphql::ContextSelectionSet<'_>,
                $field: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                $resolved
            }
        }
    };
}
pub(crate) use row;

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<T: Row> OutputType for One<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve_row(ctx, field).await
    }
}

impl<T: Row> OutputType for Rows<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let rows = self.0.iter().enumerate().map(|(at, row)| -> Later<'_> {
            Box::pin(async move {
                let ctx = ctx.with_index(at);
                row.resolve_row(&ctx, field).await.map_err(|fault| ctx.set_error_path(fault))
            })
        });
        let values = settle(rows).await?;
        let manner = Manner::of(ctx);
        if manner.is_none_or(|manner| !manner.is_written) {
            return Ok(Value::List(values));
        }
        let list = written::list(&values);
        Manner::count(manner, &list);
        Ok(list)
    }
}

/// What all of them come to, in their order. Each is polled as soon as it is made.
async fn settle<'a>(all: impl ExactSizeIterator<Item = Later<'a>> + Send) -> ServerResult<Vec<Value>> {
    let mut values = Vec::with_capacity(all.len());
    let mut waiting = Vec::new();
    for (at, mut later) in all.enumerate() {
        match poll_fn(|task| Poll::Ready(later.as_mut().poll(task))).await {
            Poll::Ready(value) => values.push(value?),
            Poll::Pending => {
                values.push(Value::Null);
                waiting.push(async move { later.await.map(|value| (at, value)) });
            }
        }
    }
    if !waiting.is_empty() {
        step_aside().await;
        for (at, value) in try_join_all(waiting).await? {
            values[at] = value;
        }
    }
    Ok(values)
}

/// Ends this poll, so that what waits is polled again when it was woken and not before: a loader gathers its batch until
/// then. Whatever waits has seen the waker of this task.
async fn step_aside() {
    let mut is_first = true;
    poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Resolves an object field by field; by the executor, where the selection is of a form that it alone knows.
pub async fn object<T: ObjectType>(object: &T, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    let name = T::type_name();
    let manner = Manner::of(ctx);
    let is_simple = collect(ctx, &name, &ctx.item.node, &mut fields);
    let count = if is_simple { fields.len() as u64 } else { MERGED * written_out(ctx, &ctx.item.node) };
    if manner.is_some_and(|manner| !manner.work.spend(OBJECT + FIELD * count)) {
        return Err(ctx.set_error_path(Error::from(Fault::too_much()).into_server_error(field.pos)));
    }
    if !is_simple {
        return object.resolve(ctx, field).await.inspect(|value| Manner::count(manner, value));
    }
    let all = fields.iter().map(|&field| -> Later<'_> {
        if field.node.name.node == "__typename" {
            return Box::pin(ready(Ok(Value::String(name.clone().into_owned()))));
        }
        Box::pin(async move {
            let ctx = ctx.with_field(field);
            object.resolve_field(&ctx).await.map(Option::unwrap_or_default)
        })
    });
    let values = settle(all).await?;
    let keys = fields.iter().map(|field| &field.node.response_key().node);
    let object = if manner.is_some_and(|manner| manner.is_written) {
        written::object(keys.map(Name::as_str), &values)
    } else {
        let mut object = IndexMap::with_capacity(values.len());
        object.extend(keys.cloned().zip(values));
        Value::Object(object)
    };
    Manner::count(manner, &object);
    Ok(object)
}

/// The fields of a selection of an object, fragments written out; false where it takes the executor: two fields of one
/// name are merged, directives are run.
fn collect<'a>(ctx: &ContextSelectionSet<'a>, object: &str, selection: &'a SelectionSet, fields: &mut Vec<&'a Positioned<Field>>) -> bool {
    let is_of = |condition: &TypeCondition| {
        let condition = condition.on.node.as_str();
        condition == object || ctx.schema_env.registry.types.get(condition).is_some_and(|named| named.is_possible_type(object))
    };
    selection.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            let key = &field.node.response_key().node;
            let is_plain = field.node.directives.is_empty() && fields.len() < FEW && fields.iter().all(|other| other.node.response_key().node != *key);
            fields.push(field);
            is_plain
        }
        Selection::InlineFragment(fragment) => {
            let of = fragment.node.type_condition.as_ref();
            !of.is_none_or(|of| is_of(&of.node)) || collect(ctx, object, &fragment.node.selection_set.node, fields)
        }
        Selection::FragmentSpread(spread) => ctx
            .query_env
            .fragments
            .get(&spread.node.fragment_name.node)
            .is_some_and(|fragment| !is_of(&fragment.node.type_condition.node) || collect(ctx, object, &fragment.node.selection_set.node, fields)),
    })
}

/// The fields of a selection, fragments written out; as many as the look at the document lets through.
fn written_out(ctx: &ContextSelectionSet<'_>, selection: &SelectionSet) -> u64 {
    let inside = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => u64::from(field.node.name.node != "__typename"),
        Selection::InlineFragment(fragment) => written_out(ctx, &fragment.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| written_out(ctx, &fragment.node.selection_set.node))
        }
    };
    selection.items.iter().map(inside).sum()
}

#[cfg(test)]
mod tests {
    use crate::graphql::{document, figure, flow, group, party, practice};
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use async_graphql::{ContainerType, Context, EmptyMutation, EmptySubscription, Schema};
    use dataloader::BatchFn;
    use dataloader::cached::Loader;

    use super::Rows;

    /// Above it, allocating takes the slow way.
    const LARGEST: usize = 1024;

    fn size<A, B, R>(_: impl Fn(A, B) -> R) -> usize {
        size_of::<R>()
    }

    #[test]
    fn no_field_makes_those_beside_it_large() {
        macro_rules! sizes {
            ($($object:ty),+) => { [$((stringify!($object), size(<$object as ContainerType>::resolve_field))),+] };
        }
        let sizes = sizes!(
            practice::GoodPractice,
            practice::GoodPracticeConnection,
            document::Activity,
            document::ThematicArea,
            party::State,
            party::PartyConnection,
            figure::Observation,
            flow::Flow,
            group::WorkingGroup
        );
        let large: Vec<_> = sizes.into_iter().filter(|&(_, size)| size > LARGEST).collect();
        assert_eq!(large, []);
    }

    /// How many keys came in each batch.
    #[derive(Clone, Default)]
    struct Batches(Arc<Mutex<Vec<usize>>>);

    impl BatchFn<i32, i32> for Batches {
        async fn load(&mut self, keys: &[i32]) -> HashMap<i32, i32> {
            self.0.lock().unwrap().push(keys.len());
            keys.iter().map(|&key| (key, 10 * key)).collect()
        }
    }

    type Tens = Loader<i32, i32, Batches>;

    #[derive(Clone, Copy)]
    struct Number(i32);

    super::super::object::object! {
        /// A number.
        impl Number {
            /// Ten of it, which is loaded.
            async fn ten(&self, ctx: &Context<'_>) -> i32 {
                ctx.data_unchecked::<Tens>().try_load(self.0).await.unwrap_or_default()
            }

            /// The number.
            async fn one(&self) -> i32 {
                self.0
            }

            /// Those behind it.
            async fn next(&self, #[graphql(desc = "How many.")] count: i32) -> Rows<Number> {
                (1..=count).map(|n| Number(100 * self.0 + n)).collect()
            }
        }
    }

    #[tokio::test]
    async fn a_level_that_loads_is_one_batch() {
        let batches = Batches::default();
        let loader: Tens = Loader::new(batches.clone()).with_max_batch_size(2_000).with_yield_count(1);
        let schema = Schema::build(Number(0), EmptyMutation, EmptySubscription).data(loader).finish();
        let answer = schema.execute("{ next(count: 50) { one ten next(count: 3) { ten } } }").await;
        assert_eq!(answer.errors, []);
        let text = serde_json::to_string(&answer.data).unwrap();
        assert!(text.contains(r#"{"one":50,"ten":500,"next":[{"ten":50010},{"ten":50020},{"ten":50030}]}"#), "{text}");
        assert_eq!(*batches.0.lock().unwrap(), [200], "fifty rows and three behind each, none of which waits for another");
    }
}
