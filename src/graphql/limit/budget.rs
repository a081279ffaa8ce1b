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
//! Beside its records everything is counted that takes something though it reads none, in parts of a record ([`PARTS`]),
//! each time that it is asked:
//! - a leaf ([`LEAF`]); a long text that is read from the database ([`shape`](super::shape) says which) some more;
//! - a list, whatever its size: one of no rows is filtered, ordered and counted, too ([`LIST`]);
//! - each value in the arguments of a field: predicates, texts, codes, orders, in literals as in variables ([`VALUE`]).
//!
//! Sizes below 0 or above 100 are the resolver's to refuse; they count as 0 and 100.
//!
//! As products distribute over sums, the cost of what is selected on one object does not depend on where it is. Hence
//! one expression for each set and each object type it may be selected from, made once for a document ([`Budget::of`])
//! and evaluated, each in terms of earlier ones, when the variables are known ([`Budget::price`]).

use std::collections::HashMap;

use async_graphql::{Name, Value};

use super::{
    outline::{FieldId, Item, Outline, SetId},
    shape::{Reads, Shape, TypeId},
    values::{self, Given},
};

/// The largest page there is.
const LARGEST_PAGE: u64 = 100;

/// A record in parts, in which is counted what takes less than one.
pub(super) const PARTS: u64 = 10;
/// A leaf: a tenth of a microsecond.
const LEAF: u64 = 1;
/// A list, whatever its size.
const LIST: u64 = 10;
/// A value in an argument: it is read anew each time, and rows are held against it.
const VALUE: u64 = 5;

/// What is asked for: records, and what is taken beside them in [`PARTS`] of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Price {
    pub nodes: u64,
    pub beside: u64,
}

impl Price {
    fn plus(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), beside: self.beside.saturating_add(other.beside) }
    }

    /// So often. Of a page of no rows the list itself is asked what is selected on it.
    fn times(self, times: u64) -> Self {
        Self { nodes: self.nodes.saturating_mul(times), beside: self.beside.saturating_mul(times.max(1)) }
    }

    /// Of either the larger.
    fn most(self, other: Self) -> Self {
        Self { nodes: self.nodes.max(other.nodes), beside: self.beside.max(other.beside) }
    }
}

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
    /// Arguments whose values are counted once the variables are known.
    arguments: Vec<Asked>,
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
    /// What is taken beside them, each time.
    beside: u64,
    inside: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Times {
    Fixed(u64),
    /// An index into the pages.
    Page(usize),
    /// An index into the values of arguments.
    Values(usize),
}

