//! What means nothing to the execution is blanked out before the parser reads the text, each character by a space, so
//! that every place in the text stays where it was:
//!
//! - Descriptions of operations, fragments and variables (September 2025), which the parser's grammar does not know
//!   yet. To be deleted when it does.
//! - Comments. The grammar reads them anew for everything that may be left out after a field: 64 KiB of comment took
//!   the parser 6 ms, as blanks they take 1.5 ms.

use std::{borrow::Cow, ops::Range};

use super::text::{Kind, Tokens};

/// The text without descriptions and comments; borrowed when there are none.
pub(super) fn blanked(text: &str) -> Cow<'_, str> {
    let ranges = meaningless(text);
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for range in ranges {
        out.push_str(&text[copied..range.start]);
        let characters = text[range.clone()].chars();
        out.extend(characters.map(|c| if matches!(c, '\n' | '\r') { c } else { ' ' }));
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where comments and descriptions stand, in order.
///
/// A string is a description where a definition follows it: on the outermost level an operation or fragment with its
/// keyword, among the variables of an operation a `$`. There it is neither a default (`=`) nor an argument (`:`).
fn meaningless(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut nesting = 0_usize;
    let mut in_variables = false;
    let (mut before, mut end) = ("", 0);
    let mut tokens = Tokens::of(text).peekable();
    while let Some(token) = tokens.next() {
        if text[end..token.start].contains('#') {
            ranges.push(end..token.start);
        }
        end = token.end;
        let words = &text[token.start..token.end];
        let next = tokens.peek().map_or("", |next| &text[next.start..next.end]);
        match token.kind {
            Kind::Open => {
                in_variables = if nesting == 0 { words == "(" } else { in_variables };
                nesting += 1;
            }
            Kind::Close => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        let described = match nesting {
            0 => matches!(next, "query" | "mutation" | "subscription" | "fragment"),
            1 => in_variables && next == "$" && !matches!(before, "=" | ":"),
            _ => false,
        };
        if token.kind == Kind::Text && described {
            ranges.push(token.start..token.end);
        }
        before = words;
    }
    if text[end..].contains('#') {
        ranges.push(end..text.len());
    }
    ranges
}
