//! Files of publishers, as they publish them, read into figures or into *all* of their faults.
//!
//! Pure: whoever calls hands over bytes, as often as they are walked over. A file is walked over two or three times:
//! first every row is checked, the checksum taken and figures that seem to stand twice are noted; then, if there are
//! such, they are told apart; last the figures are handed over one by one. So nothing is begun before the file is
//! known to be sound, and no more than a row and a filter is held in memory, whatever its size (a workbook excepted).
//!
//! | file | what |
//! |---|---|
//! | `walk` | one walk: what kind of file, where its header is, row by row |
//! | `record`, `sheet` | from text and from workbooks to rows of cells |
//! | `header` | a layout is known by its columns |
//! | `unhcr`, `undesa`, `eurostat`, `worldbank`, `plain` | the layouts: what becomes what |
//! | `place`, `codes/` | whose code is it |
//! | `number` | numbers and marks |
//! | `twice` | figures that stand twice |
//!
//! To add a layout: a function from [`Header`] to its [`Rows`] in the publisher's file, and its name in
//! [`Publisher::layouts`]; then a section in docs/FIGURES.md.

mod eurostat;
mod fact;
mod fault;
mod header;
mod number;
mod place;
mod plain;
mod record;
mod sheet;
#[cfg(test)]
mod tests;
mod twice;
mod undesa;
mod unhcr;
mod walk;
mod worldbank;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Read};

pub use fault::{Fault, FaultCode, Faults};

use header::{Header, Mismatch, Rows};
use twice::{Filter, Search};
use walk::walk;

use super::fact::Fact;
use super::figure::{Measure, Source, Subject};
use super::word::words;

words! {
    /// Whose files are read.
    pub enum Publisher {
        /// The UN refugee agency: population and asylum applications.
        Unhcr = "UNHCR",
        /// The UN's population division: migrant stock.
        Undesa = "UNDESA",
        /// The statistical office of the European Union: asylum and enforcement.
        Eurostat = "EUROSTAT",
        /// The World Bank: remittances.
        Worldbank = "WORLDBANK",
        /// Our own plain CSV.
        Csv = "CSV",
    }
}

/// Whether a header is that of a layout; if so, what reads its rows.
type Layout = fn(&Header<'_>) -> Result<Box<dyn Rows>, Mismatch>;

impl Publisher {
    const fn layouts(self) -> &'static [Layout] {
        match self {
            Self::Unhcr => &[unhcr::population, unhcr::applications],
            Self::Undesa => &[undesa::table],
            Self::Eurostat => &[eurostat::sdmx, eurostat::explorer],
            Self::Worldbank => &[worldbank::table],
            Self::Csv => &[plain::table],
        }
    }
}

