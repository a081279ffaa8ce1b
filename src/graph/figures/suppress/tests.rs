//! Worlds of persons, counted as publishers count: whatever is closed could be another number.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::figure::{Dimension, Sex};

const BELOW: f64 = 5.0;

/// One person, as counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    origin: u16,
    destination: u16,
    /// 0 to 3: the quarter.
    quarter: usize,
    is_woman: bool,
    /// 0 to 2, where 0 and 1 are also one group.
    age: usize,
    /// 0 to 2: the kind of application, and whether it was the first.
    kind: usize,
}

/// Which tables a publisher prints.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a table that is printed or not")]
struct Printed {
    /// For each breakdown by sex, age and kind, whether it is printed.
    breakdowns: [bool; 8],
    quarters: bool,
    halves: bool,
    year: bool,
    states: bool,
    /// Whether zeros are printed, for every corridor that there is.
    zeros: bool,
}

/// A figure, by what it says it counts: kind and places, period, breakdown.
type Key = (Subject, Period, Breakdown);

fn period(first: i8, last: i8) -> Period {
    Period::new(date(2020, first * 3 + 1, 1), date(2020, last * 3 + 3, 1).last_of_month())
}

const AGES: [&str; 4] = ["0-13", "14-17", "18+", "0-17"];
const KINDS: [&str; 4] = ["first", "again", "after", "not-first"];

