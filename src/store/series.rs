//! Figures by series: how they are kept, and how a publisher's file comes in.
//!
//! | file | what |
//! |---|---|
//! | [`point`] | the figures of one series as bytes |
//! | [`block`] | the figures of one period as columns, to be summed |
//! | [`set`] | measures and editions, breakdowns, files |
//! | [`writer`], [`finish`] | the one way in which figures are written |
//! | [`read`](mod@read) | blocks for a sum |
//! | [`veil`] | what is held back, taken out of all that is read |
//! | [`gather`] | facts of a file on their way in, so many at a time |
//! | [`check`] | what the doctor looks at |
//! | [`carry`] | the table of earlier versions, carried over |
//!
//! docs/adr/0010-series-and-blocks.md says why, with what was measured.

pub(super) mod block;
pub(super) mod carry;
pub(super) mod check;
mod finish;
mod gather;
pub(super) mod point;
pub(super) mod read;
pub(super) mod set;
pub(super) mod veil;
pub(super) mod writer;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use tokio::sync::mpsc::Receiver;

use super::error::Doing;
use super::reference::Codes;
use super::row::{IMPORT, Written, insert_entries, midnight};
use super::sql::{Sql, rows};
use super::write::{self, Changes};
use super::{Store, StoreError};
use crate::domain::entry::{Entry, Kind};
use crate::domain::fact::Fact;
use crate::domain::figure::{Measure, Source, Subject};
use crate::domain::word::Words;

use gather::{Filled, Gather};
use point::Point;
use set::FileRow;
use writer::{Double, Outcome, Writer};

/// A publisher's file of figures: what all its facts share.
#[derive(Debug, Clone)]
pub struct FigureFile {
    /// Who published it; added where the source is not known yet, else left as it is.
    pub source: Source,
    /// The edition of the source. Of each source and measure, the edition that sorts last is the newest.
    pub edition: String,
    /// The measures that the file speaks for, whether it has figures of them or not: of these, earlier editions give
    /// way. Those of its facts are added.
    pub measures: Vec<Measure>,
    /// The name of the file, without folders. A file of the same source, edition and name (or of the same checksum)
    /// takes the place of the one that came before; files of other names stand beside it.
    pub name: String,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// When it was fetched.
    pub retrieved_on: Option<Date>,
    /// States and areas that its facts name; added where they are not known, else left as they are.
    pub entries: Vec<Entry>,
}

/// What a reader of a file sends.
#[derive(Debug)]
pub enum Delivery {
    /// Some facts, in the order of the file: hundreds at a time.
    Facts(Vec<Fact>),
    /// That was all, and the file is good. Where the channel closes without this, nothing is kept.
    Done,
}

/// How to import figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FigureOptions {
    /// Do everything, and take it back.
    pub dry_run: bool,
}

/// What came of a file of figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureFileReport {
    /// Facts of the file.
    pub facts: usize,
    /// Were not there yet, in this edition.
    pub added: usize,
    /// Say something else now, or in another place of the file.
    pub updated: usize,
    /// Are as they were.
    pub unchanged: usize,
    /// Were in the file that came before under this name, and are no longer.
    pub removed: usize,
    /// Measures and their editions that are no longer the newest.
    pub replaced: Vec<(Measure, String)>,
    /// Measures of which there is a newer edition already: the file is kept beside it.
    pub outdated: Vec<(Measure, String)>,
    /// Corridors that had no figures before.
    pub corridors: usize,
    /// Codes of sources, states and areas that were not known.
    pub entries: Vec<String>,
    /// The revision of the database now.
    pub revision: u64,
}

impl FigureFileReport {
    /// Whether the database is another than before.
    #[must_use]
    pub const fn has_changes(&self) -> bool {
        self.added + self.updated + self.removed > 0 || !self.replaced.is_empty() || !self.entries.is_empty()
    }
}

/// Why a file of figures was not taken; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FigureFault {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One figure twice.
    #[error("{what} stands in the file twice: in line {first} and in line {second}.")]
    Twice {
        /// Which figure.
        what: String,
        /// Where it stands first.
        first: u32,
        /// Where it stands again.
        second: u32,
    },
    /// Facts about what nobody knows.
    #[error("Nothing is known under {}: neither a state or area nor a route.", .0.join(", "))]
    Unknown(Vec<String>),
    /// No facts at all: nothing is deleted for that.
    #[error("The file holds no figures.")]
    Empty,
    /// Whoever read the file did not come to its end.
    #[error("The file was not read to its end.")]
    Abandoned,
}

