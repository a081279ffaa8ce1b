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

/// Nodes in the order of their codes, found by position or code.
///
/// Nodes are shared: a snapshot that follows another copies those alone that differ.
#[derive(Debug)]
pub struct Table<T> {
    nodes: Vec<Arc<T>>,
    by_code: FxHashMap<Arc<str>, Ix<T>>,
    codes: Vec<Arc<str>>,
    all: Vec<Ix<T>>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { nodes: self.nodes.clone(), by_code: self.by_code.clone(), codes: self.codes.clone(), all: self.all.clone() }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { nodes: Vec::new(), by_code: FxHashMap::default(), codes: Vec::new(), all: Vec::new() }
    }
}

impl<T> Table<T> {
    /// A table of those nodes, which stand in their default order already.
    pub fn new(nodes: Vec<T>, code_of: impl Fn(&T) -> String) -> Self {
        let codes: Vec<Arc<str>> = nodes.iter().map(|node| code_of(node).into()).collect();
        let by_code = codes.iter().enumerate().map(|(n, code)| (Arc::clone(code), Ix::nth(n))).collect();
        let all = (0..nodes.len()).map(Ix::nth).collect();
        Self { nodes: nodes.into_iter().map(Arc::new).collect(), by_code, codes, all }
    }

    /// Adds a node behind all others, whatever its code.
    pub(super) fn push(&mut self, code: &str, node: T) -> Ix<T> {
        let (ix, code): (_, Arc<str>) = (Ix::nth(self.nodes.len()), code.into());
        self.by_code.insert(Arc::clone(&code), ix);
        self.codes.push(code);
        self.nodes.push(Arc::new(node));
        self.all.push(ix);
        ix
    }

    /// The position of the node of that code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<Ix<T>> {
        self.by_code.get(code).copied()
    }

    /// Every position, in default order.
    #[must_use]
    pub fn all(&self) -> &[Ix<T>] {
        &self.all
    }

    /// Every node with its position, in default order.
    pub fn iter(&self) -> impl Iterator<Item = (Ix<T>, &T)> {
        self.nodes.iter().enumerate().map(|(n, node)| (Ix::nth(n), &**node))
    }

    /// Every code, in default order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(AsRef::as_ref)
    }

    /// The code of the node at that position.
    #[must_use]
    pub fn code_of(&self, ix: Ix<T>) -> Arc<str> {
        Arc::clone(&self.codes[ix.get()])
    }

    /// The node at that position, to be held while others are linked.
    pub(super) fn share(&self, ix: Ix<T>) -> Arc<T> {
        Arc::clone(&self.nodes[ix.get()])
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node at that position, to be linked while the snapshot is built; a copy of its own where others have it.
    pub(super) fn link(&mut self, ix: Ix<T>) -> &mut T
    where
        T: Clone,
    {
        Arc::make_mut(&mut self.nodes[ix.get()])
    }
}

impl<T> Index<Ix<T>> for Table<T> {
    type Output = T;
    fn index(&self, ix: Ix<T>) -> &T {
        &self.nodes[ix.get()]
    }
}

/// Puts `item` into a list that is kept sorted and without doubles.
pub(super) fn insert_sorted<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}
