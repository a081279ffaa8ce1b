//! Figures of all subjects: every walk in pages meets what the rule says, once, in order.

use proptest::prelude::*;

use super::{Db, corridor, figure};
use crate::domain::fact::{Period, subject_text};
use crate::domain::figure::{Observation, Sex, Subject};
use crate::store::{About, AllPage, ObservationKey, ObservationOrder, ObservationQuery, StoreError, Window};

fn query(by_value: bool, descending: bool) -> ObservationQuery {
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

fn figures() -> impl Strategy<Value = Vec<Observation>> {
    let subjects = vec![
        corridor("AFG", "TUR"),
        corridor("TUR", "AFG"),
        corridor("AFG", "AFG"),
        Subject::State("AFG".into()),
        Subject::State("TUR".into()),
        Subject::Route("WEST".into()),
    ];
    let one = (prop::sample::select(subjects), 2018_i16..2024, prop::option::of(0_u8..4), prop::bool::weighted(0.2));
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let mut distinct: Vec<Observation> = Vec::new();
        for (subject, year, value, female) in all {
            let mut figure = figure(subject, year, value.map(f64::from));
            figure.sex = female.then_some(Sex::Female);
            if distinct.iter().all(|other| other.key() != figure.key()) {
                distinct.push(figure);
            }
        }
        distinct
    })
}

fn abouts() -> impl Strategy<Value = About> {
    let codes = || prop::option::weighted(0.3, prop::sample::subsequence(vec!["AFG".to_owned(), "TUR".to_owned()], 0..=2));
    let pairs = prop::option::weighted(0.3, Just(vec![("AFG".to_owned(), "TUR".to_owned())]));
    (any::<bool>(), pairs, codes(), codes(), codes()).prop_map(|(route, corridors, states, origins, destinations)| About {
        routes: if route { vec!["WEST".into()] } else { Vec::new() },
        corridors,
        states,
        origins,
        destinations,
    })
}

fn is_about(about: &About, figure: &Observation) -> bool {
    let among = |list: &Option<Vec<String>>, code: &String| list.as_ref().is_none_or(|list| list.contains(code));
    match &figure.subject {
        Subject::Route(code) => about.routes.contains(code),
        Subject::State(code) => about.corridors.is_none() && about.origins.is_none() && about.destinations.is_none() && among(&about.states, code),
        Subject::Corridor(origin, destination) => {
            about.corridors.as_ref().is_none_or(|all| all.contains(&(origin.clone(), destination.clone())))
                && (among(&about.states, origin) || among(&about.states, destination))
                && among(&about.origins, origin)
                && among(&about.destinations, destination)
        }
    }
}

fn name(figure: &Observation) -> (Period, String) {
    (Period::new(figure.period_start, figure.period_end), subject_text(&figure.subject))
}

async fn walk(db: &Db, mut query: ObservationQuery, about: &About, size: usize, backward: bool) -> (Vec<Observation>, Vec<ObservationKey>) {
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    (query.window.limit, query.window.backward) = (size, backward);
    loop {
        let AllPage { page, keys: of_page } = db.store.all_observations(&query, about).await.unwrap();
        let through = |key: &ObservationKey| ObservationKey::from_bytes(&key.to_bytes()).unwrap();
        let found = page.rows.iter().map(|row| row.observation.clone());
        let more = if backward {
            rows.splice(0..0, found);
            keys.splice(0..0, of_page.iter().copied());
            query.window.before = of_page.first().map(through);
            assert_eq!(page.has_next, rows.len() > page.rows.len());
            page.has_previous
        } else {
            rows.extend(found);
            keys.extend(of_page.iter().copied());
            query.window.after = of_page.last().map(through);
            assert_eq!(page.has_previous, rows.len() > page.rows.len());
            page.has_next
        };
        if !more {
            return (rows, keys);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_walk_in_pages_meets_every_figure_once(
        figures in figures(),
        asked in prop::collection::vec((abouts(), any::<(bool, bool, bool)>(), 1_usize..6, any::<bool>()), 4),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let db = Db::new().await;
            db.store.bulk_insert(&[], &figures).await.unwrap();
            for (about, (by_value, descending, female), size, backward) in asked {
                let mut query = query(by_value, descending);
                query.sexes = female.then(|| vec![Sex::Female]);
                let fits = |figure: &&Observation| figure.sex.is_some() == female && is_about(&about, figure);
                let mut expected: Vec<_> = figures.iter().filter(fits).map(name).collect();
                let whole = db.store.all_observations(&query, &about).await.unwrap();
                assert_eq!(whole.page.total, Some(expected.len()));
                assert!(!whole.page.has_next && !whole.page.has_previous);
                let rows: Vec<Observation> = whole.page.rows.iter().map(|row| row.observation.clone()).collect();
                let in_order = rows.is_sorted_by(|one, other| {
                    let order = if by_value { one.value.partial_cmp(&other.value).unwrap() } else { name(one).0.cmp(&name(other).0) };
                    if descending { order.is_ge() } else { order.is_le() }
                });
                assert!(in_order, "{rows:?}");
                let mut found: Vec<_> = rows.iter().map(name).collect();
                found.sort();
                expected.sort();
                assert_eq!(found, expected);
                assert_eq!(walk(&db, query, &about, size, backward).await, (rows, whole.keys));
            }
        });
    }
}

#[tokio::test]
async fn a_key_of_another_order_is_refused() {
    let db = Db::filled().await;
    let all = About { routes: vec!["WEST".into()], ..About::default() };
    let found = db.store.all_observations(&query(false, true), &all).await.unwrap();
    assert_eq!(found.page.rows.len(), 3);
    let mut other = query(true, true);
    other.window.after = found.keys.first().copied();
    assert!(matches!(db.store.all_observations(&other, &all).await, Err(StoreError::OtherOrder)));
}
