//! Connections: pages of the graph as Relay wants them.

use std::hash::Hash;

use async_graphql::{Context, SimpleObject};

use crate::graph::View;
use crate::graph::page::{Listing, Page, PageArguments, cut};
use crate::graph::seal::Binding;

use super::error::Fault;
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
    let mut request = arguments.check(view.seal(), binding)?;
    request.after = request.after.map(&place);
    request.before = request.before.map(&place);
    let page = cut(list, |row| key(view, row), keep, &request, counts(ctx));
    Ok(Paged { page, binding, key })
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
