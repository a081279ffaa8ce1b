//! The fields of a record that hold one thing: a text, a word, a date, a number, a code.
//!
//! A call that ends in `_if_any` accepts that the field is not there.

use jiff::civil::Date;

use super::desk::{Mention, Wanted};
use super::form::{self, NOTE, a, either, quoted};
use super::record::Record;
use super::sheet::{Found, Value};
use crate::domain::date::PartialDate;
use crate::domain::suggest;
use crate::domain::text::Citation;
use crate::domain::word::Words;

impl Record<'_, '_> {
    /// A text of at most that many characters.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        let found = self.want(name, "a text is wanted")?;
        self.checked(&found, name, |text| form::text(text, most))
    }

    /// The same, where there is one.
    pub fn text_if_any(&mut self, name: &'static str, most: usize) -> Option<String> {
        let found = self.take(name)?;
        self.checked(&found, name, |text| form::text(text, most))
    }

    /// An address.
    pub fn url(&mut self, name: &'static str) -> Option<String> {
        let found = self.want(name, "an address (https://…) is wanted")?;
        self.checked(&found, name, form::url)
    }

    /// A word of a closed list.
    pub fn word<W: Words>(&mut self, name: &'static str) -> Option<W> {
        let found = self.want(name, &format!("{} is wanted", names::<W>()))?;
        self.checked(&found, name, word)
    }

    /// The same, where there is one.
    pub fn word_if_any<W: Words>(&mut self, name: &'static str) -> Option<W> {
        let found = self.take(name)?;
        self.checked(&found, name, word)
    }

    /// A date of the precision that is known, where there is one.
    pub fn date_if_any(&mut self, name: &'static str) -> Option<PartialDate> {
        let found = self.take(name)?;
        self.checked(&found, name, |text| text.parse().map_err(|_| format!("{} is no date: write 2016, 2016-05 or 2016-05-03.", quoted(text))))
    }

    /// Two dates of which the first is not after the second.
    pub fn period(&mut self, start: &'static str, end: &'static str) -> (Option<PartialDate>, Option<PartialDate>) {
        let at = self.at(end);
        let (from, to) = (self.date_if_any(start), self.date_if_any(end));
        if let (Some(from), Some(to)) = (from, to)
            && from.first_day() > to.last_day()
        {
            self.fault(at, end, format!("{to} is before {from} ({start}): one of the two is wrong, or they stand the wrong way round."));
        }
        (from, to)
    }

    /// A day.
    pub fn day(&mut self, name: &'static str) -> Option<Date> {
        let found = self.want(name, "a day is wanted, as in 2026-11-23")?;
        self.checked(&found, name, day)
    }

    /// The same, where there is one.
    pub fn day_if_any(&mut self, name: &'static str) -> Option<Date> {
        let found = self.take(name)?;
        self.checked(&found, name, day)
    }

    /// A count from 1.
    pub fn ordinal(&mut self, name: &'static str) -> Option<u32> {
        const RIGHT: &str = "a whole number from 1";
        let found = self.want(name, &format!("{RIGHT} is wanted"))?;
        let Value::Integer(number) = found.value else { return self.wrong_type(&found, name, RIGHT) };
        let ordinal = u32::try_from(number).ok().filter(|ordinal| *ordinal > 0);
        if ordinal.is_none() {
            self.fault(found.at, name, format!("{number} will not do: {RIGHT} is wanted."));
        }
        ordinal
    }

    /// True or false; what it is where nothing is said.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Found { value: Value::Flag(flag), .. }) => flag,
            Some(found) => self.wrong_type(&found, name, "true or false").unwrap_or(default),
        }
    }

    /// A text that a function makes something of; it says what is wrong, and what would be right.
    pub fn parsed<T>(&mut self, name: &'static str, hint: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let found = self.want(name, hint)?;
        self.checked(&found, name, parse)
    }

    /// The same, where there is one.
    pub fn parsed_if_any<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let found = self.take(name)?;
        self.checked(&found, name, parse)
    }

    pub(super) fn mention(&mut self, found: &Found, name: &str, wanted: &Wanted) -> Option<String> {
        let at = found.at;
        // Which form it has is of no matter: what is no code at all names nothing, and that is the fault.
        let code = self.checked(found, name, |text| form::text(text, NOTE))?;
        let place = self.place(at, name);
        self.desk().mentions.push(Mention { place, code: code.clone(), wanted: wanted.clone() });
        Some(code)
    }

    /// The code of another entry.
    pub fn code(&mut self, name: &'static str, wanted: &Wanted) -> Option<String> {
        let found = self.want(name, &format!("the code of {} is wanted", a(wanted.noun())))?;
        self.mention(&found, name, wanted)
    }

    /// The same, where there is one.
    pub fn code_if_any(&mut self, name: &'static str, wanted: &Wanted) -> Option<String> {
        let found = self.take(name)?;
        self.mention(&found, name, wanted)
    }

    /// A citation in two fields.
    pub fn citation(&mut self, text: &'static str, url: &'static str) -> Option<Citation> {
        let (text, url) = (self.text(text, NOTE), self.url(url));
        Some(Citation { text: text?, url: Some(url?) })
    }
}

/// Every word of a list, as part of a sentence.
pub(super) fn names<W: Words>() -> String {
    either(&W::ALL.iter().map(|word| word.name).collect::<Vec<_>>())
}

/// A word of a closed list by its name.
pub(super) fn word<W: Words>(text: &str) -> Result<W, String> {
    W::parse(text).ok_or_else(|| {
        let near = suggest::did_you_mean(text, W::ALL.iter().map(|word| word.name));
        let hint = if near.is_empty() { format!(" It is {}.", names::<W>()) } else { near };
        format!("{} is no {}.{hint}", quoted(text), W::NAME)
    })
}

fn day(text: &str) -> Result<Date, String> {
    let day = || text.parse::<PartialDate>().ok().filter(|date| date.first_day() == date.last_day());
    day().map(PartialDate::first_day).ok_or_else(|| format!("{} is no day: write it as 2026-11-23.", quoted(text)))
}
