//! Field merging: fields that answer under one name must be able to share one answer.
//!
//! The specification (5.3.2, Field Selection Merging) compares every pair of fields of a name, in every selection set
//! and through all fragments. The executor compares them on one level only, and loses a value without a word in
//! `{ party { x: code } party { x: id } }`. Pairs are quadratic; this walks through groups instead:
//!
//! - A *scope* is a list of sets whose fields end up in one object. Its fields are grouped by response name.
//! - In a group all results must have the same shape, leaf by leaf (`SameResponseShape`).
//! - Fields whose parent types may be those of one object must be the same field with the same arguments. Two object
//!   types never are; an interface may be any. So a group is split by object type, and the fields selected on
//!   interfaces belong to each part; parts are strict, what is left of the group as a whole need only have one shape.
//! - What is selected on the fields of a part (or group) is the next scope. A scope is looked at once, and a set that
//!   consists of a fragment is that fragment, so that fragments used in many places are looked at once as well.
//!
//! The number of different scopes can still be driven up, by the same name on many types on many levels. So the walk
//! is bounded, by a multiple of the written-out size that any document may have: an honest document, in which nearly
//! every scope is a set of its own, stays far below.

use std::collections::HashSet;

use super::{
    Limits, Refusal, code,
    outline::{FieldId, Item, Outline, SetId},
    shape::{FieldShape, Shape},
    text::shortened,
};

/// How many steps the walk may take for each selection that a document may have when it is written out.
const STEPS_PER_SELECTION: usize = 10;

/// What the fields of a scope must have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Rule {
    /// The shape of their results: they belong to objects of different types.
    Shape,
    /// Name and arguments too: they may belong to one object.
    Strict,
}

type Scope = (Rule, Box<[SetId]>);

/// What is known of fields that share a name.
pub(super) struct Merging {
    /// Whether there may be such.
    pub merges: bool,
    /// How many steps it took to know.
    pub steps: u64,
}

/// Refuses fields that cannot be merged.
pub(super) fn check(outline: &Outline, shape: &Shape, limits: &Limits) -> Result<Merging, Refusal> {
    let allowed = limits.selections.saturating_mul(STEPS_PER_SELECTION);
    let mut walk = Walk {
        outline,
        shape,
        same: canonical(outline),
        seen: HashSet::new(),
        open: Vec::new(),
        collected_in: vec![0; outline.sets.len()],
        collection: 0,
        merges: false,
        steps: 0,
    };
    for operation in &outline.operations {
        walk.enter(Rule::Strict, vec![operation.set]);
        while let Some((rule, scope)) = walk.open.pop() {
            walk.scope(rule, &scope)?;
            if walk.steps > allowed {
                let message = "Too many fields share their names with fields selected on other types.";
                return Err(Refusal::new(code::LIMIT_COST, message));
            }
        }
    }
    Ok(Merging { merges: walk.merges, steps: walk.steps as u64 })
}

/// For each set the one that selects the same: where a set is nothing but a spread, what is spread.
fn canonical(outline: &Outline) -> Vec<SetId> {
    let mut same = Vec::with_capacity(outline.sets.len());
    for (id, set) in outline.sets.iter().enumerate() {
        same.push(match set.items[..] {
            [Item::Inside(inside)] => same[inside],
            _ => id,
        });
    }
    same
}

struct Walk<'o> {
    outline: &'o Outline,
    shape: &'o Shape,
    same: Vec<SetId>,
    seen: HashSet<Scope>,
    open: Vec<Scope>,
    /// The last collection that went through each set.
    collected_in: Vec<usize>,
    collection: usize,
    merges: bool,
    steps: usize,
}

