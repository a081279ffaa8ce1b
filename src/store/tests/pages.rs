//! Pages of figures: every order and filter, forwards and backwards, meets each row once.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Db, catalogue, corridor, figure};
use crate::domain::date::{PartialDate, period_overlaps};
use crate::domain::fact::{SeriesHash, subject_text};
use crate::domain::figure::{Dimension, Measure, Observation, Sex, Subject};
use crate::domain::id::Id;
use crate::store::{ObservationKey, ObservationOrder, ObservationPage, ObservationQuery, ObservationRow, StoreError, Window};

const SUBJECT: &str = "C:AFG-TUR";

pub(super) fn all(by_value: bool, descending: bool) -> ObservationQuery {
    ObservationQuery {
        measures: None,
        from: None,
        to: None,
        sexes: None,
        age_groups: None,
        dimensions: None,
        sources: None,
        editions: None,
        origins: None,
        destinations: None,
        order: ObservationOrder { by_value, descending },
        window: Window { after: None, before: None, limit: 1000, backward: false },
        count: true,
    }
}

async fn page(db: &Db, query: &ObservationQuery) -> ObservationPage {
    db.store.observations(query, &[SUBJECT.into()]).await.unwrap().remove(SUBJECT).unwrap()
}

fn key(row: &ObservationRow, by_value: bool) -> ObservationKey {
    let key = if by_value { row.value_key() } else { row.period_key() };
    // By way of its bytes, as in a cursor.
    ObservationKey::from_bytes(&key.to_bytes()).unwrap()
}

/// The whole list, page by page.
async fn walk(db: &Db, mut query: ObservationQuery, size: usize, backward: bool) -> Vec<Arc<ObservationRow>> {
    let mut found = Vec::new();
    (query.window.limit, query.window.backward) = (size, backward);
    loop {
        let page = page(db, &query).await;
        assert!(page.rows.len() <= size);
        let by_value = query.order.by_value;
        if backward {
            found.splice(0..0, page.rows.iter().cloned());
            query.window.before = page.rows.first().map(|row| key(row, by_value));
            assert_eq!(page.has_next, found.len() > page.rows.len());
        } else {
            found.extend(page.rows.iter().cloned());
            query.window.after = page.rows.last().map(|row| key(row, by_value));
            assert_eq!(page.has_previous, found.len() > page.rows.len());
        }
        if !(if backward { page.has_previous } else { page.has_next }) {
            return found;
        }
    }
}

/// What statistics may say, to the last bit: from a millionth to a trillion billions, of either sign.
fn amount() -> impl Strategy<Value = f64> {
    (any::<(i32, u32)>(), -20_i32..9).prop_map(|((high, low), scale)| (f64::from(high) * 4_294_967_296.0 + f64::from(low)) * 10_f64.powi(scale))
}

fn figures() -> impl Strategy<Value = Vec<Observation>> {
    let value = prop_oneof![Just(None), (0_u8..3).prop_map(|n| Some(f64::from(n))), amount().prop_map(Some)];
    let one = (2020_i16..2024, value, 0_usize..3, prop::option::of(any::<bool>()), prop::option::of(0_u8..2), prop::option::of(0_u8..2), 0_u8..3);
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let figures = all.into_iter().map(|(year, value, measure, female, age, kind, edition)| {
            let mut figure = figure(corridor("AFG", "TUR"), year, value);
            figure.measure = [Measure::Detections, Measure::Returns, Measure::Refugees][measure];
            figure.sex = female.map(|female| if female { Sex::Female } else { Sex::Male });
            figure.age_group = age.map(|age| format!("Y{age}"));
            figure.dimensions = kind
                .map(|kind| Dimension { dimension: format!("kind{kind}"), code: "A\"B".into(), label: "\"dimension\":\"kind9\"".into() })
                .into_iter()
                .collect();
            figure.edition = format!("202{edition}");
            figure
        });
        let mut distinct: Vec<Observation> = Vec::new();
        for figure in figures {
            if distinct.iter().all(|other| other.key() != figure.key()) {
                distinct.push(figure);
            }
        }
        distinct
    })
}

