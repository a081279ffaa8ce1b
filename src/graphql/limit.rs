//! The look at a document before it runs: how large it is, whether its fields go together, and what it may cost.
//!
//! The executor has limits of its own, but checks them by following every fragment spread anew: 818 bytes of
//! fragments that double kept it busy for five seconds with all of them on. Here a fragment is looked at once,
//! wherever it is spread, and what it counts is remembered; so everything below takes time linear (or nearly) in the
//! length of the document, and the executor only ever sees documents whose written-out size is bounded.
//!
//! A request goes through in this order:
//! 1. [`check_text`] counts tokens and brackets: the parser never meets a hostile text.
//! 2. [`parse`](parse()) makes the document, and turns a syntax error into a sentence of ours.
//! 3. [`analyse`] does what does not depend on variables; its result may be kept beside the parsed document.
//! 4. [`check_variables`] looks at the raw JSON of the variables before serde recurses into it.
//! 5. [`charge`] picks the operation and multiplies the page sizes that it asks for into its node budget.
//!
//! This is not the validator: a field, type or fragment that the schema or the document does not know counts nothing
//! here, and is refused by the executor's validation afterwards. Some rules of validation are here nevertheless: cycles of
//! fragments, which have no written-out size, and field merging ([`merge`]), the types of variables ([`usage`]) and what
//! stands on `__typename` ([`typename`]), which the executor leaves half done.
//!
//! To add a limit: a field of [`Limits`], its check where the thing is counted, a row in `tests/bounds.rs`.

mod blank;
mod budget;
mod merge;
mod outline;
mod parse;
mod shape;
mod spreads;
#[cfg(test)]
mod tests;
mod text;
mod totals;
mod typename;
mod usage;
mod values;
mod variables;

use async_graphql::{
    Name, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};
use serde::{Deserialize, Serialize};

use budget::Budget;
use outline::Outline;
use totals::Totals;

pub use super::error::code;
/// The kind of an operation: query, mutation or subscription.
pub use async_graphql::parser::types::OperationType as OperationKind;
pub use parse::parse;
pub use shape::Shape;
pub(super) use shape::{Answers, TypeId};
pub use text::check_text;
pub use values::check_variables;

/// What a document and its variables may ask for; the defaults are those of an anonymous client.
///
/// Each limit names the largest number that passes; one more is refused with the code that its comment names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Tokens (names, numbers, strings, punctuation) in the text; bounds the parser's work. `LIMIT_TOKENS`.
    pub tokens: usize,
    /// Braces, brackets and parentheses within each other; bounds the parser's recursion. `LIMIT_TOKENS`.
    pub nesting: usize,
    /// Operations in a document; the validator reads them all, though one runs. `LIMIT_TOKENS`.
    pub operations: usize,
    /// Fragment definitions in a document. `LIMIT_TOKENS`.
    pub fragments: usize,
    /// Aliases, as written in the document and again per operation with fragments written out: the same costly field
    /// under many names. `LIMIT_ALIASES`.
    pub aliases: usize,
    /// Directives in a document, wherever they stand; the validator reports each one. `LIMIT_TOKENS`.
    pub directives: usize,
    /// Fields of the root type that the operation selects, fragments written out. `LIMIT_COST`.
    pub root_fields: usize,
    /// Fields, spreads and inline fragments of an operation with fragments written out; bounds what validation and
    /// execution walk through. `LIMIT_COST`.
    pub selections: usize,
    /// Fields within each other; bounds how far one request can wander through the graph. `LIMIT_DEPTH`.
    pub depth: usize,
    /// Fields within each other under `__schema` and `__type`, which do not count for `depth`: the usual introspection
    /// query is 15 deep. `LIMIT_DEPTH`.
    pub introspection_depth: usize,
    /// Selection sets within each other, fragments written out; bounds the executor's recursion, and must not exceed
    /// what the executor itself allows (its `limit_recursive_depth`, 32). `LIMIT_DEPTH`.
    pub expanded_nesting: usize,
    /// Records that the operation may read: the product of the page sizes on the way, summed. `LIMIT_COST`.
    pub nodes: u64,
    /// Steps of work that the operation may do, some ten nanoseconds each; what it comes to is seen while it runs. `LIMIT_COST`.
    pub work: u64,
    /// Objects and lists within each other in the JSON of the variables; bounds serde's recursion. `BAD_USER_INPUT`.
    pub variable_nesting: usize,
    /// Entries of one list, in variables and in the document; a list of codes becomes as many lookups.
    /// `BAD_USER_INPUT`.
    pub list_length: usize,
    /// Predicates of one `filter` argument, counted through `and`, `or` and `not`. `BAD_USER_INPUT`.
    pub predicates: usize,
    /// `and`, `or` and `not` within each other in one `filter` argument. `BAD_USER_INPUT`.
    pub filter_nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 5_000,
            nesting: 20,
            operations: 5,
            fragments: 50,
            aliases: 100,
            directives: 50,
            root_fields: 30,
            selections: 5_000,
            depth: 15,
            introspection_depth: 20,
            expanded_nesting: 32,
            nodes: 500_000,
            work: 20_000_000,
            variable_nesting: 32,
            list_length: 500,
            predicates: 50,
            filter_nesting: 5,
        }
    }
}

