//! Integers that GraphQL's `Int` cannot hold: 32 bits, where the executor would take 64 until a resolver looks.

use async_graphql::parser::types::{BaseType, OperationDefinition};
use async_graphql::{Name, Positioned, Value, Variables};

use super::{Refusal, code};

/// Arguments of the schema whose type is `Int`.
const INT_ARGUMENTS: [&str; 2] = ["first", "last"];

fn holds(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) || !(number.is_i64() || number.is_u64()),
        _ => true,
    }
}

/// Refuses a literal that is too large for an argument of type `Int`.
pub(super) fn check_argument(name: &Name, value: &Positioned<Value>) -> Result<(), Refusal> {
    if INT_ARGUMENTS.contains(&name.as_str()) && !holds(&value.node) {
        let message = format!("`{name}` is larger than an Int can be: it has 32 bits.");
        return Err(Refusal::new(code::VALIDATION_FAILED, message).at(value.pos.line, value.pos.column));
    }
    Ok(())
}

/// Refuses values that are too large for variables of type `Int`.
pub(super) fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let is_int = matches!(&definition.node.var_type.node.base, BaseType::Named(name) if name == "Int");
        if is_int && variables.get(&definition.node.name.node).is_some_and(|value| !holds(value)) {
            let message = format!("The value of ${} is larger than an Int can be: it has 32 bits.", definition.node.name.node);
            return Err(Refusal::new(code::BAD_USER_INPUT, message).at(definition.pos.line, definition.pos.column));
        }
    }
    Ok(())
}
