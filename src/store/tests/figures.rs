//! A publisher's file of figures comes in: once, again, changed, in a newer edition, and not at all.

use jiff::civil::date;
use tokio::sync::mpsc::channel;

use super::{Db, corridor, state};
use crate::domain::fact::{Breakdown, Fact, Period};
use crate::domain::figure::{Measure, ObservationStatus, Sex, Source, Subject, ValueAvailability};
use crate::store::{Delivery, FigureFault, FigureFile, FigureFileReport, FigureOptions, ObservationOrder, ObservationQuery, Window};

fn file(edition: &str) -> FigureFile {
    FigureFile {
        source: Source { code: "RPS".into(), name: "Population".into(), publisher: "Somebody".into(), url: None, licence: None, retrieved_on: None },
        edition: edition.into(),
        measures: vec![Measure::Refugees],
        name: "population.csv".into(),
        sha256: format!("digest of {edition}"),
        retrieved_on: Some(date(2026, 11, 23)),
        entries: vec![state("IRN")],
    }
}

fn fact(origin: &str, destination: &str, year: i16, value: f64, line: u32) -> Fact {
    Fact {
        subject: corridor(origin, destination),
        measure: Measure::Refugees,
        period: Period::day(date(year, 12, 31)),
        breakdown: Breakdown::default(),
        value: Some(value),
        availability: ValueAvailability::Reported,
        status: ObservationStatus::Final,
        is_break: false,
        line: Some(line),
        raw_value: Some(value.to_string()),
    }
}

fn facts() -> Vec<Fact> {
    vec![fact("AFG", "IRN", 2022, 10.0, 2), fact("AFG", "TUR", 2022, 5.0, 3), fact("AFG", "IRN", 2023, 11.0, 4), fact("AFG", "TUR", 2023, 6.0, 5)]
}

async fn send(db: &Db, file: FigureFile, facts: Vec<Fact>, options: FigureOptions) -> Result<FigureFileReport, FigureFault> {
    let (sender, receiver) = channel(1);
    let sending = async move {
        for some in facts.chunks(2) {
            let _ = sender.send(Delivery::Facts(some.to_vec())).await;
        }
        let _ = sender.send(Delivery::Done).await;
    };
    tokio::join!(db.store.import_figures(file, receiver, options), sending).0
}

async fn import(db: &Db, file: FigureFile, facts: Vec<Fact>) -> FigureFileReport {
    send(db, file, facts, FigureOptions::default()).await.unwrap()
}

/// Period, value and edition of every figure of a subject, newest period first.
async fn read(db: &Db, subject: &str, editions: Option<Vec<String>>) -> Vec<(i16, Option<f64>, String)> {
    let query = ObservationQuery {
        measures: None,
        from: None,
        to: None,
        sexes: None,
        age_groups: None,
        dimensions: None,
        sources: Some(vec!["RPS".into()]),
        editions,
        origins: None,
        destinations: None,
        order: ObservationOrder { by_value: false, descending: true },
        window: Window { after: None, before: None, limit: 100, backward: false },
        count: false,
    };
    let page = db.store.observations(&query, &[subject.into()]).await.unwrap().remove(subject).unwrap();
    page.rows.iter().map(|row| (row.observation.period_end.year(), row.observation.value, row.observation.edition.clone())).collect()
}

#[tokio::test]
async fn a_file_brings_its_facts_its_source_and_its_corridors() {
    let db = Db::filled().await;
    let report = import(&db, file("2025"), facts()).await;
    let expected = FigureFileReport { facts: 4, added: 4, corridors: 1, entries: vec!["RPS".into(), "IRN".into()], revision: 2, ..FigureFileReport::default() };
    assert_eq!(report, expected);
    assert_eq!(read(&db, "C:AFG-IRN", None).await, [(2023, Some(11.0), "2025".into()), (2022, Some(10.0), "2025".into())]);
    let material = db.material().await.unwrap();
    assert!(material.editions.contains(&("RPS".into(), vec!["2025".into()])));
    assert!(material.corridors.contains(&("AFG".into(), "IRN".into())));
    db.is_sound().await;
    // What came along stays when the catalogue is loaded again, pruned or not.
    assert!(!db.prune(&super::catalogue()).await.has_changes());
    db.is_sound().await;
}

