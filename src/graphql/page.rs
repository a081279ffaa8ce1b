//! Connections: pages of the graph as Relay wants them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_graphql::{Context, SimpleObject};

use crate::graph::View;
use crate::graph::page::{Listing, Page, PageArguments, cut};
use crate::graph::seal::Binding;

use super::error::Fault;
use super::scalar::Given;
use super::view;

/// Where a page stands in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether the list goes on behind this page.
    pub has_next_page: bool,
    /// Whether the list goes on ahead of this page.
    pub has_previous_page: bool,
    /// The cursor of the first edge; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; null on an empty page.
    pub end_cursor: Option<String>,
}

/// How a row is found again: the bytes that its cursor seals.
pub type KeyOf<R> = fn(&View, &R) -> Vec<u8>;

/// A page with what its cursors are made of.
#[derive(Debug, Clone)]
pub struct Paged<R> {
    /// The page.
    pub page: Page<R>,
    binding: Binding,
    key: KeyOf<R>,
}

/// What a list is: its name, the node that it hangs on, its order and its filter as the client gave them.
pub fn bind(list: &'static str, of: impl Hash, order: impl Hash, filter: impl Hash) -> Binding {
    Binding::new(list, &of, &order, &filter)
}

/// Cuts the page that was asked for; counts only where `totalCount` is selected.
///
/// # Errors
/// Where the arguments of the page do not hold.
pub fn paged<R: Clone>(
    ctx: &Context<'_>,
    binding: Binding,
    arguments: &PageArguments,
    list: &Listing<'_, R>,
    key: KeyOf<R>,
    keep: impl Fn(&R) -> bool,
) -> Result<Paged<R>, Fault> {
    paged_from(ctx, binding, arguments, list, key, keep, |key| key)
}

/// As [`paged`], for an order that moves: `place` tells the key at which the row of an older key stands now.
///
/// # Errors
/// Where the arguments of the page do not hold.
pub fn paged_from<R: Clone>(
    ctx: &Context<'_>,
    binding: Binding,
    arguments: &PageArguments,
    list: &Listing<'_, R>,
    key: KeyOf<R>,
    keep: impl Fn(&R) -> bool,
    place: impl Fn(Vec<u8>) -> Vec<u8>,
) -> Result<Paged<R>, Fault> {
    let view = view(ctx);
    let cursors = u64::from(arguments.after.is_some()) + u64::from(arguments.before.is_some());
    view.work().spend(LIST + CURSOR * cursors);
    let mut request = arguments.check(view.seal(), binding)?;
    request.after = request.after.map(&place);
    request.before = request.before.map(&place);
    let mut page = cut(list, |row| key(view, row), &keep, &request, false);
    if counts(ctx) {
        page.total = Some(view.memo().of(&Total(binding), || list.rows.iter().filter(|row| keep(row)).count()));
    }
    if view.work().is_over() { Err(Fault::too_much()) } else { Ok(Paged { page, binding, key }) }
}

/// The size of a list, which is counted once for an operation.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Total(Binding);

/// Steps of taking a filter in, for each value and each eight bytes of one.
const TAKEN_IN: u64 = 4;

/// A filter with its codes found: once for an operation and value, as is what is wrong with it.
///
/// # Errors
/// Where `resolve` says what is wrong.
pub fn resolved<I, F>(view: &View, filter: Given<Box<I>>, resolve: impl FnOnce(I) -> Result<F, Fault>) -> Result<Option<Arc<F>>, Fault>
where
    I: Clone + Eq + Hash + Send + 'static,
    F: Send + Sync + 'static,
{
    let Some(filter) = filter.0 else { return Ok(None) };
    let mut size = Size(0);
    filter.hash(&mut size);
    // Reading it from the request took that each time.
    view.work().spend(TAKEN_IN * size.0);
    view.memo().of(&*filter, || resolve((*filter).clone()).map(Arc::new)).map(Some)
}

