//! Pages of a list: the Relay rules over rows in order, found again by key rather than by number.
//!
//! A row has a *key*: bytes whose order is the order of the list, unique in it, and durable (made of what the
//! row says, never of its position). So a page goes on where the last one ended even when rows came or went
//! between the two, and a row whose own neighbours vanished is neither skipped nor shown twice.

use super::seal::{Binding, Seal};

/// The page size where none is asked for.
pub const DEFAULT_PAGE: usize = 20;
/// The largest page.
pub const LARGEST_PAGE: usize = 100;

/// What a client asks of a connection.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// That many from the start (or from `after`).
    pub first: Option<i32>,
    /// Only rows behind that cursor.
    pub after: Option<String>,
    /// That many from the end (or from `before`).
    pub last: Option<i32>,
    /// Only rows ahead of that cursor.
    pub before: Option<String>,
}

/// What is wrong with the arguments of a page; the text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// `first` and `last` together.
    #[error("Ask for `first` or `last`, not for both.")]
    BothEnds,
    /// A size out of range.
    #[error("`{argument}` is {value}: ask for 0 to {LARGEST_PAGE}.")]
    Size {
        /// `first` or `last`.
        argument: &'static str,
        /// What was asked for.
        value: i32,
    },
    /// A cursor that does not open here.
    #[error("`{argument}` is no cursor of this list in this order and with this filter: take one from `pageInfo` or an edge of the same list.")]
    Cursor {
        /// `after` or `before`.
        argument: &'static str,
    },
}

/// Arguments that hold: a size, a direction, and the keys to stay between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many rows at most.
    pub limit: usize,
    /// Whether to count from the end.
    pub backward: bool,
    /// Only rows behind this key, in the order of the list.
    pub after: Option<Vec<u8>>,
    /// Only rows ahead of this key, in the order of the list.
    pub before: Option<Vec<u8>>,
}

impl PageArguments {
    /// Checks the arguments and opens the cursors.
    ///
    /// # Errors
    /// The first fault of the arguments.
    pub fn check(&self, seal: &Seal, binding: Binding) -> Result<PageRequest, PageFault> {
        let size = |argument, value: i32| match usize::try_from(value) {
            Ok(size) if size <= LARGEST_PAGE => Ok(size),
            _ => Err(PageFault::Size { argument, value }),
        };
        let (limit, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(PageFault::BothEnds),
            (None, Some(last)) => (size("last", last)?, true),
            (Some(first), None) => (size("first", first)?, false),
            (None, None) => (DEFAULT_PAGE, false),
        };
        let open = |argument, cursor: &Option<String>| match cursor {
            None => Ok(None),
            Some(cursor) => seal.open(binding, cursor).map(Some).ok_or(PageFault::Cursor { argument }),
        };
        Ok(PageRequest { limit, backward, after: open("after", &self.after)?, before: open("before", &self.before)? })
    }
}

/// Rows in ascending order of their keys, to be read up or down.
#[derive(Debug, Clone)]
pub struct Listing<'a, R: Clone> {
    /// The rows, ascending.
    pub rows: std::borrow::Cow<'a, [R]>,
    /// Whether the list runs from the last row to the first.
    pub descending: bool,
}

impl<'a, R: Clone> Listing<'a, R> {
    /// A list that runs as its rows stand.
    #[must_use]
    pub fn ascending(rows: &'a [R]) -> Self {
        Self { rows: std::borrow::Cow::Borrowed(rows), descending: false }
    }

    fn at(&self, n: usize) -> &R {
        &self.rows[if self.descending { self.rows.len() - 1 - n } else { n }]
    }
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// Its rows, in the order of the list, whichever end they were counted from.
    pub rows: Vec<R>,
    /// Whether the list goes on behind it.
    pub has_next: bool,
    /// Whether the list goes on ahead of it.
    pub has_previous: bool,
    /// How many rows the whole list has; only counted where it was asked for.
    pub total: Option<usize>,
}

