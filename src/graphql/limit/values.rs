//! Values in arguments and variables: how deep, how long, and how many predicates a filter holds.
//!
//! Literals are looked at with the document, variables with the request. A literal may hold variables; the library
//! keeps its type for such values to itself, so here a variable is an enum value whose name starts with `$`, which no
//! name of GraphQL can.

use std::{collections::HashMap, fmt::Write as _};

use async_graphql::{Name, Positioned, Value, Variables, parser::types::OperationDefinition};

use super::{Limits, Refusal, code};

/// How a variable is written as a constant value.
pub(super) fn variable_value(name: &str) -> Value {
    Value::Enum(Name::new(format!("${name}")))
}

/// The name of the variable that a value stands for.
pub(super) fn variable(value: &Value) -> Option<&str> {
    match value {
        Value::Enum(name) => name.strip_prefix('$'),
        _ => None,
    }
}

/// The values of variables in one request: what is given, else the default of the operation.
pub(super) struct Given<'r> {
    given: &'r Variables,
    defaults: HashMap<&'r str, &'r Value>,
}

impl<'r> Given<'r> {
    pub fn new(operation: &'r OperationDefinition, given: &'r Variables) -> Self {
        let with_default = operation.variable_definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        });
        Self { given, defaults: with_default.collect() }
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        self.given.get(name).or_else(|| self.defaults.get(name).copied())
    }
}

/// A field with its arguments in one order, those of input objects too: equal for equal selections, and only then.
pub(super) fn signature(name: &str, arguments: &[(Name, Value)]) -> String {
    let mut out = name.to_owned();
    let mut arguments: Vec<_> = arguments.iter().map(|(name, value)| (name, value)).collect();
    write_fields(&mut out, ['(', ')'], &mut arguments);
    out
}

fn write_fields(out: &mut String, [open, close]: [char; 2], fields: &mut [(&Name, &Value)]) {
    fields.sort_by_key(|(name, _)| *name);
    out.push(open);
    for (index, (name, value)) in fields.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        out.push_str(name);
        out.push_str(": ");
        write_value(out, value);
    }
    out.push(close);
}

/// Recurses as deeply as the literal is nested, which [`super::check_text`] bounds.
fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            write_fields(out, ['{', '}'], &mut fields.iter().collect::<Vec<_>>());
        }
        Value::List(entries) => {
            out.push('[');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_value(out, entry);
            }
            out.push(']');
        }
        // Writing to a string does not fail.
        leaf => drop(write!(out, "{leaf}")),
    }
}

