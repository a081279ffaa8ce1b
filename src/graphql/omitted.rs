//! Arguments that are a variable which was not given: the specification treats them as left out, so that their
//! default counts. The executor would read them as null; they are taken out of the document before it runs.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Variables};

/// Takes them out. A document whose variables are all given is not walked.
pub fn take_out(document: &mut ExecutableDocument, operation: Option<&str>, variables: &Variables) {
    let omitted = {
        let definition = document.operations.iter().find(|(name, _)| operation.is_none() || name.map(Name::as_str) == operation).map(|(_, o)| &o.node);
        definition.map_or_else(Vec::new, |definition| omitted(definition, variables))
    };
    if omitted.is_empty() {
        return;
    }
    match &mut document.operations {
        DocumentOperations::Single(one) => clean(&mut one.node.selection_set, &omitted),
        DocumentOperations::Multiple(all) => {
            for one in all.values_mut() {
                clean(&mut one.node.selection_set, &omitted);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        clean(&mut fragment.node.selection_set, &omitted);
    }
    forget_unused(document, &omitted);
}

/// Variables that have neither value nor default.
fn omitted(definition: &OperationDefinition, variables: &Variables) -> Vec<Name> {
    let missing = definition.variable_definitions.iter().filter(|v| v.node.default_value.is_none() && !variables.contains_key(&v.node.name.node));
    missing.map(|v| v.node.name.node.clone()).collect()
}

/// Recurses as deeply as braces are nested, which `limit::check_text` bounds.
fn clean(set: &mut Positioned<SelectionSet>, omitted: &[Name]) {
    for selection in &mut set.node.items {
        match &mut selection.node {
            Selection::Field(field) => {
                // Written out, a variable begins with `$` and nothing else does.
                field
                    .node
                    .arguments
                    .retain(|(_, value)| value.node.to_string().strip_prefix('$').is_none_or(|name| !omitted.iter().any(|o| o.as_str() == name)));
                clean(&mut field.node.selection_set, omitted);
            }
            Selection::InlineFragment(inline) => clean(&mut inline.node.selection_set, omitted),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// A variable that no argument names any more must not be declared either: the validator counts it as unused.
fn forget_unused(document: &mut ExecutableDocument, omitted: &[Name]) {
    let mut named = Vec::new();
    let sets = document.operations.iter().map(|(_, o)| &o.node.selection_set).chain(document.fragments.values().map(|f| &f.node.selection_set));
    for set in sets {
        variables_in(set, &mut named);
    }
    let unused = |name: &Name| omitted.contains(name) && !named.iter().any(|used| used == name.as_str());
    match &mut document.operations {
        DocumentOperations::Single(one) => one.node.variable_definitions.retain(|v| !unused(&v.node.name.node)),
        DocumentOperations::Multiple(all) => {
            for one in all.values_mut() {
                one.node.variable_definitions.retain(|v| !unused(&v.node.name.node));
            }
        }
    }
}

/// The variables that are named below a selection set; a `$` in a text counts as one, which does no harm.
fn variables_in(set: &Positioned<SelectionSet>, named: &mut Vec<String>) {
    for selection in &set.node.items {
        let directives = selection.node.directives().iter().flat_map(|directive| &directive.node.arguments);
        let mut values: Vec<String> = directives.map(|(_, value)| value.node.to_string()).collect();
        match &selection.node {
            Selection::Field(field) => {
                values.extend(field.node.arguments.iter().map(|(_, value)| value.node.to_string()));
                variables_in(&field.node.selection_set, named);
            }
            Selection::InlineFragment(inline) => variables_in(&inline.node.selection_set, named),
            Selection::FragmentSpread(_) => {}
        }
        let names = values.iter().flat_map(|value| value.split('$').skip(1));
        named.extend(names.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()));
    }
}