/// The page size that a field's arguments name.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    first: Size,
    last: Size,
    ids: Size,
    /// Values in its other arguments, and the variables among them.
    values: u64,
    variables: Vec<Name>,
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
                "after" | "before" => continue,
                _ => {
                    asked.count(value);
                    continue;
                }
            };
            *size = match values::variable(value) {
                Some(name) => Size::Variable(Name::new(name)),
                None => read(value).map_or(Size::Unsaid, Size::Known),
            };
        }
        asked
    }

    /// Recurses as deeply as the literal is nested, which [`super::check_text`] bounds.
    fn count(&mut self, value: &Value) {
        if let Some(name) = values::variable(value) {
            self.variables.push(Name::new(name));
            return;
        }
        self.values += 1;
        match value {
            Value::List(entries) => entries.iter().for_each(|entry| self.count(entry)),
            Value::Object(fields) => fields.values().for_each(|field| self.count(field)),
            _ => {}
        }
    }

    /// How many values there are with these variables.
    fn values(&self, given: &Given<'_>, known: &mut HashMap<Name, u64>) -> u64 {
        let of = |name: &Name| *known.entry(name.clone()).or_insert_with(|| given.value(name).map_or(0, size_of_value));
        self.variables.iter().map(of).fold(self.values, u64::saturating_add)
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

/// Values within a value, itself among them. Recurses as deeply as variables may be nested ([`super::check_variables`]).
fn size_of_value(value: &Value) -> u64 {
    1 + match value {
        Value::List(entries) => entries.iter().map(size_of_value).sum(),
        Value::Object(fields) => fields.values().map(size_of_value).sum::<u64>(),
        _ => 0,
    }
}

impl Budget {
    /// Makes the expressions of a document; also tells how many steps it took.
    pub fn of(outline: &Outline, shape: &Shape) -> (Self, u64) {
        let out = Self { exprs: vec![Expr::Sum(Vec::new())], ..Self::default() };
        let mut maker = Maker { outline, shape, known: HashMap::new(), known_pages: HashMap::new(), known_arguments: HashMap::new(), steps: 0, out };
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

    /// How many expressions, pages and arguments there are, which is how many steps [`Budget::price`] takes.
    pub fn len(&self) -> u64 {
        (self.exprs.len() + self.pages.len() + self.arguments.len()) as u64
    }

    /// The price of an expression with these variables.
    pub fn price(&self, root: ExprId, given: &Given<'_>) -> Price {
        let mut known = HashMap::new();
        let values: Vec<u64> = self.arguments.iter().map(|asked| asked.values(given, &mut known)).collect();
        let sizes: Vec<u64> = self.pages.iter().map(|(asked, default)| asked.size(given, *default)).collect();
        let mut prices: Vec<Price> = Vec::with_capacity(self.exprs.len());
        for expr in self.exprs.iter().take(root + 1) {
            let price = match expr {
                Expr::Most(exprs) => exprs.iter().map(|expr| prices[*expr]).fold(Price::default(), Price::most),
                Expr::Sum(terms) => terms.iter().fold(Price::default(), |sum, term| {
                    let times = match term.times {
                        Times::Fixed(times) => times,
                        Times::Page(page) => sizes[page],
                        Times::Values(at) => values[at],
                    };
                    let each = Price { nodes: term.counted.into(), beside: term.beside };
                    sum.plus(prices[term.inside].plus(each).times(times))
                }),
            };
            prices.push(price);
        }
        prices.get(root).copied().unwrap_or_default()
    }
}

struct Maker<'o> {
    outline: &'o Outline,
    shape: &'o Shape,
    /// Equal expressions have one number, so that the same cost on each type of an interface is kept once.
    known: HashMap<Expr, ExprId>,
    known_pages: HashMap<(FieldId, u64), usize>,
    known_arguments: HashMap<FieldId, usize>,
    steps: u64,
    out: Budget,
}

impl Maker<'_> {
    /// What a set costs that is selected on one object of a type.
    fn sum(&mut self, items: &[Item], on: TypeId) -> ExprId {
        let (mut terms, mut beside) = (Vec::new(), 0);
        for item in items {
            self.steps += 1;
            match *item {
                Item::Field(field) => {
                    beside += self.beside(field, on);
                    terms.extend(self.field(field, on).into_iter().flatten());
                }
                // Where the object is not of the fragment's type, the fragment selects nothing.
                Item::Inside(set) => {
                    terms.extend(self.on_type(set, on).map(|inside| plain(1, false, inside)));
                }
            }
        }
        terms.push(Term { beside, ..plain(1, false, NOTHING) });
        terms.retain(|term| term.counted || term.beside > 0 || term.inside != NOTHING);
        match terms[..] {
            [] => NOTHING,
            [Term { times: Times::Fixed(1), counted: false, beside: 0, inside }] => inside,
            _ => self.expr(Expr::Sum(terms)),
        }
    }

    /// What a field takes each time that it is asked, whatever it reads and is given.
    fn beside(&self, id: FieldId, on: TypeId) -> u64 {
        let field = &self.outline.fields[id];
        let known = self.shape.field(on, self.outline.text(field.name));
        match known.map(|known| known.reads) {
            Some(Reads::List(_) | Reads::Page(_)) => LIST,
            // The name of a type is at hand.
            _ if self.outline.text(field.name) == "__typename" => 0,
            _ if field.set.is_none() => LEAF + known.map_or(0, |known| known.work * PARTS),
            _ => 0,
        }
    }

    /// What a field reads, what it takes beside that, and what its arguments hold.
    fn field(&mut self, id: FieldId, on: TypeId) -> [Option<Term>; 3] {
        let (outline, shape) = (self.outline, self.shape);
        let field = &outline.fields[id];
        let holds = (field.asked.values > 0 || !field.asked.variables.is_empty()).then(|| self.values(id));
        let values = holds.map(|at| Term { times: Times::Values(at), counted: false, beside: VALUE, inside: NOTHING });
        // An object on which nothing is selected is the validator's to refuse.
        let (Some(set), Some(known)) = (field.set, shape.field(on, outline.text(field.name))) else { return [None, None, values] };
        let inside = self.most(set, known.ty);
        let reads = match known.reads {
            Reads::Nothing => plain(1, false, inside),
            Reads::Record => plain(1, true, inside),
            Reads::List(entries) => plain(entries, true, inside),
            Reads::Page(default) => Term { times: Times::Page(self.page(id, default)), ..plain(1, true, inside) },
        };
        [Some(reads), (known.work > 0).then(|| plain(known.work, true, NOTHING)), values]
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

    fn values(&mut self, field: FieldId) -> usize {
        let arguments = &mut self.out.arguments;
        *self.known_arguments.entry(field).or_insert_with(|| {
            arguments.push(self.outline.fields[field].asked.clone());
            arguments.len() - 1
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
    Term { times: Times::Fixed(times), counted, beside: 0, inside }
}
