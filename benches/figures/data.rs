//! Ten million figures: corridors by years, sources and breakdowns, with what real files have (gaps, suppressed cells,
//! numbers of very different size), made by formulas and brought in by the way of publishers' files.

use std::path::Path;

use jiff::civil::date;
use silkroutes::domain::entry::{Entry, Stored};
use silkroutes::domain::fact::{Breakdown, Fact, Period};
use silkroutes::domain::figure::{Measure, ObservationStatus, Sex, Source, Subject, ValueAvailability};
use silkroutes::domain::party::{Region, State};
use silkroutes::domain::text::Localized;
use silkroutes::domain::word::Words;
use silkroutes::store::{Delivery, FigureFile, FigureOptions, Store};

/// States of the made world.
const STATES: usize = 200;
/// Years of the long source.
const YEARS: std::ops::RangeInclusive<i16> = 1951..=2024;

/// What one file brings.
struct Made {
    source: &'static str,
    measure: Measure,
    years: std::ops::RangeInclusive<i16>,
    /// One corridor of so many has figures.
    one_of: usize,
    breakdowns: Vec<Breakdown>,
    /// One figure in so many is another than in the file before; 0 for none.
    corrected: usize,
}

/// Makes the database; how many figures it has.
pub fn make(path: &Path) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a new database");
        store.bulk_insert(&entries(), &[]).await.expect("entries");
        let mut count = 0;
        for file in files() {
            count += import(&store, file).await;
        }
        store.close().await;
        count
    })
}

/// Imports a file of a million figures, the same again, and one with a hundredth of them corrected; how many seconds
/// each took.
pub fn again(path: &Path) -> [(usize, f64); 3] {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a new database");
        store.bulk_insert(&entries(), &[]).await.expect("entries");
        let mut took = [(0, 0.0); 3];
        for (corrected, took) in [0, 0, 100].into_iter().zip(&mut took) {
            let begun = std::time::Instant::now();
            let breakdowns = vec![Breakdown::default()];
            let changed = import(&store, Made { source: "LONG", measure: Measure::AsylumSeekers, years: YEARS, one_of: 3, breakdowns, corrected }).await;
            *took = (changed, begun.elapsed().as_secs_f64());
        }
        store.close().await;
        took
    })
}

fn files() -> Vec<Made> {
    let total = vec![Breakdown::default()];
    let sexes = Sex::ALL.iter().map(|sex| Breakdown { sex: Some(sex.value), ..Breakdown::default() });
    let ages = ["0-13", "14-17", "18-34", "35-64", "65+"];
    let both = Sex::ALL.iter().flat_map(|sex| ages.map(|age| Breakdown { sex: Some(sex.value), age_group: Some(age.to_owned()), dimensions: Vec::new() }));
    let broken: Vec<Breakdown> = total.iter().cloned().chain(sexes).chain(both).collect();
    vec![
        // The measure that is asked for: three million figures in 74 years.
        Made { source: "LONG", measure: Measure::Refugees, years: YEARS, one_of: 1, breakdowns: total.clone(), corrected: 0 },
        Made { source: "LONG", measure: Measure::AsylumSeekers, years: YEARS, one_of: 3, breakdowns: total.clone(), corrected: 0 },
        Made { source: "LONG", measure: Measure::RefugeeReturns, years: YEARS, one_of: 3, breakdowns: total.clone(), corrected: 0 },
        Made { source: "OTHER", measure: Measure::Refugees, years: 1990..=2024, one_of: 2, breakdowns: total, corrected: 0 },
        Made { source: "BROKEN", measure: Measure::AsylumApplications, years: 2000..=2024, one_of: 3, breakdowns: broken, corrected: 0 },
    ]
}

fn code(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    [letter(n / 26), letter(n), 'X'].iter().collect()
}

fn entries() -> Vec<Stored> {
    let midnight = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let state = |n: usize| {
        let iso3 = code(n);
        let region = Region::ALL[n % Region::ALL.len()].value;
        Entry::State(State {
            iso2: iso3[..2].to_owned(),
            m49: format!("{n:03}"),
            name: Localized::english(format!("State {iso3}")),
            region,
            centroid: None,
            participation: None,
            iso3,
        })
    };
    let stored = |entry: Entry| Stored { id: entry.catalogue_id(), entry, version: 1, published_at: Some(midnight), updated_at: midnight };
    (0..STATES).map(state).map(stored).collect()
}

async fn import(store: &Store, made: Made) -> usize {
    let file = FigureFile {
        source: Source {
            code: made.source.into(),
            name: format!("Source {}", made.source),
            publisher: "Nobody".into(),
            url: None,
            licence: None,
            retrieved_on: None,
        },
        edition: "2026".into(),
        measures: vec![made.measure],
        name: format!("{}.csv", made.measure),
        sha256: format!("{}-{}", made.source, made.measure),
        retrieved_on: Some(date(2026, 1, 1)),
        entries: Vec::new(),
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let reading = tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(1_000);
        let mut line = 1;
        // Year by year, as publishers write their files.
        for year in made.years.clone() {
            for (origin, destination) in
                (0..STATES).flat_map(|o| (0..STATES).map(move |d| (o, d))).filter(|(o, d)| o != d && (o * 7 + d * 13).is_multiple_of(made.one_of))
            {
                for breakdown in &made.breakdowns {
                    line += 1;
                    chunk.push(fact(&made, year, origin, destination, breakdown, line));
                    if chunk.len() == 1_000 && sender.blocking_send(Delivery::Facts(std::mem::take(&mut chunk))).is_err() {
                        return;
                    }
                }
            }
        }
        let _ = sender.blocking_send(Delivery::Facts(chunk));
        let _ = sender.blocking_send(Delivery::Done);
    });
    let report = store.import_figures(file, receiver, FigureOptions::default()).await.expect("a good file");
    reading.await.expect("read");
    report.added + report.updated
}

fn fact(made: &Made, year: i16, origin: usize, destination: usize, breakdown: &Breakdown, line: u32) -> Fact {
    let is_corrected = made.corrected > 0 && usize::try_from(line).unwrap_or(0).is_multiple_of(made.corrected);
    let seed = (origin * 31 + destination * 17 + usize::from(year.unsigned_abs()) * 101 + usize::from(is_corrected)) % 9_973;
    let value = (!seed.is_multiple_of(50)).then(|| ((seed * seed) % (10_usize.pow(1 + u32::try_from(seed % 6).unwrap_or(0)))) as f64);
    Fact {
        subject: Subject::Corridor(code(origin), code(destination)),
        measure: made.measure,
        period: if made.measure == Measure::AsylumApplications || made.measure == Measure::RefugeeReturns {
            Period::year(year)
        } else {
            Period::day(date(year, 12, 31))
        },
        breakdown: breakdown.clone(),
        value,
        availability: if value.is_some() { ValueAvailability::Reported } else { ValueAvailability::Redacted },
        status: ObservationStatus::Final,
        is_break: false,
        line: Some(line),
        raw_value: value.map(|value| value.to_string()),
    }
}
