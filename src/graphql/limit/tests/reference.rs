//! The slow and obvious way to the same answers, against which random documents are held.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};

use super::super::shape::{Reads, Shape, TypeId};

/// Sizes of an operation with its fragments really written out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    pub selections: usize,
    pub aliases: usize,
    pub depth: usize,
}

pub(super) struct Reference<'d> {
    pub doc: &'d ExecutableDocument,
    pub shape: &'d Shape,
}

type Parented<'d> = (TypeId, &'d Field);

impl<'d> Reference<'d> {
    pub fn operation(&self) -> &'d OperationDefinition {
        &self.doc.operations.iter().next().unwrap().1.node
    }

    fn root(&self) -> TypeId {
        self.shape.root(self.operation().ty).unwrap()
    }

    /// What a selection that is not a field selects, and on which type.
    fn inside(&self, on: TypeId, selection: &'d Selection) -> Option<(TypeId, &'d SelectionSet)> {
        match selection {
            Selection::Field(_) => None,
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                let on = condition.map_or(on, |condition| self.shape.type_named(&condition.node.on.node).unwrap());
                Some((on, &inline.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &self.doc.fragments[&spread.node.fragment_name.node].node;
                Some((self.shape.type_named(&fragment.type_condition.node.on.node).unwrap(), &fragment.selection_set.node))
            }
        }
    }

    pub fn sizes(&self) -> Sizes {
        self.sizes_of(&self.operation().selection_set.node)
    }

    fn sizes_of(&self, set: &'d SelectionSet) -> Sizes {
        let mut sum = Sizes::default();
        for selection in &set.items {
            let (inside, is_field) = match &selection.node {
                Selection::Field(field) => (self.sizes_of(&field.node.selection_set.node), true),
                other => (self.sizes_of(self.inside(0, other).unwrap().1), false),
            };
            let aliased = matches!(&selection.node, Selection::Field(field) if field.node.alias.is_some());
            sum.selections += 1 + inside.selections;
            sum.aliases += inside.aliases + usize::from(aliased);
            sum.depth = sum.depth.max(inside.depth + usize::from(is_field));
        }
        sum
    }

    pub fn nodes(&self) -> u64 {
        self.nodes_on(&self.operation().selection_set.node, self.root(), self.root())
    }

    /// What is read below one object; page sizes are literals here.
    fn nodes_on(&self, set: &'d SelectionSet, parent: TypeId, object: TypeId) -> u64 {
        let one = |selection: &'d Selection| match selection {
            Selection::Field(field) => {
                let known = self.shape.field(object, &field.node.name.node).unwrap();
                let below =
                    self.shape.possible(known.ty).iter().map(|object| self.nodes_on(&field.node.selection_set.node, known.ty, *object)).max().unwrap_or(0);
                let first = field.node.get_argument("first").map(|first| first.node.to_string().parse::<u64>().unwrap());
                known.work
                    + match known.reads {
                        Reads::Nothing => below,
                        Reads::Record => 1 + below,
                        Reads::List(entries) => entries * (1 + below),
                        Reads::Page(entries) => first.unwrap_or(entries) * (1 + below),
                    }
            }
            other => {
                let (on, set) = self.inside(parent, other).unwrap();
                if self.shape.possible(on).contains(&object) { self.nodes_on(set, on, object) } else { 0 }
            }
        };
        set.items.iter().map(|selection| one(&selection.node)).sum()
    }

    /// `FieldsInSetCanMerge`, pair by pair.
    pub fn can_merge(&self) -> bool {
        self.fields_can_merge(&self.collect(&[(self.root(), &self.operation().selection_set.node)]))
    }

    fn collect(&self, sets: &[(TypeId, &'d SelectionSet)]) -> Vec<Parented<'d>> {
        let mut fields = Vec::new();
        for (on, set) in sets {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => fields.push((*on, &field.node)),
                    other => fields.extend(self.collect(&[self.inside(*on, other).unwrap()])),
                }
            }
        }
        fields
    }

    fn below(&self, fields: [Parented<'d>; 2]) -> Vec<Parented<'d>> {
        let sets = fields.map(|(on, field)| (self.shape.field(on, &field.name.node).unwrap().ty, &field.selection_set.node));
        self.collect(&sets)
    }

    fn fields_can_merge(&self, fields: &[Parented<'d>]) -> bool {
        pairs(fields).all(|[a, b]| {
            let may_be_one = a.0 == b.0 || !self.shape.is_object(a.0) || !self.shape.is_object(b.0);
            self.same_shape([a, b]) && (!may_be_one || same_field(a.1, b.1) && self.fields_can_merge(&self.below([a, b])))
        })
    }

    fn same_shape(&self, [a, b]: [Parented<'d>; 2]) -> bool {
        let [one, other] = [a, b].map(|(on, field)| &self.shape.field(on, &field.name.node).unwrap().response);
        one == other && pairs(&self.below([a, b])).all(|pair| self.same_shape(pair))
    }
}

/// Each field is paired with itself too: what is selected on it must merge as well.
fn pairs<'f, 'd>(fields: &'f [Parented<'d>]) -> impl Iterator<Item = [Parented<'d>; 2]> + 'f {
    let with_rest = |(index, a): (usize, &'f Parented<'d>)| fields[index..].iter().map(move |b| [*a, *b]);
    let same_key = |[a, b]: &[Parented<'d>; 2]| a.1.response_key().node == b.1.response_key().node;
    fields.iter().enumerate().flat_map(with_rest).filter(same_key)
}

fn same_field(a: &Field, b: &Field) -> bool {
    let same_argument = |(name, value): &(async_graphql::Positioned<_>, async_graphql::Positioned<_>)| {
        b.get_argument(&name.node as &async_graphql::Name).is_some_and(|other| other.node == value.node)
    };
    a.name.node == b.name.node && a.arguments.len() == b.arguments.len() && a.arguments.iter().all(same_argument)
}
