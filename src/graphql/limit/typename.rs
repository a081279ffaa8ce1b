//! What stands on `__typename`, which the executor's validation passes over: held to the rules that hold for any field, in
//! the executor's words.

use async_graphql::parser::types::{Directive, Field};
use async_graphql::{Positioned, Value};

use super::{Refusal, code, text::shortened, values};

/// The directives that a field takes; each needs its one argument, a condition.
const ON_FIELDS: [&str; 2] = ["skip", "include"];
/// Those that there are, but not on fields.
const ELSEWHERE: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];
/// What a directive is asked.
const CONDITION: &str = "if";

/// Holds the rules that ask nothing of variables.
pub(super) fn check(field: &Positioned<Field>) -> Result<(), Refusal> {
    let fault = |message: String| Refusal::new(code::VALIDATION_FAILED, message).at(field.pos.line, field.pos.column);
    if let Some((name, _)) = field.node.arguments.first() {
        return Err(fault(format!("Unknown argument \"{}\" on field \"__typename\": it takes none.", shortened(&name.node))));
    }
    if !field.node.selection_set.node.items.is_empty() {
        return Err(fault("Field \"__typename\" is a String: nothing can be selected on it.".to_owned()));
    }
    for (at, directive) in field.node.directives.iter().enumerate() {
        let is_repeated = field.node.directives.iter().take(at).any(|earlier| earlier.node.name.node == directive.node.name.node);
        check_directive(directive, is_repeated)?;
    }
    Ok(())
}

fn check_directive(directive: &Positioned<Directive>, is_repeated: bool) -> Result<(), Refusal> {
    let name = directive.node.name.node.as_str();
    let fault = |message: String| Err(Refusal::new(code::VALIDATION_FAILED, message).at(directive.pos.line, directive.pos.column));
    if ELSEWHERE.contains(&name) {
        return fault(format!("Directive \"{name}\" may not be used on \"FIELD\""));
    }
    if !ON_FIELDS.contains(&name) {
        return fault(format!("Unknown directive \"{}\"", shortened(name)));
    }
    if is_repeated {
        return fault(format!("Duplicate directive \"{name}\""));
    }
    if let Some((unknown, _)) = directive.node.arguments.iter().find(|(argument, _)| argument.node != CONDITION) {
        return fault(format!("Unknown argument \"{}\" on directive \"{name}\"", shortened(&unknown.node)));
    }
    match directive.node.arguments.as_slice() {
        [] => fault(format!("Directive \"@{name}\" argument \"{CONDITION}\" of type \"Boolean!\" is required but not provided")),
        [_] => Ok(()),
        [..] => fault(format!("There can only be one argument named \"{CONDITION}\"")),
    }
}

/// Holds a condition, with variables as [`values`] writes them, to its type; that of a variable is looked at where
/// variables are ([`super::usage`]).
pub(super) fn check_condition(value: &Positioned<Value>) -> Result<(), Refusal> {
    if matches!(value.node, Value::Boolean(_)) || values::variable(&value.node).is_some() {
        return Ok(());
    }
    let message = format!("Invalid value for argument \"{CONDITION}\", expected type \"Boolean!\"");
    Err(Refusal::new(code::VALIDATION_FAILED, message).at(value.pos.line, value.pos.column))
}
