//! The document of a page: the operation with its fragments written out, the list's `first` and `after` set, and what
//! the file needs selected beside what was asked for, under keys that no one else uses.

use std::collections::HashSet;
use std::convert::Infallible;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, Value};

use crate::graphql::limit::{self, Refusal};

use super::list::{Cites, Found};

/// Where a page tells whether and where the list goes on.
pub(super) const PAGE: &str = "exportPage";
/// How many rows the list has.
pub(super) const COUNT: &str = "exportCount";
/// Whose figures these are.
pub(super) const SOURCE: &str = "exportSource";
/// What one of them is.
pub(super) const UNIT: &str = "exportUnit";
/// Of which edition a figure is.
pub(super) const PROVENANCE: &str = "exportProvenance";

const OF_PAGE: &str = "{ exportPage: pageInfo { hasNextPage endCursor } }";
const OF_COUNT: &str = "{ exportCount: totalCount }";
const OF_SOURCE: &str = "{ exportSource: source { code name publisher url licence retrievedOn } exportUnit: unit }";
const OF_PROVENANCE: &str = "{ exportProvenance: provenance { edition retrievedOn } }";

/// The operation that is meant, with every fragment written where it is spread.
pub(super) fn spelled_out(document: &ExecutableDocument, operation: Option<&str>) -> Result<Positioned<OperationDefinition>, Refusal> {
    let (_, definition) = limit::pick(document, operation)?;
    let mut definition = definition.clone();
    spell(&mut definition.selection_set.node, document);
    Ok(Positioned::new(definition, Pos::default()))
}

/// Recurses as deeply as selections lie within each other and writes as much as they come to; `limit::charge` bounds both.
fn spell(set: &mut SelectionSet, document: &ExecutableDocument) {
    for item in &mut set.items {
        if let Selection::FragmentSpread(spread) = &item.node {
            // One that is not there is left, and refused when it is run.
            let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) else { continue };
            let inline = InlineFragment {
                type_condition: Some(fragment.node.type_condition.clone()),
                directives: spread.node.directives.clone(),
                selection_set: fragment.node.selection_set.clone(),
            };
            let pos = spread.pos;
            item.node = Selection::InlineFragment(Positioned::new(inline, pos));
        }
        match &mut item.node {
            Selection::Field(field) => spell(&mut field.node.selection_set.node, document),
            Selection::InlineFragment(inline) => spell(&mut inline.node.selection_set.node, document),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Selects whose figures these are.
pub(super) fn add(operation: &mut Positioned<OperationDefinition>, found: &Found) {
    let root = &mut operation.node.selection_set.node;
    match found.cites {
        Some(Cites::InRow { provenance }) => {
            let keys: Vec<Name> = found.path.iter().chain(&found.rows).chain(&found.node).cloned().collect();
            // Of edges without their node nothing is known of whom they are.
            if found.rows.as_deref() != Some("edges") || found.node.is_some() {
                at(root, &keys, &mut |field| select(field, OF_SOURCE));
                if provenance {
                    at(root, &keys, &mut |field| select(field, OF_PROVENANCE));
                }
            }
        }
        Some(Cites::Above(depth)) => at(root, found.path.get(..depth).unwrap_or_default(), &mut |field| select(field, OF_SOURCE)),
        Some(Cites::Beside) | None => {}
    }
}

/// The operation that asks for one page.
pub(super) fn page(operation: &Positioned<OperationDefinition>, found: &Found, size: usize, after: Option<&str>) -> Positioned<OperationDefinition> {
    let mut operation = operation.clone();
    if !found.is_paged {
        return operation;
    }
    let mut taken_out = HashSet::new();
    // Values of a document cannot be made but by the parser; a cursor is a text, and JSON writes texts as GraphQL does.
    let after = after.map(|after| serde_json::Value::from(after).to_string());
    let asked = match &after {
        Some(after) => format!("{{ page(first: {size}, after: {after}) }}"),
        None => format!("{{ page(first: {size}) }}"),
    };
    at(&mut operation.node.selection_set.node, &found.path, &mut |field| {
        set_arguments(field, &asked, &mut taken_out);
        if after.is_none() {
            select(field, OF_COUNT);
        }
        select(field, OF_PAGE);
    });
    // A variable that was used there alone is used no more, which would be refused.
    let mut used = HashSet::new();
    variables(&operation.node.selection_set.node, &mut used);
    operation.node.variable_definitions.retain(|variable| used.contains(&variable.node.name.node) || !taken_out.contains(&variable.node.name.node));
    operation
}

/// Does something to every field at those keys.
fn at(set: &mut SelectionSet, keys: &[Name], change: &mut dyn FnMut(&mut Field)) {
    let Some((key, rest)) = keys.split_first() else { return };
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) if field.node.response_key().node == *key => {
                if rest.is_empty() {
                    change(&mut field.node);
                } else {
                    at(&mut field.node.selection_set.node, rest, change);
                }
            }
            Selection::InlineFragment(inline) => at(&mut inline.node.selection_set.node, keys, change),
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
        }
    }
}

/// Selects more on a field. The texts are ours, and parse.
fn select(field: &mut Field, text: &str) {
    let Ok(document) = parse_query(text) else { return };
    for (_, operation) in document.operations.iter() {
        field.selection_set.node.items.extend(operation.node.selection_set.node.items.iter().cloned());
    }
}

/// Takes the arguments of the field in a text for those of a field, and notes the variables that stood there.
fn set_arguments(field: &mut Field, text: &str, taken_out: &mut HashSet<Name>) {
    let Ok(document) = parse_query(text) else { return };
    let Some((_, operation)) = document.operations.iter().next() else { return };
    for item in &operation.node.selection_set.node.items {
        let Selection::Field(other) = &item.node else { continue };
        for (name, value) in &other.node.arguments {
            if let Some(at) = field.arguments.iter().position(|(known, _)| known.node == name.node) {
                let (_, old) = field.arguments.remove(at);
                let Ok(_) = old.node.into_const_with(|name| Ok::<_, Infallible>(noted(name, taken_out)));
            }
            field.arguments.push((name.clone(), value.clone()));
        }
    }
}

/// Every variable that a selection uses.
fn variables(set: &SelectionSet, used: &mut HashSet<Name>) {
    for item in &set.items {
        for (_, value) in item.node.directives().iter().flat_map(|directive| &directive.node.arguments) {
            let Ok(_) = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(noted(name, used)));
        }
        match &item.node {
            Selection::Field(field) => {
                for (_, value) in &field.node.arguments {
                    let Ok(_) = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(noted(name, used)));
                }
                variables(&field.node.selection_set.node, used);
            }
            Selection::InlineFragment(inline) => variables(&inline.node.selection_set.node, used),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn noted(name: Name, into: &mut HashSet<Name>) -> Value {
    into.insert(name);
    Value::Null
}