/// Holds the limit on list lengths in a literal.
pub(super) fn check_lists(value: &Positioned<Value>, limits: &Limits, steps: &mut u64) -> Result<(), Refusal> {
    let mut open = vec![&value.node];
    while let Some(value_here) = open.pop() {
        *steps += 1;
        match value_here {
            Value::List(entries) if entries.len() > limits.list_length => {
                return Err(too_long(limits).at(value.pos.line, value.pos.column));
            }
            Value::List(entries) => open.extend(entries),
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    Ok(())
}

fn too_long(limits: &Limits) -> Refusal {
    Refusal::new(code::BAD_USER_INPUT, format!("A list has more than {} entries.", limits.list_length))
}

/// A `filter` argument that holds variables, with its place.
#[derive(Debug)]
pub(super) struct OpenFilter {
    value: Value,
    line: usize,
    column: usize,
}

/// Holds the limits on a `filter` argument, or gives it back where variables must be known for that.
pub(super) fn check_filter(value: &Positioned<Value>, limits: &Limits) -> Result<Option<OpenFilter>, Refusal> {
    let filter = OpenFilter { value: value.node.clone(), line: value.pos.line, column: value.pos.column };
    let mut closed = true;
    let size = FilterSize::of(&filter.value, limits.nesting, &mut |_| {
        closed = false;
        FilterSize::default()
    });
    size.check(&filter, limits)?;
    Ok((!closed).then_some(filter))
}

/// Holds the limits on the filters of a document with the variables of a request; tells how many steps it took.
pub(super) fn check_filters(filters: &[OpenFilter], given: &Given<'_>, limits: &Limits) -> Result<u64, Refusal> {
    // A variable is looked at once, however often the document uses it.
    let mut known: HashMap<String, FilterSize> = HashMap::new();
    let mut steps = 0_u64;
    for filter in filters {
        let size = FilterSize::of(&filter.value, limits.nesting, &mut |name| {
            *known.entry(name.to_owned()).or_insert_with(|| {
                let value = given.value(name).unwrap_or(&Value::Null);
                FilterSize::of(value, limits.variable_nesting, &mut |_| FilterSize::default())
            })
        });
        steps = steps.saturating_add(size.steps);
        size.check(filter, limits)?;
    }
    Ok(known.values().fold(steps, |steps, size| steps.saturating_add(size.steps)))
}

/// What a filter holds.
#[derive(Clone, Copy, Debug, Default)]
struct FilterSize {
    /// Fields other than `and`, `or` and `not`, at all levels.
    predicates: usize,
    /// `and`, `or` and `not` within each other.
    nesting: usize,
    steps: u64,
}

impl FilterSize {
    /// Recurses `levels` deep at most; deeper is deeper than any filter may be.
    fn of(value: &Value, levels: usize, variables: &mut dyn FnMut(&str) -> Self) -> Self {
        if let Some(name) = variable(value) {
            return Self { steps: 1, ..variables(name) };
        }
        let Some(levels) = levels.checked_sub(1) else {
            return Self { nesting: usize::MAX, ..Self::default() };
        };
        let mut sum = Self { steps: 1, ..Self::default() };
        match value {
            Value::List(entries) => entries.iter().for_each(|entry| sum.add(Self::of(entry, levels, variables))),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if matches!(name.as_str(), "and" | "or" | "not") {
                        let inside = Self::of(value, levels, variables);
                        sum.add(Self { nesting: inside.nesting.saturating_add(1), ..inside });
                    } else {
                        sum.add(Self { predicates: 1, nesting: 0, steps: 1 });
                    }
                }
            }
            _ => {}
        }
        sum
    }

    fn add(&mut self, other: Self) {
        self.predicates = self.predicates.saturating_add(other.predicates);
        self.nesting = self.nesting.max(other.nesting);
        self.steps = self.steps.saturating_add(other.steps);
    }

    fn check(self, filter: &OpenFilter, limits: &Limits) -> Result<(), Refusal> {
        let checks = [(self.predicates, limits.predicates, "predicates"), (self.nesting, limits.filter_nesting, "`and`, `or` and `not` within each other")];
        match checks.into_iter().find(|(count, limit, _)| count > limit) {
            None => Ok(()),
            Some((_, limit, what)) => {
                let message = format!("The filter has more than {limit} {what}.");
                Err(Refusal::new(code::BAD_USER_INPUT, message).at(filter.line, filter.column))
            }
        }
    }
}

/// Holds the limits on nesting and list lengths in the raw JSON of the variables, before anything recurses into it.
///
/// It does not judge whether the text is JSON; that is for serde afterwards.
///
/// # Errors
/// `BAD_USER_INPUT` for a limit.
pub fn check_variables(json: &str, limits: &Limits) -> Result<(), Refusal> {
    /// Entries so far, of a list only.
    type Entries = Option<usize>;
    let mut open: Vec<Entries> = Vec::new();
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, open.last_mut()) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => continue,
            (b',', Some(Some(entries))) => *entries += 1,
            (b']' | b'}', _) => drop(open.pop()),
            (_, Some(Some(entries))) => *entries = (*entries).max(1),
            _ => {}
        }
        if open.last().is_some_and(|entries| entries.is_some_and(|entries| entries > limits.list_length)) {
            return Err(too_long(limits));
        }
        match byte {
            b'[' => open.push(Some(0)),
            b'{' => open.push(None),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
        if open.len() > limits.variable_nesting {
            let message = format!("The variables hold more than {} objects and lists within each other.", limits.variable_nesting);
            return Err(Refusal::new(code::BAD_USER_INPUT, message));
        }
    }
    Ok(())
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}