impl Store {
    /// Imports a publisher's file, in one transaction that ends well even where the caller vanishes; what is gathered
    /// before the transaction begins is bounded, whatever the size of the file. Importing the same facts again
    /// changes nothing, not even the revision.
    ///
    /// # Errors
    /// Where the file or the database is at fault; then nothing has changed.
    pub async fn import_figures(&self, file: FigureFile, facts: Receiver<Delivery>, options: FigureOptions) -> Result<FigureFileReport, FigureFault> {
        let (write, at) = (self.write.clone(), (self.clock)());
        write::apart(async move {
            let (mut gather, mut facts) = (Gather::default(), facts);
            // Most files are read to their end before anything is written: then nobody waits for them to be parsed.
            let filled = gather.fill(&mut facts).await?;
            let turn = write.turn().await?;
            let transaction = write::begin(&turn).await?;
            let done = import(&transaction, file, gather, filled, facts, at).await;
            let is_new = done.as_ref().is_ok_and(FigureFileReport::has_changes);
            let mut report = write::end(transaction, done, is_new && !options.dry_run).await?;
            report.revision -= u64::from(!is_new || options.dry_run);
            Ok(report)
        })
        .await
    }
}

async fn import(
    transaction: &DatabaseTransaction,
    file: FigureFile,
    mut gather: Gather,
    mut filled: Filled,
    mut facts: Receiver<Delivery>,
    at: Timestamp,
) -> Result<FigureFileReport, FigureFault> {
    let revision = write::revision(transaction).await? + 1;
    let mut changes = Changes::default();
    let entries = add_entries(transaction, &file, revision, at, &mut changes).await?;
    let mut writer = Writer::new(transaction).await?;
    let before = writer.sets.by_id.clone();
    let row = FileRow {
        source: file.source.code.as_str().into(),
        edition: file.edition.as_str().into(),
        name: Some(file.name.clone()),
        sha256: Some(file.sha256.clone()),
        retrieved_on: file.retrieved_on,
    };
    let earlier: BTreeSet<u32> = writer.sets.files.iter().filter(|(_, other)| is_same(other, &row)).map(|(id, _)| *id).collect();
    let number = writer.new_file(&row).await?;
    let rule = |before: &Point, new: &Point, _: &HashMap<u32, FileRow>| match before {
        before if before.file == new.file => Outcome::Twice,
        before if earlier.contains(&before.file) && before.says(new) => Outcome::Unchanged,
        _ => Outcome::Replaced,
    };
    loop {
        let batch = gather.take(&mut writer, &file, number).await?;
        if let Some(double) = writer.put(batch, &rule).await? {
            return Err(twice(&writer, &double));
        }
        match filled {
            Filled::ToTheEnd => break,
            Filled::SoFar => filled = gather.fill(&mut facts).await?,
        }
    }
    if gather.facts == 0 {
        return Err(FigureFault::Empty);
    }
    for measure in &file.measures {
        writer.set(&file.source.code, *measure, &file.edition);
    }
    // What was imported is no longer only cited; what the earlier file alone had is gone, wherever it was.
    for set in writer.sets.by_id.values_mut().filter(|set| *set.source == *file.source.code && *set.edition == *file.edition) {
        if writer.touched.contains(&set.id) {
            set.is_cited = false;
        }
        if !earlier.is_empty() {
            writer.touched.insert(set.id);
        }
    }
    let finished = writer.finish(&|point| earlier.contains(&point.file)).await?;
    known(transaction, &finished.subjects).await?;
    writer.forget_files(&earlier).await?;
    writer.keep_sets(&before).await?;
    changes.note_figures_of(&file.source.code);
    changes.log(transaction, revision, at).await?;
    let of_edition = |set: &&set::FigureSet| *set.source == *file.source.code && *set.edition == *file.edition;
    let measures: BTreeSet<Measure> = writer.sets.all().filter(of_edition).map(|set| set.measure).collect();
    let others = |set: &&set::FigureSet| *set.source == *file.source.code && *set.edition != *file.edition && measures.contains(&set.measure);
    let named = |set: &set::FigureSet| (set.measure, set.edition.to_string());
    let was_newest = |set: &&set::FigureSet| before.get(&set.id).is_some_and(|before| before.is_newest) && !set.is_newest;
    Ok(FigureFileReport {
        facts: gather.facts,
        added: writer.tally.added,
        updated: writer.tally.updated,
        unchanged: writer.tally.unchanged,
        removed: writer.tally.removed,
        replaced: writer.sets.all().filter(others).filter(was_newest).map(named).collect(),
        outdated: writer.sets.all().filter(others).filter(|set| set.is_newest).map(named).collect(),
        corridors: finished.corridors,
        entries,
        revision,
    })
}

