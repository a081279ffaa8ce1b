//! The fields of a record that hold several things: words, texts, codes, records of their own. Each stands there once.

use std::collections::BTreeSet;

use super::desk::Wanted;
use super::field::{names, word};
use super::form::{self, a, quoted};
use super::record::Record;
use super::sheet::{Found, Value};
use crate::domain::text::Citation;
use crate::domain::word::Words;

impl<'a> Record<'_, 'a> {
    /// Words of a closed list, each once, at least so many.
    pub fn words<W: Words>(&mut self, name: &'static str, least: usize) -> Vec<W> {
        self.list(name, least, &names::<W>(), |record, found, name| record.checked(&found, name, word::<W>), |word| word.name().to_owned())
    }

    /// Texts, each once.
    pub fn texts(&mut self, name: &'static str, most: usize) -> Vec<String> {
        self.list(name, 0, "a text", |record, found, name| record.checked(&found, name, |text| form::text(text, most)), Clone::clone)
    }

    /// Codes of other entries, each once, at least so many.
    pub fn codes(&mut self, name: &'static str, wanted: &Wanted, least: usize) -> Vec<String> {
        let right = format!("the code of {}", a(wanted.noun()));
        self.list(name, least, &right, |record, found, name| record.mention(&found, name, wanted), Clone::clone)
    }

    /// Fields of their own, each read by that function, at least so many.
    pub fn records<T>(
        &mut self,
        name: &'static str,
        least: usize,
        same: impl Fn(&T) -> String,
        mut read: impl FnMut(&mut Record<'_, 'a>) -> Option<T>,
    ) -> Vec<T> {
        let read = |record: &mut Self, found: Found, path: &str| {
            let Value::Fields(fields) = found.value else { return record.wrong_type(&found, path, "{ field = … }") };
            let mut inner = record.inner(path, found.at, fields);
            let value = read(&mut inner);
            inner.finish();
            value
        };
        self.list(name, least, "{ field = … }", read, same)
    }

    /// Citations, at least so many.
    pub fn citations(&mut self, least: usize) -> Vec<Citation> {
        let same = |citation: &Citation| format!("{} {}", citation.text, citation.url.as_deref().unwrap_or(""));
        self.records("citations", least, same, |record| record.citation("text", "url"))
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        least: usize,
        right: &str,
        mut read: impl FnMut(&mut Self, Found, &str) -> Option<T>,
        same: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let found = if least == 0 { self.take(name) } else { self.want(name, &format!("at least one is wanted: {right}")) };
        let Some(Found { at, value }) = found else { return Vec::new() };
        let Value::List(items) = value else {
            return self.wrong_type(&Found { at, value }, name, &format!("a list ([…]) of {right}")).unwrap_or_default();
        };
        if items.len() < least {
            self.fault(at, name, format!("is empty: at least one is wanted: {right}."));
        }
        let mut seen = BTreeSet::new();
        let mut all = Vec::with_capacity(items.len());
        for (i, item) in (1..).zip(items) {
            let (at, path) = (item.at, format!("{name}[{i}]"));
            let Some(value) = read(self, item, &path) else { continue };
            let label = same(&value);
            if !seen.insert(label.clone()) {
                self.fault(at, &path, format!("{} stands in this list twice: once is enough.", quoted(&label)));
            }
            all.push(value);
        }
        all
    }
}