/// Why a document is not run: a code of the closed list, a sentence for its author, and the place if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One of [`code`].
    pub code: &'static str,
    /// Names nothing but what the client sent and the limit that it met.
    pub message: String,
    /// Line and column, both from 1.
    pub line: Option<(usize, usize)>,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None }
    }

    fn at(self, line: usize, column: usize) -> Self {
        Self { line: Some((line, column)), ..self }
    }
}

/// Records of a point of cost.
const NODES_OF_A_POINT: u64 = 100;
/// Steps of work of a point: those of as many records, a microsecond each.
pub const POINT: u64 = 100 * NODES_OF_A_POINT;

/// What is known of a document whatever its variables; a few kilobytes, made to be kept beside the parsed document.
#[derive(Debug)]
pub struct Analysis {
    operations: Vec<AnalysedOperation>,
    budget: Budget,
    filters: Vec<values::OpenFilter>,
    merges: bool,
    steps: u64,
}

impl Analysis {
    /// Whether two fields may share a name in one object, so that their answers are merged.
    pub const fn merges(&self) -> bool {
        self.merges
    }
}

#[derive(Debug)]
struct AnalysedOperation {
    name: Option<Name>,
    totals: Totals,
    cost: budget::ExprId,
    introspection_only: bool,
}

/// What an operation asks for with the variables of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// A query may be sent by GET and repeated; a mutation may not.
    pub kind: OperationKind,
    /// Records that it may read; [`budget`] says how they are counted.
    pub nodes: u64,
    /// What its fields, lists, filters and orders take beside these records, counted in records.
    pub beside: u64,
    /// What the rate limiter charges beforehand: a hundredth of both, at least 1.
    pub cost: u64,
    /// Fields within each other, introspection apart.
    pub depth: usize,
    /// Fields, spreads and inline fragments, fragments written out.
    pub selections: usize,
    /// Whether it only asks about the schema (`__schema`, `__type`, `__typename`).
    pub introspection_only: bool,
    /// Elementary steps that the look took; tests hold them linear in the length of the document.
    pub steps: u64,
}

impl Inspected {
    /// The cost without so many of the records: of what was done already.
    #[must_use]
    pub fn without(&self, records: u64) -> u64 {
        cost(self.nodes.saturating_sub(records), self.beside)
    }
}

fn cost(nodes: u64, beside: u64) -> u64 {
    (nodes.saturating_add(beside) / NODES_OF_A_POINT).max(1)
}

/// Looks at a parsed document as far as no variable is needed.
///
/// # Errors
/// The first limit that it exceeds, a cycle of fragments, or fields that cannot be merged.
pub fn analyse(doc: &ExecutableDocument, shape: &Shape, limits: &Limits) -> Result<Analysis, Refusal> {
    if !shape.is_legible() {
        return Err(Refusal::new(code::INTERNAL, "The server cannot read its own schema."));
    }
    let (outline, usage) = Outline::of(doc, shape, limits)?;
    let totals = totals::of(&outline);
    for operation in &outline.operations {
        totals::check(operation.name.as_ref(), totals[operation.set], limits)?;
    }
    let merge::Merging { merges, steps: merge_steps } = merge::check(&outline, shape, limits)?;
    let usage_steps = usage::check(&usage, shape)?;
    let (budget, budget_steps) = Budget::of(&outline, shape);
    let operations = outline
        .operations
        .iter()
        .map(|operation| AnalysedOperation {
            name: operation.name.clone(),
            totals: totals[operation.set],
            cost: budget.root(operation.set),
            introspection_only: outline.introspection_only(operation.set),
        })
        .collect();
    let steps = outline.steps.saturating_add(merge_steps).saturating_add(usage_steps).saturating_add(budget_steps);
    Ok(Analysis { operations, budget, filters: outline.filters, merges, steps })
}

