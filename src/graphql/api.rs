//! Execution: a document is looked at once and remembered, then run for one viewer on one snapshot.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{EmptySubscription, Error, Pos, Request, Response, SDLExportOptions, Schema, SchemaBuilder, ServerError, Variables};
use futures_util::FutureExt;
use jiff::civil::Date;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::graph::{Snapshot, View, Viewer};
use crate::store::{Follower, Store};

use super::error::{Fault, INTERNAL_MESSAGE, code, dress, in_order, set_code};
use super::export::Carry;
use super::limit::{self, Analysis, Inspected, Limits, OperationKind, Refusal, Shape};
use super::loaders::Loaders;
use super::mutation::{Mutation, Writer};
use super::node::Interfaces;
use super::omitted;
use super::query::Query;
use super::reads::Reads;
use super::viewer::RateLimit;
use super::views::Views;
use super::written;

/// Bytes of query text that are remembered with their documents; a document takes some thirty times its text.
const REMEMBERED: u64 = 2 * 1024 * 1024;

/// The schema, ready to run.
pub struct Api {
    schema: Schema<Query, Mutation, EmptySubscription>,
    sdl: String,
    pub(super) shape: Shape,
    pub(super) limits: Limits,
    documents: Cache<Box<str>, Arc<Prepared>, ByText>,
}

/// A document that was looked at and not refused.
pub struct Prepared {
    pub(super) document: ExecutableDocument,
    pub(super) analysis: Arc<Analysis>,
    longest_step: AtomicU64,
}

impl Prepared {
    /// A document with what was found of it.
    pub(super) fn new(document: ExecutableDocument, analysis: Arc<Analysis>) -> Self {
        Self { document, analysis, longest_step: AtomicU64::new(0) }
    }

    /// The name of an operation: the one that is named, else that of the only one there is; none where it has none.
    pub fn operation_name<'a>(&'a self, wanted: Option<&'a str>) -> Option<&'a str> {
        wanted.or_else(|| self.operation_names().next().filter(|_| self.operation_names().nth(1).is_none()))
    }

    /// The longest time that one of its operations ran without a pause, of late; zero where none was run.
    pub fn longest_step(&self) -> Duration {
        Duration::from_micros(self.longest_step.load(Ordering::Relaxed))
    }

    /// Takes note of such a time. Long ones are believed at once, short ones by and by.
    pub fn stepped(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let seen = self.longest_step.load(Ordering::Relaxed);
        // Two at once may lose one of their times, which is of no weight.
        self.longest_step.store(time.max(seen - seen / 8), Ordering::Relaxed);
    }

    /// The names of its operations.
    pub fn operation_names(&self) -> impl Iterator<Item = &str> {
        self.document.operations.iter().filter_map(|(name, _)| name.map(async_graphql::Name::as_str))
    }
}

#[derive(Clone)]
struct ByText;

impl Weighter<Box<str>, Arc<Prepared>> for ByText {
    fn weight(&self, text: &Box<str>, _: &Arc<Prepared>) -> u64 {
        text.len() as u64 + 64
    }
}

/// One operation to run.
pub struct Call {
    /// The document.
    pub prepared: Arc<Prepared>,
    /// Which of its operations; none where it has one.
    pub operation: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What [`Api::charge`] found of them.
    pub charge: Inspected,
    /// What was taken for that, and what is left.
    pub rate: RateLimit,
    /// Keeps the graph up with what a mutation writes.
    pub follower: Arc<Follower>,
    /// The graph that is read.
    pub snapshot: Arc<Snapshot>,
    /// Who asks.
    pub viewer: Viewer,
    /// The day of the request (UTC).
    pub today: Date,
    /// Where figures and long texts are.
    pub store: Arc<Store>,
    /// What one page of a file hands to the next; none for an answer of its own.
    pub carry: Option<Arc<Carry>>,
}