/// The codes in which a class counts; the last code is two classes together.
fn codes(class: usize, names: [&'static str; 4], joined: [usize; 2]) -> Vec<Option<&'static str>> {
    let mut all = vec![None, Some(names[class])];
    all.extend(joined.contains(&class).then_some(Some(names[3])));
    all
}

fn breakdown(sex: Option<Sex>, age: Option<&str>, kind: Option<&str>) -> Breakdown {
    let dimension = |code: &str| Dimension { dimension: "kind".into(), code: code.into(), label: code.into() };
    Breakdown { sex, age_group: age.map(str::to_owned), dimensions: kind.map(dimension).into_iter().collect() }
}

impl Printed {
    fn prints(&self, breakdown: &Breakdown) -> bool {
        let number = usize::from(breakdown.sex.is_some()) + 2 * usize::from(breakdown.age_group.is_some()) + 4 * usize::from(!breakdown.dimensions.is_empty());
        self.breakdowns[number]
    }

    fn subjects(&self, person: &Person) -> Vec<Subject> {
        let mut all = vec![(BlockKind::Corridor, person.origin, person.destination)];
        all.extend(self.states.then_some((BlockKind::State, person.destination, 0)));
        all
    }

    fn periods(&self, quarter: usize) -> Vec<Period> {
        let q = i8::try_from(quarter).unwrap();
        let half = q / 2 * 2;
        [(self.quarters, period(q, q)), (self.halves, period(half, half + 1)), (self.year, period(0, 3))]
            .into_iter()
            .filter_map(|(is_printed, period)| is_printed.then_some(period))
            .collect()
    }

    /// Every figure that counts a person.
    fn figures(&self, person: &Person) -> Vec<Key> {
        let sex = if person.is_woman { Sex::Female } else { Sex::Male };
        let mut all = Vec::new();
        for age in codes(person.age, AGES, [0, 1]) {
            for kind in codes(person.kind, KINDS, [1, 2]) {
                for sex in [None, Some(sex)] {
                    let breakdown = breakdown(sex, age, kind);
                    if self.prints(&breakdown) {
                        for subject in self.subjects(person) {
                            all.extend(self.periods(person.quarter).into_iter().map(|period| (subject, period, breakdown.clone())));
                        }
                    }
                }
            }
        }
        all
    }

    /// What is printed of these persons; zeros, where they are, for the corridors of `all`.
    fn count(&self, persons: &[Person], all: &[Person]) -> BTreeMap<Key, u32> {
        let mut counted: BTreeMap<Key, u32> = BTreeMap::new();
        if self.zeros {
            for person in all {
                for quarter in 0..4 {
                    for (is_woman, age, kind) in (0..18).map(|n| (n % 2 == 0, n / 2 % 3, n / 6)) {
                        let other = Person { quarter, is_woman, age, kind, ..*person };
                        counted.extend(self.figures(&other).into_iter().map(|key| (key, 0)));
                    }
                }
            }
        }
        for key in persons.iter().flat_map(|person| self.figures(person)) {
            *counted.entry(key).or_default() += 1;
        }
        counted
    }
}

/// What is closed of two editions.
fn closed(editions: &[BTreeMap<Key, u32>]) -> BTreeSet<(usize, Key)> {
    let names: BTreeSet<&Breakdown> = editions.iter().flat_map(|edition| edition.keys().map(|(.., breakdown)| breakdown)).collect();
    let breakdowns: BTreeMap<i64, Breakdown> = (1..).zip(names.into_iter().cloned()).collect();
    let number: BTreeMap<&Breakdown, i64> = breakdowns.iter().map(|(id, breakdown)| (breakdown, *id)).collect();
    let mut heads: Vec<Head> = Vec::new();
    let mut figures = Vec::new();
    let mut keys = Vec::new();
    for (edition, counted) in editions.iter().enumerate() {
        for (key, count) in counted {
            let ((kind, origin, destination), period, breakdown) = key;
            let head = Head { set: i64::try_from(edition).unwrap(), breakdown: number[breakdown], kind: *kind, period: *period, facts: 0 };
            let layer = heads.iter().position(|other| *other == head).unwrap_or_else(|| {
                heads.push(head);
                heads.len() - 1
            });
            figures.push(Figure { layer: u32::try_from(layer).unwrap(), origin: *origin, destination: *destination, value: Some(f64::from(*count)) });
            keys.push((layer, (edition, key.clone())));
        }
    }
    let closed = close(BELOW, &heads, &breakdowns, figures);
    let is_closed =
        |(layer, (_, key)): &(usize, (usize, Key))| closed.get(&u32::try_from(*layer).unwrap()).is_some_and(|all| all.contains(&(key.0.1, key.0.2)));
    keys.iter().filter(|one| is_closed(one)).map(|(_, key)| key.clone()).collect()
}

fn is_wider(wide: &Breakdown, breakdown: &Breakdown) -> bool {
    (wide.sex.is_none() || wide.sex == breakdown.sex)
        && (wide.age_group.is_none() || wide.age_group == breakdown.age_group)
        && (wide.dimensions.is_empty() || wide.dimensions == breakdown.dimensions)
}

fn said(((kind, origin, destination), period, Breakdown { sex, age_group, dimensions }): &Key) -> String {
    let code = dimensions.first().map(|dimension| dimension.code.as_str());
    format!("{kind:?} {origin}-{destination} {}..{} {sex:?} {age_group:?} {code:?}", period.start(), period.end())
}

/// A person with some of what another has.
fn mixed(one: &Person, other: &Person, bits: u8) -> Person {
    Person {
        quarter: if bits & 1 > 0 { other.quarter } else { one.quarter },
        is_woman: if bits & 2 > 0 { other.is_woman } else { one.is_woman },
        age: if bits & 4 > 0 { other.age } else { one.age },
        kind: if bits & 8 > 0 { other.kind } else { one.kind },
        ..*one
    }
}

/// The figures that could be another number, by a change of one or two persons that no open figure shows.
fn could_be_others(printed: &Printed, (persons, all): (&[Person], &[Person]), counted: &BTreeMap<Key, u32>, is_closed: &dyn Fn(&Key) -> bool) -> BTreeSet<Key> {
    let any = |one: &Person| (0..72).map(|n| Person { quarter: n % 4, is_woman: n / 4 % 2 == 0, age: n / 8 % 3, kind: n / 24, ..*one }).collect::<Vec<_>>();
    let corridors: BTreeSet<Person> = all.iter().map(|person| Person { quarter: 0, is_woman: true, age: 0, kind: 0, ..*person }).collect();
    // Numbers instead of keys. What is not printed is known to be 0: nobody is counted there in another world either.
    let listed: Vec<(&Key, bool)> = counted.keys().map(|key| (key, is_closed(key))).collect();
    let number = |key: &Key| listed.binary_search_by_key(&key, |(listed, _)| *listed).ok();
    let numbers = |person: &Person| printed.figures(person).iter().map(number).collect::<Option<Vec<usize>>>();
    let known: BTreeMap<Person, Vec<usize>> = corridors.iter().flat_map(any).filter_map(|person| Some((person, numbers(&person)?))).collect();
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut look = |before: &[&Person], after: &[Person]| {
        let mut change: FxHashMap<usize, i32> = FxHashMap::default();
        for (person, by) in before.iter().map(|person| (*person, -1)).chain(after.iter().map(|person| (person, 1))) {
            let Some(numbers) = known.get(person) else { return };
            for number in numbers {
                *change.entry(*number).or_default() += by;
            }
        }
        change.retain(|_, by| *by != 0);
        if change.keys().all(|number| listed[*number].1) {
            found.extend(change.into_keys());
        }
    };
    for new in corridors.iter().flat_map(any) {
        look(&[], &[new]);
    }
    let kinds: BTreeSet<&Person> = persons.iter().collect();
    for one in &kinds {
        look(&[one], &[]);
        for new in any(one) {
            look(&[one], &[new]);
        }
        for other in kinds.iter().filter(|other| one < *other) {
            for bits in 1..16 {
                look(&[one, other], &[mixed(one, other, bits), mixed(other, one, bits)]);
            }
        }
    }
    found.into_iter().map(|number| listed[number].0.clone()).collect()
}

fn person() -> impl Strategy<Value = Person> {
    // Few corridors, and most persons of one sort: so that numbers are large and small.
    let often = |most: usize| prop_oneof![3 => Just(0), 1 => 0..most];
    (prop_oneof![4 => Just(1_u16), 1 => 2_u16..4], prop_oneof![3 => Just(8_u16), 1 => Just(9_u16)], often(4), any::<bool>(), often(3), often(3))
        .prop_map(|(origin, destination, quarter, is_woman, age, kind)| Person { origin, destination, quarter, is_woman, age, kind })
}

fn printed() -> impl Strategy<Value = Printed> {
    let times = prop_oneof![2 => Just((false, false, true)), 1 => Just((true, false, true)), 1 => Just((true, true, true)), 1 => Just((true, true, false))];
    (prop::array::uniform8(any::<bool>()), times, any::<bool>(), any::<bool>()).prop_map(|(mut breakdowns, (quarters, halves, year), states, zeros)| {
        breakdowns[0] = true;
        Printed { breakdowns, quarters, halves, year, states, zeros }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whatever_is_closed_could_be_another_number(persons in prop::collection::vec(person(), 1..40), fewer in 0_usize..4, printed in printed()) {
        let worlds = [persons.clone(), persons[..persons.len() - fewer.min(persons.len() - 1)].to_vec()];
        let editions = worlds.clone().map(|world| printed.count(&world, &persons));
        let all = closed(&editions);
        for (edition, (world, counted)) in worlds.iter().zip(&editions).enumerate() {
            let is_closed = |key: &Key| all.contains(&(edition, key.clone()));
            for (key, count) in counted {
                prop_assert!(*count == 0 || f64::from(*count) >= BELOW || is_closed(key), "{} is {count} and open", said(key));
            }
            let could = could_be_others(&printed, (world, &persons), counted, &is_closed);
            // A zero tells of nobody. A large one may be certain where it says nothing that is not said: as all of an open total, as the sum of
            // open corridors, or where it is closed for the sake of another edition alone.
            let is_all = |(subject, period, breakdown): &Key| {
                let count = counted[&(*subject, *period, breakdown.clone())];
                let is_total = |(other, longer, wider): &Key| other == subject && longer.start() <= period.start() && longer.end() >= period.end() && is_wider(wider, breakdown);
                f64::from(count) >= BELOW && (fewer > 0 || subject.0 == BlockKind::State || counted.iter().any(|(key, total)| *total == count && is_total(key) && !is_closed(key)))
            };
            let certain: Vec<_> = all.iter().filter(|(of, key)| *of == edition && counted[key] > 0 && !could.contains(key) && !is_all(key)).map(|(_, key)| (said(key), counted[key])).collect();
            prop_assert!(certain.is_empty(), "edition {edition} gives away {certain:?}");
        }
    }
}
