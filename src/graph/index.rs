//! Typed positions in the tables of a snapshot, so that a state is never looked up among flows.
//!
//! A table is in the order of its codes (provisions: of their document), so that the order of positions *is*
//! the default order of lists.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Index;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// The position of a `T` in its table; meaningful in the snapshot that it came from alone.
pub struct Ix<T>(u32, PhantomData<fn() -> T>);

impl<T> Ix<T> {
    /// The position as a number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// The n-th position.
    #[must_use]
    pub fn nth(n: usize) -> Self {
        // Tables hold entries that people write: four thousand million of them do not fit in memory.
        Self(u32::try_from(n).unwrap_or(u32::MAX), PhantomData)
    }
}

impl<T> Clone for Ix<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ix<T> {}
impl<T> PartialEq for Ix<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Ix<T> {}
impl<T> PartialOrd for Ix<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Ix<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Ix<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> std::fmt::Debug for Ix<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Nodes on a page of a [`Table`].
const PAGE: usize = 256;
/// Codes that were added one by one, before they are folded into the shared ones.
const MOST_ADDED: usize = 512;

/// Nodes in the order of their codes, found by position or code.
///
/// A snapshot that follows another shares all that does not differ: nodes, the pages that they stand on, and the map
/// of codes. So a copy of a table costs its pages, not its nodes.
#[derive(Debug)]
pub struct Table<T> {
    pages: Vec<Arc<Page<T>>>,
    /// So many nodes, from the first on, stand in the order of their codes, and are not in the map.
    sorted: usize,
    by_code: Arc<FxHashMap<Arc<str>, Ix<T>>>,
    /// Codes that are not in the shared map yet.
    added: FxHashMap<Arc<str>, Ix<T>>,
    all: Vec<Ix<T>>,
}

/// Neighbours, with their codes.
#[derive(Debug)]
struct Page<T> {
    nodes: Vec<Arc<T>>,
    codes: Vec<Arc<str>>,
}

impl<T> Clone for Page<T> {
    fn clone(&self) -> Self {
        Self { nodes: self.nodes.clone(), codes: self.codes.clone() }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { pages: self.pages.clone(), sorted: self.sorted, by_code: Arc::clone(&self.by_code), added: self.added.clone(), all: self.all.clone() }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), sorted: 0, by_code: Arc::default(), added: FxHashMap::default(), all: Vec::new() }
    }
}

impl<T> Table<T> {
    /// A table of those nodes, which stand in their default order already.
    pub fn new(nodes: Vec<T>, code_of: impl Fn(&T) -> Arc<str>) -> Self {
        let mut table = Self::default();
        let mut by_code = FxHashMap::default();
        for node in nodes {
            let code = code_of(&node);
            by_code.insert(Arc::clone(&code), table.append(code, node));
        }
        table.by_code = Arc::new(by_code);
        table
    }

    /// Adds a node to a table all of whose codes ascend: a map of a million of them would cost more than it saves.
    pub(super) fn append_sorted(&mut self, code: Arc<str>, node: T) -> Ix<T> {
        self.sorted += 1;
        self.append(code, node)
    }

    fn append(&mut self, code: Arc<str>, node: T) -> Ix<T> {
        let ix = Ix::nth(self.all.len());
        if self.all.len() == self.pages.len() * PAGE {
            self.pages.push(Arc::new(Page { nodes: Vec::new(), codes: Vec::new() }));
        }
        if let Some(page) = self.pages.last_mut().map(Arc::make_mut) {
            page.codes.push(code);
            page.nodes.push(Arc::new(node));
        }
        self.all.push(ix);
        ix
    }

    /// Adds a node behind all others, whatever its code.
    pub(super) fn push(&mut self, code: Arc<str>, node: T) -> Ix<T> {
        let ix = self.append(Arc::clone(&code), node);
        self.added.insert(code, ix);
        if self.added.len() > MOST_ADDED {
            Arc::make_mut(&mut self.by_code).extend(self.added.drain());
        }
        ix
    }