#[tokio::test]
async fn the_same_facts_again_change_nothing() {
    let db = Db::filled().await;
    import(&db, file("2025"), facts()).await;
    let before = db.everything().await;
    let mut later = file("2025");
    (later.sha256, later.retrieved_on) = ("of another day".into(), Some(date(2026, 12, 24)));
    for file in [file("2025"), later] {
        let report = import(&db, file, facts()).await;
        assert_eq!((report.unchanged, report.revision, report.has_changes()), (4, 2, false));
        assert_eq!(db.everything().await, before);
    }
}

#[tokio::test]
async fn a_corrected_file_takes_the_place_of_the_one_before() {
    let db = Db::filled().await;
    import(&db, file("2025"), facts()).await;
    let mut corrected = facts();
    corrected[0].value = Some(12.0);
    corrected.remove(3);
    let mut other = file("2025");
    other.sha256 = "corrected".into();
    let report = import(&db, other, corrected).await;
    assert_eq!((report.added, report.updated, report.unchanged, report.removed, report.revision), (0, 1, 2, 1, 3));
    assert_eq!(read(&db, "C:AFG-IRN", None).await, [(2023, Some(11.0), "2025".into()), (2022, Some(12.0), "2025".into())]);
    assert_eq!(read(&db, "C:AFG-TUR", None).await, [(2022, Some(5.0), "2025".into())]);
    assert_eq!(db.count("figure_file").await, 2, "that of the catalogue, and the corrected one");
    db.is_sound().await;
    // A file of another name stands beside it.
    let mut beside = file("2025");
    (beside.name, beside.sha256) = ("more.csv".into(), "more".into());
    let report = import(&db, beside, vec![fact("AFG", "TUR", 2024, 7.0, 2)]).await;
    assert_eq!((report.added, report.removed), (1, 0));
    assert_eq!(read(&db, "C:AFG-TUR", None).await.len(), 2);
    db.is_sound().await;
}

#[tokio::test]
async fn a_newer_edition_is_read_and_the_older_stays_by_its_name() {
    let db = Db::filled().await;
    import(&db, file("2025"), facts()).await;
    let mut other_measure = fact("AFG", "TUR", 2023, 1.0, 9);
    other_measure.measure = Measure::AsylumApplications;
    let mut applications = file("2024-applications");
    (applications.measures, applications.name) = (vec![Measure::AsylumApplications], "applications.csv".into());
    import(&db, applications, vec![other_measure]).await;
    let report = import(&db, file("2026"), vec![fact("AFG", "IRN", 2023, 13.0, 2)]).await;
    assert_eq!((report.added, report.replaced, report.outdated), (1, vec![(Measure::Refugees, "2025".into())], vec![]));
    assert_eq!(read(&db, "C:AFG-IRN", None).await, [(2023, Some(13.0), "2026".into())]);
    assert_eq!(read(&db, "C:AFG-IRN", Some(vec!["2025".into()])).await.len(), 2);
    // What the newer edition no longer has is not read from the older; what it never spoke of is.
    assert_eq!(read(&db, "C:AFG-TUR", None).await, [(2023, Some(1.0), "2024-applications".into())]);
    // An older edition that comes late stands behind.
    let report = import(&db, file("2020"), facts()).await;
    assert_eq!((report.added, report.replaced, report.outdated), (4, vec![], vec![(Measure::Refugees, "2026".into())]));
    assert_eq!(read(&db, "C:AFG-IRN", None).await, [(2023, Some(13.0), "2026".into())]);
    db.is_sound().await;
    // A file that speaks for a measure and has none of it says that there is none.
    let mut without = file("2027");
    without.measures.push(Measure::AsylumApplications);
    let report = import(&db, without, facts()).await;
    assert_eq!(report.replaced, [(Measure::AsylumApplications, "2024-applications".into()), (Measure::Refugees, "2026".into())]);
    assert_eq!(read(&db, "C:AFG-TUR", None).await.len(), 2);
    db.is_sound().await;
}

