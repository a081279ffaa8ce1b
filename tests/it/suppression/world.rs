//! Persons, counted and printed as a statistical office does: totals, sexes, age groups, quarters and years, corridors
//! and states, in two editions, as the plain CSV of this project.

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub const ORIGINS: [&str; 4] = ["AFG", "PAK", "IRN", "IRQ"];
pub const DESTINATIONS: [&str; 6] = ["UZB", "KAZ", "TJK", "KGZ", "TKM", "GEO"];
pub const SEXES: [&str; 2] = ["FEMALE", "MALE"];
pub const AGES: [&str; 3] = ["0-17", "18-64", "65+"];
pub const EDITIONS: [&str; 2] = ["2025-1", "2025-2"];
pub const SOURCE: &str = "STATOFFICE";
/// Of two: the world has no person of any other year.
pub const YEARS: [&str; 2] = ["2020", "2021"];
const QUARTERS: [(&str, &str); 4] = [("01", "03"), ("04", "06"), ("07", "09"), ("10", "12")];

/// One person, as counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub origin: usize,
    pub destination: usize,
    pub year: usize,
    pub quarter: usize,
    pub sex: usize,
    pub age: usize,
}

/// What a figure counts: `AFG-UZB` or `UZB`; `2020` or `2020-01 2020-03`; sex and age, empty for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub edition: &'static str,
    pub subject: String,
    pub period: String,
    pub sex: &'static str,
    pub age: &'static str,
}

/// Chance that is the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).expect("small")
    }
}

/// Some corridors are busy, some are not; most persons are of one sort.
pub fn persons(seed: u64) -> Vec<Person> {
    let mut dice = Dice(seed * 2_654_435_761 + 88_172_645_463_325_252);
    let mut all = Vec::new();
    for destination in 0..DESTINATIONS.len() {
        for origin in 0..ORIGINS.len() {
            for year in 0..YEARS.len() {
                let count = [0, 2, 40, 150, 300, 700][dice.below(6)];
                for _ in 0..count {
                    let rare = |dice: &mut Dice, most: usize, one_in: usize| if dice.below(one_in) == 0 { dice.below(most) } else { 0 };
                    let (quarter, age) = (dice.below(4), rare(&mut dice, 3, 4));
                    all.push(Person { origin, destination, year, quarter, sex: rare(&mut dice, 2, 2), age });
                }
            }
        }
    }
    all
}

pub fn period(year: usize, quarter: Option<usize>) -> String {
    let year = YEARS[year];
    quarter.map_or_else(|| year.to_owned(), |quarter| format!("{year}-{} {year}-{}", QUARTERS[quarter].0, QUARTERS[quarter].1))
}

/// Every figure that counts someone: the others are 0, and not printed.
pub fn count(editions: &[Vec<Person>; 2]) -> BTreeMap<Key, i64> {
    let mut counted = BTreeMap::new();
    for (edition, persons) in EDITIONS.into_iter().zip(editions) {
        for person in persons {
            let (origin, destination) = (ORIGINS[person.origin], DESTINATIONS[person.destination]);
            for subject in [format!("{origin}-{destination}"), destination.to_owned()] {
                for period in [period(person.year, None), period(person.year, Some(person.quarter))] {
                    for sex in ["", SEXES[person.sex]] {
                        for age in ["", AGES[person.age]] {
                            *counted.entry(Key { edition, subject: subject.clone(), period: period.clone(), sex, age }).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    counted
}

/// The file of one edition.
pub fn file(counted: &BTreeMap<Key, i64>, edition: &str) -> String {
    let mut text = "source,measure,origin,destination,state,period_start,period_end,sex,age_group,value,edition\n".to_owned();
    for (key, value) in counted.iter().filter(|(key, _)| key.edition == edition) {
        let (origin, destination) = key.subject.split_once('-').unwrap_or(("", ""));
        let state = if origin.is_empty() { &key.subject } else { "" };
        let (start, end) = key.period.split_once(' ').unwrap_or((&key.period, &key.period));
        let Key { sex, age, .. } = key;
        writeln!(text, "{SOURCE},ASYLUM_APPLICATIONS,{origin},{destination},{state},{start},{end},{sex},{age},{value},{edition}").expect("written");
    }
    text
}

/// What everyone knows of such tables: each total is the sum of its parts, and what is not printed is 0. As lists of
/// keys, the total first.
pub fn totals(counted: &BTreeMap<Key, i64>) -> Vec<Vec<Key>> {
    let mut all = Vec::new();
    for key in counted.keys() {
        let printed = |parts: Vec<Key>| [vec![key.clone()], parts.into_iter().filter(|part| counted.contains_key(part)).collect()].concat();
        if key.sex.is_empty() {
            all.push(printed(SEXES.map(|sex| Key { sex, ..key.clone() }).to_vec()));
        }
        if key.age.is_empty() {
            all.push(printed(AGES.map(|age| Key { age, ..key.clone() }).to_vec()));
        }
        if let Some(year) = YEARS.iter().position(|year| *year == key.period) {
            all.push(printed((0..4).map(|quarter| Key { period: period(year, Some(quarter)), ..key.clone() }).collect()));
        }
        if !key.subject.contains('-') {
            all.push(printed(ORIGINS.map(|origin| Key { subject: format!("{origin}-{}", key.subject), ..key.clone() }).to_vec()));
        }
    }
    all
}