/// What came of it.
pub struct Outcome {
    /// The answer; every error carries a code. Its data are for [`write`](super::write) alone, unless the call carried
    /// something: parts of them may be JSON already.
    pub response: Response,
    /// False where the request itself was at fault and nothing ran.
    pub executed: bool,
    /// What it was charged.
    pub cost: u64,
    /// The revision that it made, if it wrote; also in the answer's extensions.
    pub revision: Option<u64>,
    /// Whether any stranger who asks the same of the same graph on the same day gets the same answer.
    pub is_for_all: bool,
}

impl Api {
    /// The schema under those limits; `suggestions` lets validation errors name near fields.
    #[must_use]
    pub fn new(limits: Limits, suggestions: bool) -> Self {
        let mut builder = builder();
        if !suggestions {
            builder = builder.disable_suggestions();
        }
        let schema = builder.finish();
        let sdl = own_definitions(&schema.sdl_with_options(SDLExportOptions::new().include_specified_by()));
        let shape = Shape::from_sdl(&sdl);
        Self { schema, sdl, shape, limits, documents: Cache::with_weighter(1_000, REMEMBERED, ByText) }
    }

    /// The schema in its definition language.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// Looks at a document: its size and shape, before anything else is done with it.
    ///
    /// # Errors
    /// Where it does not parse or goes beyond a limit.
    pub fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Refusal> {
        if let Some(prepared) = self.documents.get(text) {
            return Ok(prepared);
        }
        limit::check_text(text, &self.limits)?;
        let document = limit::parse(text)?;
        let analysis = limit::analyse(&document, &self.shape, &self.limits)?;
        let prepared = Arc::new(Prepared::new(document, Arc::new(analysis)));
        self.documents.insert(text.into(), Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Whether an operation of a document reads, writes or subscribes.
    ///
    /// # Errors
    /// Where the document has no such operation, or several and none was named.
    pub fn operation_kind(&self, prepared: &Prepared, operation: Option<&str>) -> Result<OperationKind, Refusal> {
        limit::operation_kind(&prepared.document, operation)
    }

    /// Counts what an operation with these variables costs.
    ///
    /// # Errors
    /// Where it goes beyond a limit, or the variables do not fit.
    pub fn charge(&self, prepared: &Prepared, operation: Option<&str>, variables: &Variables) -> Result<Inspected, Refusal> {
        limit::charge(&prepared.document, &prepared.analysis, operation, variables, &self.limits)
    }

    /// Runs an operation. Never panics; says nothing of what is inside.
    pub async fn execute(&self, call: Call) -> Outcome {
        let Call { prepared, operation, variables, charge, rate, follower, snapshot, viewer, today, store, carry } = call;
        if charge.kind == OperationKind::Subscription {
            return refused(&unsupported(&prepared.document));
        }
        let cost = charge.cost;
        // Each root field of a mutation shows the graph as it left it.
        let writes = if charge.kind == OperationKind::Mutation { self.limits.root_fields } else { 0 };
        let mut document = prepared.document.clone();
        omitted::leave_out(&mut document, operation.as_deref(), &variables);
        let view = View::new(snapshot, viewer.clone(), today);
        let reads = Arc::new(Reads::of(&view));
        let views = Views::new(view, writes);
        let mut request = Request::new(String::new())
            .variables(variables)
            .data(views)
            .data(Loaders::new(&Arc::new(store.seen_by(&viewer))))
            .data(Arc::clone(&reads))
            .data(rate);
        let written = Arc::new(AtomicU64::new(0));
        if let Some(carry) = carry {
            request = request.data(carry);
        } else if !prepared.analysis.merges() {
            request = request.data(written::Wanted);
        }
        if writes > 0 {
            request = request.data(Writer { store: Arc::clone(&store), follower, revision: Arc::clone(&written) });
        }
        request.operation_name = operation;
        request.set_parsed_query(document);
        let Ok(mut response) = AssertUnwindSafe(self.schema.execute(request)).catch_unwind().await else {
            tracing::error!("a resolver panicked");
            return Outcome { response: Response::from_errors(vec![internal()]), executed: true, cost, revision: None, is_for_all: false };
        };
        if let Err(fault) = reads.keep(&viewer, &store).await {
            tracing::error!(%fault, "what was read could not be noted, so it is not shown");
            let fault: Error = Fault::unavailable(&fault).into();
            let error = fault.into_server_error(Pos::default());
            return Outcome { response: Response::from_errors(vec![error]), executed: true, cost, revision: None, is_for_all: false };
        }
        let executed = response.errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
        for error in &mut response.errors {
            dress(error, executed);
        }
        // The executor tells faults as they happen, so that a slow field moves its own behind others.
        response.errors.sort_by(in_order);
        // It may find the same fault from two sides.
        response.errors.dedup_by(|a, b| a.message == b.message && a.locations == b.locations && a.path == b.path);
        response.extensions.insert("cost".into(), cost.into());
        // Of a query none is told: how much is written says something of what cannot be seen.
        let revision = Some(written.load(Ordering::Relaxed)).filter(|revision| *revision > 0);
        if let Some(revision) = revision {
            response.extensions.insert("revision".into(), revision.into());
        }
        let is_for_all = executed && writes == 0 && response.errors.is_empty() && matches!(viewer, Viewer::Anonymous) && reads.is_for_all();
        Outcome { response, executed, cost, revision, is_for_all }
    }
}

/// The schema before it is finished.
pub(super) fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription).register_output_type::<Interfaces>()
}

