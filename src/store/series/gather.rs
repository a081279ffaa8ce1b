//! Facts of a file on their way in: gathered by series in memory, so many at a time, so that a file of any size needs
//! no more room than that.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::mpsc::Receiver;

use super::point::{Point, Raw};
use super::writer::{Batch, Double, Key, Writer};
use super::{Delivery, FigureFault, FigureFile, twice};
use crate::domain::fact::{Breakdown, Fact, subject_text};
use crate::domain::figure::{Measure, Subject};

/// Facts that are held at once: some 30 MB. Tests of files that are larger need no large files.
const MOST: usize = if cfg!(test) { 2_000 } else { 400_000 };

/// How far the file has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// There may be more.
    SoFar,
    /// That was all.
    ToTheEnd,
}

/// Facts by series. Subjects and breakdowns are numbered here; the database's numbers come later.
#[derive(Debug, Default)]
pub(super) struct Gather {
    subjects: FxHashMap<Subject, u32>,
    texts: Vec<Arc<str>>,
    breakdown_numbers: FxHashMap<Breakdown, u32>,
    breakdowns: Vec<Breakdown>,
    series: FxHashMap<(Measure, u32, u32), Vec<Point>>,
    held: usize,
    /// All facts so far.
    pub facts: usize,
}

impl Gather {
    /// Takes facts until there is no room, or no more.
    pub async fn fill(&mut self, facts: &mut Receiver<Delivery>) -> Result<Filled, FigureFault> {
        while self.held < MOST {
            match facts.recv().await {
                None => return Err(FigureFault::Abandoned),
                Some(Delivery::Done) => return Ok(Filled::ToTheEnd),
                Some(Delivery::Facts(some)) => some.into_iter().for_each(|fact| self.add(fact)),
            }
        }
        Ok(Filled::SoFar)
    }

    fn add(&mut self, fact: Fact) {
        let value = fact.value.filter(|value| value.is_finite());
        let raw = Raw::of(fact.raw_value, value);
        let point = Point {
            period: fact.period,
            value,
            availability: fact.availability,
            status: fact.status,
            is_break: fact.is_break,
            file: 0,
            line: fact.line.unwrap_or(0),
            raw,
        };
        // Looked up before it is given away: nearly every subject and breakdown has been met.
        let subject = self.subjects.get(&fact.subject).copied().unwrap_or_else(|| {
            let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            self.texts.push(subject_text(&fact.subject).into());
            self.subjects.insert(fact.subject, number);
            number
        });
        let breakdown = self.breakdown_numbers.get(&fact.breakdown).copied().unwrap_or_else(|| {
            let number = u32::try_from(self.breakdowns.len()).unwrap_or(u32::MAX);
            self.breakdowns.push(fact.breakdown.clone());
            self.breakdown_numbers.insert(fact.breakdown, number);
            number
        });
        self.series.entry((fact.measure, breakdown, subject)).or_default().push(point);
        self.held += 1;
        self.facts += 1;
    }

    /// What was gathered, under the database's numbers, as the points of that file.
    pub async fn take(&mut self, writer: &mut Writer<'_>, file: &FigureFile, number: u32) -> Result<Batch, FigureFault> {
        let mut breakdowns = Vec::with_capacity(self.breakdowns.len());
        for breakdown in &self.breakdowns {
            breakdowns.push(writer.breakdown(breakdown).await?);
        }
        let mut batch = Batch::with_capacity(self.series.len());
        for ((measure, breakdown, subject), mut points) in std::mem::take(&mut self.series) {
            let set = writer.set(&file.source.code, measure, &file.edition);
            let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            let (Some(breakdown), Some(subject)) = (breakdowns.get(place(breakdown)), self.texts.get(place(subject))) else { continue };
            let key = Key { subject: Arc::clone(subject), set, breakdown: *breakdown };
            for point in &mut points {
                point.file = number;
            }
            points.sort_by_key(|point| point.period);
            if let Some([first, second]) = points.array_windows().find(|[one, other]| one.period == other.period) {
                return Err(twice(writer, &Double { key, first: first.clone(), second: second.clone() }));
            }
            batch.push((key, points));
        }
        self.held = 0;
        Ok(batch)
    }
}