impl Walk<'_> {
    /// Puts a scope on the list of those to be looked at, unless it was on it before.
    fn enter(&mut self, rule: Rule, mut sets: Vec<SetId>) {
        self.steps += sets.len();
        for set in &mut sets {
            *set = self.same[*set];
        }
        sets.sort_unstable();
        sets.dedup();
        let scope = (rule, sets.into_boxed_slice());
        if !scope.1.is_empty() && !self.seen.contains(&scope) {
            self.seen.insert(scope.clone());
            self.open.push(scope);
        }
    }

    fn scope(&mut self, rule: Rule, sets: &[SetId]) -> Result<(), Refusal> {
        let fields = self.collect(sets);
        for group in fields.chunk_by(|a, b| self.outline.fields[*a].key == self.outline.fields[*b].key) {
            self.merges |= group.len() > 1;
            match rule {
                Rule::Shape => self.enter_children(Rule::Shape, group),
                Rule::Strict => self.strict(group)?,
            }
            self.same_shape(group)?;
        }
        Ok(())
    }

    /// The fields of a scope, those of one response name side by side, in the order of the document.
    fn collect(&mut self, sets: &[SetId]) -> Vec<FieldId> {
        self.collection += 1;
        let mut fields = Vec::new();
        let mut open = sets.to_vec();
        while let Some(set) = open.pop() {
            if std::mem::replace(&mut self.collected_in[set], self.collection) == self.collection {
                // A fragment that is spread twice.
                self.merges = true;
                continue;
            }
            for item in &self.outline.sets[set].items {
                self.steps += 1;
                match *item {
                    Item::Field(field) => fields.push(field),
                    Item::Inside(inside) => open.push(inside),
                }
            }
        }
        let place = |field: &FieldId| {
            let field = &self.outline.fields[*field];
            (field.key, field.line, field.column)
        };
        fields.sort_unstable_by_key(place);
        fields
    }

    fn enter_children(&mut self, rule: Rule, group: &[FieldId]) {
        let children = group.iter().filter_map(|field| self.outline.fields[*field].set).collect();
        self.enter(rule, children);
    }

    fn same_shape(&self, group: &[FieldId]) -> Result<(), Refusal> {
        let mut known = group.iter().filter_map(|field| self.result(*field).map(|shape| (*field, shape)));
        let Some((first, expected)) = known.next() else {
            return Ok(());
        };
        match known.find(|(_, shape)| shape.response != expected.response) {
            None => Ok(()),
            Some((other, shape)) => {
                let ways = [expected, shape].map(|shape| format!("of type `{}`", shape.written));
                Err(self.conflict(first, other, "cannot share one answer", &ways))
            }
        }
    }

    fn result(&self, field: FieldId) -> Option<&FieldShape> {
        let field = &self.outline.fields[field];
        self.shape.field(field.parent?, self.outline.text(field.name))
    }

    /// Splits a group by the object types on which its fields are selected.
    fn strict(&mut self, group: &[FieldId]) -> Result<(), Refusal> {
        let object = |field: FieldId| self.outline.fields[field].parent.filter(|parent| self.shape.is_object(*parent));
        let mut by_object: Vec<FieldId> = group.iter().copied().filter(|field| object(*field).is_some()).collect();
        by_object.sort_by_key(|field| object(*field));
        let on_any: Vec<FieldId> = group.iter().copied().filter(|field| object(*field).is_none()).collect();
        let parts: Vec<&[FieldId]> = by_object.chunk_by(|a, b| object(*a) == object(*b)).collect();
        if parts.len() <= 1 {
            self.same_field(group)?;
            self.enter_children(Rule::Strict, group);
            return Ok(());
        }
        self.same_field(&on_any)?;
        self.enter_children(Rule::Shape, group);
        for part in parts {
            let first_on_any = on_any.first().copied();
            self.same_field(&[part, first_on_any.as_slice()].concat())?;
            self.steps += on_any.len();
            self.enter_children(Rule::Strict, &[part, &on_any].concat());
        }
        Ok(())
    }

    fn same_field(&self, group: &[FieldId]) -> Result<(), Refusal> {
        let Some((first, rest)) = group.split_first() else {
            return Ok(());
        };
        let signature = self.outline.fields[*first].signature;
        match rest.iter().find(|other| self.outline.fields[**other].signature != signature) {
            None => Ok(()),
            Some(other) => {
                let [a, b] = [*first, *other].map(|field| self.outline.fields[field].name);
                let why = if a == b { "have different arguments" } else { "are different fields" };
                Err(self.conflict(*first, *other, why, &[String::new(), String::new()]))
            }
        }
    }

    /// Names the response name, both fields and their places, the later one as the place of the refusal.
    fn conflict(&self, one: FieldId, other: FieldId, why: &str, ways: &[String; 2]) -> Refusal {
        let place = |field: FieldId| (self.outline.fields[field].line, self.outline.fields[field].column);
        let mut both = [(one, &ways[0]), (other, &ways[1])];
        both.sort_by_key(|(field, _)| place(*field));
        let [first, second] = both.map(|(field, way)| {
            let (line, column) = place(field);
            let written = shortened(self.outline.text(self.outline.fields[field].signature));
            let way = if way.is_empty() { String::new() } else { format!(" {way}") };
            format!("`{written}`{way} (line {line}, column {column})")
        });
        let key = shortened(self.outline.text(self.outline.fields[one].key));
        let message = format!("{first} and {second} both answer as `{key}` and {why}; give one of them another alias.");
        let (line, column) = place(both[1].0);
        Refusal::new(code::VALIDATION_FAILED, message).at(line, column)
    }
}