    /// The position of the node of that code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<Ix<T>> {
        self.added.get(code).or_else(|| self.by_code.get(code)).copied().or_else(|| self.find_sorted(code))
    }

    /// The last of those that stand in order.
    fn find_sorted(&self, code: &str) -> Option<Ix<T>> {
        let code_at = |n: usize| &*self.pages[n / PAGE].codes[n % PAGE];
        let (mut from, mut to) = (0, self.sorted);
        while from < to {
            let middle = usize::midpoint(from, to);
            if code_at(middle) <= code { from = middle + 1 } else { to = middle }
        }
        from.checked_sub(1).filter(|at| code_at(*at) == code).map(Ix::nth)
    }

    /// Every position, in default order.
    #[must_use]
    pub fn all(&self) -> &[Ix<T>] {
        &self.all
    }

    /// Every node with its position, in default order.
    pub fn iter(&self) -> impl Iterator<Item = (Ix<T>, &T)> {
        self.pages.iter().flat_map(|page| &page.nodes).enumerate().map(|(n, node)| (Ix::nth(n), &**node))
    }

    /// Every code, in default order.
    pub fn codes(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.pages.iter().flat_map(|page| &page.codes).map(AsRef::as_ref)
    }

    /// The code of the node at that position.
    #[must_use]
    pub fn code_of(&self, ix: Ix<T>) -> Arc<str> {
        Arc::clone(&self.pages[ix.get() / PAGE].codes[ix.get() % PAGE])
    }

    fn node(&self, ix: Ix<T>) -> &Arc<T> {
        &self.pages[ix.get() / PAGE].nodes[ix.get() % PAGE]
    }

    /// The node at that position, to be held while others are linked.
    pub(super) fn share(&self, ix: Ix<T>) -> Arc<T> {
        Arc::clone(self.node(ix))
    }

    /// Every node, to be linked while the snapshot is built; copies where others have them.
    pub(super) fn link_all(&mut self) -> impl Iterator<Item = &mut T>
    where
        T: Clone,
    {
        self.pages.iter_mut().flat_map(|page| &mut Arc::make_mut(page).nodes).map(Arc::make_mut)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The node at that position, to be linked while the snapshot is built; a copy of its own where others have it.
    pub(super) fn link(&mut self, ix: Ix<T>) -> &mut T
    where
        T: Clone,
    {
        let page = Arc::make_mut(&mut self.pages[ix.get() / PAGE]);
        Arc::make_mut(&mut page.nodes[ix.get() % PAGE])
    }
}

impl<T> Index<Ix<T>> for Table<T> {
    type Output = T;
    fn index(&self, ix: Ix<T>) -> &T {
        self.node(ix)
    }
}

/// Puts `item` into a list that is kept sorted and without doubles.
pub(super) fn insert_sorted<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_order_is_found_without_a_map() {
        let mut table = Table::default();
        for n in 0..PAGE * 2 + 3 {
            table.append_sorted(format!("c{:04}", n / 3 * 2).into(), n);
        }
        for n in 0..table.len() {
            let last = (n / 3 * 3 + 2).min(table.len() - 1);
            assert_eq!(table.find(&format!("c{:04}", n / 3 * 2)).map(Ix::get), Some(last), "the last of its code");
            assert_eq!(table.find(&format!("c{:04}", n / 3 * 2 + 1)), None);
        }
        assert_eq!((table.find(""), table.find("d"), Table::<u8>::default().find("")), (None, None, None));
        let later = table.push("c0000".into(), 7);
        assert_eq!(table.find("c0000"), Some(later));
    }

    #[test]
    fn a_copy_that_grows_or_changes_leaves_the_first_as_it_was() {
        let first = Table::new((0..PAGE * 2 - 1).collect::<Vec<_>>(), |n| format!("c{n}").into());
        let mut grown = first.clone();
        for n in first.len()..first.len() + MOST_ADDED + 10 {
            assert_eq!(grown.push(format!("c{n}").into(), n).get(), n);
        }
        *grown.link(Ix::nth(3)) = 1_000_000;
        assert_eq!((first.len(), first[Ix::nth(3)], first.find("c600")), (PAGE * 2 - 1, 3, None));
        assert_eq!(grown[Ix::nth(3)], 1_000_000);
        for n in (0..grown.len()).filter(|n| *n != 3) {
            let ix = grown.find(&format!("c{n}")).expect("found");
            assert_eq!((ix.get(), grown[ix], &*grown.code_of(ix)), (n, n, &*format!("c{n}")));
        }
        assert_eq!((first.find("c"), grown.find("c999999")), (None, None));
        assert!(grown.iter().all(|(ix, node)| ix.get() == 3 || *node == ix.get()));
        assert_eq!(grown.codes().count(), grown.len());
    }
}