/// Cuts a page out of a list of which only the rows that `keep` exist.
pub fn cut<R: Clone>(list: &Listing<'_, R>, key: impl Fn(&R) -> Vec<u8>, keep: impl Fn(&R) -> bool, request: &PageRequest, count: bool) -> Page<R> {
    let len = list.rows.len();
    // Position of the first row that is not ahead of `key` (or, with `past`, that is behind it).
    let seek = |wanted: &[u8], past: bool| {
        let ahead = |row: &R| match key(row).as_slice().cmp(wanted) {
            std::cmp::Ordering::Equal => past,
            order => (order == std::cmp::Ordering::Less) != list.descending,
        };
        let (mut low, mut high) = (0, len);
        while low < high {
            let middle = low + (high - low) / 2;
            if ahead(list.at(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    };
    let start = request.after.as_deref().map_or(0, |after| seek(after, true));
    let end = request.before.as_deref().map_or(len, |before| seek(before, false)).max(start);

    let mut rows = Vec::with_capacity(request.limit.min(end - start));
    let mut more = false;
    let mut take = |n: usize| -> bool {
        let row = list.at(n);
        if !keep(row) {
            return true;
        }
        if rows.len() == request.limit {
            more = true;
            return false;
        }
        rows.push(row.clone());
        true
    };
    if request.backward {
        let _ = (start..end).rev().all(&mut take);
        rows.reverse();
    } else {
        let _ = (start..end).all(&mut take);
    }
    let ahead = |range: std::ops::Range<usize>| request.after.is_some() && range.rev().any(|n| keep(list.at(n)));
    let behind = |mut range: std::ops::Range<usize>| request.before.is_some() && range.any(|n| keep(list.at(n)));
    let (has_next, has_previous) = if request.backward { (behind(end..len), more || ahead(0..start)) } else { (more || behind(end..len), ahead(0..start)) };
    let total = count.then(|| list.rows.iter().filter(|row| keep(row)).count());
    Page { rows, has_next, has_previous, total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(row: &u16) -> Vec<u8> {
        row.to_be_bytes().to_vec()
    }

    fn walk(mut rows: Vec<u16>, descending: bool, size: usize, backward: bool, changes: &[(usize, u16, bool)]) -> (Vec<u16>, Vec<u16>) {
        rows.sort_unstable();
        rows.dedup();
        let mut stayed = rows.clone();
        let mut seen = Vec::new();
        let (mut after, mut before) = (None, None);
        for step in 0.. {
            let list = Listing { rows: rows.as_slice().into(), descending };
            let page = cut(&list, key, |_| true, &PageRequest { limit: size, backward, after: after.clone(), before: before.clone() }, false);
            if backward {
                seen.splice(0..0, page.rows.iter().copied());
                before = page.rows.first().map(key);
            } else {
                seen.extend(&page.rows);
                after = page.rows.last().map(key);
            }
            if !(if backward { page.has_previous } else { page.has_next }) {
                break;
            }
            for &(_, row, insert) in changes.iter().filter(|(at, ..)| *at == step) {
                if insert {
                    if let Err(at) = rows.binary_search(&row) {
                        rows.insert(at, row);
                        stayed.retain(|r| *r != row);
                    }
                } else if let Ok(at) = rows.binary_search(&row) {
                    rows.remove(at);
                    stayed.retain(|r| *r != row);
                }
            }
        }
        if descending {
            stayed.reverse();
        }
        (seen, stayed)
    }

    proptest! {
        #[test]
        fn walks_meet_every_row_that_stayed_once_and_in_order(
            rows in prop::collection::vec(0u16..200, 0..60),
            descending: bool, backward: bool, size in 1usize..9,
            changes in prop::collection::vec((0usize..20, 0u16..200, any::<bool>()), 0..20),
        ) {
            let (seen, stayed) = walk(rows, descending, size, backward, &changes);
            let mut once = seen.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), seen.len(), "a row came twice");
            let met: Vec<u16> = seen.into_iter().filter(|row| stayed.contains(row)).collect();
            prop_assert_eq!(met, stayed);
        }

        #[test]
        fn flags_and_total_tell_the_truth(rows in prop::collection::btree_set(0u16..100, 0..40), descending: bool, after in prop::option::of(0u16..100), before in prop::option::of(0u16..100), size in 0usize..9, backward: bool) {
            let rows: Vec<u16> = rows.into_iter().collect();
            let list = Listing { rows: rows.as_slice().into(), descending };
            let even = |row: &u16| row.is_multiple_of(2);
            let page = cut(&list, key, even, &PageRequest { limit: size, backward, after: after.as_ref().map(key), before: before.as_ref().map(key) }, true);
            let mut whole: Vec<u16> = rows.iter().copied().filter(even).collect();
            prop_assert_eq!(page.total, Some(whole.len()));
            if descending { whole.reverse(); }
            let behind = |a: u16, b: u16| if descending { a < b } else { a > b };
            let inside: Vec<u16> = whole.iter().copied().filter(|r| after.is_none_or(|a| behind(*r, a)) && before.is_none_or(|b| behind(b, *r))).collect();
            let expected: Vec<u16> = if backward { inside[inside.len().saturating_sub(size)..].to_vec() } else { inside[..size.min(inside.len())].to_vec() };
            prop_assert_eq!(&page.rows, &expected);
            if let (Some(first), Some(last)) = (expected.first(), expected.last()) {
                prop_assert_eq!(page.has_next, whole.last() != Some(last));
                prop_assert_eq!(page.has_previous, whole.first() != Some(first));
            }
        }
    }

    #[test]
    fn sizes_out_of_range_and_both_ends_are_refused() {
        let seal = Seal::new([1; 64]);
        let binding = Binding::new("x", &(), &(), &());
        let ask = |first, last| PageArguments { first, last, ..PageArguments::default() }.check(&seal, binding);
        assert_eq!(ask(None, None).map(|r| r.limit), Ok(20));
        assert_eq!(ask(Some(100), None).map(|r| r.limit), Ok(100));
        assert_eq!(ask(Some(101), None), Err(PageFault::Size { argument: "first", value: 101 }));
        assert_eq!(ask(None, Some(-1)), Err(PageFault::Size { argument: "last", value: -1 }));
        assert_eq!(ask(Some(1), Some(1)), Err(PageFault::BothEnds));
    }
}
