//! How many records an operation may read: the node budget.
//!
//! Counted as GitHub counts: a page of `first` (or `last`) entries reads that many records, and everything selected on
//! the entries is read once for each. So an operation's nodes are the sum, over all its fields, of the product of the
//! page sizes on the way to the field and its own:
//! - A connection counts the size that is asked for, by literal, variable or the variable's default, else the
//!   argument's default, else 20. Its `edges`, `nodes` and `node` are parts of that page and count nothing: who asks
//!   for both `edges` and `nodes` reads the page once. What is selected under each of the two is counted for each.
//! - Any other list of objects counts 20, or the number of `ids` or the `first` that it takes.
//! - A single object counts 1 if it is a record (a `Node`), as it may have to be read by itself. Values that are part
//!   of their record count nothing, nor does introspection apart from its lists.
//! - A value of an interface or union is one of its objects, so it counts what its costliest object does. That makes
//!   a field the same price whether it is selected on the interface or on each of its types.
//! - A field that is written twice counts twice, even where the answers are merged: the executor resolves it twice.
//!   `@skip` and `@include` are not looked at. The budget is what may be read, not what will be.
//!
//! Sizes below 0 or above 100 are the resolver's to refuse; they count as 0 and 100.
//!
//! As products distribute over sums, the cost of what is selected on one object does not depend on where it is. Hence
//! one expression for each set and each object type it may be selected from, made once for a document ([`Budget::of`])
//! and evaluated, each in terms of earlier ones, when the variables are known ([`Budget::nodes`]).

use std::collections::HashMap;

use async_graphql::{Name, Value};

use super::{
    outline::{FieldId, Item, Outline, SetId},
    shape::{Reads, Shape, TypeId},
    values::{self, Given},
};

/// The largest page there is.
const LARGEST_PAGE: u64 = 100;

/// An expression, by number; it is made of expressions with smaller numbers.
pub(super) type ExprId = usize;
/// The first expression, the sum of nothing.
const NOTHING: ExprId = 0;

/// The expressions of a document.
#[derive(Debug, Default)]
pub(super) struct Budget {
    exprs: Vec<Expr>,
    /// The page sizes that fields ask for, with the size where they ask for none.
    pages: Vec<(Asked, u64)>,
    /// By set, the expression for each object type from which it may be selected, in ascending order of types.
    sets: Vec<Vec<(TypeId, ExprId)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Expr {
    Sum(Vec<Term>),
    Most(Vec<ExprId>),
}

/// What one field costs: so many records, and as many times what is selected on them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Term {
    times: Times,
    /// Whether the records themselves are counted, or only what is selected on them.
    counted: bool,
    inside: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Times {
    Fixed(u64),
    /// An index into the pages.
    Page(usize),
}

/// The page size that a field's arguments name.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    first: Size,
    last: Size,
    ids: Size,
}

#[derive(Clone, Debug, Default)]
enum Size {
    #[default]
    Unsaid,
    Known(u64),
    Variable(Name),
}

impl Asked {
    /// Reads the arguments of a field.
    pub fn by(arguments: &[(Name, Value)]) -> Self {
        let mut asked = Self::default();
        for (name, value) in arguments {
            let (size, read): (_, fn(&Value) -> Option<u64>) = match name.as_str() {
                "first" => (&mut asked.first, page_size),
                "last" => (&mut asked.last, page_size),
                "ids" => (&mut asked.ids, list_size),
                _ => continue,
            };
            *size = match values::variable(value) {
                Some(name) => Size::Variable(Name::new(name)),
                None => read(value).map_or(Size::Unsaid, Size::Known),
            };
        }
        asked
    }

    /// The size with these variables; the larger one of `first` and `last`, which the resolver refuses together.
    fn size(&self, given: &Given<'_>, default: u64) -> u64 {
        let one = |size: &Size, read: fn(&Value) -> Option<u64>| match size {
            Size::Unsaid => None,
            Size::Known(size) => Some(*size),
            Size::Variable(name) => given.value(name).and_then(read),
        };
        let sizes = [one(&self.first, page_size), one(&self.last, page_size), one(&self.ids, list_size)];
        sizes.into_iter().flatten().max().unwrap_or(default)
    }
}

/// `null` is as good as no size; what is no number at all is refused later, and counts as the most there is.
fn page_size(value: &Value) -> Option<u64> {
    match value {
        Value::Null => None,
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => Some(0),
        Value::Number(number) => Some(number.as_u64().unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE)),
        _ => Some(LARGEST_PAGE),
    }
}

fn list_size(value: &Value) -> Option<u64> {
    match value {
        Value::Null => None,
        Value::List(entries) => Some(entries.len() as u64),
        _ => Some(1),
    }
}

impl Budget {
    /// Makes the expressions of a document; also tells how many steps it took.
    pub fn of(outline: &Outline, shape: &Shape) -> (Self, u64) {
        let out = Self { exprs: vec![Expr::Sum(Vec::new())], ..Self::default() };
        let mut maker = Maker { outline, shape, known: HashMap::new(), known_pages: HashMap::new(), steps: 0, out };
        for set in &outline.sets {
            let possible = set.parent.map_or(&[][..], |parent| shape.possible(parent));
            let exprs = possible.iter().map(|on| (*on, maker.sum(&set.items, *on))).collect();
            maker.out.sets.push(exprs);
        }
        (maker.out, maker.steps)
    }