/// A list of words that an argument names, sorted and without doubles: whoever names one often asks for nothing more.
pub fn words<T: Ord>(view: &View, given: Given<Vec<T>>) -> Option<Vec<T>> {
    let mut words = given.0?;
    view.work().spend(TAKEN_IN * words.len() as u64);
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// How much a value holds.
struct Size(u64);

impl Hasher for Size {
    fn write(&mut self, bytes: &[u8]) {
        self.0 += 1 + bytes.len() as u64 / 8;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Steps of a list, whatever it holds: its arguments, its place in the answer.
const LIST: u64 = 300;
/// Steps of making or opening a cursor.
const CURSOR: u64 = 150;
/// Steps of putting a row of a list in its place in another order.
pub const SORTED: u64 = 4;
/// The same, where a key or a copy is made of each.
pub const KEYED: u64 = 15;
/// Steps of a row of a short list that is walked over: more where a filter is asked.
const ROW: u64 = 1;
/// See [`ROW`].
const ASKED: u64 = 20;

/// Whether a row is kept by a filter, if there is one; counted as work, and false once the operation is over.
pub fn kept<'a, R, F>(view: &'a View, filter: Option<&'a F>, keeps: impl Fn(&F, &R) -> bool + 'a) -> impl Fn(&R) -> bool + 'a {
    let meter = view.work().meter();
    move |row| match filter {
        None => meter.step(ROW),
        Some(filter) => meter.step(ASKED) && keeps(filter, row),
    }
}

/// Whether the client asked for the size of the whole list.
pub fn counts(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

impl<R> Paged<R> {
    /// A page that was cut elsewhere.
    pub const fn new(page: Page<R>, binding: Binding, key: KeyOf<R>) -> Self {
        Self { page, binding, key }
    }

    /// The cursor of a row.
    pub fn cursor(&self, view: &View, row: &R) -> String {
        view.work().spend(CURSOR);
        view.seal().close(self.binding, &(self.key)(view, row))
    }

    /// The same page of other rows, found again by the same key bytes.
    pub fn map<S>(self, make: impl Fn(R) -> S, key: KeyOf<S>) -> Paged<S> {
        let Page { rows, has_next, has_previous, total } = self.page;
        Paged { page: Page { rows: rows.into_iter().map(make).collect(), has_next, has_previous, total }, binding: self.binding, key }
    }

    /// Where the page stands.
    pub fn info(&self, view: &View) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.page.has_previous,
            start_cursor: self.page.rows.first().map(|row| self.cursor(view, row)),
            end_cursor: self.page.rows.last().map(|row| self.cursor(view, row)),
        }
    }

    /// The size of the whole list, for GraphQL's 32 bits.
    pub fn total(&self) -> i32 {
        self.page.total.map_or(0, |total| i32::try_from(total).unwrap_or(i32::MAX))
    }
}

/// Defines a connection and its edge.
///
/// `Connection, Edge: Row => Node, |row| node` and, in braces, what the edge says besides its cursor and node.
macro_rules! connection {
    ($(#[doc = $doc:literal])+ $connection:ident, $(#[doc = $edge_doc:literal])+ $edge:ident: $row:ty => $node:ty, |$r:ident| $make:expr $(, { $($more:tt)* })?) => {
        /// A page of the list that its name says.
        #[derive(Debug, Clone)]
        pub struct $connection(pub $crate::graphql::page::Paged<$row>);

        /// One row of it.
        #[derive(Debug, Clone)]
        pub struct $edge {
            #[allow(dead_code, reason = "edges that say more read it")]
            row: $row,
            cursor: Option<String>,
        }

        $crate::graphql::object::object! {
            $(#[doc = $doc])+
            impl $connection {
                /// The rows of the page, each with its cursor.
                async fn edges(&self, ctx: &async_graphql::Context<'_>) -> $crate::graphql::resolve::Rows<$edge> {
                    let with_cursor = ctx.look_ahead().field("cursor").exists();
                    let view = $crate::graphql::view(ctx);
                    $crate::graphql::resolve::Rows(self.0.page.rows.iter().map(|row| $edge { row: row.clone(), cursor: with_cursor.then(|| self.0.cursor(view, row)) }).collect())
                }

                /// The rows of the page without their edges, in the same order.
                async fn nodes(&self) -> $crate::graphql::resolve::Rows<$node> {
                    $crate::graphql::resolve::Rows(self.0.page.rows.iter().map(|$r| $make).collect())
                }

                /// Where the page stands in its list.
                async fn page_info(&self, ctx: &async_graphql::Context<'_>) -> $crate::graphql::page::PageInfo {
                    self.0.info($crate::graphql::view(ctx))
                }

                /// The size of the whole list, exact; counted only where it is asked for.
                async fn total_count(&self) -> i32 {
                    self.0.total()
                }
            }
        }

        $crate::graphql::object::object! {
            $(#[doc = $edge_doc])+
            impl $edge {
                /// Where this row stands: give it back as `after` or `before`.
                async fn cursor(&self) -> &str {
                    self.cursor.as_deref().unwrap_or_default()
                }

                /// What the edge leads to.
                async fn node(&self) -> $crate::graphql::resolve::One<$node> {
                    let $r = &self.row;
                    $crate::graphql::resolve::One($make)
                }

                $($($more)*)?
            }
        }
    };
}
pub(crate) use connection;
