//! The measured data: the same counts and links as every contender's, made by the same formulas.

use std::ops::RangeInclusive;
use std::path::Path;

use jiff::civil::{Date, date};
use jiff::{Span, Timestamp};
use silkroutes::domain::document::{Document, DocumentKind, Provision, ProvisionKind};
use silkroutes::domain::entry::{Entry, Stored};
use silkroutes::domain::figure::{Measure, Observation, ObservationStatus, Source, Subject, ValueAvailability};
use silkroutes::domain::group::{Membership, WorkingGroup, WorkingGroupKind, WorkingGroupRole};
use silkroutes::domain::party::{Region, State};
use silkroutes::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use silkroutes::domain::text::{Language, Localized};
use silkroutes::store::Store;

/// Practices of the measured data.
pub const PRACTICES: usize = 20_000;

/// Makes a database of the data with so many practices, and `times` as many figures.
pub fn make(path: &Path, practices: usize, times: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a new database");
        store.bulk_insert(&frame(), &[]).await.expect("entries");
        // Some practices and some corridors at a time, so that much data needs no more memory than little.
        for from in (1..=practices).step_by(PRACTICES) {
            store.bulk_insert(&self::practices(from..=practices.min(from + PRACTICES - 1)), &[]).await.expect("practices");
        }
        let pairs: Vec<(usize, usize)> = corridors().collect();
        for chunk in pairs.chunks(100) {
            let figures: Vec<Observation> = chunk.iter().flat_map(|&(origin, destination)| observations(origin, destination, times)).collect();
            store.bulk_insert(&[], &figures).await.expect("figures");
        }
        store.close().await;
    });
}

fn state(n: usize) -> String {
    format!("S{n:02}")
}

fn midnight(day: Date) -> Timestamp {
    format!("{day}T00:00:00Z").parse().expect("an instant")
}

const FOUNDED: Date = date(2013, 4, 19);

/// Everything but practices.
fn frame() -> Vec<Stored> {
    let mut all = Vec::new();
    for n in 1..=60 {
        let name = Localized::english(format!("State number {n}"));
        let entry = State { iso3: state(n), iso2: format!("S{n}"), m49: format!("{n:03}"), name, region: Region::Other, centroid: None, participation: None };
        all.push(Entry::State(entry));
    }
    all.extend((1..=6).map(|n| Entry::WorkingGroup(group(n))));
    all.extend(provisions());
    let source = Source { code: "BENCH".into(), name: "Made for measuring".into(), publisher: "Nobody".into(), url: None, licence: None, retrieved_on: None };
    all.push(Entry::Source(source));
    all.into_iter().map(|entry| stored(entry, FOUNDED)).collect()
}

/// The practices of those numbers.
fn practices(numbers: RangeInclusive<usize>) -> Vec<Stored> {
    let day = |n: usize| FOUNDED.checked_add(Span::new().days(i64::try_from((n * 37) % 4500).unwrap_or(0))).expect("a day");
    numbers.map(|n| stored(Entry::GoodPractice(practice(n)), day(n))).collect()
}

fn stored(entry: Entry, day: Date) -> Stored {
    Stored { id: entry.catalogue_id(), entry, version: 1, published_at: Some(midnight(day)), updated_at: midnight(day) }
}

fn group(n: usize) -> WorkingGroup {
    let members: Vec<usize> = (1..=60).filter(|s| (n * 7 + s).is_multiple_of(3)).collect();
    let chair = |s: usize| Membership { party: state(s), role: WorkingGroupRole::Chair, since: None, until: None, note: None };
    WorkingGroup {
        code: format!("WG{n}"),
        name: Localized::english(format!("Working group {n}")),
        kind: WorkingGroupKind::Regional,
        summary: "A group.".into(),
        established_on: None,
        established_note: None,
        parent: None,
        members: members.iter().copied().filter(|s| s % 13 == 0).map(chair).collect(),
        focus_states: members.into_iter().filter(|s| s % 13 != 0).map(state).collect(),
        areas: Vec::new(),
        activities: Vec::new(),
        citations: Vec::new(),
    }
}

fn provisions() -> Vec<Entry> {
    let document = "DECLARATION-2013";
    let mut all = vec![Entry::Document(Document {
        code: document.into(),
        kind: DocumentKind::Declaration,
        title: "Declaration".into(),
        summary: "A declaration.".into(),
        adopted_on: None,
        meeting: None,
        languages: Vec::new(),
        citations: Vec::new(),
    })];
    let provision = |reference: String, kind, parent, ordinal, title| {
        Entry::Provision(Provision {
            document: document.into(),
            reference,
            kind,
            parent,
            ordinal,
            title,
            summary: "A provision.".into(),
            goals: Vec::new(),
            keywords: Vec::new(),
        })
    };
    all.extend((1..=6).map(|n| provision(n.to_string(), ProvisionKind::ThematicArea, None, n, format!("Area {n}"))));
    all.extend(
        (1..=46).map(|n| provision(format!("A{n}"), ProvisionKind::Activity, Some((1 + (n - 1) % 6).to_string()), 6 + n, format!("Activity number {n}"))),
    );
    all
}

fn practice(n: usize) -> GoodPractice {
    let mut activities: Vec<usize> = (1..=3).map(|k| 1 + (n * k * 31) % 46).collect();
    activities.sort_unstable();
    activities.dedup();
    let home = state(1 + (n * 7919) % 60);
    let text = PracticeText { language: Language::En, title: format!("Practice {n}"), summary: "Summary of the practice. ".repeat(8), body: None };
    GoodPractice {
        slug: format!("practice-{n}"),
        texts: vec![text],
        owner: home.clone(),
        attributed: true,
        states: vec![home],
        partners: Vec::new(),
        activities: activities.into_iter().map(|a| format!("A{a}")).collect(),
        flows: Vec::new(),
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: Vec::new(),
    }
}

fn corridors() -> impl Iterator<Item = (usize, usize)> {
    (1..=60).flat_map(|o| (1..=60).map(move |d| (o, d))).filter(|(o, d)| o != d && (o * d) % 2 == 0)
}

fn observations(origin: usize, destination: usize, times: usize) -> Vec<Observation> {
    let flow = corridors().position(|pair| pair == (origin, destination)).map_or(0, |at| at + 1);
    let mut all = Vec::with_capacity(60 * times);
    for (year, edition) in (2005..=2024).flat_map(|year| (0..times).map(move |edition| (year, edition))) {
        for measure in [Measure::Detections, Measure::AsylumApplications, Measure::Returns] {
            all.push(Observation {
                subject: Subject::Corridor(state(origin), state(destination)),
                measure,
                period_start: date(year, 1, 1),
                period_end: date(year, 12, 31),
                value: Some(((flow * usize::from(year.unsigned_abs())) % 100_000) as f64),
                availability: ValueAvailability::Reported,
                status: ObservationStatus::Final,
                sex: None,
                age_group: None,
                dimensions: Vec::new(),
                source: "BENCH".into(),
                edition: format!("{}", 2025 - edition),
                retrieved_on: None,
                file: None,
                sha256: None,
                line: None,
                raw_value: None,
            });
        }
    }
    all
}