/// The SDL without the directives that every GraphQL server has: the specification defines them, not we.
fn own_definitions(sdl: &str) -> String {
    const BUILT_IN: [&str; 5] = ["directive @include", "directive @skip", "directive @specifiedBy", "directive @deprecated", "directive @oneOf"];
    let mut own: Vec<&str> = Vec::new();
    for line in sdl.lines() {
        if BUILT_IN.iter().any(|directive| line.starts_with(directive)) {
            // Its description stands above it: three lines between triple quotes.
            if own.last() == Some(&"\"\"\"") {
                own.pop();
                while own.pop().is_some_and(|above| above != "\"\"\"") {}
            }
        } else {
            own.push(line);
        }
    }
    own.join("\n") + "\n"
}

/// An operation of a kind that the schema does not have.
pub(super) fn unsupported(document: &ExecutableDocument) -> Refusal {
    let at = document.operations.iter().find(|(_, operation)| operation.node.ty == OperationKind::Subscription).map(|(_, operation)| operation.pos);
    let message = "The schema has queries and mutations: there are no subscriptions yet.".to_owned();
    Refusal { code: code::VALIDATION_FAILED, message, line: at.map(|pos| (pos.line, pos.column)) }
}

/// The answer to a request that was refused.
#[must_use]
pub fn refused(refusal: &Refusal) -> Outcome {
    let mut error = ServerError::new(refusal.message.clone(), refusal.line.map(|(line, column)| Pos { line, column }));
    set_code(&mut error.extensions, refusal.code);
    Outcome { response: Response::from_errors(vec![error]), executed: false, cost: 1, revision: None, is_for_all: false }
}

fn internal() -> ServerError {
    let mut error = ServerError::new(INTERNAL_MESSAGE, None);
    set_code(&mut error.extensions, code::INTERNAL);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_step_is_believed_at_once_and_short_ones_by_and_by() {
        let api = Api::new(Limits::default(), true);
        let prepared = api.prepare("{ __typename }").unwrap();
        let step = |micros| {
            prepared.stepped(Duration::from_micros(micros));
            prepared.longest_step().as_micros()
        };
        assert!(prepared.longest_step().is_zero(), "it was never run");
        assert_eq!(step(0), 1, "and now it was");
        assert_eq!(step(8_000), 8_000);
        assert_eq!(step(10), 7_000);
        let later: Vec<u128> = (0..20).map(|_| step(10)).collect();
        assert!(later.is_sorted_by(|a, b| a > b) && later[19] < 1_000, "{later:?}");
    }
}
