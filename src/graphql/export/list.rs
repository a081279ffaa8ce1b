//! Which list of an operation becomes the rows of a file, and what its columns are.
//!
//! The list is the one field that answers a connection or a list of objects and hangs in no other list. What hangs in
//! its rows is flattened: values of a nested list share a cell. What stands above it is the same in each row.

use async_graphql::parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Variables};

use crate::graphql::limit::{Answers, Refusal, Shape, TypeId};

use super::refusal;

/// A column: its name, and the keys that lead to its value, from the row (or, above the list, from the root).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The keys with dots between them.
    pub name: String,
    pub(super) keys: Vec<Name>,
}

/// Where figures say whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cites {
    /// Each row has a `source`.
    InRow {
        /// Whether it says where in what was published it stands, too.
        provenance: bool,
    },
    /// The object so many keys below the root has a `source`.
    Above(usize),
    /// `figures` say it beside the answer.
    Beside,
}

/// The list of an operation.
#[derive(Debug)]
pub(super) struct Found {
    /// The keys that lead to it.
    pub path: Vec<Name>,
    /// Of a connection, the key of its rows: `nodes` or `edges`.
    pub rows: Option<Name>,
    /// Within a row, the key of what it is about: `node` of an edge.
    pub node: Option<Name>,
    /// Whether the rows go on behind what one answer holds, and all are asked for.
    pub is_paged: bool,
    pub constants: Vec<Column>,
    pub columns: Vec<Column>,
    pub cites: Option<Cites>,
}

/// A list on the way through an operation.
struct Candidate<'d> {
    path: Vec<Name>,
    /// The objects on the way, the root first.
    on: Vec<TypeId>,
    fields: Vec<&'d Field>,
    answers: Answers,
    of: TypeId,
}

struct Search<'d> {
    shape: &'d Shape,
    lists: Vec<Candidate<'d>>,
    constants: Vec<Column>,
}

/// Finds the list.
pub(super) fn find(operation: &OperationDefinition, shape: &Shape, variables: &Variables) -> Result<Found, Refusal> {
    let mut search = Search { shape, lists: Vec::new(), constants: Vec::new() };
    if let Some(root) = shape.root(OperationType::Query) {
        search.walk(&operation.selection_set.node, &mut Vec::new(), &mut vec![root], root);
    }
    let Search { lists, constants, .. } = search;
    let list = match <[Candidate<'_>; 1]>::try_from(lists) {
        Ok([list]) => list,
        Err(lists) if lists.is_empty() => {
            return Err(refusal("A file is made of a list, and the operation selects none: select one, such as `observations { nodes { value } }`."));
        }
        Err(lists) => {
            let names: Vec<String> = lists.iter().map(|list| format!("`{}`", dotted(&list.path))).collect();
            return Err(refusal(format!(
                "A file holds one list, and the operation selects {}: {}. Ask for each in an operation of its own.",
                lists.len(),
                names.join(", ")
            )));
        }
    };
    let mut found = Found { path: list.path.clone(), rows: None, node: None, is_paged: false, constants, columns: Vec::new(), cites: None };
    found.of_rows(&list, shape)?;
    found.is_paged = list.answers == Answers::Connection && !list.fields.iter().any(|field| names_a_size(field, operation, variables));
    found.cites = cites(&list, shape);
    for (n, column) in found.constants.iter().enumerate() {
        let again = found.constants.iter().skip(n + 1).chain(&found.columns).any(|other| other.name == column.name);
        if again {
            return Err(refusal(format!("Two columns of the file would be called `{}`: give one of them another name, as in `other: name`.", column.name)));
        }
    }
    Ok(found)
}