    /// The expression of an operation's root set.
    pub fn root(&self, set: SetId) -> ExprId {
        // A root type is an object, so there is one; none where the schema has no such root.
        self.sets.get(set).and_then(|exprs| exprs.first()).map_or(NOTHING, |(_, expr)| *expr)
    }

    /// How many expressions and pages there are, which is how many steps [`Budget::nodes`] takes.
    pub fn len(&self) -> u64 {
        (self.exprs.len() + self.pages.len()) as u64
    }

    /// The nodes of an expression with these variables.
    pub fn nodes(&self, root: ExprId, given: &Given<'_>) -> u64 {
        let sizes: Vec<u64> = self.pages.iter().map(|(asked, default)| asked.size(given, *default)).collect();
        let mut nodes: Vec<u64> = Vec::with_capacity(self.exprs.len());
        for expr in self.exprs.iter().take(root + 1) {
            let sum = match expr {
                Expr::Most(exprs) => exprs.iter().map(|expr| nodes[*expr]).max().unwrap_or(0),
                Expr::Sum(terms) => terms.iter().fold(0_u64, |sum, term| {
                    let times = match term.times {
                        Times::Fixed(times) => times,
                        Times::Page(page) => sizes[page],
                    };
                    sum.saturating_add(times.saturating_mul(nodes[term.inside].saturating_add(term.counted.into())))
                }),
            };
            nodes.push(sum);
        }
        nodes.get(root).copied().unwrap_or(0)
    }
}

struct Maker<'o> {
    outline: &'o Outline,
    shape: &'o Shape,
    /// Equal expressions have one number, so that the same cost on each type of an interface is kept once.
    known: HashMap<Expr, ExprId>,
    known_pages: HashMap<(FieldId, u64), usize>,
    steps: u64,
    out: Budget,
}

impl Maker<'_> {
    /// What a set costs that is selected on one object of a type.
    fn sum(&mut self, items: &[Item], on: TypeId) -> ExprId {
        let mut terms = Vec::new();
        for item in items {
            self.steps += 1;
            match *item {
                Item::Field(field) => terms.extend(self.field(field, on).into_iter().flatten()),
                // Where the object is not of the fragment's type, the fragment selects nothing.
                Item::Inside(set) => {
                    terms.extend(self.on_type(set, on).map(|inside| plain(1, false, inside)));
                }
            }
        }
        terms.retain(|term| term.counted || term.inside != NOTHING);
        match terms[..] {
            [] => NOTHING,
            [Term { times: Times::Fixed(1), counted: false, inside }] => inside,
            _ => self.expr(Expr::Sum(terms)),
        }
    }

    /// What a field reads, and what it takes beside that.
    fn field(&mut self, id: FieldId, on: TypeId) -> [Option<Term>; 2] {
        let (outline, shape) = (self.outline, self.shape);
        let field = &outline.fields[id];
        // A leaf costs nothing, and an object on which nothing is selected is the validator's to refuse.
        let (Some(set), Some(known)) = (field.set, shape.field(on, outline.text(field.name))) else { return [None, None] };
        let inside = self.most(set, known.ty);
        let reads = match known.reads {
            Reads::Nothing => plain(1, false, inside),
            Reads::Record => plain(1, true, inside),
            Reads::List(entries) => plain(entries, true, inside),
            Reads::Page(default) => Term { times: Times::Page(self.page(id, default)), counted: true, inside },
        };
        [Some(reads), (known.work > 0).then(|| plain(known.work, true, NOTHING))]
    }

    /// The costliest of the objects that a value of a type may be.
    fn most(&mut self, set: SetId, ty: TypeId) -> ExprId {
        let shape = self.shape;
        let mut exprs: Vec<ExprId> = shape.possible(ty).iter().filter_map(|on| self.on_type(set, *on)).collect();
        self.steps += exprs.len() as u64;
        exprs.sort_unstable();
        exprs.dedup();
        match exprs[..] {
            [] => NOTHING,
            [only] => only,
            _ => self.expr(Expr::Most(exprs)),
        }
    }

    fn on_type(&self, set: SetId, on: TypeId) -> Option<ExprId> {
        let exprs = self.out.sets.get(set)?;
        let index = exprs.binary_search_by_key(&on, |(ty, _)| *ty).ok()?;
        exprs.get(index).map(|(_, expr)| *expr)
    }

    fn page(&mut self, field: FieldId, default: u64) -> usize {
        let pages = &mut self.out.pages;
        *self.known_pages.entry((field, default)).or_insert_with(|| {
            pages.push((self.outline.fields[field].asked.clone(), default));
            pages.len() - 1
        })
    }

    fn expr(&mut self, expr: Expr) -> ExprId {
        let exprs = &mut self.out.exprs;
        *self.known.entry(expr).or_insert_with_key(|expr| {
            exprs.push(expr.clone());
            exprs.len() - 1
        })
    }
}

fn plain(times: u64, counted: bool, inside: ExprId) -> Term {
    Term { times: Times::Fixed(times), counted, inside }
}
