//! Values that the executor lets through, or fails on too late: integers beyond 32 bits, and variables that are
//! required but were not given.

use async_graphql::parser::types::{BaseType, OperationDefinition};
use async_graphql::{Name, Positioned, Value, Variables};

use super::{Refusal, code};

/// Arguments of the schema whose type is `Int`.
const INT_ARGUMENTS: [&str; 2] = ["first", "last"];

/// Whether `Int` can hold it: the executor would take 64 bits until a resolver looks.
fn fits(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) || !(number.is_i64() || number.is_u64()),
        _ => true,
    }
}

/// Refuses a literal that is too large for an argument of type `Int`.
pub(super) fn check_argument(name: &Name, value: &Positioned<Value>) -> Result<(), Refusal> {
    if INT_ARGUMENTS.contains(&name.as_str()) && !fits(&value.node) {
        let message = format!("`{name}` is larger than an Int can be: it has 32 bits.");
        return Err(Refusal::new(code::BAD_USER_INPUT, message).at(value.pos.line, value.pos.column));
    }
    Ok(())
}

/// Refuses variables that are required and missing or null, and values that are too large for an `Int`.
pub(super) fn check(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let fault = match variables.get(name) {
            None if !ty.nullable && definition.node.default_value.is_none() => format!("${name} is required and was not given: it is a {ty}."),
            Some(Value::Null) if !ty.nullable => format!("${name} is null, but it is a {ty}."),
            Some(value) if matches!(&ty.base, BaseType::Named(base) if base == "Int") && !fits(value) => {
                format!("The value of ${name} is larger than an Int can be: it has 32 bits.")
            }
            _ => continue,
        };
        return Err(Refusal::new(code::BAD_USER_INPUT, fault).at(definition.pos.line, definition.pos.column));
    }
    Ok(())
}