fn filters() -> impl Strategy<Value = ObservationQuery> {
    let texts = |all: &'static [&'static str]| {
        prop::option::weighted(0.3, prop::sample::subsequence(all, 0..=all.len()).prop_map(|some| some.into_iter().map(str::to_owned).collect::<Vec<_>>()))
    };
    let dates =
        || prop::option::weighted(0.3, prop::sample::select(vec!["2021", "2022-06", "2023-12-31"]).prop_map(|text| text.parse::<PartialDate>().unwrap()));
    let words = prop::option::weighted(0.3, prop::sample::subsequence(vec![Measure::Detections, Measure::Returns, Measure::Refugees], 0..=3));
    let sexes = prop::option::weighted(0.3, prop::sample::subsequence(vec![Sex::Female, Sex::Male], 0..=2));
    (
        words,
        dates(),
        dates(),
        sexes,
        texts(&["Y0", "Y1"]),
        texts(&["kind0", "kind1=A\"B", "kind1=B", "kind9"]),
        texts(&["2020", "2021", "2022"]),
        any::<(bool, bool)>(),
    )
        .prop_map(|(measures, from, to, sexes, age_groups, dimensions, editions, (by_value, descending))| ObservationQuery {
            measures,
            from,
            to,
            sexes,
            age_groups,
            dimensions,
            editions,
            ..all(by_value, descending)
        })
}

/// The rule, said once more in plain Rust.
fn matches(query: &ObservationQuery, figure: &Observation, newest: &str) -> bool {
    let of = |list: &Option<Vec<String>>, text: &str| list.as_ref().is_none_or(|list| list.iter().any(|one| one == text));
    let dimension = |wanted: &String| figure.dimensions.iter().any(|d| *wanted == d.dimension || *wanted == format!("{}={}", d.dimension, d.code));
    query.measures.as_ref().is_none_or(|measures| measures.contains(&figure.measure))
        && query.sexes.as_ref().map_or(figure.sex.is_none(), |sexes| figure.sex.is_some_and(|sex| sexes.contains(&sex)))
        && query.age_groups.as_ref().map_or(figure.age_group.is_none(), |ages| figure.age_group.as_ref().is_some_and(|age| ages.contains(age)))
        && query.dimensions.as_ref().map_or(figure.dimensions.is_empty(), |wanted| wanted.iter().any(dimension))
        && query.editions.as_ref().map_or(figure.edition == newest, |_| of(&query.editions, &figure.edition))
        && period_overlaps(Some(PartialDate::day(figure.period_start)), Some(PartialDate::day(figure.period_end)), query.from, query.to)
}

