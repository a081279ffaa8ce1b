//! From text to document, and from the parser's errors to sentences of ours.
//!
//! The parser draws its errors with carets and the names of its grammar's rules; neither is for clients. What was
//! found is said with our own tokens, what was expected with the plain words of [`WORDS`].

use async_graphql::parser::{Error, Pos, parse_query, types::ExecutableDocument};

use super::{
    Refusal, blank, code,
    text::{Kind, Token, Tokens, byte_at, place, shortened},
};

/// What the parser's rules are called in plain words, in the order in which they are listed; others are left out.
const WORDS: [(&str, &str); 18] = [
    ("executable_definition", "an operation or a fragment"),
    ("operation_definition", "an operation"),
    ("fragment_definition", "a fragment"),
    ("selection", "a field or a fragment"),
    ("field", "a field"),
    ("selection_set", "a selection in braces"),
    ("type_condition", "a type condition (`on` and a type)"),
    ("variable_definition", "a variable with its type (`$name: Type`)"),
    ("variable_definitions", "variables in parentheses"),
    ("variable", "a variable"),
    ("type_", "a type"),
    ("name", "a name"),
    ("argument", "an argument (`name: value`)"),
    ("arguments", "arguments in parentheses"),
    ("value", "a value"),
    ("const_value", "a value without variables"),
    ("default_value", "a default"),
    ("EOI", "the end of the document"),
];

/// Parses a text that [`super::check_text`] has let through.
///
/// # Errors
/// `GRAPHQL_PARSE_FAILED` with the place and what was found there; `GRAPHQL_VALIDATION_FAILED` where definitions
/// share a name, or an operation without a name is not alone.
pub fn parse(text: &str) -> Result<ExecutableDocument, Refusal> {
    let text = blank::blanked(text);
    parse_query(&text).map_err(|error| explain(&text, &error))
}

fn explain(text: &str, error: &Error) -> Refusal {
    let refusal = match error {
        Error::Syntax { message, start, .. } => return syntax(text, message, *start),
        Error::MultipleOperations { .. } => Refusal::new(code::VALIDATION_FAILED, "An operation without a name must be the only one of its document."),
        Error::OperationDuplicated { operation, .. } => {
            let message = format!("There is more than one operation `{}`.", shortened(operation));
            Refusal::new(code::VALIDATION_FAILED, message)
        }
        Error::FragmentDuplicated { fragment, .. } => {
            let message = format!("There is more than one fragment `{}`.", shortened(fragment));
            Refusal::new(code::VALIDATION_FAILED, message)
        }
        Error::MissingOperation => Refusal::new(code::VALIDATION_FAILED, "The document holds no operation."),
        Error::RecursionLimitExceeded => Refusal::new(code::LIMIT_TOKENS, "The document is nested too deeply."),
        _ => Refusal::new(code::PARSE_FAILED, "Syntax error: the document cannot be read."),
    };
    match error.positions().next() {
        Some(Pos { line, column }) => refusal.at(line, column),
        None => refusal,
    }
}

fn syntax(text: &str, message: &str, start: Pos) -> Refusal {
    let byte = byte_at(text, start.line, start.column);
    let found = Tokens::of(text).find(|token| token.end > byte);
    let (line, column) = place(text, found.map_or(byte, |token| token.start));
    let at = found.map_or_else(|| "the end of the document".to_owned(), |token| named(text, token));
    let mut why = match expected(message) {
        Some(expected) => format!("expected {expected}"),
        None if message.starts_with("invalid number") => "it is out of range".to_owned(),
        None => "it cannot stand here".to_owned(),
    };
    if found.is_none()
        && let Some(open) = never_closed(text)
    {
        let (line, column) = place(text, open.start);
        let bracket = &text[open.start..open.end];
        why = format!("{why}; the `{bracket}` of line {line}, column {column} is never closed");
    }
    Refusal::new(code::PARSE_FAILED, format!("Syntax error at {at}: {why}.")).at(line, column)
}

fn named(text: &str, token: Token) -> String {
    let words = shortened(&text[token.start..token.end]);
    match token.kind {
        Kind::Number => format!("the number {words}"),
        Kind::Text | Kind::OpenText => format!("the string {words}"),
        _ => format!("`{words}`"),
    }
}

/// The last line of the parser's message, "= expected a, b, or c", in plain words.
fn expected(message: &str) -> Option<String> {
    let (_, rules) = message.rsplit_once("= expected ")?;
    let rules: Vec<&str> = rules.split([',', ' ', '\n']).collect();
    let mut words: Vec<&str> = WORDS.iter().filter(|(rule, _)| rules.contains(rule)).map(|(_, words)| *words).collect();
    words.dedup();
    let last = words.pop()?;
    Some(if words.is_empty() { last.to_owned() } else { format!("{} or {last}", words.join(", ")) })
}

/// The innermost bracket that is still open at the end.
fn never_closed(text: &str) -> Option<Token> {
    let mut open = Vec::new();
    for token in Tokens::of(text) {
        match token.kind {
            Kind::Open => open.push(token),
            Kind::Close => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}