/// Whether the operation that is meant reads, writes or subscribes; for what must be known before it is charged.
///
/// # Errors
/// An operation that is not there or not named.
pub fn operation_kind(doc: &ExecutableDocument, operation: Option<&str>) -> Result<OperationKind, Refusal> {
    pick(doc, operation).map(|(_, operation)| operation.ty)
}

/// Picks the operation and charges it for the pages that it asks for with these variables.
///
/// # Errors
/// An operation that is not there or not named, or a limit of depth, cost or filters.
pub fn charge(doc: &ExecutableDocument, analysis: &Analysis, operation: Option<&str>, variables: &Variables, limits: &Limits) -> Result<Inspected, Refusal> {
    let (name, definition) = pick(doc, operation)?;
    let known = analysis.operations.iter().find(|known| known.name.as_ref() == name);
    let Some(known) = known else {
        return Err(Refusal::new(code::VALIDATION_FAILED, "The document holds no operation."));
    };
    totals::check_selected(known.totals, limits)?;
    variables::check(definition, variables)?;
    let given = values::Given::new(definition, variables);
    let filter_steps = values::check_filters(&analysis.filters, &given, limits)?;
    let budget::Price { nodes, beside } = analysis.budget.price(known.cost, &given);
    if nodes > limits.nodes {
        let message =
            format!("The operation may read {nodes} records, more than the {} that one request may; ask for smaller pages or fewer levels.", limits.nodes);
        return Err(Refusal::new(code::LIMIT_COST, message));
    }
    let beside = beside / budget::PARTS;
    if beside > limits.nodes {
        let message = format!(
            "The operation's fields, lists and filters take as much as {beside} records, more than the {} that one request may read; ask for fewer of them.",
            limits.nodes
        );
        return Err(Refusal::new(code::LIMIT_COST, message));
    }
    Ok(Inspected {
        kind: definition.ty,
        nodes,
        beside,
        cost: cost(nodes, beside),
        depth: known.totals.depth,
        selections: known.totals.selections,
        introspection_only: known.introspection_only,
        steps: analysis.steps.saturating_add(filter_steps).saturating_add(analysis.budget.len()),
    })
}

/// [`analyse`] and [`charge`] in one, for callers that keep nothing between requests.
///
/// # Errors
/// Those of the two.
pub fn inspect(doc: &ExecutableDocument, operation: Option<&str>, variables: &Variables, shape: &Shape, limits: &Limits) -> Result<Inspected, Refusal> {
    charge(doc, &analyse(doc, shape, limits)?, operation, variables, limits)
}

/// The operation that is meant: the one named, or the only one there is.
pub(super) fn pick<'d>(doc: &'d ExecutableDocument, wanted: Option<&str>) -> Result<(Option<&'d Name>, &'d OperationDefinition), Refusal> {
    let by_name = |wanted: &str| match &doc.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(operations) => operations.get_key_value(wanted),
    };
    let found = match wanted {
        Some(wanted) => by_name(wanted).map(|(name, operation)| (Some(name), operation)),
        None if doc.operations.iter().len() == 1 => doc.operations.iter().next(),
        None => None,
    };
    found.map(|(name, operation)| (name, &operation.node)).ok_or_else(|| {
        let mut names: Vec<_> = doc.operations.iter().filter_map(|(name, _)| name).map(|name| format!("`{name}`")).collect();
        names.sort();
        let there = if names.is_empty() { "one operation without a name".to_owned() } else { names.join(", ") };
        let message = match wanted {
            Some(wanted) => format!("There is no operation `{}` in the document; it holds {there}.", text::shortened(wanted)),
            None => format!("`operationName` must say which operation to run; the document holds {there}."),
        };
        Refusal::new(code::VALIDATION_FAILED, message)
    })
}
