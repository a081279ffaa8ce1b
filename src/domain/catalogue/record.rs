//! One entry while it is read: each call reads a field, notes what is wrong with it, and answers with its value if
//! nothing is. [`Record::finish`] notes the fields that nobody asked for and those that are missing.
//!
//! Read every field into a variable first, then build the concept with `?`: so all faults of an entry are found.
//! Here is what reading rests on, and the entry's own codes; single fields are in `field`, lists in `list`.

use super::desk::{Desk, Lost, Place};
use super::form::Form;
use super::sheet::{self, Fields, Found, Raw, Value};
use crate::domain::document::Provision;
use crate::domain::entry::Kind;

/// One entry while it is read.
pub(super) struct Record<'d, 'a> {
    desk: &'d mut Desk<'a>,
    file: &'a str,
    kind: Option<Kind>,
    at: usize,
    line: u32,
    /// Its code once that is read, before that its line.
    entry: Option<String>,
    /// What stands before its code, where that is unique in a document alone.
    scope: String,
    /// What stands before the name of a field: `legs[2].`.
    prefix: String,
    fields: Fields,
    known: Vec<&'static str>,
    missing: Vec<(&'static str, String)>,
    /// Its code is another's: what else it has in common with that one is the same mistake.
    repeated: bool,
}

impl<'d, 'a> Record<'d, 'a> {
    /// An entry, or the front matter of a file.
    pub fn new(desk: &'d mut Desk<'a>, file: &'a str, kind: Option<Kind>, raw: Raw) -> Self {
        let Raw { at, line, fields, .. } = raw;
        let entry = Some(format!("line {line}"));
        let (scope, prefix, known, missing) = (String::new(), String::new(), Vec::new(), Vec::new());
        Self { desk, file, kind, at, line, entry, scope, prefix, fields, known, missing, repeated: false }
    }

    /// The file has no entries: faults name the field alone.
    pub fn unnamed(&mut self) {
        self.entry = None;
    }

    /// Faults name the entry so.
    pub fn named(&mut self, code: &str) {
        self.entry = Some(code.to_owned());
    }

    /// The entry's code is unique in that document alone.
    pub fn scope(&mut self, document: &str) {
        if !document.is_empty() {
            self.scope = Provision::entry_code(document, "");
        }
    }

    /// A record inside of this one, at a path such as `legs[2]`.
    pub fn inner(&mut self, path: &str, at: usize, fields: Fields) -> Record<'_, 'a> {
        let (entry, prefix) = (self.entry.clone(), format!("{}{path}.", self.prefix));
        let raw = Raw { at, line: self.line, fields, fault: None };
        Record { entry, prefix, ..Record::new(self.desk, self.file, None, raw) }
    }

    /// The line where it begins.
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The file that it stands in.
    pub const fn file(&self) -> &'a str {
        self.file
    }