#[tokio::test]
async fn a_publishers_file_outranks_what_the_catalogue_cites() {
    let db = Db::filled().await;
    let mut cited = super::catalogue();
    cited.observations[0].measure = Measure::Refugees;
    cited.observations[0].source = "RPS".into();
    cited.observations[0].edition = "9999".into();
    cited.entries.push(crate::domain::entry::Entry::Source(file("2025").source));
    db.load(&cited).await;
    assert_eq!(read(&db, "C:AFG-TUR", None).await, [(2023, Some(12.5), "9999".into())]);
    import(&db, file("2025"), facts()).await;
    assert_eq!(read(&db, "C:AFG-TUR", None).await.len(), 2);
    assert!(!db.load(&cited).await.has_changes());
    db.is_sound().await;
}

#[tokio::test]
async fn a_bad_file_leaves_the_database_as_it_was() {
    let db = Db::filled().await;
    import(&db, file("2025"), facts()).await;
    let before = db.everything().await;
    let mut twice = facts();
    twice.push(fact("AFG", "IRN", 2022, 99.0, 77));
    let fault = send(&db, file("2026"), twice, FigureOptions::default()).await.unwrap_err();
    assert_eq!(fault.to_string(), "REFUGEES of AFG-IRN for 2022-12-31 stands in the file twice: in line 2 and in line 77.");
    let unknown = vec![fact("AFG", "XYZ", 2022, 1.0, 2), Fact { subject: Subject::Route("NONE".into()), ..fact("AFG", "IRN", 2022, 1.0, 3) }];
    let fault = send(&db, file("2026"), unknown, FigureOptions::default()).await.unwrap_err();
    assert_eq!(fault.to_string(), "Nothing is known under NONE, XYZ: neither a state or area nor a route.");
    assert!(matches!(send(&db, file("2026"), vec![], FigureOptions::default()).await, Err(FigureFault::Empty)));
    let (sender, receiver) = channel(4);
    sender.send(Delivery::Facts(facts())).await.unwrap();
    drop(sender);
    let fault = db.store.import_figures(file("2026"), receiver, FigureOptions::default()).await.unwrap_err();
    assert!(matches!(fault, FigureFault::Abandoned));
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_keeps_nothing() {
    let db = Db::filled().await;
    let before = db.everything().await;
    let report = send(&db, file("2025"), facts(), FigureOptions { dry_run: true }).await.unwrap();
    assert_eq!((report.added, report.corridors, report.revision), (4, 1, 1));
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn a_file_larger_than_memory_comes_in_parts() {
    let db = Db::filled().await;
    // More facts than are held at once: a series is met again after it was written.
    let year = |n: u32| 1000 + i16::try_from(n % 1700).unwrap();
    let make = |n: u32| Fact {
        breakdown: Breakdown { sex: Some(Sex::Female), age_group: Some(format!("Y{}", n / 1700)), dimensions: Vec::new() },
        ..fact("AFG", "TUR", year(n), f64::from(n), n + 2)
    };
    let mut all: Vec<Fact> = (0..5_000).map(make).collect();
    let report = import(&db, file("2025"), all.clone()).await;
    assert_eq!((report.added, db.figures().await), (5_000, 5_003));
    all.push(make(5));
    let fault = send(&db, file("2025"), all, FigureOptions::default()).await.unwrap_err();
    assert!(fault.to_string().ends_with("(FEMALE, Y0) stands in the file twice: in line 7 and in line 7."), "{fault}");
    db.is_sound().await;
}

#[tokio::test]
async fn a_large_file_that_comes_again_is_compared_and_corrected() {
    let db = Db::filled().await;
    // Year by year, as publishers write: every part of the file meets all 700 series again.
    let make = |n: u32| Fact {
        breakdown: Breakdown { sex: None, age_group: Some(format!("Y{}", n % 700)), dimensions: Vec::new() },
        ..fact("AFG", "TUR", 2000 + i16::try_from(n / 700).unwrap(), f64::from(n), n)
    };
    let all: Vec<Fact> = (0..4_900).map(make).collect();
    assert_eq!(import(&db, file("2025"), all.clone()).await.added, 4_900);
    let before = db.everything().await;
    let report = import(&db, file("2025"), all.clone()).await;
    assert_eq!((report.unchanged, report.has_changes()), (4_900, false));
    assert_eq!(db.everything().await, before);

    // A year of some, a whole series and some values are others.
    let is_gone = |n: u32| n % 700 == 3 || n.is_multiple_of(1_101);
    let is_corrected = |n: u32| n.is_multiple_of(7);
    let mut corrected: Vec<Fact> = (0..4_900).filter(|n| !is_gone(*n)).map(make).collect();
    for fact in corrected.iter_mut().filter(|fact| is_corrected(fact.line.unwrap())) {
        fact.value = fact.value.map(|value| value + 0.5);
    }
    let count = |of: &dyn Fn(u32) -> bool| (0..4_900).filter(|n| of(*n)).count();
    let report = import(&db, FigureFile { sha256: "corrected".into(), ..file("2025") }, corrected).await;
    let updated = count(&|n| is_corrected(n) && !is_gone(n));
    assert_eq!((report.added, report.updated, report.removed), (0, updated, count(&is_gone)));
    assert_eq!(report.unchanged, 4_900 - updated - count(&is_gone));
    assert_eq!(db.figures().await, 3 + 4_900 - i64::try_from(count(&is_gone)).unwrap());
    db.is_sound().await;
}

#[tokio::test]
async fn rows_of_an_earlier_version_are_carried_over() {
    let db = Db::new().await;
    db.sql(
        "CREATE TABLE observation (seq bigint PRIMARY KEY, id text, subject text, origin text, destination text, measure text, period_start text, \
         period_end text, value double precision, availability text, status text, sex text, age_group text, dimensions text, is_total boolean, is_newest boolean, \
         source text, edition text, retrieved_on text, file text, sha256 text, line bigint, raw_value text); \
         INSERT INTO observation VALUES (1, 'x', 'C:AFG-TUR', 'AFG', 'TUR', 'REFUGEES', '2022-12-31', '2022-12-31', 5.5, 'REPORTED', 'ESTIMATED', NULL, NULL, '', \
         TRUE, TRUE, 'RPS', '1', '2026-11-23', 'a.csv', NULL, 7, '5,5'), (2, 'y', 'C:AFG-TUR', 'AFG', 'TUR', 'REFUGEES', '2021-12-31', '2021-12-31', NULL, \
         'NOT_AVAILABLE', 'FINAL', 'MALE', NULL, '[{\"dimension\":\"k\",\"code\":\"c\",\"label\":\"l\"}]', FALSE, TRUE, 'RPS', '1', NULL, NULL, NULL, NULL, NULL); \
         DELETE FROM seaql_migrations WHERE version LIKE '%_series'; DROP TABLE figure_file; DROP TABLE figure_set; DROP TABLE breakdown; DROP TABLE place; \
         DROP TABLE series; DROP TABLE figure_block",
    )
    .await;
    let store = crate::store::Store::open(&db.place.url()).await.unwrap();
    let db = Db { store, ..db };
    assert_eq!(read(&db, "C:AFG-TUR", None).await, [(2022, Some(5.5), "1".into())]);
    assert_eq!(db.figures().await, 2);
    assert!(crate::store::sql::rows(&db.store.read, crate::store::sql::Sql::new("SELECT 1 FROM observation")).await.is_err());
}