/// Whether one file takes the place of the other.
fn is_same(one: &FileRow, other: &FileRow) -> bool {
    one.source == other.source && one.edition == other.edition && one.sha256.is_some() && (one.name == other.name || one.sha256 == other.sha256)
}

fn twice(writer: &Writer<'_>, double: &Double) -> FigureFault {
    let measure = writer.sets.by_id.get(&double.key.set).map_or("A figure", |set| set.measure.name());
    let subject = double.key.subject.split_once(':').map_or(&*double.key.subject, |(_, code)| code);
    let (start, end) = (double.second.period.start(), double.second.period.end());
    let period = if start == end { start.to_string() } else { format!("{start} to {end}") };
    let broken = writer.sets.breakdowns.get(&double.key.breakdown).filter(|breakdown| !breakdown.is_total());
    let broken = broken.map_or_else(String::new, |breakdown| {
        let sex = breakdown.sex.map(|sex| sex.name().to_owned());
        let all = sex.into_iter().chain(breakdown.age_group.clone()).chain(breakdown.dimensions.iter().map(|d| format!("{}={}", d.dimension, d.code)));
        format!(" ({})", all.collect::<Vec<_>>().join(", "))
    });
    FigureFault::Twice {
        what: format!("{measure} of {subject} for {period}{broken}"),
        first: double.first.line.min(double.second.line),
        second: double.first.line.max(double.second.line),
    }
}

/// Adds the source, states and areas that are not known yet; their codes.
async fn add_entries(
    transaction: &DatabaseTransaction,
    file: &FigureFile,
    revision: u64,
    at: Timestamp,
    changes: &mut Changes,
) -> Result<Vec<String>, StoreError> {
    let codes = codes(transaction).await?;
    let (mut rows, mut added, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let source = Entry::Source(file.source.clone());
    for entry in std::iter::once(&source).chain(&file.entries) {
        if codes.has_entry(entry.kind(), &entry.code()) || !seen.insert((entry.kind(), entry.code())) {
            continue;
        }
        let written = Written::of(entry)?;
        let day = midnight(jiff::tz::Offset::UTC.to_datetime(at).date());
        let mut row = written.row(revision, Some(day.clone()), day);
        // The catalogue may say more of it one day: then it is the catalogue's.
        (row.digest, row.origin) = (sea_orm::ActiveValue::Set(None), sea_orm::ActiveValue::Set(IMPORT.to_owned()));
        changes.note(written.id, written.kind);
        added.push(written.code);
        rows.push(row);
    }
    insert_entries(transaction, rows, |_| {}).await?;
    Ok(added)
}

/// Every subject must be there, or the graph would have loose ends.
async fn known(transaction: &DatabaseTransaction, subjects: &BTreeSet<Subject>) -> Result<(), FigureFault> {
    let codes = codes(transaction).await?;
    let mut unknown = BTreeSet::new();
    for subject in subjects {
        let points: &[&String] = match subject {
            Subject::Corridor(origin, destination) => &[origin, destination],
            Subject::State(code) => &[code],
            Subject::Route(code) => {
                if !codes.has_entry(Kind::Route, code) {
                    unknown.insert(code.clone());
                }
                &[]
            }
        };
        unknown.extend(points.iter().filter(|code| !codes.has_point(code)).map(|code| (*code).clone()));
    }
    if unknown.is_empty() { Ok(()) } else { Err(FigureFault::Unknown(unknown.into_iter().collect())) }
}

/// The codes of entries that figures name.
async fn codes(db: &impl ConnectionTrait) -> Result<Codes, StoreError> {
    const DOING: &str = "look for what figures name";
    let mut codes = Codes::default();
    let mut sql = Sql::new("SELECT kind, code FROM entry WHERE kind IN (SELECT value FROM ");
    sql.texts("l", &[Kind::State, Kind::Area, Kind::Route, Kind::Source].map(Words::name)).text(")");
    for row in rows(db, sql).await.doing(DOING)? {
        let kind: String = row.try_get_by_index(0).doing(DOING)?;
        if let Some(kind) = Kind::parse(&kind) {
            codes.add(kind, &row.try_get_by_index::<String>(1).doing(DOING)?);
        }
    }
    Ok(codes)
}