/// Whether a text can name an edition: editions are sorted as text, shown in answers and written in links.
#[must_use]
pub fn is_edition(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// What a file is, after it was checked.
pub struct Checked {
    /// Whose figures they are.
    pub source: Source,
    /// The edition: as the file says, else the last year that it covers.
    pub edition: String,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// How many rows of data it has.
    pub rows: u64,
    /// How many rows are at fault.
    pub faulty_rows: u64,
    /// How many figures it has, those of faulty rows left out.
    pub facts: u64,
    /// What its figures count.
    pub measures: BTreeSet<Measure>,
    /// The states, areas and other points that its figures name.
    pub points: BTreeSet<String>,
    /// What is passed over on purpose: why, and how often.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Columns that the layout does not know and that are not read.
    pub unknown_columns: Vec<String>,
    /// The sheet, of a workbook.
    pub sheet: Option<String>,
    /// What is wrong.
    pub faults: Faults,
    /// Whether all faults are of single rows, so that the others can be taken.
    pub can_skip: bool,
    publisher: Publisher,
    table: Option<Box<dyn Rows>>,
    twice: HashSet<u64>,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("source", &self.source.code).field("edition", &self.edition).field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// Opens the file anew for each walk.
pub type Open<'a> = &'a mut dyn FnMut() -> io::Result<Box<dyn Read>>;

/// Checks a file of that many bytes, which is opened for each walk.
///
/// # Errors
/// Where the system does not hand over the file.
pub fn check(publisher: Publisher, open: Open<'_>, bytes: u64) -> io::Result<Checked> {
    let mut checked = Checked {
        source: fact::source("", "", "", "", ""),
        edition: String::new(),
        sha256: String::new(),
        rows: 0,
        faulty_rows: 0,
        facts: 0,
        measures: BTreeSet::new(),
        points: BTreeSet::new(),
        skipped: BTreeMap::new(),
        unknown_columns: Vec::new(),
        sheet: None,
        faults: Faults::default(),
        can_skip: true,
        publisher,
        table: None,
        twice: HashSet::new(),
    };
    let mut filter = Filter::new(bytes);
    let mut last = None;
    checked.look(open, &mut filter, &mut last)?;
    if checked.can_skip && !filter.suspects.is_empty() {
        checked.tell_apart(open, filter)?;
    }
    if checked.can_skip {
        checked.count(open)?;
    }
    checked.faults.told.sort_by_key(|fault| fault.line);
    if let Some(rows) = &checked.table {
        let origin = rows.origin();
        checked.source = origin.source;
        checked.edition = origin.edition.or(last.map(|year: i16| year.to_string())).unwrap_or_default();
    }
    Ok(checked)
}

impl Checked {
    /// The first walk: everything but figures that stand twice.
    fn look(&mut self, open: Open<'_>, filter: &mut Filter, last: &mut Option<i16>) -> io::Result<()> {
        let (faults, faulty_rows) = (&mut self.faults, &mut self.faulty_rows);
        let walked = walk(self.publisher, &mut *open()?, &mut self.table, &|_| false, &mut |out| {
            *faulty_rows += u64::from(!out.faults.is_empty());
            out.faults.drain(..).for_each(|fault| faults.push(fault));
            for fact in &out.facts {
                filter.add(fact::key(fact));
                *last = (*last).max(Some(fact.period.end().year()));
            }
            true
        })?;
        self.sha256 = walked.sha256;
        self.rows = walked.rows;
        self.unknown_columns = walked.unknown;
        self.sheet = walked.sheet;
        self.can_skip = walked.lost.is_none();
        if let Some(fault) = walked.lost {
            self.faults.push(fault);
        } else if walked.rows == 0 {
            self.refuse_as_empty("The file has a header and no rows.");
        }
        Ok(())
    }

    fn refuse_as_empty(&mut self, why: &str) {
        self.can_skip = false;
        self.faults.push(Fault::of_file(FaultCode::EmptyFile, format!("{why} Nothing that is there already is touched.")));
    }

    /// The second walk: which of the figures that seem to stand twice do.
    fn tell_apart(&mut self, open: Open<'_>, filter: Filter) -> io::Result<()> {
        let mut search = Search::new(filter);
        let (faults, twice) = (&mut self.faults, &mut self.twice);
        let mut told = HashSet::new();
        walk(self.publisher, &mut *open()?, &mut self.table, &|_| false, &mut |out| {
            let (line, row) = out.place();
            for fact in &out.facts {
                let Some((first_line, first_row)) = search.add(fact::key(fact), line, row) else { continue };
                if !told.insert((first_row, row)) {
                    continue;
                }
                twice.extend([first_row, row]);
                let message = format!("Lines {first_line} and {line} say the same figure twice ({} of {}): keep one.", fact.measure, fact.period.end());
                faults.push(Fault { code: FaultCode::DuplicateKey, line: Some(line), other_line: Some(first_line), row: Some(row), column: None, message });
            }
            true
        })?;
        self.faulty_rows += self.twice.len() as u64;
        Ok(())
    }

    /// A walk that counts what [`Checked::hand_over`] will hand over.
    fn count(&mut self, open: Open<'_>) -> io::Result<()> {
        let mut skipped = BTreeMap::new();
        let (mut measures, mut points) = (BTreeSet::new(), BTreeSet::new());
        let mut note = |fact: Fact| {
            measures.insert(fact.measure);
            let named = match fact.subject {
                Subject::Corridor(origin, destination) => [Some(origin), Some(destination)],
                Subject::State(code) => [Some(code), None],
                Subject::Route(_) => [None, None],
            };
            points.extend(named.into_iter().flatten());
            true
        };
        self.facts = self.pass(open, &mut note, &mut skipped)?;
        (self.measures, self.points) = (measures, points);
        self.skipped = skipped;
        if self.facts == 0 && self.faults.is_empty() {
            self.refuse_as_empty("The file has no figure that is taken.");
        }
        Ok(())
    }

    /// Hands over every figure of the file, in its order, until `sink` answers `false`; those of faulty rows are left
    /// out.
    ///
    /// # Errors
    /// Where the system does not hand over the file, or another one than was checked.
    pub fn hand_over(&mut self, open: Open<'_>, sink: &mut dyn FnMut(Fact) -> bool) -> io::Result<()> {
        let mut skipped = BTreeMap::new();
        self.pass(open, sink, &mut skipped).map(|_| ())
    }

    fn pass(&mut self, open: Open<'_>, sink: &mut dyn FnMut(Fact) -> bool, skipped: &mut BTreeMap<&'static str, u64>) -> io::Result<u64> {
        let mut facts = 0;
        let mut ended = false;
        let twice = &self.twice;
        let walked = walk(self.publisher, &mut *open()?, &mut self.table, &|row| twice.contains(&row), &mut |out| {
            for (why, count) in std::mem::take(&mut out.skipped) {
                *skipped.entry(why).or_default() += count;
            }
            if !out.faults.is_empty() {
                return true;
            }
            for fact in out.facts.drain(..) {
                facts += 1;
                if !sink(fact) {
                    ended = true;
                    return false;
                }
            }
            true
        })?;
        if !ended && walked.sha256 != self.sha256 {
            return Err(io::Error::other("the file was changed while it was read"));
        }
        Ok(facts)
    }
}