    /// What the first pass leaves behind.
    pub const fn desk(&mut self) -> &mut Desk<'a> {
        self.desk
    }

    /// The place of a field that was read.
    pub fn place(&self, at: usize, field: &str) -> Place<'a> {
        Place { file: self.file, at, entry: self.entry.clone(), field: Some(format!("{}{field}", self.prefix)) }
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, at: usize, field: &str, message: impl Into<String>) {
        let place = self.place(at, field);
        self.desk.fault(place, message);
    }

    /// Notes a fault of the entry as a whole.
    pub fn fault_of_all(&mut self, message: impl Into<String>) {
        let place = Place { field: None, ..self.place(self.at, "") };
        self.desk.fault(place, message);
    }

    /// Whether a field is there, before it is read.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// The text of a field as it is written, before it is read; empty where there is none.
    pub fn peek(&self, name: &str) -> String {
        match self.fields.iter().find(|(field, _)| field == name) {
            Some((_, Found { value: Value::Text(text), .. })) => text.clone(),
            _ => String::new(),
        }
    }

    /// How many items the list of a field has, before it is read.
    pub fn count(&self, name: &str) -> usize {
        match self.fields.iter().find(|(field, _)| field == name) {
            Some((_, Found { value: Value::List(items), .. })) => items.len(),
            _ => 0,
        }
    }

    /// Where a field stands, before it is read; the entry's own place where there is none.
    pub fn at(&self, name: &str) -> usize {
        self.fields.iter().find(|(field, _)| field == name).map_or(self.at, |(_, found)| found.at)
    }

    /// Reads a field as it is written.
    pub fn take(&mut self, name: &'static str) -> Option<Found> {
        self.known.push(name);
        let i = self.fields.iter().position(|(field, _)| field == name)?;
        Some(self.fields.remove(i).1)
    }

    /// The same; it is a fault that it is not there. The hint says what is wanted.
    pub fn want(&mut self, name: &'static str, hint: &str) -> Option<Found> {
        let found = self.take(name);
        if found.is_none() {
            self.missing.push((name, hint.to_owned()));
        }
        found
    }

    /// Notes that a field is missing, though it need not be there in every entry.
    pub fn lack(&mut self, name: &'static str, hint: &str) {
        self.missing.push((name, hint.to_owned()));
    }

    /// Notes that a value is of the wrong type.
    pub fn wrong_type<T>(&mut self, found: &Found, name: &str, right: &str) -> Option<T> {
        self.fault(found.at, name, format!("is {} here: {right} is wanted.", found.value.what()));
        None
    }

    /// The text of a value, if it is one and passes the check.
    pub fn checked<T>(&mut self, found: &Found, name: &str, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let Value::Text(text) = &found.value else {
            return self.wrong_type(found, name, "a text (in quotation marks)");
        };
        match check(text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(found.at, name, message);
                None
            }
        }
    }

    /// A code of a form, without meaning.
    pub fn coded(&mut self, name: &'static str, form: Form) -> Option<String> {
        let found = self.want(name, "a code is wanted")?;
        self.checked(&found, name, |text| form.check(text).map(|()| text.to_owned()))
    }

    /// The code of this very entry, unique in these spaces. From now on faults name the entry by it.
    pub fn key(&mut self, name: &'static str, form: Form, spaces: &[&str]) -> Option<String> {
        let at = self.at(name);
        let written = self.peek(name);
        let code = self.coded(name, form);
        match (&code, self.kind) {
            (Some(code), kind) => {
                self.entry = Some(format!("{}{code}", self.scope));
                if let Some(kind) = kind {
                    self.desk.shelf(kind).codes.insert(code.clone());
                }
                if self.claim(at, name, spaces, code)
                    && let Some(kind) = kind
                {
                    self.desk.shelf(kind).lost.push(Lost::Repeated);
                }
            }
            (None, Some(kind)) => {
                let lost = if written.is_empty() { Lost::Unwritten } else { Lost::Malformed(written) };
                self.desk.shelf(kind).lost.push(lost);
            }
            (None, None) => {}
        }
        code
    }

    /// Claims a code of this entry in spaces where it must be unique; true if that is a new fault.
    pub fn claim(&mut self, at: usize, name: &str, spaces: &[&str], code: &str) -> bool {
        let before = self.repeated;
        let by = format!("{}, line {}", self.file, self.line);
        for space in spaces {
            if let Some(other) = self.desk.take(space, code, &by)
                && !self.repeated
            {
                self.repeated = true;
                self.fault(at, name, format!("{code} is taken: {other} has it too. Each has its own."));
            }
        }
        self.repeated && !before
    }

    /// A further code of this entry that no other may have.
    pub fn unique(&mut self, name: &'static str, form: Form) -> Option<String> {
        let at = self.at(name);
        let code = self.coded(name, form)?;
        self.claim(at, name, &[name], &code);
        Some(code)
    }

    /// Notes the fields that nobody asked for and those that are missing.
    pub fn finish(self) {
        let Self { desk, file, at, entry, prefix, fields, known, missing, .. } = self;
        let strange = fields.into_iter().map(|(name, found)| (found.at, name)).collect();
        for broken in sheet::misfits("field", strange, missing, &known, at) {
            let field = broken.field.map(|field| format!("{prefix}{field}"));
            desk.fault(Place { file, at: broken.at, entry: entry.clone(), field }, broken.message);
        }
    }
}
