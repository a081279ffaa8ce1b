//! Variables that were not given: the specification says that an argument that is such a variable was not given
//! either, so that its default counts. The executor would read null, so before it runs the argument is taken out.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

use super::limit::pick;

/// Takes out the arguments whose variable has neither value nor default, and such variables as are then used no more.
/// A document whose variables are all given is not walked.
pub fn leave_out(document: &mut ExecutableDocument, operation: Option<&str>, variables: &Variables) {
    let Ok((name, definition)) = pick(document, operation) else { return };
    let name = name.cloned();
    let mut omitted = omitted(definition, variables);
    if omitted.is_empty() {
        return;
    }
    let operation = match (&mut document.operations, name) {
        (DocumentOperations::Single(one), _) => Some(one),
        (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(&name),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let Some(operation) = operation else { return };
    walk(&mut operation.node.selection_set, &mut omitted);
    for fragment in document.fragments.values_mut() {
        walk(&mut fragment.node.selection_set, &mut omitted);
    }
    operation.node.variable_definitions.retain(|variable| omitted.get(&variable.node.name.node) != Some(&false));
}

/// Recurses as deeply as braces are nested, which `limit::check_text` bounds. Notes which variables are used still.
fn walk(set: &mut Positioned<SelectionSet>, omitted: &mut HashMap<Name, bool>) {
    for selection in &mut set.node.items {
        for (_, value) in selection.node.directives().iter().flat_map(|directive| &directive.node.arguments) {
            let Ok(_) = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(note(name, omitted)));
        }
        match &mut selection.node {
            Selection::Field(field) => {
                field.node.arguments.retain(|(_, value)| {
                    // Written out, a variable begins with `$` and nothing else does.
                    let is_left_out = value.node.to_string().strip_prefix('$').is_some_and(|name| omitted.contains_key(name));
                    if !is_left_out {
                        let Ok(_) = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(note(name, omitted)));
                    }
                    !is_left_out
                });
                walk(&mut field.node.selection_set, omitted);
            }
            Selection::InlineFragment(inline) => walk(&mut inline.node.selection_set, omitted),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn note(name: Name, omitted: &mut HashMap<Name, bool>) -> Value {
    omitted.entry(name).and_modify(|used| *used = true);
    Value::Null
}

/// Variables that have neither value nor default; of none is known yet that it is used.
fn omitted(definition: &OperationDefinition, variables: &Variables) -> HashMap<Name, bool> {
    let missing = definition.variable_definitions.iter().filter(|v| v.node.default_value.is_none() && !variables.contains_key(&v.node.name.node));
    missing.map(|v| (v.node.name.node.clone(), false)).collect()
}
