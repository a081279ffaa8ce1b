//! Variables that were not given where an argument has a default: the specification says that the default counts.
//! The executor would read them as null, so before it runs the variable gets the argument's default as its own.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, Positioned, Value, Variables};

use super::limit::pick;

/// The defaults of arguments, by the names of field and argument.
#[derive(Debug, Default)]
pub struct Defaults(HashMap<(Name, Name), Positioned<Value>>);

impl Defaults {
    /// Those that the SDL of the schema names.
    pub fn from_sdl(sdl: &str) -> Self {
        let mut defaults = HashMap::new();
        for definition in parse_schema(sdl).map(|schema| schema.definitions).unwrap_or_default() {
            let TypeSystemDefinition::Type(ty) = definition else { continue };
            let TypeKind::Object(object) = ty.node.kind else { continue };
            for field in object.fields {
                for argument in field.node.arguments {
                    if let Some(default) = argument.node.default_value {
                        defaults.insert((field.node.name.node.clone(), argument.node.name.node), default);
                    }
                }
            }
        }
        Self(defaults)
    }

    /// Supplies them to the variables of an operation. A document whose variables are all given is not walked.
    pub fn supply(&self, document: &mut ExecutableDocument, operation: Option<&str>, variables: &Variables) {
        let Ok((name, definition)) = pick(document, operation) else { return };
        let name = name.cloned();
        let omitted = omitted(definition, variables);
        if omitted.is_empty() {
            return;
        }
        let mut found = HashMap::new();
        self.look(&definition.selection_set, &omitted, &mut found);
        for fragment in document.fragments.values() {
            self.look(&fragment.node.selection_set, &omitted, &mut found);
        }
        let operation = match (&mut document.operations, name) {
            (DocumentOperations::Single(one), _) => Some(one),
            (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(&name),
            (DocumentOperations::Multiple(_), None) => None,
        };
        for definition in operation.into_iter().flat_map(|operation| &mut operation.node.variable_definitions) {
            if let Some(default) = found.remove(&definition.node.name.node) {
                definition.node.default_value = Some(default);
            }
        }
    }

    /// Finds arguments that are such a variable and nothing else. Recurses as deeply as braces are nested, which
    /// `limit::check_text` bounds.
    fn look(&self, set: &Positioned<SelectionSet>, omitted: &[Name], found: &mut HashMap<Name, Positioned<Value>>) {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
                    for (argument, value) in &field.node.arguments {
                        // Written out, a variable begins with `$` and nothing else does.
                        let variable = value.node.to_string();
                        let variable = variable.strip_prefix('$').and_then(|name| omitted.iter().find(|o| o.as_str() == name));
                        let default = self.0.get(&(field.node.name.node.clone(), argument.node.clone()));
                        if let (Some(variable), Some(default)) = (variable, default) {
                            found.entry(variable.clone()).or_insert_with(|| default.clone());
                        }
                    }
                    self.look(&field.node.selection_set, omitted, found);
                }
                Selection::InlineFragment(inline) => self.look(&inline.node.selection_set, omitted, found),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

/// Variables that have neither value nor default.
fn omitted(definition: &OperationDefinition, variables: &Variables) -> Vec<Name> {
    let missing = definition.variable_definitions.iter().filter(|v| v.node.default_value.is_none() && !variables.contains_key(&v.node.name.node));
    missing.map(|v| v.node.name.node.clone()).collect()
}
