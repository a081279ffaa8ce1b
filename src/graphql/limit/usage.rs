//! Variables: that their types are for input, that each is used, and that each fits where it stands.
//!
//! The executor looks at the values of variables alone, so what was wrong with a declaration came to light only with
//! certain values, or never. These are the specification's rules 5.8.2, 5.8.4 and 5.8.5; that a variable is declared
//! (5.8.3) the executor sees itself but on `__typename`.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql::{Positioned, Value};

use super::shape::{Place, Shape};
use super::{Refusal, code, text::shortened, values};

/// Where variables stand in a document.
#[derive(Debug, Default)]
pub(super) struct Usage<'d> {
    pub operations: Vec<(&'d OperationDefinition, Uses<'d>)>,
    pub fragments: HashMap<&'d str, Uses<'d>>,
}

/// Where variables stand in one definition, and which fragments it spreads.
#[derive(Debug, Default)]
pub(super) struct Uses<'d> {
    pub places: Vec<Use<'d>>,
    pub spreads: Vec<&'d str>,
}

/// One place where a variable stands.
#[derive(Debug)]
pub(super) struct Use<'d> {
    name: String,
    /// What is wanted there; none where the schema does not know the place, or knows it too well to ask.
    wanted: Option<Wanted<'d>>,
    /// Whether nobody else looks whether it is declared.
    is_ours: bool,
    line: usize,
    column: usize,
}

#[derive(Clone, Copy, Debug)]
struct Wanted<'d> {
    ty: &'d Type,
    has_default: bool,
}

/// Finds the variables in a value that stands in a place. Recurses as deeply as the literal is nested, which
/// [`super::check_text`] bounds.
pub(super) fn find<'d>(value: &Positioned<Value>, place: Option<&'d Place>, shape: &'d Shape, found: &mut Vec<Use<'d>>) {
    find_in(value, place, shape, false, found);
}

/// The same where the executor does not look whether a variable is declared.
pub(super) fn find_declared<'d>(value: &Positioned<Value>, place: &'d Place, shape: &'d Shape, found: &mut Vec<Use<'d>>) {
    find_in(value, Some(place), shape, true, found);
}

fn find_in<'d>(value: &Positioned<Value>, place: Option<&'d Place>, shape: &'d Shape, is_ours: bool, found: &mut Vec<Use<'d>>) {
    let wanted = place.map(|place| Wanted { ty: &place.ty, has_default: place.has_default });
    look(&value.node, wanted, shape, &mut |name, wanted| {
        found.push(Use { name: name.to_owned(), wanted, is_ours, line: value.pos.line, column: value.pos.column });
    });
}

fn look<'d>(value: &Value, wanted: Option<Wanted<'d>>, shape: &'d Shape, found: &mut dyn FnMut(&str, Option<Wanted<'d>>)) {
    if let Some(name) = values::variable(value) {
        return found(name, wanted);
    }
    match value {
        Value::List(entries) => {
            let inside = wanted.map(|wanted| match &wanted.ty.base {
                BaseType::List(inner) => Wanted { ty: inner, has_default: false },
                BaseType::Named(_) => wanted,
            });
            for entry in entries {
                look(entry, inside, shape, found);
            }
        }
        Value::Object(fields) => {
            let on = wanted.map(|wanted| innermost(wanted.ty));
            for (name, value) in fields {
                let place = on.and_then(|on| shape.input(on, name));
                look(value, place.map(|place| Wanted { ty: &place.ty, has_default: place.has_default }), shape, found);
            }
        }
        _ => {}
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}

/// Holds the rules for the variables of every operation; a fragment is looked at once for each, however often it is
/// spread. Tells how many steps it took.
pub(super) fn check(usage: &Usage<'_>, shape: &Shape) -> Result<u64, Refusal> {
    let mut steps = 0;
    for (operation, uses) in &usage.operations {
        check_operation(operation, uses, usage, shape, &mut steps)?;
    }
    Ok(steps)
}

fn check_operation(operation: &OperationDefinition, own: &Uses<'_>, usage: &Usage<'_>, shape: &Shape, steps: &mut u64) -> Result<(), Refusal> {
    let mut declared: HashMap<&str, (&Positioned<VariableDefinition>, bool)> = HashMap::new();
    for definition in &operation.variable_definitions {
        *steps += 1;
        check_type(definition, shape)?;
        declared.insert(&definition.node.name.node, (definition, false));
    }
    let mut open = vec![own];
    let mut seen = HashSet::new();
    while let Some(uses) = open.pop() {
        for place in &uses.places {
            *steps += 1;
            if let Some((definition, used)) = declared.get_mut(place.name.as_str()) {
                *used = true;
                check_place(definition, place)?;
            } else if place.is_ours {
                let message = format!("Variable \"${}\" is not defined", shortened(&place.name));
                return Err(Refusal::new(code::VALIDATION_FAILED, message).at(place.line, place.column));
            }
        }
        let spread = uses.spreads.iter().filter(|name| seen.insert(**name));
        open.extend(spread.filter_map(|name| usage.fragments.get(name)));
    }
    // In the order of the document, so that the same fault is told every time.
    let unused = operation.variable_definitions.iter().find(|definition| declared.get(definition.node.name.node.as_str()).is_some_and(|(_, used)| !used));
    unused.map_or(Ok(()), |definition| {
        let message = format!("${} is declared and not used in the operation: use it, or leave it out.", shortened(&definition.node.name.node));
        Err(at(message, definition))
    })
}

fn check_type(definition: &Positioned<VariableDefinition>, shape: &Shape) -> Result<(), Refusal> {
    let (name, ty) = (&definition.node.name.node, innermost(&definition.node.var_type.node));
    let why = match shape.input_type(ty) {
        (_, true) => return Ok(()),
        (true, false) => "which is only answered, never given: take a scalar, an enum or an input type",
        (false, _) => "and the schema has no such type",
    };
    Err(at(format!("${} is declared as {}, {why}.", shortened(name), shortened(ty)), definition))
}

fn check_place(definition: &Positioned<VariableDefinition>, place: &Use<'_>) -> Result<(), Refusal> {
    let Some(wanted) = place.wanted else { return Ok(()) };
    let declared = &definition.node.var_type.node;
    let has_value = wanted.has_default || definition.node.default_value.as_ref().is_some_and(|default| default.node != Value::Null);
    let fits = if !wanted.ty.nullable && declared.nullable && has_value { fits_base(&declared.base, &wanted.ty.base) } else { fits(declared, wanted.ty) };
    if fits {
        return Ok(());
    }
    let message = format!("${} is declared as {}, but stands where {} is wanted.", shortened(&definition.node.name.node), declared, wanted.ty);
    Err(Refusal::new(code::VALIDATION_FAILED, message).at(place.line, place.column))
}

/// Whether every value of the one type is a value of the other.
fn fits(declared: &Type, wanted: &Type) -> bool {
    (wanted.nullable || !declared.nullable) && fits_base(&declared.base, &wanted.base)
}

fn fits_base(declared: &BaseType, wanted: &BaseType) -> bool {
    match (declared, wanted) {
        (BaseType::Named(declared), BaseType::Named(wanted)) => declared == wanted,
        (BaseType::List(declared), BaseType::List(wanted)) => fits(declared, wanted),
        _ => false,
    }
}

fn at(message: String, definition: &Positioned<VariableDefinition>) -> Refusal {
    Refusal::new(code::VALIDATION_FAILED, message).at(definition.pos.line, definition.pos.column)
}