impl<'d> Search<'d> {
    fn walk(&mut self, set: &'d SelectionSet, path: &mut Vec<Name>, types: &mut Vec<TypeId>, on: TypeId) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    // What the schema does not know is refused when it is run.
                    let Some((answers, of)) = self.shape.answers(on, &field.name.node) else { continue };
                    path.push(field.response_key().node.clone());
                    match answers {
                        Answers::Leaf => note(&mut self.constants, path),
                        Answers::One => {
                            types.push(of);
                            self.walk(&field.selection_set.node, path, types, of);
                            types.pop();
                        }
                        Answers::List | Answers::Connection => match self.lists.iter_mut().find(|list| list.path == *path) {
                            // The same field written twice is one list.
                            Some(list) => list.fields.push(field),
                            None => self.lists.push(Candidate { path: path.clone(), on: types.clone(), fields: vec![field], answers, of }),
                        },
                    }
                    path.pop();
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().and_then(|on| self.shape.type_named(&on.node.on.node));
                    self.walk(&inline.node.selection_set.node, path, types, condition.unwrap_or(on));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

impl Found {
    /// Where the rows stand in the list, and their columns.
    fn of_rows(&mut self, list: &Candidate<'_>, shape: &Shape) -> Result<(), Refusal> {
        if list.answers != Answers::Connection {
            for field in &list.fields {
                columns(&field.selection_set.node, shape, list.of, &mut Vec::new(), &mut self.columns);
            }
            return Ok(());
        }
        for (rows, of) in list.fields.iter().flat_map(|field| fields(&field.selection_set.node, list.of, shape)) {
            let name = rows.name.node.as_str();
            let Some((_, of)) = shape.answers(of, name).filter(|_| matches!(name, "nodes" | "edges")) else { continue };
            let key = &rows.response_key().node;
            if self.rows.as_ref().is_some_and(|known| known != key) {
                return Err(refusal(format!("`{}` selects its rows twice: select `nodes` or `edges`, once.", dotted(&list.path))));
            }
            self.rows = Some(key.clone());
            if name == "edges" {
                let node = fields(&rows.selection_set.node, of, shape).find(|(field, _)| field.name.node == "node");
                self.node = self.node.take().or(node.map(|(field, _)| field.response_key().node.clone()));
            }
            columns(&rows.selection_set.node, shape, of, &mut Vec::new(), &mut self.columns);
        }
        if self.rows.is_none() {
            return Err(refusal(format!("`{}` selects no rows: select `nodes` or `edges` of it.", dotted(&list.path))));
        }
        Ok(())
    }
}

/// The fields of a selection, those in fragments too, each with the type that it is selected on.
fn fields<'d>(set: &'d SelectionSet, on: TypeId, shape: &'d Shape) -> Box<dyn Iterator<Item = (&'d Field, TypeId)> + 'd> {
    Box::new(set.items.iter().flat_map(move |item| -> Box<dyn Iterator<Item = (&'d Field, TypeId)> + 'd> {
        match &item.node {
            Selection::Field(field) => Box::new(std::iter::once((&field.node, on))),
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref().and_then(|on| shape.type_named(&on.node.on.node));
                fields(&inline.node.selection_set.node, condition.unwrap_or(on), shape)
            }
            Selection::FragmentSpread(_) => Box::new(std::iter::empty()),
        }
    }))
}

/// The columns of what is selected on a row, in the order in which it is written.
fn columns(set: &SelectionSet, shape: &Shape, on: TypeId, keys: &mut Vec<Name>, out: &mut Vec<Column>) {
    for (field, on) in fields(set, on, shape) {
        let Some((answers, of)) = shape.answers(on, &field.name.node) else { continue };
        keys.push(field.response_key().node.clone());
        if answers == Answers::Leaf {
            note(out, keys);
        } else {
            columns(&field.selection_set.node, shape, of, keys, out);
        }
        keys.pop();
    }
}

fn note(columns: &mut Vec<Column>, keys: &[Name]) {
    let column = Column { name: dotted(keys), keys: keys.to_vec() };
    if !columns.contains(&column) {
        columns.push(column);
    }
}

fn dotted(keys: &[Name]) -> String {
    keys.iter().map(Name::as_str).collect::<Vec<_>>().join(".")
}

/// Whether `first` or `last` is given and not null.
fn names_a_size(field: &Field, operation: &OperationDefinition, variables: &Variables) -> bool {
    let known = |name: &Name| match variables.get(name) {
        Some(given) => Some(given.clone()),
        None => operation.variable_definitions.iter().find(|variable| variable.node.name.node == *name)?.node.default_value.as_ref().map(|v| v.node.clone()),
    };
    ["first", "last"].into_iter().filter_map(|name| field.get_argument(name)).any(|value| {
        let value = value.node.clone().into_const_with(|name| known(&name).ok_or(()));
        value.is_ok_and(|value| value != async_graphql::Value::Null)
    })
}

/// Where the figures of a list say whose they are, if they are figures.
fn cites(list: &Candidate<'_>, shape: &Shape) -> Option<Cites> {
    let source = shape.type_named("Source")?;
    let has_source = |on: TypeId| shape.answers(on, "source") == Some((Answers::One, source));
    let row = match list.answers {
        Answers::Connection => shape.answers(list.of, "nodes")?.1,
        _ => list.of,
    };
    if has_source(row) {
        return Some(Cites::InRow { provenance: shape.answers(row, "provenance").is_some() });
    }
    if Some(row) == shape.type_named("FigureGroup") {
        return Some(Cites::Beside);
    }
    // The root is at no key.
    (1..list.on.len()).rev().find(|&depth| list.on.get(depth).is_some_and(|on| has_source(*on))).map(Cites::Above)
}