fn id(figure: &Observation) -> Id {
    let fact = figure.fact();
    SeriesHash::of(&subject_text(&fact.subject), fact.measure, &figure.source, &figure.edition, &fact.breakdown).id(fact.period)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_walk_in_pages_meets_what_the_rule_says(figures in figures(), queries in prop::collection::vec((filters(), 1_usize..7, any::<bool>()), 6)) {
        run(async {
            let db = Db::new().await;
            // In two parts: the newest edition of a source may come later.
            let (first, second) = figures.split_at(figures.len() / 2);
            db.store.bulk_insert(&[], first).await.unwrap();
            db.store.bulk_insert(&[], second).await.unwrap();
            for (query, size, backward) in queries {
                let newest = |measure: Measure| figures.iter().filter(|figure| figure.measure == measure).map(|figure| figure.edition.as_str()).max().unwrap_or_default();
                let mut expected: Vec<(Id, &Observation)> =
                    figures.iter().filter(|figure| matches(&query, figure, newest(figure.measure))).map(|figure| (id(figure), figure)).collect();
                expected.sort_by(|(m, a), (n, b)| {
                    let order = if query.order.by_value { a.value.partial_cmp(&b.value).unwrap() } else { (a.period_end, a.period_start).cmp(&(b.period_end, b.period_start)) };
                    order.then(m.cmp(n))
                });
                if query.order.descending {
                    expected.reverse();
                }
                let whole = page(&db, &query).await;
                let found: Vec<_> = whole.rows.iter().map(|row| (row.id, &row.observation)).collect();
                assert_eq!(found, expected);
                assert_eq!(whole.total, Some(expected.len()));
                assert!(!whole.has_next && !whole.has_previous);
                let walked = walk(&db, query.clone(), size, backward).await;
                assert_eq!(walked, whole.rows, "{query:?} {size} {backward}");
            }
        });
    }

    #[test]
    fn a_value_comes_back_to_the_last_bit(values in prop::collection::vec(amount(), 500)) {
        run(async {
            let db = Db::new().await;
            let figures: Vec<_> = (1000..).zip(&values).map(|(year, value)| figure(corridor("AFG", "TUR"), year, Some(*value))).collect();
            db.store.bulk_insert(&[], &figures).await.unwrap();
            let mut rows = page(&db, &all(false, false)).await.rows;
            rows.sort_by_key(|row| row.observation.period_end);
            for (row, value) in rows.iter().zip(&values) {
                assert_eq!(row.observation.value, Some(*value));
            }
        });
    }
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_neither_double_nor_skip() {
    let db = Db::new().await;
    let figures: Vec<_> = (2000..2020).map(|year| figure(corridor("AFG", "TUR"), year, Some(f64::from(year)))).collect();
    db.store.bulk_insert(&[], &figures).await.unwrap();
    let mut query = all(false, true);
    query.window.limit = 5;
    let first = page(&db, &query).await;
    let last = first.rows.last().unwrap();
    let mut other = catalogue();
    other.observations = figures.into_iter().filter(|figure| figure.period_end != last.observation.period_end).collect();
    other.observations.extend([figure(corridor("AFG", "TUR"), 2030, None), figure(corridor("AFG", "TUR"), 1990, None)]);
    let report = db.prune(&other).await.figures;
    assert_eq!((report.added, report.removed), (2, 1));
    query.window.after = Some(key(last, false));
    query.window.limit = 100;
    let rest = page(&db, &query).await;
    let years: Vec<_> = rest.rows.iter().map(|row| row.observation.period_end.year()).collect();
    assert_eq!(years, (2000..2015).rev().chain([1990]).collect::<Vec<_>>());
    assert!(rest.has_previous && !rest.has_next);
}

#[tokio::test]
async fn each_subject_gets_its_page_and_nothing_matches_an_empty_list() {
    let db = Db::filled().await;
    let subjects: Vec<String> = ["C:AFG-TUR", "R:WEST", "S:AFG"].map(Into::into).into();
    let pages = db.store.observations(&all(false, true), &subjects).await.unwrap();
    let sizes: Vec<_> = subjects.iter().map(|subject| pages[subject].rows.len()).collect();
    assert_eq!(sizes, [2, 1, 0]);
    assert_eq!(pages["R:WEST"].rows[0].observation, catalogue().observations[2]);
    let many: Vec<String> = (0..350).map(|n| format!("S:{n}")).chain(subjects.clone()).collect();
    let pages = db.store.observations(&all(false, true), &many).await.unwrap();
    assert_eq!((pages.len(), pages.values().map(|page| page.rows.len()).sum::<usize>()), (353, 3));
    for query in [
        ObservationQuery { measures: Some(vec![]), ..all(false, true) },
        ObservationQuery { sexes: Some(vec![]), ..all(false, true) },
        ObservationQuery { editions: Some(vec![]), ..all(false, true) },
        ObservationQuery { origins: Some(vec!["TUR".into()]), ..all(false, true) },
        ObservationQuery { sources: Some(vec!["none".into()]), ..all(false, true) },
    ] {
        let pages = db.store.observations(&query, &subjects).await.unwrap();
        assert!(subjects.iter().all(|subject| pages[subject].rows.is_empty() && pages[subject].total == Some(0)), "{query:?}");
    }
    let of_route = ObservationQuery { origins: Some(vec!["AFG".into()]), destinations: Some(vec!["TUR".into()]), ..all(false, true) };
    let pages = db.store.observations(&of_route, &subjects).await.unwrap();
    assert_eq!((pages["C:AFG-TUR"].total, pages["R:WEST"].total), (Some(2), Some(0)));
    let mut other_order = all(true, true);
    other_order.window.after = Some(pages["C:AFG-TUR"].rows[0].period_key());
    assert!(matches!(db.store.observations(&other_order, &subjects).await, Err(StoreError::OtherOrder)));
}

#[tokio::test]
async fn a_page_is_as_new_as_the_database() {
    let db = Db::filled().await;
    assert_eq!(page(&db, &all(false, true)).await.total, Some(2));
    assert_eq!(page(&db, &all(false, true)).await.total, Some(2));
    db.store.bulk_insert(&[], &[figure(corridor("AFG", "TUR"), 2025, Some(1.0))]).await.unwrap();
    assert_eq!(page(&db, &all(false, true)).await.total, Some(3));
}

#[tokio::test]
async fn a_figure_is_found_by_its_id() {
    let db = Db::filled().await;
    let page = page(&db, &all(false, true)).await;
    let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
    let found = db.store.observations_by_id(&ids).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(page.rows.iter().all(|row| found[&row.id] == **row));
    assert!(matches!(&page.rows[0].observation.subject, Subject::Corridor(origin, _) if origin == "AFG"));
}

#[test]
fn bytes_that_are_no_key_are_none() {
    for bytes in [&b""[..], b"p", b"p1234567", b"x12345678", b"n12345678901234567", b"v1234567890123456", b"p1234567890123456", b"p12345678901234561234567"] {
        assert!(ObservationKey::from_bytes(bytes).is_none());
    }
}
