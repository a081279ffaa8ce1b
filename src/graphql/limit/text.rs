//! Tokens of a GraphQL text, and the limits that hold before it is parsed.
//!
//! The lexer is ours so that nothing recurses or goes back on its steps before the limits are known to hold. It accepts
//! more than GraphQL does (a character that no token starts with is a token of its own); the parser is the judge.
//! One thing it must judge itself: a string that is never closed. The parser would take the three quotes of an open
//! block string for an empty string, start again behind them, and so can be made to read the text once for each token.

use super::{Limits, Refusal, code};

/// What a token is, as far as counting and speaking of it need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{`, `(` or `[`.
    Open,
    /// `}`, `)` or `]`.
    Close,
    /// Any other punctuation, and what is no token of GraphQL at all.
    Sign,
    Name,
    Number,
    /// A string, block string or not.
    Text,
    /// A string whose end is missing.
    OpenText,
}

/// A token and where it stands, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// The tokens of a text, in order.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn starts_with(&self, at: usize, what: &[u8]) -> bool {
        self.text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(what))
    }

    fn run_of(&self, mut at: usize, belongs: impl Fn(u8) -> bool) -> usize {
        while self.byte(at).is_some_and(&belongs) {
            at += 1;
        }
        at
    }

    /// Past blanks, commas, byte order marks and comments.
    fn skip_ignored(&mut self) {
        loop {
            match self.byte(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => self.at = self.run_of(self.at, |byte| byte != b'\n' && byte != b'\r'),
                Some(0xEF) if self.starts_with(self.at, "\u{feff}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    /// The end of the string that starts at `start`, and whether it is closed.
    fn string(&self, start: usize) -> (Kind, usize) {
        let block = self.starts_with(start, b"\"\"\"");
        let mut at = start + if block { 3 } else { 1 };
        while let Some(byte) = self.byte(at) {
            match byte {
                b'"' if !block => return (Kind::Text, at + 1),
                b'"' if self.starts_with(at, b"\"\"\"") => return (Kind::Text, at + 3),
                b'\\' if block && self.starts_with(at, b"\\\"\"\"") => at += 4,
                b'\n' | b'\r' if !block => return (Kind::OpenText, at),
                b'\\' if !block && !matches!(self.byte(at + 1), None | Some(b'\n' | b'\r')) => {
                    at += 2;
                }
                _ => at += 1,
            }
        }
        (Kind::OpenText, at)
    }

    /// The end of the number that starts at `start`, with whatever is glued to it.
    fn number(&self, start: usize) -> usize {
        let mut at = start + 1;
        while let Some(byte) = self.byte(at) {
            let goes_on = match byte {
                b'.' => self.byte(at + 1).is_some_and(|next| next.is_ascii_digit()),
                b'+' | b'-' => matches!(self.byte(at - 1), Some(b'e' | b'E')),
                _ => is_name(byte),
            };
            if !goes_on {
                break;
            }
            at += 1;
        }
        at
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_ignored();
        let start = self.at;
        let (kind, end) = match self.byte(start)? {
            b'{' | b'(' | b'[' => (Kind::Open, start + 1),
            b'}' | b')' | b']' => (Kind::Close, start + 1),
            b'"' => self.string(start),
            b'.' if self.starts_with(start, b"...") => (Kind::Sign, start + 3),
            b'-' | b'0'..=b'9' => (Kind::Number, self.number(start)),
            byte if is_name(byte) => (Kind::Name, self.run_of(start, is_name)),
            byte if byte.is_ascii() => (Kind::Sign, start + 1),
            _ => (Kind::Sign, self.run_of(start, |byte| !byte.is_ascii())),
        };
        // A backslash may be the last character of the text, and what it escapes lie behind the end.
        self.at = end.min(self.text.len());
        Some(Token { kind, start, end: self.at })
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Holds the limits on tokens, nesting and directives, in one pass over the text.
///
/// # Errors
/// `LIMIT_TOKENS` for a limit, `GRAPHQL_PARSE_FAILED` for a string that is never closed.
pub fn check_text(text: &str, limits: &Limits) -> Result<(), Refusal> {
    let (mut tokens, mut nesting, mut directives) = (0_usize, 0_usize, 0_usize);
    for token in Tokens::of(text) {
        tokens += 1;
        match token.kind {
            Kind::Open => nesting += 1,
            Kind::Close => nesting = nesting.saturating_sub(1),
            Kind::Sign if text.as_bytes()[token.start] == b'@' => directives += 1,
            Kind::OpenText => {
                return Err(refusal_at(text, token, code::PARSE_FAILED, "Syntax error: the string that starts here is never closed."));
            }
            _ => {}
        }
        let passed = [
            (tokens, limits.tokens, "tokens"),
            (nesting, limits.nesting, "braces, brackets and parentheses within each other"),
            (directives, limits.directives, "directives"),
        ];
        if let Some((_, limit, what)) = passed.into_iter().find(|(count, limit, _)| count > limit) {
            let message = format!("The document holds more than {limit} {what}.");
            return Err(refusal_at(text, token, code::LIMIT_TOKENS, &message));
        }
    }
    Ok(())
}

fn refusal_at(text: &str, token: Token, code: &'static str, message: &str) -> Refusal {
    let (line, column) = place(text, token.start);
    Refusal::new(code, message).at(line, column)
}

/// Line and column of a byte, both from 1, columns in characters, as the parser counts them.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// The byte that stands at a line and column; the end of the text where there is no such place.
pub(super) fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for (number, content) in text.split('\n').enumerate() {
        if number + 1 == line {
            let within = content.char_indices().nth(column.saturating_sub(1)).map_or(content.len(), |(byte, _)| byte);
            return start + within;
        }
        start += content.len() + 1;
    }
    text.len()
}

/// A client's own words, short enough to be given back to it.
pub(super) fn shortened(words: &str) -> String {
    const ENOUGH: usize = 40;
    let clean = |word: &str| word.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    match words.char_indices().nth(ENOUGH) {
        Some((byte, _)) => format!("{}…", clean(&words[..byte])),
        None => clean(words),
    }
}
