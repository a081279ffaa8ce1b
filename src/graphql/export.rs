//! The one list of an operation, page by page, for files: which list it is, what its columns are, and the operation
//! written anew for each page. What a file looks like is none of this module's business (`http::export`).
//!
//! A page is run as any operation is, by [`Api::execute`] and on one snapshot: same limits, same visibility, same notes
//! of what was read. Only its document is another one: fragments written out, `first` and `after` set, and what the file
//! needs beside what was asked for selected under names of its own ([`rewrite`]).
//!
//! | file | what |
//! |---|---|
//! | [`list`] | finds the list and its columns |
//! | [`rewrite`] | the document of a page |
//! | [`rows`] | rows and cells of an answer |
//! | [`cite`] | source, licence, unit and citation of a row |

pub mod cite;
mod list;
mod rewrite;
mod rows;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Name, Positioned, Value, Variables};

use super::api::{Api, Prepared};
use super::error::code;
use super::figures::Groups;
use super::limit::{self, Analysis, Inspected, Refusal};

use cite::Cited;
use list::Found;

pub use list::Column;
pub use rows::{Cell, Page, written};

/// Rows of a page where the operation names no size; smaller ones are tried where so much is too costly.
const PAGES: [usize; 3] = [100, 20, 5];

/// What one page of a file hands to the next, and resolvers to the file.
#[derive(Debug, Default)]
pub struct Carry {
    groups: OnceLock<Arc<Groups>>,
    cited: OnceLock<Vec<Cited>>,
}

impl Carry {
    /// The groups that an earlier page was cut from: adding up millions of figures anew for each page would be slow, and
    /// might give another sum.
    pub(super) fn groups(&self) -> Option<Arc<Groups>> {
        self.groups.get().cloned()
    }

    /// Keeps groups for the pages to come, and whose figures they are of.
    pub(super) fn keep(&self, groups: &Arc<Groups>, cited: Vec<Cited>) {
        let _ = self.groups.set(Arc::clone(groups));
        let _ = self.cited.set(cited);
    }
}

/// How an operation becomes a file.
#[derive(Debug)]
pub struct Plan {
    operation: Positioned<OperationDefinition>,
    found: Found,
    size: usize,
    analysis: Arc<Analysis>,
    charge: Inspected,
    /// What a page behind the first costs.
    next_cost: u64,
    /// The operation's own name, else that of its list: what the file is called.
    pub name: String,
}

impl Plan {
    /// Columns of what stands above the list, the same in every row.
    #[must_use]
    pub fn constants(&self) -> &[Column] {
        &self.found.constants
    }

    /// Columns of the rows.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.found.columns
    }

    /// Whether rows are figures, so that each says whose they are.
    #[must_use]
    pub const fn is_cited(&self) -> bool {
        self.found.cites.is_some()
    }

    /// What the first page is charged.
    #[must_use]
    pub const fn charge(&self) -> Inspected {
        self.charge
    }

    /// What each page behind it costs: of figures that are added up, the sum is there already.
    #[must_use]
    pub const fn next_cost(&self) -> u64 {
        self.next_cost
    }

    /// The operation that asks for the page behind a cursor; without one for the first, which also counts the list.
    #[must_use]
    pub fn page(&self, after: Option<&str>) -> Arc<Prepared> {
        let operation = rewrite::page(&self.operation, &self.found, self.size, after);
        let document = ExecutableDocument { operations: DocumentOperations::Single(operation), fragments: std::collections::HashMap::new() };
        Arc::new(Prepared::new(document, Arc::clone(&self.analysis)))
    }

    /// The rows of an answer to [`Self::page`].
    #[must_use]
    pub fn rows(&self, data: Value, carry: &Carry) -> Page {
        rows::read(&self.found, data, carry.cited.get().map_or(&[][..], Vec::as_slice))
    }
}

impl Api {
    /// Finds the one list of an operation, and how to ask for all of it.
    ///
    /// # Errors
    /// Where the operation has no list or several, or a page of it goes beyond a limit.
    pub fn plan(&self, prepared: &Prepared, operation: Option<&str>, variables: &Variables) -> Result<Plan, Refusal> {
        // Before fragments are written out: that is bounded by what is charged.
        limit::charge(&prepared.document, &prepared.analysis, operation, variables, &self.limits)?;
        let (name, _) = limit::pick(&prepared.document, operation)?;
        let name = name.map(Name::to_string);
        let mut operation = rewrite::spelled_out(&prepared.document, operation)?;
        if operation.node.ty != OperationType::Query {
            return Err(refusal("A file is made of a query; a mutation is answered as GraphQL."));
        }
        let found = list::find(&operation.node, &self.shape, variables)?;
        rewrite::add(&mut operation, &found);
        let mut last = None;
        let sizes: &[usize] = if found.is_paged { &PAGES } else { PAGES.get(..1).unwrap_or_default() };
        for &size in sizes {
            let page = rewrite::page(&operation, &found, size, None);
            let document = ExecutableDocument { operations: DocumentOperations::Single(page), fragments: std::collections::HashMap::new() };
            let analysis = limit::analyse(&document, &self.shape, &self.limits)?;
            match limit::charge(&document, &analysis, None, variables, &self.limits) {
                Ok(charge) => {
                    let is_summed = found.cites == Some(list::Cites::Beside);
                    let work = self.shape.root(OperationType::Query).filter(|_| is_summed).map_or(0, |root| self.shape.work(root, "figures"));
                    let next_cost = charge.without(work);
                    let name = name.unwrap_or_else(|| found.path.last().map(Name::to_string).unwrap_or_default());
                    return Ok(Plan { operation, found, size, analysis: Arc::new(analysis), charge, next_cost, name });
                }
                Err(refusal) => last = Some(refusal),
            }
        }
        Err(last.unwrap_or_else(|| refusal("The operation has no list.")))
    }
}

fn refusal(message: impl Into<String>) -> Refusal {
    Refusal { code: code::BAD_USER_INPUT, message: message.into(), line: None }
}
